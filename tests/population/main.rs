//! The public interface of the library: what it returns, and what it refuses.

mod memory;

use lif::{
    Device, DeviceChoice, Error, Event, Input, Integrator, Parameter, Params, Population, PopulationOptions,
    Recording, Reset, SpikeTest, Tensor, Trace, TraceKind,
};
use ndarray::{Array, Array1, Array2, Array3, Axis, arr0, arr1, arr2};
use std::ops::ControlFlow;

fn population(n: usize, batch: usize) -> Population {
    Population::new(Params::default(), [batch, n], &Device::cpu()).expect("valid")
}

fn refused(params: Params) -> String {
    match Population::new(params, [2, 3], &Device::cpu()) {
        Ok(_) => panic!("accepted"),
        Err(error) => {
            assert!(error.is_usage() && !error.is_fault(), "{error:?}");
            error.to_string()
        }
    }
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "'{text}' does not say '{part}'");
    }
}

#[test]
fn the_first_example_gives_what_the_equation_says() {
    let mut population = population(10, 1);
    population.set_batch_size(10).expect("valid");
    population.forward(10.0).expect("valid");
    assert_eq!(population.spikes().expect("there"), Array2::from_elem((10, 10), false));
    // -62 + 0.01 * (20 * 10 - 0)
    assert_eq!(population.voltages().expect("there"), Array2::from_elem((10, 10), -60.0));
    assert_eq!(population.steps(), 1);
}

#[test]
fn state_is_read_as_it_is_and_reset_clears_it() {
    let params = Params {
        trace: Some(Trace { tau: 10.0.into(), scale: 1.0.into(), kind: TraceKind::Add }),
        ..Params::default()
    };
    let mut population = Population::new(params, 2, &Device::cpu()).expect("valid");
    for _ in 0..6 {
        population.forward(&arr1(&[10.0_f32, 0.0])).expect("valid");
    }
    assert_eq!(population.spikes().expect("there"), arr2(&[[true, false]]));
    assert_eq!(population.voltages().expect("there"), arr2(&[[-62.0_f32, -62.0]]));
    assert_eq!(population.refractory().expect("there"), arr2(&[[50_u32, 0]]));
    assert_eq!(population.counts().expect("there"), arr2(&[[1_u32, 0]]));
    assert_eq!(population.traces().expect("there"), arr2(&[[1.0_f32, 0.0]]));
    population.forward(10.0).expect("valid");
    assert_eq!(population.spikes().expect("there"), arr2(&[[false, false]]));
    assert_eq!(population.refractory().expect("there"), arr2(&[[49_u32, 0]]));

    population.clear_counts().expect("there");
    assert_eq!(population.counts().expect("there"), arr2(&[[0_u32, 0]]));
    assert_eq!(population.steps(), 7);
    population.reset().expect("there");
    assert_eq!(population.steps(), 0);
    assert_eq!(population.refractory().expect("there"), arr2(&[[0_u32, 0]]));
    assert_eq!(population.traces().expect("there"), arr2(&[[0.0_f32, 0.0]]));
    assert_eq!(population.voltages().expect("there"), arr2(&[[-62.0_f32, -62.0]]));
}

#[test]
fn a_new_batch_size_starts_anew_or_changes_nothing() {
    let params = Params { tau_m: arr2(&[[5.0_f32], [10.0]]).into(), ..Params::default() };
    let mut population = Population::new(params, [2, 3], &Device::cpu()).expect("valid");
    population.forward(5.0).expect("valid");
    let before = population.voltages().expect("there");
    let error = population.set_batch_size(4).expect_err("tau_m has two rows");
    assert_says(&error.to_string(), &["tau_m", "[4, 1]", "[2, 1]"]);
    assert_eq!((population.batch(), population.steps()), (2, 1));
    assert_eq!(population.voltages().expect("there"), before);
    assert!(population.set_batch_size(0).is_err());
    population.set_batch_size(2).expect("valid");
    assert_eq!(population.steps(), 0);
}

