// All cells through a block of steps: each invocation loads one cell, advances it, stores it.
//
// Appended to lif.wgsl, which has the model, and random.wgsl. The CPU's way through a block is
// src/engine/cpu/block.rs; the struct Block and the bindings are mirrored in
// src/engine/gpu/kernel.rs.

override WORKGROUP: u32 = 64u;
override SPIKE_TEST: u32 = 0u;
override RESET: u32 = 0u;
override REFRACTORY: u32 = 0u;
override BOUNDED: bool = false;
override TRACE: u32 = 0u;
override FAST_DECAY: bool = false;
override SEQUENCE: bool = false;
override VOLTAGES: bool = false;
override NOISE: bool = false;
override JUMPS: bool = false;
override SYNAPSE: bool = false;
override ARRIVING: bool = false;
override ARRIVING_JUMPS: bool = false;

const WORD: u32 = 32u;
const SPIKE_FLAG: u32 = 0x80000000u;
const NOT_RECORDED: u32 = 0xffffffffu;

// Block.words
const NO_WORDS: u32 = 0u;
const WORDS_OF_ALL: u32 = 1u;
const WORDS_OF_CHOSEN: u32 = 2u;

struct Block {
    cells: u32,
    neurons: u32,
    // Cells in a row of the grid of invocations.
    grid_width: u32,
    // Number of the first step, modulo 2^32.
    first_step: u32,
    steps: u32,
    // Where the current of a cell and step stands.
    current_offset: u32,
    current_step: u32,
    current_row: u32,
    current_neuron: u32,
    words: u32,
    // Length of a row of words.
    word_cells: u32,
    // Where in `parameters` each neuron's place among the chosen ones stands.
    word_places: u32,
    word_neurons: u32,
    voltage_places: u32,
    voltage_neurons: u32,
    // Where in `recorded` the voltages begin.
    voltage_offset: u32,
    voltage_cells: u32,
    voltage_every: u32,
    // Steps before the first sample.
    voltage_wait: u32,
    // How many random sources there are and where in `parameters` they stand; see noise.wgsl.
    sources: u32,
    source_places: u32,
    normal_table: u32,
    seed_low: u32,
    seed_high: u32,
    // Number of the first step divided by GROUP.
    group_low: u32,
    group_high: u32,
    // Number, in the whole population, of the first cell.
    first_cell_low: u32,
    first_cell_high: u32,
    // Where in `arrivals` the jumps begin.
    arriving_jumps: u32,
    // Where in `recorded` the words begin, and whether they may be there in part.
    word_start: u32,
    words_go_on: u32,
    unused: u32,
    // Offset, row stride and neuron stride of each coefficient, in the order of Coefficients.
    spread: array<vec4<u32>, 10>,
}

@group(0) @binding(1) var<uniform> block: Block;
@group(0) @binding(2) var<storage, read> parameters: array<u32>;
@group(0) @binding(3) var<storage, read> current: array<f32>;
@group(0) @binding(4) var<storage, read_write> v: array<f32>;
@group(0) @binding(5) var<storage, read_write> refractory: array<u32>;
// Behind the traces of all cells, where there are any, stand the synaptic currents.
@group(0) @binding(6) var<storage, read_write> traces: array<f32>;
// One more than there are cells: the last is the number of steps made, which proves on readback
// that the work was done.
@group(0) @binding(7) var<storage, read_write> counts: array<u32>;
@group(0) @binding(8) var<storage, read_write> recorded: array<u32>;
// What spikes add at each step of the block, as projection.wgsl has summed it: currents, then jumps.
@group(0) @binding(9) var<storage, read> arrivals: array<f32>;

// Member by member: naga 30 refuses a constructor whose arguments are all overrides.
fn chosen_options() -> Options {
    var options: Options;
    options.spike_test = SPIKE_TEST;
    options.reset = RESET;
    options.refractory = REFRACTORY;
    options.bounded = BOUNDED;
    options.trace = TRACE;
    options.fast_decay = FAST_DECAY;
    options.jumps = JUMPS;
    options.synapse = SYNAPSE;
    return options;
}

fn parameter_bits(index: u32, row: u32, neuron: u32) -> u32 {
    let spread = block.spread[index];
    return parameters[spread.x + row * spread.y + neuron * spread.z];
}

fn parameter(index: u32, row: u32, neuron: u32) -> f32 {
    return bitcast<f32>(parameter_bits(index, row, neuron));
}

fn load_cell(row: u32, neuron: u32) -> Coefficients {
    var cell: Coefficients;
    cell.leak = parameter(0u, row, neuron);
    cell.resistance = parameter(1u, row, neuron);
    cell.v_rest = parameter(2u, row, neuron);
    cell.v_threshold = parameter(3u, row, neuron);
    cell.reset = parameter(4u, row, neuron);
    if (BOUNDED) {
        cell.v_lower = parameter(5u, row, neuron);
    }
    if (TRACE != OFF) {
        cell.trace_decay = parameter(6u, row, neuron);
        cell.trace_scale = parameter(7u, row, neuron);
    }
    cell.refractory_steps = parameter_bits(8u, row, neuron);
    if (SYNAPSE) {
        cell.synaptic_decay = parameter(9u, row, neuron);
    }
    return cell;
}

