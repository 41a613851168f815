// What arrives at the cells of a network in a step, and the list of their spikes.
//
// For each coming step, channel and cell the ring has the sum of the weights that arrive there. deliver.wgsl adds to it.
// Appended to block.wgsl, arrival.wgsl, and own_sums.wgsl or shared_sums.wgsl, which have the ring. The CPU engine does
// the same in src/engine/cpu/ring.rs.

// The lengths of two lists of spikes, and from SPIKES on the lists: a neuron, its batch row, and the place of its step in
// the ring.
@group(0) @binding(9) var<storage, read_write> spikes: array<atomic<u32>>;

const SPIKES: u32 = 2u;

// What arrives at a cell: currents, nA, and a jump of the membrane potential, mV.
struct Arrived {
    current: f32,
    inhibitory: f32,
    jump: f32,
}

// The unit of the sums of a channel.
fn unit_of(channel: u32, row: u32) -> f32 {
    return bitcast<f32>(parameters[block.units + channel * block.rows + row]);
}

// Adds what arrives through a channel at the step of this place of the ring, and removes it from there.
fn take_channel(
    path: ptr<private, Path>, channel: u32, unit: f32, place: u32, before: Arrived
) -> Arrived {
    var arrived = before;
    let at = (place * block.channels + channel) * block.cells + (*path).index;
    let sum = sum_at(at);
    let weight = arrival(sum, unit);
    // Most sums are 0 already.
    if (sum != 0 && (*path).there) {
        clear_sum(at);
    }
    if ((block.jump_channels & (1u << channel)) != 0u) {
        arrived.jump = rounded(arrived.jump + weight);
    } else if ((block.inhibitory_channels & (1u << channel)) != 0u) {
        arrived.inhibitory = rounded(arrived.inhibitory + weight);
    } else {
        arrived.current = rounded(arrived.current + weight);
    }
    return arrived;
}

// Adds what arrives at the step of this place of the ring. Most networks have one or two channels.
fn take_arrivals(path: ptr<private, Path>, place: u32, before: Arrived) -> Arrived {
    var arrived = before;
    if (block.channels > 0u) {
        arrived = take_channel(path, 0u, (*path).units.x, place, arrived);
    }
    if (block.channels > 1u) {
        arrived = take_channel(path, 1u, (*path).units.y, place, arrived);
    }
    for (var channel = 2u; channel < block.channels; channel++) {
        arrived = take_channel(path, channel, unit_of(channel, (*path).row), place, arrived);
    }
    return arrived;
}

// The place of the next step.
fn next_place(place: u32) -> u32 {
    return select(place + 1u, 0u, place + 1u == block.ring_steps);
}

// The place of a step after the first of a block, for a place of that one.
fn place_after(first: u32, steps: u32) -> u32 {
    let place = first + steps;
    return select(place, place - block.ring_steps, place >= block.ring_steps);
}

// Lists the spikes of a cell in this block.
fn list_spikes(path: ptr<private, Path>) {
    var bits = select(0u, (*path).word, (*path).there);
    while (bits != 0u) {
        let bit = firstTrailingBit(bits);
        bits &= bits - 1u;
        let at = block.list_start + 3u * atomicAdd(&spikes[block.list], 1u);
        atomicStore(&spikes[at], (*path).neuron);
        atomicStore(&spikes[at + 1u], (*path).row);
        atomicStore(&spikes[at + 2u], place_after(block.ring_place, bit - block.first_step % WORD));
    }
}

// Empties the list of the block before, which has been delivered.
fn clear_last_list() {
    atomicStore(&spikes[1u - block.list], 0u);
}
