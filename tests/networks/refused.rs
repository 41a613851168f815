//! What is refused in networks, and that hostile values never cause a panic.

use lif::{
    Argument, Device, Distribution, Error, Network, Params, PopulationOptions, Profile, Result, Rule,
    Synapse, Trace,
};
use ndarray::{Array1, Array2};

#[track_caller]
fn assert_says(result: Result<impl Sized>, parts: &[&str]) {
    let Err(error) = result else { panic!("accepted") };
    assert!(error.is_usage() && !error.is_fault(), "{error:?}");
    assert_eq!(error.argument(), Some(Argument::Network), "{error:?}");
    for part in parts {
        assert!(error.to_string().contains(part), "'{error}' does not say '{part}'");
    }
}

/// A connection of 4 sources to 3 targets, built, listed and measured.
fn connected(rule: Rule, synapse: Synapse) -> Result<()> {
    let mut network = Network::new();
    let sources = network.add("sources", 4, Params::default())?;
    let targets = network.add("targets", 3, Params::default())?;
    network.connect(&sources, &targets, rule, synapse)?;
    all_of(&network)
}

/// As [`connected`], of one group with itself.
fn recurrent(size: usize, rule: Rule, synapse: Synapse) -> Result<()> {
    let mut network = Network::new();
    let cells = network.add("cells", size, Params::default())?;
    network.connect(&cells, &cells, rule, synapse)?;
    all_of(&network)
}

/// Each way to use a network refuses the same.
#[track_caller]
fn all_of(network: &Network) -> Result<()> {
    let built = network.build(1, &Device::cpu()).map(drop);
    let needed = network.memory_needed(1, &Device::cpu()).map(drop);
    let listed = network.synapses().map(drop);
    // Errors may be about a NaN, which does not equal itself.
    assert_eq!(format!("{needed:?}"), format!("{built:?}"));
    assert_eq!(format!("{listed:?}"), format!("{built:?}"));
    built
}

fn jump() -> Synapse {
    Synapse::jump(1.0)
}

#[test]
fn groups_are_refused_that_are_not_possible() {
    let mut network = Network::new();
    assert_says(network.build(1, &Device::cpu()), &["the number of groups", "1 or more"]);
    assert_says(network.synapses(), &["the number of groups"]);
    assert_says(network.memory_needed(1, &Device::cpu()), &["the number of groups"]);
    let says = |what: &str| format!("the number of neurons in group {what}");
    assert_says(network.add("none", 0, Params::default()), &[&says("none"), "1 or more"]);
    for size in [u32::MAX as usize, 1 << 32, usize::MAX] {
        assert_says(network.add("many", size, Params::default()), &[&says("many"), "below 2^32 - 1"]);
    }
    let cells = network.add("cells", 5, Params::default()).expect("valid");
    assert!(!cells.is_empty() && cells.len() == 5 && cells.neurons() == (0..5) && cells.name() == "cells");
    for size in [u32::MAX as usize - 5, usize::MAX - 2, usize::MAX] {
        assert_says(network.add("more", size, Params::default()), &[&says("more"), "2^32 - 1"]);
    }
    assert_says(network.add("cells", 5, Params::default()), &["the name of a group", "cells", "another"]);
    // What was refused has changed nothing.
    assert_eq!(network.groups(), [cells]);
    assert!(network.build(1, &Device::cpu()).is_ok());

    let first = Params::default;
    let trace = Trace { tau: 10.0.into(), scale: 1.0.into(), kind: lif::TraceKind::Add };
    for (params, what) in [
        (Params { dt: 0.2, ..first() }, "dt"),
        (Params { dt: f64::NAN, ..first() }, "dt"),
        (Params { v_reference: -60.0, ..first() }, "v_reference"),
        (Params { integrator: lif::Integrator::Exact, ..first() }, "the integrator"),
        (Params { spike_test: lif::SpikeTest::AtOrAbove, ..first() }, "the spike test"),
        (Params { reset: lif::Reset::Subtract, ..first() }, "the reset"),
        (Params { refractory: lif::Refractory::Silent, ..first() }, "the refractory rule"),
        (Params { v_lower: Some((-80.0).into()), ..first() }, "v_lower"),
        (Params { tau_syn: Some(2.0.into()), ..first() }, "tau_syn"),
        (Params { tau_syn_inhibitory: Some(2.0.into()), ..first() }, "tau_syn_inhibitory"),
        (Params { synapse_rule: lif::SynapseRule::Cleared, ..first() }, "the synapse rule"),
        (Params { synapse_shape: lif::SynapseShape::Alpha, ..first() }, "the synapse shape"),
        (Params { trace: Some(trace), ..first() }, "the trace"),
    ] {
        let parts = [what, "of group other", "as in the first group"];
        assert_says(network.add("other", 2, params), &parts);
    }
}