fn synaptic_place(index: u32) -> u32 {
    return index + select(0u, block.cells, TRACE != OFF);
}

fn load_state(index: u32) -> State {
    var state: State;
    state.v = v[index];
    state.refractory = refractory[index] & ~SPIKE_FLAG;
    if (TRACE != OFF) {
        state.trace = traces[index];
    }
    if (SYNAPSE) {
        state.synaptic = traces[synaptic_place(index)];
    }
    return state;
}

fn store_state(index: u32, state: State) {
    v[index] = state.v;
    refractory[index] = state.refractory | select(0u, SPIKE_FLAG, state.spike);
    if (TRACE != OFF) {
        traces[index] = state.trace;
    }
    if (SYNAPSE) {
        traces[synaptic_place(index)] = state.synaptic;
    }
}

// Where in a row of recorded cells this cell stands.
fn place_among(places: u32, chosen: u32, row: u32, neuron: u32) -> u32 {
    let place = parameters[places + neuron];
    return select(row * chosen + place, NOT_RECORDED, place == NOT_RECORDED);
}

@compute @workgroup_size(WORKGROUP)
fn advance(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.y * block.grid_width + id.x;
    if (index >= block.cells) {
        return;
    }
    let options = chosen_options();
    let row = index / block.neurons;
    let neuron = index % block.neurons;
    let cell = load_cell(row, neuron);
    var state = load_state(index);

    var word_place = NOT_RECORDED;
    if (block.words == WORDS_OF_ALL) {
        word_place = block.word_start + index;
    } else if (block.words == WORDS_OF_CHOSEN) {
        word_place = place_among(block.word_places, block.word_neurons, row, neuron);
    }
    var voltage_place = NOT_RECORDED;
    var voltage_wait = block.voltage_wait;
    if (VOLTAGES) {
        voltage_place = place_among(block.voltage_places, block.voltage_neurons, row, neuron);
        voltage_place = select(voltage_place + block.voltage_offset, NOT_RECORDED, voltage_place == NOT_RECORDED);
    }

    var current_place = block.current_offset + row * block.current_row + neuron * block.current_neuron;
    var input = drive(cell.resistance, current[current_place]);
    var random: Contributions;
    var groups = 0u;
    var arrival_place = index;

    var count = 0u;
    var made = 0u;
    var bit = block.first_step % WORD;
    while (made < block.steps) {
        var word = 0u;
        let end = min(WORD, bit + block.steps - made);
        made += end - bit;
        while (bit < end) {
            var jump = 0.0;
            var arriving = 0.0;
            if (NOISE || ARRIVING || ARRIVING_JUMPS || SYNAPSE) {
                input = current[current_place];
            }
            if (NOISE) {
                let within = bit % GROUP;
                if (within == 0u || groups == 0u) {
                    random = draw_group(index, row, neuron, groups);
                    groups += 1u;
                }
                input = rounded(input + random.currents[within]);
                arriving = random.arriving[within];
                jump = random.jumps[within];
            }
            if (ARRIVING) {
                arriving = rounded(arriving + arrivals[arrival_place]);
            }
            if (ARRIVING_JUMPS) {
                jump = rounded(jump + arrivals[block.arriving_jumps + arrival_place]);
            }
            if (ARRIVING || ARRIVING_JUMPS) {
                arrival_place += block.cells;
            }
            if (NOISE || ARRIVING || ARRIVING_JUMPS || SYNAPSE) {
                state = receive(state, arriving);
                input = drive(cell.resistance, rounded(input + state.synaptic));
            } else if (SEQUENCE) {
                input = drive(cell.resistance, current[current_place]);
            }
            if (SEQUENCE) {
                current_place += block.current_step;
            }
            state = step_cell(options, cell, state, input, jump);
            if (options.fast_decay || bit == WORD - 1u) {
                state = settle(options, cell, state, bit);
            }
            word |= select(0u, 1u << bit, state.spike);
            if (VOLTAGES) {
                if (voltage_wait == 0u) {
                    voltage_wait = block.voltage_every;
                    if (voltage_place != NOT_RECORDED) {
                        recorded[voltage_place] = bitcast<u32>(state.v);
                        voltage_place += block.voltage_cells;
                    }
                }
                voltage_wait -= 1u;
            }
            bit += 1u;
        }
        bit = 0u;
        count += countOneBits(word);
        if (word_place != NOT_RECORDED) {
            if (block.words_go_on != 0u) {
                word |= recorded[word_place];
            }
            recorded[word_place] = word;
            word_place += block.word_cells;
        }
    }

    store_state(index, state);
    counts[index] += count;
    if (index == 0u) {
        counts[block.cells] = block.first_step + block.steps;
    }
}
