// The main kernel: advances all cells by a block of steps. Each invocation loads a cell, advances it, and
// stores it.
//
// Drivers that compute on the CPU wait for the result of each operation of a cell before they begin the next.
// There an invocation advances several cells side by side, so that it has something to do meanwhile.
//
// Appended to neuron.wgsl, which has the model, and random.wgsl. The CPU engine does the same in
// src/engine/cpu/block.rs; the struct Block and the bindings are mirrored in src/engine/gpu/kernel.rs.

override WORKGROUP: u32 = 64u;
// Cells that an invocation advances side by side: 1 or 4.
override ABREAST: u32 = 1u;
override SEQUENCE: bool = false;
override VOLTAGES: bool = false;
override NOISE: bool = false;
override ARRIVING: bool = false;
override ARRIVING_JUMPS: bool = false;
override WORDS: u32 = 0u;
// Whether a recorded word may already have bits of earlier steps.
override WORDS_GO_ON: bool = false;
// Whether the cells are connected by a network; see ring.wgsl.
override NETWORK: bool = false;

const WORD: u32 = 32u;
const SPIKE_FLAG: u32 = 0x80000000u;
const NOT_RECORDED: u32 = 0xffffffffu;

// Steps that are unrolled, so that the loop around them costs little.
const TOGETHER: u32 = 8u;

// Values of WORDS.
const NO_WORDS: u32 = 0u;
const WORDS_OF_ALL: u32 = 1u;
const WORDS_OF_CHOSEN: u32 = 2u;

struct Block {
    cells: u32,
    neurons: u32,
    // Invocations in a row of the grid.
    grid_width: u32,
    // Number of the first step, modulo 2^32.
    first_step: u32,
    steps: u32,
    // The place of the current of a cell and step: an offset, and strides of steps, batch rows and neurons.
    current_offset: u32,
    current_step: u32,
    current_row: u32,
    current_neuron: u32,
    // Words in a row of recorded words.
    word_cells: u32,
    // The place in `parameters` of a table with each neuron's index among the recorded ones.
    word_places: u32,
    word_neurons: u32,
    voltage_places: u32,
    voltage_neurons: u32,
    // The place in `recorded` of the first membrane potential.
    voltage_offset: u32,
    voltage_cells: u32,
    voltage_every: u32,
    // Steps before the one that is sampled first.
    voltage_wait: u32,
    // The number of random sources, and the place in `parameters` of their records; see noise.wgsl.
    sources: u32,
    source_places: u32,
    normal_table: u32,
    seed_low: u32,
    seed_high: u32,
    // Number of the first step divided by GROUP.
    group_low: u32,
    group_high: u32,
    // Number of the first cell in the whole population.
    first_cell_low: u32,
    first_cell_high: u32,
    // The places in `arrivals` of the first jump and of the first sum of negative weights.
    arriving_jumps: u32,
    // The place in `recorded` of the first word.
    word_start: u32,
    // The place in `arrivals` of the count of how often sums were made, and the value that it should have.
    sums_made_place: u32,
    sums_made: u32,
    arriving_inhibitory: u32,
    // The number of batch rows.
    rows: u32,
    // The place in `arrivals` of the sums of the first step.
    arrival_start: u32,
    // The channels of the network; those whose bits are set are jumps, or inhibitory currents. The place in
    // `parameters` of their units.
    channels: u32,
    jump_channels: u32,
    inhibitory_channels: u32,
    units: u32,
    // Steps of the ring, and the place of the first step in it.
    ring_steps: u32,
    ring_place: u32,
    // The number of the list of spikes, and the place of its first spike.
    list: u32,
    list_start: u32,
    // Blocks of steps in a word, and the most spikes of a batch row in one of them.
    blocks_of_word: u32,
    most_spikes: u32,
    // Tables of synapses.
    tables: u32,
    unused_0: u32,
    unused_1: u32,
    unused_2: u32,
    // Offset, row stride and neuron stride of each coefficient, in the order of Coefficients.
    spread: array<vec4<u32>, COEFFICIENTS>,
}