#[test]
fn parameters_that_do_not_fit_their_group_are_refused() {
    let build = |first: Params, second: Params, batch: usize| {
        let mut network = Network::new();
        network.add("first", 3, first)?;
        network.add("second", 2, second)?;
        network.build(batch, &Device::cpu()).map(drop)
    };
    let of = |values: Array2<f32>| Params { tau_m: values.into(), ..Params::default() };
    let row = |n: usize| Params { tau_m: Array1::from_elem(n, 9.0_f32).into(), ..Params::default() };
    let ones = |rows: usize, n: usize| of(Array2::from_elem((rows, n), 9.0_f32));
    for (first, second, batch) in [
        (row(3), row(2), 1),
        (row(3), Params::default(), 2),
        (ones(2, 3), row(2), 2),
        (ones(2, 1), ones(1, 2), 2),
        (ones(1, 3), ones(1, 1), 4),
        (row(1), row(1), 3),
    ] {
        assert_eq!(build(first, second, batch), Ok(()));
    }
    for (first, second, batch) in [
        (row(2), row(2), 1),
        (row(3), row(3), 1),
        (ones(2, 3), ones(3, 2), 3),
        (ones(2, 3), ones(2, 2), 3),
        (ones(2, 2), row(2), 2),
    ] {
        let error = build(first, second, batch).expect_err("it does not fit");
        assert!(matches!(error, Error::Shape { .. }), "{error:?}");
        assert_eq!(error.argument(), Some(Argument::Parameter), "{error:?}");
    }
    let wrong = Params { tau_m: (-1.0).into(), ..Params::default() };
    let error = build(Params::default(), wrong, 1).expect_err("it is negative");
    assert_eq!(error.argument(), Some(Argument::Parameter));
    let error = build(Params::default(), Params::default(), 0).expect_err("there are no rows");
    assert_eq!(error.argument(), Some(Argument::Shape));
    let error = build(Params::default(), Params::default(), usize::MAX).expect_err("too many rows");
    assert_eq!(error.argument(), Some(Argument::Shape));
}

#[test]
fn groups_of_another_network_are_refused() {
    let mut other = Network::new();
    let foreign = other.add("foreign", 3, Params::default()).expect("valid");
    let mut network = Network::new();
    let own = network.add("own", 3, Params::default()).expect("valid");
    for (from, to) in [(&foreign, &own), (&own, &foreign), (&foreign, &foreign)] {
        let result = network.connect(from, to, Rule::all_to_all(), jump());
        assert_says(result, &["a group to connect", "foreign", "of this network"]);
    }
    assert!(network.synapses().expect("valid").is_empty());
}

#[test]
fn positions_must_be_finite_and_one_for_each_neuron() {
    let profile = Profile::Step { p: 0.5, radius: 1.0 };
    let with = |positions: Vec<[f32; 3]>, rule: Rule, synapse: Synapse| {
        let mut network = Network::new();
        let cells = network.add("cells", 3, Params::default())?;
        network.connect(&cells, &cells, rule, synapse)?;
        network.set_positions(positions);
        all_of(&network)
    };
    let here = [0.0; 3];
    assert_eq!(with(vec![here; 3], Rule::by_distance(profile), jump()), Ok(()));
    for positions in [vec![here; 2], vec![here; 4]] {
        let parts = ["the positions of the neurons", "[3]"];
        assert_says(with(positions, Rule::all_to_all(), jump()), &parts);
    }
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let result = with(vec![here, [0.0, 0.0, wrong], here], Rule::by_distance(profile), jump());
        assert_says(result, &["the positions of the neurons", "of neuron 1", "finite"]);
    }
    for rule in [Rule::by_distance(profile), Rule::by_periodic_distance(profile, [1.0; 3])] {
        assert_says(with(Vec::new(), rule, jump()), &["the positions", "from cells to cells", "none", "set"]);
    }
    let result = with(Vec::new(), Rule::all_to_all(), jump().velocity(1.0, 1.0));
    assert_says(result, &["the positions of the neurons from cells to cells", "none"]);
    let far = vec![[f32::MAX; 3], [f32::MIN; 3], here];
    assert_eq!(with(far.clone(), Rule::by_distance(profile), jump()), Ok(()));
    assert_says(with(far, Rule::all_to_all(), jump().velocity(1.0, 1.0)), &["the delays", "at most 65535"]);
}

