// Delivers the spikes of a block, which the kernel of the block has listed; see synapses.wgsl.
//
// The struct Delivery and the bindings are mirrored in src/engine/gpu/network.rs.

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

@group(0) @binding(0) var<uniform> delivery: Delivery;
@group(0) @binding(1) var<storage, read> spikes: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<i32>;
@group(0) @binding(5) var<storage, read_write> ring: array<atomic<i32>>;

@compute @workgroup_size(WORKGROUP)
fn deliver(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let count = min(spikes[delivery.list], delivery.most_spikes);
    let sums = Sums(delivery.ring_steps, delivery.channels, delivery.cells);
    for (var number = group.x; number < count; number += groups.x) {
        let at = delivery.list_start + 3u * number;
        let spike = Spike(spikes[at], spikes[at + 1u] * delivery.neurons, spikes[at + 2u]);
        for (var table = group.y; table < delivery.tables; table += groups.y) {
            deliver_row(table * TABLE, spike, sums, lane, WORKGROUP);
        }
    }
}
