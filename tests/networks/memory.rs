//! The memory that a network needs, before its synapses are drawn.

use lif::{Device, Network, Params, Profile, Rule, Synapse};

/// Rings of neurons: the memory that synapses are said to need, and their number.
fn synapses(n: usize, profile: Profile) -> (u64, u64) {
    let mut network = Network::new();
    let ring = network.add("ring", n, Params::default()).expect("valid");
    network.set_positions((0..n).map(|neuron| [neuron as f32, 0.0, 0.0]).collect());
    let rule = Rule::by_periodic_distance(profile, [n as f32, 0.0, 0.0]);
    network.connect(&ring, &ring, rule, Synapse::jump(0.1)).expect("valid");
    let need = network.memory_needed(1, &Device::cpu()).expect("valid");
    let part = need.parts().iter().find(|part| part.what == "the synapses").expect("some");
    (part.host_bytes, network.build(1, &Device::cpu()).expect("valid").synapses())
}

/// With shared weights a synapse takes 4 bytes, and a row of the table 4 bytes.
#[test]
fn connections_by_distance_need_little_more_memory_than_they_take() {
    for (n, profile) in [
        (200, Profile::Step { p: 0.5, radius: 10.0 }),
        (3000, Profile::Gaussian { p: 0.9, sigma: 100.0 }),
        (3000, Profile::Exponential { p: 0.2, length: 30.0 }),
        (3000, Profile::Step { p: 1.0, radius: 2.0 }),
    ] {
        let (bytes, synapses) = synapses(n, profile);
        let (least, pairs) = (4 * synapses, 4 * (n * n) as u64);
        assert!(bytes >= least, "{profile:?}: {bytes} for {synapses} synapses");
        assert!(
            bytes < least * 3 / 2 + pairs / 1000 + 8 * n as u64,
            "{profile:?}: {bytes} for {synapses} synapses"
        );
    }
}