#[test]
fn rules_that_cannot_be_followed_are_refused() {
    let connected = |rule: Rule| connected(rule, jump());
    let recurrent = |size: usize, rule: Rule| recurrent(size, rule, jump());
    let degree = "the in-degree from sources to targets";
    assert_says(connected(Rule::fixed_indegree(5).without_multapses()), &[degree, "at most 4", "twice"]);
    assert_eq!(connected(Rule::fixed_indegree(4).without_multapses()), Ok(()));
    let degree = "the out-degree from sources to targets";
    assert_says(connected(Rule::fixed_outdegree(4).without_multapses()), &[degree, "at most 3", "twice"]);
    assert_eq!(connected(Rule::fixed_outdegree(3).without_multapses()), Ok(()));
    assert_says(connected(Rule::fixed_outdegree(u32::MAX)), &[degree, "4294967295", "at most 268435456"]);
    let total = "the number of synapses from sources to targets";
    assert_says(connected(Rule::fixed_total(13).without_multapses()), &[total, "at most 12", "twice"]);
    assert_eq!(connected(Rule::fixed_total(12).without_multapses()), Ok(()));
    assert_says(connected(Rule::fixed_total(u64::MAX)), &[total, "at most"]);
    // Other reasons are not given for a limit.
    let error = connected(Rule::fixed_total(u64::MAX)).expect_err("too many").to_string();
    assert!(!error.contains("twice"), "{error}");

    // Without autapses a pair less.
    let distinct = |rule: Rule| rule.without_autapses().without_multapses();
    for (most, more) in [
        (Rule::fixed_indegree(3), Rule::fixed_indegree(4)),
        (Rule::fixed_outdegree(3), Rule::fixed_outdegree(4)),
        (Rule::fixed_total(12), Rule::fixed_total(13)),
    ] {
        assert_eq!(recurrent(4, distinct(most)), Ok(()));
        assert_says(recurrent(4, distinct(more)), &["at most", "as no pair is connected twice"]);
    }
    // A neuron alone.
    for rule in [Rule::fixed_indegree(1), Rule::fixed_outdegree(1), Rule::fixed_total(1)] {
        assert_eq!(recurrent(1, rule.clone()), Ok(()));
        let result = recurrent(1, rule.without_autapses());
        assert_says(result, &["at most 0", "as no neuron is connected to itself"]);
    }
    for rule in [
        Rule::fixed_indegree(0),
        Rule::fixed_outdegree(0),
        Rule::fixed_total(0),
        Rule::pairwise(1.0),
        Rule::all_to_all(),
        Rule::one_to_one(),
        Rule::list([0, 0], [0, 0]),
    ] {
        assert_eq!(recurrent(1, rule.without_autapses()), Ok(()));
    }

    for p in [-0.1, 1.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let what = "the probability of a connection from sources to targets";
        assert_says(connected(Rule::pairwise(p)), &[what, "from 0 to 1"]);
        for profile in [
            Profile::Gaussian { p, sigma: 1.0 },
            Profile::Exponential { p, length: 1.0 },
            Profile::Step { p, radius: 1.0 },
        ] {
            assert_says(connected(Rule::by_distance(profile)), &[what, "from 0 to 1"]);
        }
    }
    for length in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for (profile, what) in [
            (Profile::Gaussian { p: 1.0, sigma: length }, "the sigma of the connections"),
            (Profile::Exponential { p: 1.0, length }, "the length of the connections"),
            (Profile::Step { p: 1.0, radius: length }, "the radius of the connections"),
        ] {
            let parts = [what, "from sources to targets", "a number above 0"];
            assert_says(connected(Rule::by_distance(profile)), &parts);
        }
    }
    for length in [-1.0, f32::NAN, f32::INFINITY] {
        let rule = Rule::by_periodic_distance(Profile::Step { p: 1.0, radius: 1.0 }, [1.0, length, 0.0]);
        assert_says(connected(rule), &["the periodic extent from sources to targets", "0 or more"]);
    }

    let says = [
        "the number of targets from sources to targets",
        "3",
        "4, as of the sources, to connect them one to one",
    ];
    assert_says(connected(Rule::one_to_one()), &says);

    let what = "the targets in the list of synapses from sources to targets";
    assert_says(connected(Rule::list([0, 1], [0])), &[what, "[2] (one for each source)", "[1]"]);
    let what = "the source of synapse 1 from sources to targets";
    assert_says(connected(Rule::list([3, 4], [0, 0])), &[what, "4", "below 4"]);
    let what = "the target of synapse 0 from sources to targets";
    assert_says(connected(Rule::list([3, 3], [3, u32::MAX])), &[what, "3", "below 3"]);
    assert_says(connected(Rule::list([u32::MAX], [0])), &["the source of synapse 0", "below 4"]);
    let repeated = Rule::list([3, 1, 3], [2, 2, 2]);
    assert_eq!(connected(repeated.clone()), Ok(()));
    let what = "the list of synapses from sources to targets";
    let parts = [what, "more than one of source 3 and target 2", "without repeated pairs"];
    assert_says(connected(repeated.without_multapses()), &parts);
    assert_eq!(connected(Rule::list([], [])), Ok(()));
}