#[test]
fn voltages_and_refractory_counters_can_be_set() {
    let mut population = population(3, 2);
    population.set_voltages(&arr1(&[-60.0_f32, -55.0, 1e-31])).expect("valid");
    assert_eq!(population.voltages().expect("there"), arr2(&[[-60.0_f32, -55.0, 0.0], [-60.0, -55.0, 0.0]]));
    population.set_refractory(&arr2(&[[7_u32], [0]])).expect("valid");
    assert_eq!(population.refractory().expect("there"), arr2(&[[7_u32, 7, 7], [0, 0, 0]]));
    population.forward(0.0).expect("valid");
    assert_eq!(population.spikes().expect("there"), arr2(&[[false, false, false], [false, false, true]]));

    let error = population.set_voltages(&arr1(&[0.0_f32, 1.0])).expect_err("two of three");
    assert_says(&error.to_string(), &["the voltages", "[2, 3]", "[2]"]);
    let error = population.set_voltages(&arr1(&[0.0_f32, 1.0, f32::NAN])).expect_err("NaN");
    assert_says(&error.to_string(), &["NaN", "[2]"]);
    assert!(population.set_voltages(&arr0(1e21_f32)).is_err());
    assert!(population.set_refractory(&arr0(1_u32 << 31)).is_err());
    assert!(population.set_refractory(&Array3::<u32>::zeros((1, 1, 1))).is_err());
}