@group(0) @binding(1) var<uniform> block: Block;
@group(0) @binding(2) var<storage, read> parameters: array<u32>;
@group(0) @binding(3) var<storage, read> current: array<f32>;
// The membrane potentials of all cells, then the other state variables that the rules use, in the order of
// Field.
@group(0) @binding(4) var<storage, read_write> state: array<f32>;
// The refractory counters of all cells, then their spike counts, in the order of Counter; and at the end the
// number of the next step, which proves on readback that all work was done.
@group(0) @binding(5) var<storage, read_write> counters: array<u32>;
@group(0) @binding(6) var<storage, read_write> recorded: array<u32>;
// The sums of arriving spikes for each step of the block, as projection.wgsl makes them: currents, then
// those of negative weights if they are apart, then jumps.
@group(0) @binding(7) var<storage, read> arrivals: array<f32>;

fn parameter_bits(index: u32, row: u32, neuron: u32) -> u32 {
    let spread = block.spread[index];
    return parameters[spread.x + row * spread.y + neuron * spread.z];
}

fn load_cell(row: u32, neuron: u32) -> Coefficients {
    var words: array<u32, COEFFICIENTS>;
    for (var index = 0u; index < COEFFICIENTS; index++) {
        words[index] = parameter_bits(index, row, neuron);
    }
    return coefficients_of(words);
}

fn count_place(index: u32) -> u32 {
    return block.cells + index;
}

fn load_state(index: u32) -> State {
    let options = chosen_options();
    var cell: State;
    var place = index;
    for (var field = 0u; field < FIELDS; field++) {
        if (has_field(options, field)) {
            cell = with_field(cell, field, state[place]);
            place += block.cells;
        }
    }
    cell.refractory = counters[index] & ~SPIKE_FLAG;
    return cell;
}

fn store_state(index: u32, cell: State) {
    let options = chosen_options();
    var place = index;
    for (var field = 0u; field < FIELDS; field++) {
        if (has_field(options, field)) {
            state[place] = field_of(cell, field);
            place += block.cells;
        }
    }
    counters[index] = cell.refractory | select(0u, SPIKE_FLAG, cell.spike);
}

// The place of a cell in a row of recorded cells.
fn place_among(places: u32, chosen: u32, row: u32, neuron: u32) -> u32 {
    let place = parameters[places + neuron];
    return select(row * chosen + place, NOT_RECORDED, place == NOT_RECORDED);
}

// A cell while it is advanced.
struct Path {
    index: u32,
    row: u32,
    neuron: u32,
    // False for a copy of the last cell, which takes the place of cells beyond the end and is not stored.
    there: bool,
    cell: Coefficients,
    state: State,
    // The current of a step without noise and spikes, and what it adds to the potential.
    current: f32,
    input: f32,
    current_place: u32,
    arrival_place: u32,
    random: Contributions,
    // The units of the first channels of a network.
    units: vec2<f32>,
    word: u32,
    word_place: u32,
    count: u32,
    voltage_place: u32,
}

// Begins with the cell of this number, or with the last cell if there are not so many.
fn begin_cell(number: u32) -> Path {
    let index = min(number, block.cells - 1u);
    return begin(number < block.cells, index / block.neurons, index % block.neurons);
}

fn begin(there: bool, row: u32, neuron: u32) -> Path {
    var path: Path;
    path.there = there;
    path.index = row * block.neurons + neuron;
    path.row = row;
    path.neuron = neuron;
    path.cell = load_cell(path.row, path.neuron);
    path.state = load_state(path.index);
    path.current_place =
        block.current_offset + path.row * block.current_row + path.neuron * block.current_neuron;
    path.current = current[path.current_place];
    path.input = drive(path.cell.resistance, path.current);
    path.arrival_place = block.arrival_start + path.index;
    if (NETWORK) {
        path.units = vec2<f32>(unit_of(0u, row), unit_of(1u, row));
    }

    path.word_place = NOT_RECORDED;
    path.voltage_place = NOT_RECORDED;
    if (path.there) {
        if (WORDS == WORDS_OF_ALL) {
            path.word_place = block.word_start + path.index;
        } else if (WORDS == WORDS_OF_CHOSEN) {
            let place = place_among(block.word_places, block.word_neurons, path.row, path.neuron);
            path.word_place = select(block.word_start + place, NOT_RECORDED, place == NOT_RECORDED);
        }
        if (VOLTAGES) {
            let place = place_among(block.voltage_places, block.voltage_neurons, path.row, path.neuron);
            path.voltage_place =
                select(place + block.voltage_offset, NOT_RECORDED, place == NOT_RECORDED);
        }
    }
    return path;
}