/// Distributions that are refused for weights and for delays.
fn wrong_distributions() -> Vec<(Distribution, [&'static str; 2])> {
    let finite = ["", "finite, and at most 1e20 in magnitude"];
    let sd = ["the standard deviation of the ", "0 or more"];
    let of_logarithm = ["the standard deviation of the logarithm of the ", "0 or more"];
    let mut all = Vec::new();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e21, -1e21, f64::MAX] {
        all.push((wrong.into(), finite));
        all.push((Distribution::normal(wrong, 1.0), finite));
        all.push((Distribution::normal_clipped(wrong, 1.0), finite));
        all.push((Distribution::uniform(wrong, 1.0), finite));
        all.push((Distribution::uniform(1.0, wrong), finite));
    }
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0] {
        all.push((Distribution::normal(1.0, wrong), sd));
        all.push((Distribution::normal_clipped(1.0, wrong), sd));
        all.push((Distribution::lognormal(1.0, wrong), of_logarithm));
        all.push((Distribution::negative_lognormal(1.0, wrong), of_logarithm));
    }
    for wrong in [1e30, f64::MAX] {
        all.push((Distribution::normal(1.0, wrong), finite));
        all.push((Distribution::lognormal(1.0, wrong), finite));
        all.push((Distribution::lognormal(wrong, 1.0), finite));
    }
    all.push((Distribution::lognormal(f64::NAN, 1.0), finite));
    all.push((Distribution::lognormal(0.0, 8.0), finite));
    all.push((Distribution::uniform(2.0, 1.0), ["", "from low to high"]));
    all.push((Distribution::list([1.0]), ["a list", "a distribution, unless the synapses are a list"]));
    all
}