#[test]
fn recordings_hold_what_was_asked_for_and_nothing_else() {
    let mut population = population(4, 2);
    population.run(5, 1.0).go().expect("valid");
    let currents = arr1(&[10.0_f32, 0.0, 5.0, 20.0]);
    let recording = Recording::none().spikes_of([3, 0]).counts().rate().voltages([1], 10);
    let recorded = population.run(100, &currents).record(&recording).go().expect("valid");
    assert_eq!((recorded.first_step, recorded.steps), (5, 100));

    let spikes = recorded.spikes.expect("asked for");
    assert_eq!((spikes.first_step(), spikes.steps(), spikes.batch()), (5, 100, 2));
    assert_eq!(spikes.neurons(), [3, 0]);
    let dense = spikes.to_dense().expect("small");
    assert_eq!(dense.dim(), (100, 2, 2));
    let events: Vec<Event> = spikes.events().collect();
    assert_eq!(events.len() as u64, spikes.count());
    assert!(events.windows(2).all(|pair| (pair[0].step, pair[0].batch) <= (pair[1].step, pair[1].batch)));
    for (index, &spike) in dense.indexed_iter() {
        let (step, row, place) = index;
        let event = Event { step: 5 + step as u64, batch: row as u32, neuron: [3, 0][place] };
        assert_eq!(events.contains(&event), spike);
        assert_eq!(spikes.get(step as u64, row, place), Some(spike));
    }
    assert_eq!(spikes.get(100, 0, 0), None);
    assert_eq!(spikes.get(0, 2, 0), None);

    let counts = recorded.counts.expect("asked for");
    assert_eq!(counts.row(0), counts.row(1));
    assert_eq!(spikes.counts(), arr2(&[[counts[[0, 3]], counts[[0, 0]]], [counts[[1, 3]], counts[[1, 0]]]]));
    assert_eq!(counts[[0, 1]], 0);
    let rate = recorded.rate.expect("asked for");
    assert_eq!(rate.dim(), (100, 2));
    assert_eq!(rate.sum(), counts.sum());

    let voltages = recorded.voltages.expect("asked for");
    assert_eq!(voltages.neurons, [1]);
    assert_eq!(voltages.steps, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    assert_eq!(voltages.values().dim(), (10, 2, 1));

    let nothing = population.run(10, 1.0).go().expect("valid");
    assert!(
        nothing.spikes.is_none()
            && nothing.counts.is_none()
            && nothing.rate.is_none()
            && nothing.voltages.is_none()
    );
    let none_made = population.run(0, 1.0).record(Recording::none().spikes().rate()).go().expect("valid");
    assert_eq!(none_made.spikes.map(|spikes| spikes.to_dense().expect("small").dim()), Some((0, 2, 4)));
}

#[test]
fn a_run_tells_how_far_it_is_and_stops_when_told() {
    let mut population = population(1000, 1);
    let mut told = Vec::new();
    let recorded = population
        .run(100_000, 1.0)
        .record(Recording::none().spikes().voltages([0], 1))
        .observe(|made| {
            told.push(made);
            if told.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .go()
        .expect("valid");
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(recorded.steps, told[2]);
    assert_eq!(population.steps(), told[2]);
    assert!(recorded.steps < 100_000);
    assert_eq!(recorded.spikes.map(|spikes| spikes.steps()), Some(told[2]));
    assert_eq!(recorded.voltages.map(|voltages| voltages.values().dim().0 as u64), Some(told[2]));
    // The population continues from there.
    population.run(10, 1.0).go().expect("valid");
    assert_eq!(population.steps(), told[2] + 10);
}

#[test]
fn wrong_parameters_are_refused_with_what_was_expected() {
    let base = Params::default;
    assert_says(
        &refused(Params { tau_m: arr1(&[1.0_f32, 2.0]).into(), ..base() }),
        &["tau_m", "[3]", "[2, 3]", "got [2]"],
    );
    assert_says(
        &refused(Params { v_rest: Array::<f32, _>::zeros((2, 3, 1)).into(), ..base() }),
        &["v_rest", "[2, 3, 1]"],
    );
    assert_says(
        &refused(Params { resistance: arr1(&[1.0_f32, f32::INFINITY, 1.0]).into(), ..base() }),
        &["resistance", "inf", "[1]"],
    );
    assert_says(&refused(Params { v_threshold: f32::NAN.into(), ..base() }), &["v_threshold", "NaN"]);
    assert_says(&refused(Params { tau_m: 0.0.into(), ..base() }), &["tau_m is 0", "above 0 ms"]);
    assert_says(
        &refused(Params { tau_m: arr1(&[1.0_f32, -3.0, 1.0]).into(), ..base() }),
        &["-3", "neuron 1"],
    );
    assert_says(&refused(Params { tau_m: arr2(&[[1.0_f32], [-3.0]]).into(), ..base() }), &["batch row 1"]);
    assert_says(&refused(Params { dt: 0.0, ..base() }), &["dt is 0 ms"]);
    assert_says(&refused(Params { dt: -0.1, ..base() }), &["dt is -0.1 ms"]);
    assert_says(&refused(Params { dt: f64::NAN, ..base() }), &["dt is NaN"]);
    assert_says(
        &refused(Params { dt: 21.0, t_ref: 21.0.into(), ..base() }),
        &["dt / tau_m", "is 2.1;", "unstable", "exact"],
    );
    assert_says(&refused(Params { t_ref: (-1.0).into(), ..base() }), &["t_ref is -1", "0 ms or more"]);
    assert_says(&refused(Params { t_ref: 0.04.into(), ..base() }), &["t_ref is 0.04", "half of dt (0.1 ms)"]);
    assert_says(&refused(Params { t_ref: 1e9.into(), ..base() }), &["t_ref / dt"]);
    assert_says(&refused(Params { tau_m: 1e12.into(), ..base() }), &["dt / tau_m", "single precision"]);
    assert_says(
        &refused(Params { v_reset: (-50.0).into(), t_ref: 0.0.into(), ..base() }),
        &["v_reset is -50", "every step", "allow_constant_firing"],
    );
    assert_says(
        &refused(Params { v_lower: Some((-52.0).into()), ..base() }),
        &["v_lower", "below v_threshold"],
    );
    assert_says(&refused(Params { resistance: 1e25.into(), ..base() }), &["resistance", "1e20"]);
    assert_says(
        &refused(Params { resistance: 1e-25.into(), ..base() }),
        &["resistance", "0 or at least 1e-20"],
    );
    let trace = Trace { tau: 0.0.into(), scale: 1.0.into(), kind: TraceKind::Add };
    assert_says(&refused(Params { trace: Some(trace), ..base() }), &["tau_trace", "above 0 ms"]);
    // The reset is at the threshold: the neuron fires at every step only with `>=`.
    let at = Params { v_reset: (-52.0).into(), t_ref: 0.0.into(), ..base() };
    assert!(Population::new(at.clone(), 1, &Device::cpu()).is_ok());
    refused(Params { spike_test: SpikeTest::AtOrAbove, ..at });
}

/// A reference potential changes nothing outside but the rounding.
#[test]
fn a_reference_potential_is_kept_inside() {
    let params = Params {
        v_rest: Parameter::in_double(&arr0(-65.3)),
        v_reset: arr1(&[-66.5_f32, -64.25, -70.0]).into(),
        v_threshold: Parameter::in_double(&arr0(-50.1)),
        v_lower: Some((-66.0).into()),
        ..Params::default()
    };
    let referred = Params { v_reference: -65.3, ..params.clone() };
    let mut plain = Population::new(params, [2, 3], &Device::cpu()).expect("valid");
    let mut inside = Population::new(referred, [2, 3], &Device::cpu()).expect("valid");

    // The model has differences, computed in double precision and rounded once.
    let cell = inside.coefficients(1, 0).expect("there");
    assert_eq!((cell.v_rest, cell.v_threshold), (0.0, (-50.1 + 65.3) as f32));
    assert_eq!((cell.reset, cell.v_lower), ((-66.5 + 65.3) as f32, (-66.0 + 65.3) as f32));
    assert_eq!(inside.voltages().expect("there")[[0, 0]], -65.3_f32);

    // Potentials are read, recorded and set on the usual scale.
    let recording = Recording::none().spikes().voltages([2, 0], 3);
    let drive = arr1(&[0.9_f32, -0.5, 2.0]);
    let before = plain.run(500, &drive).record(&recording).go().expect("valid");
    let with = inside.run(500, &drive).record(&recording).go().expect("valid");
    assert_eq!(with.spikes, before.spikes);
    let [with, before] =
        [with, before].map(|recorded| recorded.voltages.expect("asked for").values().to_owned());
    assert!((&with - &before).iter().all(|difference| difference.abs() < 2e-4));
    let voltages = inside.voltages().expect("there");
    assert!(voltages.column(1).iter().all(|v| *v == -66.0), "{voltages}");
    let last = inside.run(1, &drive).record(Recording::none().all_voltages(1)).go().expect("valid");
    assert_eq!(
        last.voltages.expect("asked for").values().index_axis(Axis(0), 0),
        inside.voltages().expect("there")
    );
    let start = arr1(&[-52.0_f32, -65.3, -65.299_995]);
    inside.set_voltages(&start).expect("valid");
    assert_eq!(inside.voltages().expect("there").row(1), start);
    inside.reset().expect("there");
    assert_eq!(inside.voltages().expect("there")[[1, 2]], -65.3_f32);
}

/// v(t) = v_rest + R I (1 - exp(-t / tau)). Near its limit, v changes by rounding alone.
#[test]
fn a_reference_potential_makes_potentials_exacter() {
    let error = |v_reference| {
        let params = Params {
            v_rest: (-65.0).into(),
            v_reset: (-65.0).into(),
            v_threshold: (-50.0).into(),
            integrator: Integrator::Exact,
            v_reference,
            ..Params::default()
        };
        let mut population = Population::new(params, 100, &Device::cpu()).expect("valid");
        let currents = Array1::linspace(0.2_f32, 0.749, 100);
        population.run(300, &currents).go().expect("valid");
        // The expected differences from rest, which rounding at -65 mV would hide.
        let rest = population.coefficients(0, 0).expect("there").v_rest;
        let leak = f64::from(population.coefficients(0, 0).expect("there").leak);
        let left = (0..301).fold(1.0, |left, _| left * (1.0 - leak));
        population.run(1, &currents).go().expect("valid");
        let voltages = population.voltages().expect("there");
        let wanted = currents.mapv(|current| 20.0 * f64::from(current) * (1.0 - left));
        let found = voltages.row(0).mapv(|v| f64::from(v) + 65.0);
        assert_eq!(f64::from(rest), -65.0 - v_reference);
        (found - wanted).iter().fold(0.0_f64, |most, error| most.max(error.abs()))
    };
    let (without, with) = (error(0.0), error(-65.0));
    // The bound includes the rounding of values read at -65 mV, half of 7.6e-6.
    assert!(with < 8e-6 && without > 2.0 * with, "{with} with, {without} without");
}

#[test]
fn a_reference_potential_far_from_the_others_is_refused() {
    let refused = |v_reference| {
        let params = Params { v_reference, ..Params::default() };
        Population::new(params, [2, 3], &Device::cpu()).map(drop).expect_err("wrong").to_string()
    };
    assert_says(&refused(f64::NAN), &["v_reference is NaN mV", "at most 1e20"]);
    assert_says(&refused(f64::INFINITY), &["v_reference is inf mV"]);
    assert_says(&refused(1e6), &["v_reference is 1000000 mV", "farther from them than 0 is"]);
    // Messages name the values that were given, not the differences.
    let params = Params { v_lower: Some((-52.0).into()), v_reference: -62.0, ..Params::default() };
    let message = Population::new(params, [2, 3], &Device::cpu()).map(drop).expect_err("wrong").to_string();
    assert_says(&message, &["v_lower is -52", "below v_threshold"]);
    let params =
        Params { v_reset: (-50.0).into(), t_ref: 0.0.into(), v_reference: -62.0, ..Params::default() };
    let message = Population::new(params, [2, 3], &Device::cpu()).map(drop).expect_err("wrong").to_string();
    assert_says(&message, &["v_reset is -50", "every step"]);
}

#[test]
fn what_is_odd_but_meant_is_allowed() {
    let base = || Params { v_reset: (-50.0).into(), ..Params::default() };
    let accepted = |params| Population::new(params, [2, 3], &Device::cpu()).is_ok();
    assert!(accepted(base()), "a refractory period separates the spikes");
    assert!(accepted(Params { t_ref: 0.0.into(), allow_constant_firing: true, ..base() }));
    assert!(accepted(Params { t_ref: 0.0.into(), reset: Reset::None, ..base() }));
    assert!(accepted(Params { dt: 20.0, t_ref: 20.0.into(), ..Params::default() }), "stable, if barely");
    let exact = Integrator::Exact;
    assert!(accepted(Params { dt: 30.0, t_ref: 30.0.into(), integrator: exact, ..Params::default() }));
}

#[test]
fn wrong_inputs_are_refused_and_change_nothing() {
    let mut population = population(3, 2);
    population.forward(1.0).expect("valid");
    let before = population.voltages().expect("there");
    let says =
        |result: lif::Result<()>, parts: &[&str]| assert_says(&result.expect_err("wrong").to_string(), parts);
    says(population.forward(&arr1(&[1.0_f32, 2.0])), &["the input", "[3]", "[2, 1]", "got [2]"]);
    says(population.forward(f32::NAN), &["the input: NaN; every value must be finite"]);
    says(
        population.forward(&arr2(&[[0.0_f32, 0.0, 0.0], [0.0, f32::NEG_INFINITY, 0.0]])),
        &["-inf", "[1, 1]"],
    );
    says(population.forward(1e30), &["resistance x input", "1e20"]);
    says(population.forward(f64::MAX), &["inf"]);
    says(population.forward(Input::sequence(2.0)), &["the input sequence", "[1]", "got []"]);
    let sequence = Array2::<f32>::zeros((10, 3));
    let run =
        |population: &mut Population, steps, input: Input<'_>| population.run(steps, input).go().map(|_| ());
    says(run(&mut population, 11, Input::sequence(&sequence)), &["[11, 3]", "got [10, 3]"]);
    says(run(&mut population, 10, Input::constant(&sequence)), &["got [10, 3]"]);
    let short = Array2::<f32>::zeros((5, 4));
    says(run(&mut population, 5, Input::sequence(&short)), &["[5, 3]", "[5, 2, 3]", "got [5, 4]"]);
    let too_deep = ndarray::Array4::<f32>::zeros((10, 1, 2, 3));
    says(run(&mut population, 10, Input::sequence(&too_deep)), &["got [10, 1, 2, 3]"]);
    says(run(&mut population, u64::MAX, 1.0.into()), &["number of steps", "at most"]);
    assert_eq!(population.steps(), 1);
    assert_eq!(population.voltages().expect("there"), before);
}

/// Views that repeat a few values over many steps and cells are not expanded into copies.
#[test]
fn repeated_values_are_not_copied_out() {
    let mut one = population(3, 2);
    let mut other = population(3, 2);
    let values = arr2(&[[0.5_f32, 1.0, 2.0]]);
    // An array of this shape would have 10^14 values.
    let view = values.broadcast((1 << 45, 2, 3)).expect("it repeats");
    let refused = other.run(7, Input::sequence(&view)).go();
    assert_says(&refused.expect_err("too long").to_string(), &["the input sequence", "[7, 2, 3]"]);
    let view = values.broadcast((500, 2, 3)).expect("it repeats");
    one.run(500, Input::sequence(&view)).go().expect("valid");
    other.run(500, &values).go().expect("valid");
    assert_eq!(one.voltages().expect("there"), other.voltages().expect("there"));
    assert!(one.counts().expect("there").sum() > 0);
    let mut single = population(3, 2);
    let step = values.broadcast((1, 2, 3)).expect("it repeats");
    single.run(1, Input::sequence(&step)).go().expect("valid");
    assert_eq!(single.steps(), 1);
}

/// After a panic within a run the population returns no state.
#[test]
fn a_panic_of_the_observer_leaves_no_result() {
    let mut population = population(10, 1);
    let left = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        population.run(100_000, 1.0).observe(|_| panic!("of the observer")).go()
    }));
    assert!(left.is_err());
    assert!(matches!(population.voltages(), Err(Error::Faulted { .. })));
    population.reset().expect("the CPU still works");
    assert_eq!(population.steps(), 0);
    population.forward(1.0).expect("valid");
}