fn draw_next(path: ptr<private, Path>, groups: u32) {
    (*path).random = draw_group((*path).index, (*path).row, (*path).neuron, groups);
}

// Makes the step of this bit of a word, with the random draws at the index `within` of their group.
fn step(
    options: Options, path: ptr<private, Path>, bit: u32, within: u32, may_settle: bool, sampled: bool
) {
    var input = (*path).input;
    var arriving = 0.0;
    var inhibitory = 0.0;
    var jump = 0.0;
    if (NOISE || ARRIVING || ARRIVING_JUMPS || NETWORK || SYNAPSE || INHIBITION) {
        if (SEQUENCE) {
            (*path).current = current[(*path).current_place];
        }
        input = (*path).current;
        if (NOISE) {
            input = rounded(input + (*path).random.currents[within]);
            arriving = (*path).random.arriving[within];
            inhibitory = (*path).random.inhibitory[within];
            jump = (*path).random.jumps[within];
        }
        if (ARRIVING) {
            arriving = rounded(arriving + arrivals[(*path).arrival_place]);
        }
        if (ARRIVING && INHIBITION) {
            inhibitory =
                rounded(inhibitory + arrivals[block.arriving_inhibitory + (*path).arrival_place]);
        }
        if (ARRIVING_JUMPS) {
            jump = rounded(jump + arrivals[block.arriving_jumps + (*path).arrival_place]);
        }
        if (ARRIVING || ARRIVING_JUMPS) {
            (*path).arrival_place += block.cells;
        }
        if (NETWORK) {
            let arrived = take_arrivals(path, ring_place, Arrived(arriving, inhibitory, jump));
            arriving = arrived.current;
            inhibitory = arrived.inhibitory;
            jump = arrived.jump;
        }
        (*path).state = receive(options, (*path).state, arriving, inhibitory);
        input = total_current(options, (*path).cell, (*path).state, input);
        input = drive((*path).cell.resistance, input);
    } else if (SEQUENCE) {
        input = drive((*path).cell.resistance, current[(*path).current_place]);
    }
    if (SEQUENCE) {
        (*path).current_place += block.current_step;
    }
    var after = update(options, (*path).cell, (*path).state, input, jump);
    after = receive_late(options, (*path).state, after, arriving, inhibitory);
    if (options.fast_decay || rises(options) || may_settle) {
        after = settle(options, (*path).cell, after, bit);
    }
    (*path).state = after;
    (*path).word |= select(0u, 1u << bit, after.spike);
    if (VOLTAGES && sampled && (*path).voltage_place != NOT_RECORDED) {
        recorded[(*path).voltage_place] = bitcast<u32>(after.v);
        (*path).voltage_place += block.voltage_cells;
    }
}

fn end_word(path: ptr<private, Path>) {
    var word = (*path).word;
    (*path).word = 0u;
    (*path).count += countOneBits(word);
    if (WORDS != NO_WORDS && (*path).word_place != NOT_RECORDED) {
        if (WORDS_GO_ON) {
            word |= recorded[(*path).word_place];
        }
        recorded[(*path).word_place] = word;
        (*path).word_place += block.word_cells;
    }
}

fn end(path: Path) {
    if (path.there) {
        store_state(path.index, path.state);
        counters[count_place(path.index)] += path.count;
    }
}