#[test]
fn weights_that_are_not_possible_are_refused() {
    for (distribution, parts) in wrong_distributions() {
        for make in [Synapse::jump as fn(Distribution) -> Synapse, Synapse::current] {
            let result = connected(Rule::all_to_all(), make(distribution.clone()));
            let parts = [parts[0], "the weights from sources to targets", parts[1]];
            assert_says(result, &parts);
        }
    }
    let rule = || Rule::list([0, 1], [0, 1]);
    let what = "the weights from sources to targets";
    for values in [vec![], vec![1.0_f32], vec![1.0; 3]] {
        let parts = [what, "[2] (one for each synapse)"];
        assert_says(connected(rule(), Synapse::jump(Distribution::list(values))), &parts);
    }
    for (wrong, requirement) in [
        (f32::NAN, "finite"),
        (f32::INFINITY, "finite"),
        (f32::NEG_INFINITY, "finite"),
        (1e21, "at most 1e20"),
        (f32::MIN, "at most 1e20"),
    ] {
        let result = connected(rule(), Synapse::jump(Distribution::list([0.0, wrong])));
        assert_says(result, &[what, "at index 1", requirement]);
    }
    for unit in [0.0, -1.0, 1e-21, 1e21, 1e300, f64::NAN, f64::INFINITY] {
        let result = connected(Rule::all_to_all(), jump().unit(unit));
        assert_says(result, &["the unit of the weights from sources to targets", "above 1e-20"]);
    }
    // Sums do not fit in 31 bits.
    let mut network = Network::new();
    let cells = network.add("cells", 3, Params::default()).expect("valid");
    network.connect(&cells, &cells, Rule::all_to_all(), Synapse::jump(1.0).unit(1e-9)).expect("valid");
    let says = ["the unit of the weights", "with weights onto a neuron of 3 in all", "larger than their sum"];
    assert_says(network.build(1, &Device::cpu()), &says);
}

#[test]
fn delays_that_are_not_possible_are_refused() {
    type Make = fn(f64) -> Synapse;
    let makes: [(Make, f64); 2] = [(Synapse::jump, 1.0), (Synapse::current, 0.0)];
    let what = "the delays from sources to targets";
    for (distribution, parts) in wrong_distributions() {
        for (make, _) in makes {
            let result = connected(Rule::all_to_all(), make(1.0).delay(distribution.clone()));
            assert_says(result, &[parts[0], what, parts[1]]);
        }
    }
    let rule = || Rule::list([0, 1], [0, 1]);
    for (make, smallest) in makes {
        let with = |delay: Distribution| connected(Rule::all_to_all(), make(1.0).delay(delay));
        let listed = |delays: [f32; 2]| connected(rule(), make(1.0).delay(Distribution::list(delays)));
        let short = smallest * 0.1 - 0.06;
        let says = if smallest > 0.0 { "at least one step (0.1 ms)" } else { "0 or more" };
        for delay in [short, -0.06, -1.0] {
            assert_says(with(delay.into()), &[what, says]);
            assert_says(with(Distribution::uniform(delay, 2.0)), &[what, says]);
            assert_says(with(Distribution::normal_clipped(delay, 2.0)), &[what, says]);
            assert_says(listed([1.0, delay as f32]), &[what, says]);
        }
        for delay in [smallest * 0.1, 0.1, 1.0, 6553.5] {
            assert_eq!(with(delay.into()), Ok(()));
            assert_eq!(with(Distribution::uniform(delay, delay)), Ok(()));
            assert_eq!(with(Distribution::normal_clipped(delay, 0.0)), Ok(()));
            assert_eq!(listed([1.0, delay as f32]), Ok(()));
        }
        // Draws that are too short are repeated.
        for mean in [0.049, 0.0, -1.0] {
            let parts = ["the mean of", what, "at least half a step (0.05 ms)"];
            assert_says(with(Distribution::normal(mean, 1.0)), &parts);
        }
        assert_eq!(with(Distribution::normal(0.05, 10.0)), Ok(()));
        let says_half = ["the median of", what, "at least half a step (0.05 ms)"];
        assert_says(with(Distribution::lognormal(-3.0, 0.5)), &says_half);
        assert_says(with(Distribution::lognormal(-1000.0, 0.5)), &says_half);
        assert_eq!(with(Distribution::lognormal(-2.9, 0.5)), Ok(()));
        assert_says(with(Distribution::negative_lognormal(1.0, 0.5)), &[what, says]);

        let long = "at most 65535 steps (6553.5 ms)";
        assert_says(with(6553.6.into()), &[what, long]);
        assert_says(with(1e20.into()), &[what, long]);
        assert_says(with(Distribution::uniform(1.0, 6554.0)), &[what, long]);
        assert_says(with(Distribution::normal(6000.0, 100.0)), &[what, long]);
        assert_says(with(Distribution::normal_clipped(6000.0, 100.0)), &[what, long]);
        assert_says(with(Distribution::lognormal(1.0, 2.0)), &[what, long]);
        assert_says(listed([6554.0, 1.0]), &[what, long]);
        for values in [vec![], vec![1.0_f32], vec![1.0; 3]] {
            let result = connected(rule(), make(1.0).delay(values));
            assert_says(result, &[what, "[2] (one for each synapse)"]);
        }
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_says(listed([0.5, wrong]), &[what, "at index 1"]);
        }

        let mut network = Network::new();
        let cells = network.add("cells", 2, Params::default()).expect("valid");
        network.set_positions(vec![[0.0; 3], [3.0, 4.0, 0.0]]);
        let by_velocity = |velocity: f64, constant: f64| {
            let mut network = network.clone();
            network.connect(&cells, &cells, Rule::all_to_all(), make(1.0).velocity(velocity, constant))?;
            all_of(&network)
        };
        let what = "the delays from cells to cells";
        for velocity in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let parts = ["the velocity of", what, "a number above 0"];
            assert_says(by_velocity(velocity, 1.0), &parts);
        }
        for constant in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_says(by_velocity(1.0, constant), &["the constant part of", what, "finite"]);
        }
        for constant in [short, -1.0, -f64::MAX] {
            assert_says(by_velocity(1.0, constant), &[what, says]);
        }
        for (velocity, constant) in [(1.0, 6549.0), (1e-4, 1.0), (f64::MIN_POSITIVE, 1.0), (1.0, f64::MAX)] {
            assert_says(by_velocity(velocity, constant), &[what, long]);
        }
        assert_eq!(by_velocity(1.0, smallest * 0.1), Ok(()));
        assert_eq!(by_velocity(f64::MAX, 1.0), Ok(()));
    }
}

