// Adds the weights of the synapses of a spike to what will arrive.
//
// The sums are whole numbers, so that any order gives the same bits. The CPU engine does the same in
// src/engine/cpu/ring.rs. The tables are made in src/engine/gpu/synapses.rs. Appended to the kernels that deliver, which
// have the bindings.

// A table of synapses onto some neurons, at the beginning of `rows`.
const TABLE: u32 = 9u;
const CHANNEL: u32 = 0u;
const FIRST_SOURCE: u32 = 1u;
const SOURCES: u32 = 2u;
// The place in `rows` where the places of its rows begin, and the place in `targets` of its first synapse.
const STARTS: u32 = 3u;
const TARGETS: u32 = 4u;
const FIRST_TARGET: u32 = 5u;
// Steps until a spike acts, in addition to those of each synapse.
const ARRIVAL: u32 = 6u;
// The place in `weights` of its first weight, or NONE: then all have the weight that follows.
const WEIGHTS: u32 = 7u;
const WEIGHT: u32 = 8u;
const NONE: u32 = 0xffffffffu;

// A synapse is the number of its target, and in the highest 8 bits steps until a spike acts.
const TARGET_BITS: u32 = 24u;

struct Spike {
    source: u32,
    // The first cell of its batch row.
    first_cell: u32,
    // The place of its step in the ring.
    place: u32,
}

// The extent of the ring.
struct Sums {
    steps: u32,
    channels: u32,
    cells: u32,
}

// Adds the weights of the synapses of a spike in a table; each of `lanes` invocations adds its share.
fn deliver_row(table: u32, spike: Spike, sums: Sums, lane: u32, lanes: u32) {
    let row = spike.source - rows[table + FIRST_SOURCE];
    if (row >= rows[table + SOURCES]) {
        return;
    }
    let starts = rows[table + STARTS] + row;
    let end = rows[starts + 1u];
    let first_target = spike.first_cell + rows[table + FIRST_TARGET];
    let first_synapse = rows[table + TARGETS];
    let first_weight = rows[table + WEIGHTS];
    let first_place = spike.place + rows[table + ARRIVAL];
    for (var index = rows[starts] + lane; index < end; index += lanes) {
        let synapse = targets[first_synapse + index];
        var at = first_place + (synapse >> TARGET_BITS);
        if (at >= sums.steps) {
            at -= sums.steps;
        }
        let cell = first_target + (synapse & ((1u << TARGET_BITS) - 1u));
        var weight = bitcast<i32>(rows[table + WEIGHT]);
        if (first_weight != NONE) {
            weight = weights[first_weight + index];
        }
        let sum = (at * sums.channels + rows[table + CHANNEL]) * sums.cells + cell;
        atomicAdd(&ring[sum], weight);
    }
}