#[test]
fn wrong_recordings_are_refused() {
    let mut population = population(3, 2);
    let mut says = |recording: Recording, parts: &[&str]| {
        let error = population.run(10, 1.0).record(&recording).go().expect_err("wrong");
        assert_says(&error.to_string(), parts);
        assert_eq!(population.steps(), 0);
    };
    says(Recording::none().spikes_of([0, 3]), &["neuron 3", "below the number of neurons, 3"]);
    says(Recording::none().spikes_of([]), &["at least one"]);
    says(Recording::none().voltages([1, 1], 1), &["neuron 1 twice"]);
    says(Recording::none().voltages([1], 0), &["every", "1 or more"]);
}

#[test]
fn sizes_that_cannot_be_are_refused_with_the_limits() {
    let new = |n, batch| {
        Population::new(Params::default(), [batch, n], &Device::cpu()).map(|_| ()).expect_err("wrong")
    };
    assert_says(&new(0, 1).to_string(), &["number of neurons is 0"]);
    assert_says(&new(1, 0).to_string(), &["batch size is 0"]);
    assert_says(&new(usize::MAX, 2).to_string(), &["below 2^32"]);
    assert_says(&new(1 << 20, 1 << 12).to_string(), &["below 2^32"]);

    // A recording larger than any memory.
    let mut population = population(1000, 1);
    let error = population.run(1 << 50, 1.0).record(Recording::none().spikes()).go().expect_err("too large");
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    assert_says(
        &error.to_string(),
        &["the recording: ", "PiB needed", "available on this machine", "record fewer"],
    );
    assert_eq!(population.steps(), 0);

    // Even a recording of one neuron is too large.
    let chosen = Recording::none().spikes_of([0]);
    assert!(population.run(1 << 50, 1.0).record(&chosen).go().is_err());
}