#[test]
fn factors_must_fit_the_batch() {
    let mut network = Network::new();
    let cells = network.add("cells", 3, Params::default()).expect("valid");
    let with = |factors: Vec<f32>, batch: usize| {
        let mut network = network.clone();
        network.connect(&cells, &cells, Rule::all_to_all(), jump().factors(factors))?;
        network.build(batch, &Device::cpu())
    };
    let what = "the factors of the synapses from cells to cells";
    for (factors, batch) in [(vec![], 1), (vec![1.0], 2), (vec![1.0; 3], 2)] {
        let expected = format!("[{batch}] (one for each batch row)");
        assert_says(with(factors, batch), &[what, &expected]);
    }
    for wrong in [-1.0, f32::NAN, f32::INFINITY, 1e11, 1e-11, f32::MIN_POSITIVE, -f32::MIN_POSITIVE] {
        let parts = [what, "for batch row 1", "0, or from 1e-10 to 1e10"];
        assert_says(with(vec![1.0, wrong, 1.0], 3), &parts);
    }
    let mut population = with(vec![0.0, 1e-10, 1e10], 3).expect("valid");
    assert_says(population.set_batch_size(2), &[what, "[2] (one for each batch row)"]);
    assert_eq!(population.voltages().expect("unchanged").dim(), (3, 3));

    // Lists of synapses take the number of rows from the first factors.
    network.connect(&cells, &cells, Rule::all_to_all(), jump().factors([1.0, 2.0])).expect("valid");
    assert_eq!(network.synapses().expect("valid").len(), 9);
    network.connect(&cells, &cells, Rule::all_to_all(), jump().factors([1.0])).expect("valid");
    assert_says(network.synapses(), &[what, "[2] (one for each batch row)", "[1]"]);
}

#[test]
fn more_sums_than_devices_tell_apart_are_refused() {
    let mut network = Network::new();
    let cells = network.add("cells", 3, Params::default()).expect("valid");
    let connect = |number: u32, network: &mut Network| {
        let synapse = jump().unit(0.5 / f64::from(number + 1));
        network.connect(&cells, &cells, Rule::fixed_indegree(2), synapse).expect("valid");
    };
    (0..32).for_each(|number| connect(number, &mut network));
    // Those with the same unit share a sum.
    (0..32).for_each(|number| connect(number, &mut network));
    assert_eq!(all_of(&network), Ok(()));
    connect(32, &mut network);
    assert_says(
        all_of(&network),
        &["the number of sums with a unit or factors of their own", "33", "at most 32"],
    );
}