// The cells that an invocation advances side by side. With ABREAST = 1, only the first is used.
var<private> a: Path;
var<private> b: Path;
var<private> c: Path;
var<private> d: Path;
// Number of groups of random draws that were made.
var<private> groups: u32;
// Steps before the next sample of membrane potentials.
var<private> wait: u32;
// The place of the step in the ring of a network.
var<private> ring_place: u32;

fn begin_all(first: u32) {
    a = begin_cell(first);
    if (ABREAST == 4u) {
        b = begin_cell(first + WORKGROUP);
        c = begin_cell(first + 2u * WORKGROUP);
        d = begin_cell(first + 3u * WORKGROUP);
    }
}

fn draw_next_of_all() {
    draw_next(&a, groups);
    if (ABREAST == 4u) {
        draw_next(&b, groups);
        draw_next(&c, groups);
        draw_next(&d, groups);
    }
    groups += 1u;
}

fn step_all(options: Options, bit: u32, within: u32, may_settle: bool) {
    if (NOISE && (within == 0u || groups == 0u)) {
        draw_next_of_all();
    }
    let sampled = VOLTAGES && wait == 0u;
    step(options, &a, bit, within, may_settle, sampled);
    if (ABREAST == 4u) {
        step(options, &b, bit, within, may_settle, sampled);
        step(options, &c, bit, within, may_settle, sampled);
        step(options, &d, bit, within, may_settle, sampled);
    }
    if (VOLTAGES) {
        wait = select(wait, block.voltage_every, sampled) - 1u;
    }
    if (NETWORK) {
        ring_place = next_place(ring_place);
    }
}

fn list_spikes_of_all() {
    if (NETWORK) {
        list_spikes(&a);
        if (ABREAST == 4u) {
            list_spikes(&b);
            list_spikes(&c);
            list_spikes(&d);
        }
    }
}

fn end_word_of_all() {
    end_word(&a);
    if (ABREAST == 4u) {
        end_word(&b);
        end_word(&c);
        end_word(&d);
    }
}

fn end_all() {
    end(a);
    if (ABREAST == 4u) {
        end(b);
        end(c);
        end(d);
    }
}

// Steps are not counted if the sums of what arrived at them are missing.
fn count_steps() {
    if (ARRIVING || ARRIVING_JUMPS) {
        if (arrivals[block.sums_made_place] != f32(block.sums_made)) {
            return;
        }
    }
    counters[2u * block.cells] += block.steps;
}

@compute @workgroup_size(WORKGROUP)
fn advance(@builtin(global_invocation_id) id: vec3<u32>) {
    let invocation = id.y * block.grid_width + id.x;
    let first = invocation / WORKGROUP * WORKGROUP * ABREAST + invocation % WORKGROUP;
    if (first >= block.cells) {
        return;
    }
    let options = chosen_options();
    begin_all(first);
    wait = block.voltage_wait;
    ring_place = block.ring_place;

    var made = 0u;
    var bit = block.first_step % WORD;
    // At most two rounds: the rest of a word and whole words, then the beginning of the last word.
    while (made < block.steps) {
        if (bit != 0u || block.steps - made < WORD) {
            let end = min(WORD, bit + block.steps - made);
            made += end - bit;
            while (bit < end) {
                step_all(options, bit, bit % GROUP, bit == WORD - 1u);
                bit += 1u;
            }
            bit = 0u;
            list_spikes_of_all();
            end_word_of_all();
        }
        while (block.steps - made >= WORD) {
            while (bit < WORD) {
                step_all(options, bit, 0u, false);
                step_all(options, bit + 1u, 1u, false);
                step_all(options, bit + 2u, 2u, false);
                step_all(options, bit + 3u, 3u, false);
                step_all(options, bit + 4u, 0u, false);
                step_all(options, bit + 5u, 1u, false);
                step_all(options, bit + 6u, 2u, false);
                step_all(options, bit + 7u, 3u, true);
                bit += TOGETHER;
            }
            bit = 0u;
            made += WORD;
            list_spikes_of_all();
            end_word_of_all();
        }
    }

    end_all();
    if (invocation == 0u) {
        count_steps();
        if (NETWORK) {
            clear_last_list();
        }
    }
}