#[test]
fn what_has_no_trace_hands_out_none() {
    assert_says(&population(1, 1).traces().expect_err("none kept").to_string(), &["trace is none"]);
}

#[test]
fn types_can_go_to_other_threads() {
    fn is_send<T: Send>() {}
    is_send::<Population>();
    is_send::<Device>();
    is_send::<Tensor>();
    is_send::<Error>();
    is_send::<lif::Recorded>();
    let mut moved = population(5, 1);
    let counts = std::thread::spawn(move || {
        moved.run(1000, 1.0).go()?;
        moved.counts()
    });
    assert!(counts.join().expect("no panic").is_ok_and(|counts| counts.sum() > 0));
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut population = population(3001, 3);
            let currents = Array1::linspace(0.3_f32, 4.0, 3001);
            let recorded =
                population.run(333, &currents).record(Recording::none().spikes()).go().expect("valid");
            (recorded.spikes, population.voltages().expect("there"))
        })
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

/// Each row of a batch gives the same results alone.
#[test]
fn a_batch_equals_its_rows_one_by_one() {
    let drive = Array2::from_shape_fn((5, 40), |(row, neuron)| 0.3 + row as f32 * 0.4 + neuron as f32 * 0.03);
    let tau = Array2::from_shape_fn((5, 1), |(row, _)| 0.2 + row as f32 * 4.0);
    let mut whole =
        Population::new(Params { tau_m: (&tau).into(), ..Params::default() }, [5, 40], &Device::cpu())
            .expect("valid");
    whole.run(500, &drive).go().expect("valid");
    let voltages = whole.voltages().expect("there");
    for row in 0..5 {
        let params = Params { tau_m: tau[[row, 0]].into(), ..Params::default() };
        let mut alone = Population::new(params, 40, &Device::cpu()).expect("valid");
        alone.run(500, &drive.row(row)).go().expect("valid");
        assert_eq!(alone.voltages().expect("there").row(0), voltages.row(row));
    }
}