#[test]
fn more_synapses_than_memory_are_refused_before_it_is_taken() {
    let too_large = |size: usize, rule: Rule| {
        let mut network = Network::new();
        let cells = network.add("cells", size, Params::default()).expect("valid");
        network.connect(&cells, &cells, rule, jump()).expect("valid");
        let need = network.memory_needed(1, &Device::cpu()).expect("valid");
        for result in [network.build(1, &Device::cpu()).map(drop), network.synapses().map(drop)] {
            let error = result.expect_err("it is too large");
            assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
        }
        assert!(need.total() >= 1 << 44, "{need}");
    };
    too_large(1000, Rule::fixed_total(1 << 50));
    too_large(1000, Rule::fixed_total(1 << 60));
    too_large(100_000, Rule::fixed_indegree(u32::MAX));
    too_large(100_000, Rule::fixed_outdegree(1 << 28));
    too_large(1 << 24, Rule::all_to_all());
    too_large(1 << 24, Rule::pairwise(1.0));
    too_large(1 << 24, Rule::pairwise(0.5));
    too_large(1 << 24, Rule::fixed_indegree((1 << 24) - 1).without_autapses().without_multapses());
    too_large(1 << 24, Rule::fixed_total(1 << 47).without_multapses());

    // More cells than memory has room for, and no synapses.
    let mut network = Network::new();
    let cells = network.add("cells", 1 << 31, Params::default()).expect("valid");
    let other = Params { tau_m: Array2::from_elem((4096, 1), 20.0_f32).into(), ..Params::default() };
    let others = network.add("others", (1 << 31) - 2, other).expect("valid");
    for rule in [Rule::list([], []), Rule::fixed_indegree(0), Rule::pairwise(0.0)] {
        network.connect(&cells, &others, rule, jump().delay(6000.0)).expect("valid");
    }
    let error = network.build(1, &Device::cpu()).map(drop).expect_err("it is too large");
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    let error = network.synapses().map(drop).expect_err("it is too large");
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");

    let with_budget =
        |bytes| PopulationOptions { memory_budget: Some(bytes), ..PopulationOptions::default() };
    // A budget counts what will arrive, too.
    let mut network = Network::new();
    let cells = network.add("cells", 1000, Params::default()).expect("valid");
    network.connect(&cells, &cells, Rule::one_to_one(), jump().delay(6000.0)).expect("valid");
    let need = network.memory_needed(1, &Device::cpu()).expect("valid");
    assert!(
        need.to_string().contains("what will arrive") && need.to_string().contains("the synapses"),
        "{need}"
    );
    assert!(need.total() > 60_000 * 4 * 1000, "{need}");
    network.set_options(with_budget(need.total() - 1));
    assert!(network.build(1, &Device::cpu()).is_err());
    network.set_options(with_budget(need.total()));
    assert!(network.build(1, &Device::cpu()).is_ok());
}

