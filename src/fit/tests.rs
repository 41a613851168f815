//! Tests of fits as a program uses them.

use super::{Fit, Objective, Score, Varied, Vary};
use crate::device::Device;
use crate::error::{Argument, Error};
use crate::experiment::input::Input;
use crate::experiment::params::Params;
use crate::experiment::recording::Recording;
use crate::experiment::target::Target;
use crate::population::Population;
use ndarray::{Array2, Array3};
use std::ops::ControlFlow;

const STEPS: usize = 4000;
const DELAY: usize = 20;

/// Two stimuli, nA.
fn currents() -> Array2<f32> {
    Array2::from_shape_fn((STEPS, 2), |(step, stimulus)| {
        (0.6 + 0.5 * libm::sin(step as f64 * (0.013 + 0.004 * stimulus as f64))) as f32
    })
}

fn vary(parameter: Varied, low: f64, high: f64) -> Vary {
    Vary::new(parameter, low..=high).expect("valid")
}

/// Resistance and delay are varied. Spikes coincide within 0.3 ms, so that the delay matters.
fn fit() -> Fit {
    let varied = vec![vary(Varied::Resistance, 5.0, 55.0), vary(Varied::StimulusDelay, 0.0, 4.0)];
    let fit = Fit::new(&Device::cpu(), Params::default(), varied, currents()).expect("valid");
    Fit { window: 3, ..fit }
}

/// The place of 20 MOhm and 2 ms, which is 20 steps.
fn truth() -> Vec<f64> {
    vec![0.3, 0.5]
}

/// The spikes of that neuron in both rows, those to fit and those held out.
fn targets(fit: &Fit) -> [Vec<Target>; 2] {
    let mut population = Population::new(fit.params(&[truth()]), [2, 1], &Device::cpu()).expect("valid");
    let currents = currents();
    let late = Array3::from_shape_fn((STEPS, 2, 1), |(step, stimulus, _)| {
        step.checked_sub(DELAY).map_or(0.0, |step| currents[[step, stimulus]])
    });
    let input = Input::sequence(&late);
    let recording = Recording::none().spikes();
    let spikes = population.run(STEPS as u64, input).record(recording).go().expect("valid").spikes;
    let raster = spikes.expect("recorded");
    [0..3000, 3000..4000].map(|part| {
        let of_row = |row| {
            let spikes =
                raster.events().filter(|event| event.batch as usize == row && part.contains(&event.step));
            Target::new(spikes.map(|event| event.step), part.clone()).expect("valid").in_row(row)
        };
        vec![of_row(0), of_row(1)]
    })
}

#[test]
fn a_search_finds_the_neuron_that_was_recorded() {
    for objective in [Objective::Gamma, Objective::GammaCount, Objective::VanRossum] {
        let fit = Fit { objective, ..fit() };
        let [train, held_out] = targets(&fit);
        let mut search = fit.search(3, 40);
        for _ in 0..15 {
            assert_eq!(
                fit.breed(&mut search, &train, || ControlFlow::Continue(())),
                Ok(ControlFlow::Continue(()))
            );
        }
        let best = fit.best(&search, 2);
        assert_ne!(fit.values(&best[0]), fit.values(&best[1]));
        let [resistance, delay] = fit.values(&best[0])[..] else { unreachable!("two are varied") };
        assert!(
            (resistance - 20.0).abs() < 1.0 && (delay - 2.0).abs() < 0.5,
            "{objective:?}: {resistance} {delay}"
        );
        let (reached, spikes) = fit.results(&best[..1], [&train, &held_out]).expect("valid");
        assert!(
            reached[0].iter().flatten().all(|score| score.tally.gamma() > 0.9),
            "{objective:?}: {reached:?}"
        );
        assert!(!spikes.is_empty());
    }
}

/// A search delays the spikes, a result the stimulus.
#[test]
fn a_result_is_the_score_of_the_search() {
    for objective in [Objective::Gamma, Objective::VanRossum] {
        let fit = Fit { objective, ..fit() };
        let [train, held_out] = targets(&fit);
        let places = [truth(), vec![0.1, 0.0], vec![0.8, 1.0]];
        let scores =
            fit.scores(&places, &train, || ControlFlow::Continue(())).expect("valid").expect("whole");
        let (reached, _) = fit.results(&places, [&train, &held_out]).expect("valid");
        for (place, score) in scores.iter().enumerate() {
            let trained =
                Score::together(reached[place].iter().map(|parts| parts[0])).expect("two recordings");
            assert_eq!(objective.value(trained), *score, "{objective:?}, place {place}");
        }
    }
}

#[test]
fn a_search_that_is_stopped_stays_as_it_was() {
    let fit = fit();
    let [train, _] = targets(&fit);
    let mut search = fit.search(3, 10);
    assert_eq!(fit.breed(&mut search, &train, || ControlFlow::Continue(())), Ok(ControlFlow::Continue(())));
    let before = search.clone();
    assert_eq!(fit.breed(&mut search, &train, || ControlFlow::Break(())), Ok(ControlFlow::Break(())));
    assert_eq!(search, before);
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let refused = |result: Result<(), Error>, words: &str| {
        let error = result.expect_err("refused");
        assert_eq!(error.argument(), Some(Argument::Fit), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    let bounds = |parameter, low, high| Vary::new(parameter, low..=high).map(drop);
    refused(
        bounds(Varied::TauM, 5.0, 5.0),
        "the lower bound of tau_m is 5; it must be below the upper bound 5",
    );
    refused(bounds(Varied::TauM, f64::NAN, 5.0), "below the upper bound 5");
    refused(bounds(Varied::TauM, 5.0, f64::INFINITY), "both of them finite");
    refused(bounds(Varied::StimulusDelay, -1.0, 5.0), "0 or more: a stimulus cannot come early");
    refused(vary(Varied::VRest, -70.0, 5.0).logarithmic().map(drop), "above 0 on a logarithmic scale");

    let make = |varied: &[Vary], currents| {
        Fit::new(&Device::cpu(), Params::default(), varied.to_vec(), currents).map(drop)
    };
    let resistance = vary(Varied::Resistance, 5.0, 55.0);
    refused(make(&[], currents()), "the number of varied parameters is 0");
    refused(make(&[resistance, resistance], currents()), "what is varied is resistance twice");
    refused(make(&[resistance], Array2::zeros((0, 1))), "the number of currents is 0");
    let error = make(&[vary(Varied::TRef, -1.0, 5.0)], currents()).expect_err("refused");
    assert!(error.to_string().starts_with("t_ref"), "{error}");

    let fit = fit();
    let [train, held_out] = targets(&fit);
    let go_on = || ControlFlow::Continue(());
    let place = "the count of numbers of a place is 1; it must be 2, one for each varied parameter";
    refused(fit.scores(&[truth(), vec![0.5]], &train, go_on).map(drop), place);
    refused(fit.breed(&mut super::Evolution::new(0, 5, 1), &train, go_on).map(drop), place);
    refused(fit.results(&[vec![0.5]], [&train, &held_out]).map(drop), place);
    let parts = fit.results(&[truth()], [&train, &held_out[..1]]).map(drop);
    refused(parts, "the number of targets held out is 1; it must be 2, as of those fitted");
    let late = [Target::new([3], 0..STEPS as u64 + 1).expect("valid")];
    refused(
        fit.scores(&[truth()], &late, go_on).map(drop),
        "the end of a target is step 4001; it must be within the 4000 steps",
    );
}
