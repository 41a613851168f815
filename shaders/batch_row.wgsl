// The kernel of small networks: a workgroup advances a batch row of connected cells by many steps, and delivers their
// spikes after each block of steps. No other workgroup touches what will arrive at its cells.
//
// Appended to block.wgsl with all that it needs, and to synapses.wgsl. The bindings are mirrored in
// src/engine/gpu/batch_row.rs.

// Invocations that share the synapses of a spike.
const TEAM: u32 = 32u;

@group(0) @binding(10) var<storage, read> rows: array<u32>;
@group(0) @binding(11) var<storage, read> targets: array<u32>;
@group(0) @binding(12) var<storage, read> weights: array<i32>;

// The spikes that are listed of this block; those of the next block have the other place.
var<workgroup> listed: array<atomic<u32>, 2>;

fn begin_neuron(row: u32, neuron: u32) -> Path {
    return begin(neuron < block.neurons, row, min(neuron, block.neurons - 1u));
}

fn begin_row(row: u32, lane: u32) {
    a = begin_neuron(row, lane);
    if (ABREAST == 4u) {
        b = begin_neuron(row, lane + WORKGROUP);
        c = begin_neuron(row, lane + 2u * WORKGROUP);
        d = begin_neuron(row, lane + 3u * WORKGROUP);
    }
}

// The place of a spike of a batch row in `spikes`.
fn listed_at(row: u32, number: u32) -> u32 {
    return SPIKES + 3u * (row * block.most_spikes + number);
}

// Lists the spikes of a cell from a step of its word on, whose place in the ring is `place`.
fn list_from(path: ptr<private, Path>, step: u32, place: u32, list: u32) {
    var bits = select(0u, (*path).word >> step, (*path).there);
    while (bits != 0u) {
        let bit = firstTrailingBit(bits);
        bits &= bits - 1u;
        let at = listed_at((*path).row, atomicAdd(&listed[list], 1u));
        atomicStore(&spikes[at], (*path).neuron);
        atomicStore(&spikes[at + 1u], place_after(place, bit));
    }
}

fn list_from_all(step: u32, place: u32, list: u32) {
    list_from(&a, step, place, list);
    if (ABREAST == 4u) {
        list_from(&b, step, place, list);
        list_from(&c, step, place, list);
        list_from(&d, step, place, list);
    }
}

fn deliver_listed(row: u32, lane: u32, list: u32) {
    let sums = Sums(block.ring_steps, block.channels, block.cells);
    let count = atomicLoad(&listed[list]);
    for (var number = lane / TEAM; number < count; number += WORKGROUP / TEAM) {
        let at = listed_at(row, number);
        let spike = Spike(atomicLoad(&spikes[at]), row * block.neurons, atomicLoad(&spikes[at + 1u]));
        for (var table = 0u; table < block.tables; table++) {
            deliver_row(table * TABLE, spike, sums, lane % TEAM, TEAM);
        }
    }
}

// The end of the block of steps of a word that begins with this one.
fn block_end(step: u32) -> u32 {
    let number = step * block.blocks_of_word / WORD;
    return ((number + 1u) * WORD + block.blocks_of_word - 1u) / block.blocks_of_word;
}

@compute @workgroup_size(WORKGROUP)
fn advance_row(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let options = chosen_options();
    let row = group.x;
    begin_row(row, lane);
    wait = block.voltage_wait;
    ring_place = block.ring_place;
    if (lane == 0u) {
        atomicStore(&listed[0], 0u);
    }
    workgroupBarrier();

    var list = 0u;
    var made = 0u;
    var bit = block.first_step % WORD;
    while (made < block.steps) {
        let first = bit;
        let first_place = ring_place;
        let end = min(block_end(bit), bit + block.steps - made);
        made += end - bit;
        while (bit < end) {
            step_all(options, bit, bit % GROUP, bit == WORD - 1u);
            bit += 1u;
        }
        list_from_all(first, first_place, list);
        if (bit == WORD || made == block.steps) {
            end_word_of_all();
        }
        bit %= WORD;

        storageBarrier();
        workgroupBarrier();
        if (lane == 0u) {
            atomicStore(&listed[1u - list], 0u);
        }
        deliver_listed(row, lane, list);
        storageBarrier();
        workgroupBarrier();
        list = 1u - list;
    }

    end_all();
    if (row == 0u && lane == 0u) {
        count_steps();
    }
}