fn within(bytes: u64) -> PopulationOptions {
    PopulationOptions { memory_budget: Some(bytes), ..PopulationOptions::default() }
}

#[test]
fn several_devices_share_a_population() {
    let both =
        Device::several(&[Device::cpu(), Device::several(&[Device::cpu()]).expect("one")]).expect("two");
    assert_eq!(both.name(), format!("{0} + {0}", Device::cpu()));
    let listed = Device::select(&"cpu, cpu".parse().expect("a list")).expect("there");
    assert_eq!(listed.name(), both.name());
    assert!(Device::select(&"cpu,no such adapter".parse().expect("a list")).is_err());
    assert!(Device::several(&[]).is_err());
    assert!(both.engine_kind() == lif::EngineKind::Cpu && !both.is_software_adapter());
    assert_says(
        &Population::with_options(Params::default(), 1_000_000, &both, within(1 << 20))
            .expect_err("too much")
            .to_string(),
        &["the memory budget is 1.00 MiB"],
    );
}

/// More cells than fit into one buffer of the adapter, compared with the CPU.
#[test]
#[ignore = "takes long; tests/run.sh --all does it"]
fn a_population_beyond_one_binding_gives_the_same_bits() {
    let adapter =
        lif::adapters().into_iter().next().expect("this machine has no adapter; see docs/headless.md");
    let device = Device::select(&DeviceChoice::Named(adapter.name)).expect("it opens");
    let n = 35_000_000;
    // The values repeat along the row.
    let drive = Array1::from_shape_fn(n, |neuron| 0.5 + (neuron % 1009) as f32 * 0.01);
    let run = |device: &Device| {
        let mut population = Population::new(Params::default(), n, device).expect("it fits");
        let recorded = population.run(32, &drive).record(Recording::none().counts()).go().expect("valid");
        if device.is_software_adapter() {
            assert!(population.buffers().expect("there").len() > 1);
        }
        (recorded.counts, population.voltages().expect("there"))
    };
    assert!(run(&device) == run(&Device::cpu()));
}