/// Values at the edges of what is accepted: each network is drawn, built and simulated, or refused.
#[test]
fn hostile_values_cause_no_panic() {
    let mut weights: Vec<Distribution> =
        [0.0, -0.0, 1.0, -1e20, 1e20, 1e-300, -1e-40, 1e-38, f64::MIN_POSITIVE]
            .map(Distribution::constant)
            .to_vec();
    weights.extend([
        Distribution::normal(1e-300, 1e10),
        Distribution::normal(-1e-40, 1e-40),
        Distribution::normal(0.0, 0.0),
        Distribution::normal(0.0, 1e19),
        Distribution::normal_clipped(-1e-30, 1e19),
        Distribution::normal_clipped(0.0, 1.0),
        Distribution::lognormal(-1000.0, 3.0),
        Distribution::negative_lognormal(0.0, 7.0),
        Distribution::lognormal(46.0, 0.0),
        Distribution::uniform(-1e-40, 0.0),
        Distribution::uniform(-1e-45, 0.0),
        Distribution::uniform(-1e-45, 1e-45),
        Distribution::uniform(-1.0, 0.0),
        Distribution::uniform(-0.0, 0.0),
        Distribution::uniform(-1e20, 1e20),
    ]);
    let delays: Vec<Option<Distribution>> = vec![
        None,
        Some(Distribution::normal(0.05, 1000.0)),
        Some(Distribution::normal_clipped(0.1, 1000.0)),
        Some(Distribution::lognormal(-2.9, 1.7)),
        Some(Distribution::uniform(0.1, 6553.5)),
    ];
    let rules = [
        Rule::fixed_indegree(3),
        Rule::fixed_outdegree(3).without_autapses(),
        Rule::fixed_total(9).without_multapses(),
        Rule::pairwise(1.0),
        Rule::pairwise(5e-324),
        Rule::pairwise(1.0 - f64::EPSILON),
        Rule::all_to_all().without_multapses(),
        Rule::by_distance(Profile::Gaussian { p: 1.0, sigma: 1e-200 }),
        Rule::by_distance(Profile::Gaussian { p: 1.0, sigma: f64::MAX }),
        Rule::by_distance(Profile::Exponential { p: 1.0, length: f64::MIN_POSITIVE }),
        Rule::by_distance(Profile::Step { p: 1.0, radius: f64::MAX }),
        Rule::by_periodic_distance(Profile::Step { p: 1.0, radius: 1e-300 }, [f32::MIN_POSITIVE, 1e30, 0.0]),
    ];
    let mut built = 0;
    for (number, rule) in rules.iter().enumerate() {
        for weight in &weights {
            for (delay, make) in delays.iter().flat_map(|delay| {
                [(delay, Synapse::jump as fn(Distribution) -> Synapse), (delay, Synapse::current)]
            }) {
                let params = Params {
                    tau_syn: Some(2.0.into()),
                    tau_syn_inhibitory: Some(3.0.into()),
                    v_threshold: (-61.9).into(),
                    ..Params::default()
                };
                let mut network = Network::new();
                let cells = network.add("cells", 4, params).expect("valid");
                network.set_seed(u64::MAX - number as u64);
                network.set_positions(vec![
                    [0.0; 3],
                    [0.0; 3],
                    [f32::MAX; 3],
                    [f32::MIN_POSITIVE, 0.0, -1.0],
                ]);
                let synapse = match delay {
                    None => make(weight.clone()),
                    Some(delay) => make(weight.clone()).delay(delay.clone()),
                };
                network.connect(&cells, &cells, rule.clone(), synapse).expect("valid");
                let listed = network.synapses().expect("valid");
                assert!(listed.weights.iter().all(|weight| weight.is_finite()));
                let mut population = network.build(1, &Device::cpu()).expect("valid");
                population.run(40, 0.5).go().expect("valid");
                assert!(
                    population.voltages().expect("there").iter().all(|v| !v.is_nan()),
                    "{rule:?} {weight:?}"
                );
                built += 1;
            }
        }
    }
    assert_eq!(built, rules.len() * weights.len() * delays.len() * 2);
}

#[test]
fn narrow_profiles_connect_neurons_at_the_same_place() {
    let mut network = Network::new();
    let cells = network.add("cells", 3, Params::default()).expect("valid");
    network.set_positions(vec![[0.0; 3], [0.0; 3], [1.0; 3]]);
    let rule = Rule::by_distance(Profile::Gaussian { p: 1.0, sigma: 1e-200 });
    network.connect(&cells, &cells, rule, jump()).expect("valid");
    assert_eq!(network.synapses().expect("valid").targets, [0, 1, 0, 1, 2]);
}

#[test]
fn a_current_that_spikes_clear_has_a_delay_of_a_step_or_more() {
    let cleared =
        Params { tau_syn: Some(5.0.into()), synapse_rule: lif::SynapseRule::Cleared, ..Params::default() };
    let build = |params: &Params, synapse: Synapse| {
        let mut network = Network::new();
        let cells = network.add("cells", 3, params.clone())?;
        network.connect(&cells, &cells, Rule::all_to_all(), synapse)?;
        network.build(1, &Device::cpu()).map(drop)
    };
    for delay in [0.0, 0.04] {
        let found = build(&cleared, Synapse::current(0.1).delay(delay));
        assert_says(
            found,
            &["the delays from cells to cells", "at least one step (0.1 ms)", "clear the synapse"],
        );
    }
    assert!(build(&cleared, Synapse::current(0.1)).is_ok());
    assert!(build(&cleared, Synapse::current(0.1).delay(0.1)).is_ok());
    let without = Params { tau_syn: None, ..cleared };
    let refusal = build(&without, Synapse::current(0.1)).expect_err("refused").to_string();
    assert!(refusal.contains("tau_syn is none") && refusal.contains("spikes could clear"), "{refusal}");
}
