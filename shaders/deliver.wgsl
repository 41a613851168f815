// Delivers the spikes of a block: adds the weights of their synapses to what will arrive.
//
// The sums are whole numbers, so that any order gives the same bits. The CPU engine does the same in
// src/engine/cpu/ring.rs. The struct Delivery and the bindings are mirrored in src/engine/gpu/network.rs.

override WORKGROUP: u32 = 64u;

// The first two words of `spikes` are the lengths of the two lists.
struct Delivery {
    // The number of the list, the place of its first spike, and its most spikes.
    list: u32,
    list_start: u32,
    most_spikes: u32,
    neurons: u32,
    cells: u32,
    channels: u32,
    ring_steps: u32,
    tables: u32,
}

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

@group(0) @binding(0) var<uniform> delivery: Delivery;
@group(0) @binding(1) var<storage, read> spikes: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<i32>;
@group(0) @binding(5) var<storage, read_write> ring: array<atomic<i32>>;

fn deliver_row(table: u32, source: u32, first_cell: u32, place: u32, lane: u32) {
    let row = source - rows[table + FIRST_SOURCE];
    if (row >= rows[table + SOURCES]) {
        return;
    }
    let starts = rows[table + STARTS] + row;
    let end = rows[starts + 1u];
    let first_target = first_cell + rows[table + FIRST_TARGET];
    let first_synapse = rows[table + TARGETS];
    let first_weight = rows[table + WEIGHTS];
    let first_place = place + rows[table + ARRIVAL];
    for (var index = rows[starts] + lane; index < end; index += WORKGROUP) {
        let synapse = targets[first_synapse + index];
        var at = first_place + (synapse >> TARGET_BITS);
        if (at >= delivery.ring_steps) {
            at -= delivery.ring_steps;
        }
        let cell = first_target + (synapse & ((1u << TARGET_BITS) - 1u));
        var weight = bitcast<i32>(rows[table + WEIGHT]);
        if (first_weight != NONE) {
            weight = weights[first_weight + index];
        }
        let sum = (at * delivery.channels + rows[table + CHANNEL]) * delivery.cells + cell;
        atomicAdd(&ring[sum], weight);
    }
}

@compute @workgroup_size(WORKGROUP)
fn deliver(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let count = min(spikes[delivery.list], delivery.most_spikes);
    for (var number = group.x; number < count; number += groups.x) {
        let spike = delivery.list_start + 3u * number;
        let first_cell = spikes[spike + 1u] * delivery.neurons;
        for (var table = group.y; table < delivery.tables; table += groups.y) {
            deliver_row(table * TABLE, spikes[spike], first_cell, spikes[spike + 2u], lane);
        }
    }
}