/// Errors tell programs which argument was refused, and its value.
#[test]
fn errors_say_which_argument_and_which_value() {
    use lif::{Argument, Blocks, Preset, Random, Raster, Scorer, SpikeInput, Target};

    let cpu = Device::cpu();
    let new = |params: Params, shape: [usize; 2]| Population::new(params, shape, &cpu).map(drop);
    let population = || Population::new(Params::default(), [2, 3], &cpu).expect("valid");
    let weights = Array2::<f32>::zeros((5, 3));
    let raster = Raster::from_events([], 0, 10, 1, 4).expect("valid");
    let target = Target::new([5], 0..100).expect("valid");
    let blocks = || Blocks::new(vec![Ok(Array1::<f32>::zeros(7).into_dyn())]);
    let cases: [(lif::Result<()>, Argument, Option<f64>); 17] = [
        (new(Params { tau_m: (-3.0).into(), ..Params::default() }, [1, 1]), Argument::Parameter, Some(-3.0)),
        (new(Params { dt: 0.0, ..Params::default() }, [1, 1]), Argument::Parameter, Some(0.0)),
        (new(Params::default(), [0, 3]), Argument::Shape, Some(0.0)),
        (new(Params::default(), [usize::MAX, 3]), Argument::Shape, None),
        (population().forward(f32::INFINITY), Argument::Input, Some(f64::INFINITY)),
        (population().run(10, &Array1::<f32>::zeros(7)).go().map(drop), Argument::Input, None),
        (population().run(10, blocks()).go().map(drop), Argument::Input, Some(7.0)),
        (population().forward(Random::gaussian(0.0, -1.0)), Argument::Random, Some(-1.0)),
        (population().run(u64::MAX, 1.0).go().map(drop), Argument::Steps, Some(u64::MAX as f64)),
        (population().run(10, SpikeInput::dense(&raster, &weights)).go().map(drop), Argument::Spikes, None),
        (
            population().run(10, 1.0).record(Recording::none().spikes_of([3])).go().map(drop),
            Argument::Recording,
            None,
        ),
        (population().set_voltages(&arr1(&[1e30_f32])), Argument::State, Some(1e30)),
        (population().traces().map(drop), Argument::Parameter, None),
        (Scorer::new(3, vec![target], 50).map(drop), Argument::Score, Some(50.0)),
        (Target::new([5], 6..9).map(drop), Argument::Score, Some(0.0)),
        (Device::several(&[]).map(drop), Argument::Device, None),
        (
            Preset::by_name("nest").and_then(|nest| nest.with("C_m", -1.0)).map(drop),
            Argument::Parameter,
            Some(-1.0),
        ),
    ];
    for (index, (result, argument, value)) in cases.into_iter().enumerate() {
        let error = result.expect_err("refused");
        assert_eq!((error.argument(), error.value()), (Some(argument), value), "{index}: {error}");
        // `main` prints the debug format, which is the same text.
        assert_eq!(format!("{error:?}"), error.to_string());
    }
}
