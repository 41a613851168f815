// What arrives at the cells of a network in a step, and the list of their spikes.
//
// For each coming step, channel and cell the ring has the sum of the weights that arrive there. deliver.wgsl adds to it.
// Appended to block.wgsl and arrival.wgsl. The CPU engine does the same in src/engine/cpu/ring.rs.

// [steps, channels, cells]; step s has the place s modulo the number of steps.
@group(0) @binding(8) var<storage, read_write> ring: array<i32>;
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

// Adds what arrives at the step of this place of the ring, and removes it from there.
fn take_arrivals(path: ptr<private, Path>, place: u32, before: Arrived) -> Arrived {
    var arrived = before;
    for (var channel = 0u; channel < block.channels; channel++) {
        let at = (place * block.channels + channel) * block.cells + (*path).index;
        let unit = bitcast<f32>(parameters[block.units + channel * block.rows + (*path).row]);
        let weight = arrival(ring[at], unit);
        if ((*path).there) {
            ring[at] = 0;
        }
        if ((block.jump_channels & (1u << channel)) != 0u) {
            arrived.jump = rounded(arrived.jump + weight);
        } else if ((block.inhibitory_channels & (1u << channel)) != 0u) {
            arrived.inhibitory = rounded(arrived.inhibitory + weight);
        } else {
            arrived.current = rounded(arrived.current + weight);
        }
    }
    return arrived;
}

// The place of the next step.
fn next_place(place: u32) -> u32 {
    return select(place + 1u, 0u, place + 1u == block.ring_steps);
}

// Lists the spikes of a cell in this block, whose bits of a word are these.
fn list_spikes(row: u32, neuron: u32, word: u32) {
    var bits = word;
    while (bits != 0u) {
        let bit = firstTrailingBit(bits);
        bits &= bits - 1u;
        let at = block.list_start + 3u * atomicAdd(&spikes[block.list], 1u);
        let after = block.ring_place + bit - block.first_step % WORD;
        atomicStore(&spikes[at], neuron);
        atomicStore(&spikes[at + 1u], row);
        atomicStore(&spikes[at + 2u], select(after, after - block.ring_steps, after >= block.ring_steps));
    }
}

// Empties the list of the block before, which has been delivered.
fn clear_last_list() {
    atomicStore(&spikes[1u - block.list], 0u);
}
