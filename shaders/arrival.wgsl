// What arrives at a cell through the synapses of a network: a sum of weights as a current or a potential.
//
// The definition is crates/lif-model/src/arrival.rs. Appended to neuron.wgsl, for rounded().

// Devices may convert an integer of more than 24 bits to either neighbour. Its two halves are converted exactly.
fn arrival(sum: i32, unit: f32) -> f32 {
    let high = f32(sum >> 12u) * 4096.0;
    let low = f32(sum & 0xfff);
    return rounded(rounded(high + low) * unit);
}
