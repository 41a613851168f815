//! [`Fit`]: simulates the candidates of a search as one population, driven by the same stimuli, and scores them.

use super::evolution::Evolution;
use super::space::{Varied, Vary};
use crate::data::raster::Event;
use crate::device::Device;
use crate::error::{Argument, Error, Result};
use crate::experiment::input::Input;
use crate::experiment::params::Params;
use crate::experiment::recording::{Recorded, Recording};
use crate::experiment::tally::Tally;
use crate::experiment::target::Target;
use crate::population::Population;
use crate::population::scorer::Scorer;
use crate::population::sink::Sink;
use ndarray::{Array2, Array3, ArrayView3, Axis};
use std::ops::{ControlFlow, Range};

/// The largest number of currents that are put together at a time.
const MOST_CURRENTS: usize = 1 << 22;

/// What a search optimises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Objective {
    /// The coincidence factor Gamma, which is maximised.
    #[default]
    Gamma,
    /// The coincidence factor minus the error of the spike count relative to the number of recorded spikes, which is
    /// maximised.
    GammaCount,
    /// The van Rossum distance, which is minimised.
    VanRossum,
}

impl Objective {
    /// Returns the value that a search maximises, from the tally over all recordings and the mean distance from them.
    #[must_use]
    pub fn value(self, score: Score) -> f64 {
        let Score { tally, distance } = score;
        match self {
            Self::Gamma => tally.gamma(),
            Self::GammaCount => {
                tally.gamma() - tally.count_error().unsigned_abs() as f64 / tally.recorded as f64
            }
            Self::VanRossum => -distance,
        }
    }
}

/// The score of a candidate against a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The counts of spikes and coincidences.
    pub tally: Tally,
    /// The van Rossum distance.
    pub distance: f64,
}

impl Score {
    /// Combines the scores against several recordings: the sum of the tallies and the mean distance. `None` for no
    /// recordings.
    pub fn together(scores: impl Iterator<Item = Self>) -> Option<Self> {
        let mut count = 1.0;
        let sum = |all: Self, score: Self| {
            count += 1.0;
            Self { tally: all.tally.and(score.tally), distance: all.distance + score.distance }
        };
        let all = scores.reduce(sum)?;
        Some(Self { distance: all.distance / count, ..all })
    }
}

/// The scores of a candidate against each recording: in the fitted part and in the part held out.
pub type Reached = Vec<[Score; 2]>;

/// A fit: the stimuli, the parameters that are varied, and the objective; everything that is the same for all
/// candidates.
///
/// Each column of the currents is a stimulus, and drives the batch row with its index. A [`Target`] belongs to
/// [the row](Target::in_row) of its stimulus, or to all rows. A candidate is a place: a number from 0 to 1 for each
/// parameter that is varied.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The device that simulates the candidates.
    pub device: Device,
    /// The parameters that are not varied, the same for all neurons.
    pub params: Params,
    /// The parameters that are varied, in the order of the numbers of a place.
    pub vary: Vec<Vary>,
    /// The current (nA) at each step of each stimulus, `[steps, stimuli]`, without any delay that is varied.
    pub currents: Array2<f32>,
    /// The largest distance of coinciding spikes, in steps. Default: 2 ms.
    pub window: u64,
    /// Decay time of a spike in the van Rossum distance, in steps. Default: 10 ms.
    pub tau: f64,
    /// What the search optimises. Default: the coincidence factor.
    pub objective: Objective,
}

impl Fit {
    /// Makes a fit, after a check of the parameters at their bounds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if no parameter is varied, if one is varied twice, or without a stimulus; and errors of
    /// the parameters at the lower or the upper bounds, as in [`Population::new`].
    pub fn new(device: &Device, params: Params, vary: Vec<Vary>, currents: Array2<f32>) -> Result<Self> {
        if vary.is_empty() {
            return Err(refusal("the number of varied parameters", 0, "1 or more"));
        }
        let twice = (1..vary.len())
            .find(|one| vary[..*one].iter().any(|vary_| vary_.parameter == vary[*one].parameter));
        if let Some(twice) = twice {
            let name = format!("{} twice", vary[twice].parameter.name());
            return Err(refusal("what is varied", name, "varied once"));
        }
        if currents.is_empty() {
            return Err(refusal("the number of currents", 0, "1 or more"));
        }
        let steps = |ms: f64| (ms / params.dt).round().max(1.0);
        let (window, tau) = (steps(2.0) as u64, steps(10.0));
        let fit =
            Self { device: device.clone(), params, vary, currents, window, tau, objective: Objective::Gamma };
        let corner = |place| vec![place; fit.vary.len()];
        fit.population(&[corner(0.0), corner(1.0)])?;
        Ok(fit)
    }

    /// Begins a search with this many candidates.
    #[must_use]
    pub fn search(&self, seed: u64, candidates: usize) -> Evolution {
        Evolution::new(seed, candidates, self.vary.len())
    }

    /// Scores the next generation of a search. `go_on` is called after each block of steps; if it breaks, the search
    /// stays as it was.
    ///
    /// # Errors
    ///
    /// As [`scores`](Self::scores).
    pub fn breed(
        &self,
        search: &mut Evolution,
        targets: &[Target],
        go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let places = search.ask();
        let Some(scores) = self.scores(&places, targets, go_on)? else { return Ok(ControlFlow::Break(())) };
        search.tell(places, scores);
        Ok(ControlFlow::Continue(()))
    }

    /// The best places of a search that are different neurons, at most `most`.
    #[must_use]
    pub fn best(&self, search: &Evolution, most: usize) -> Vec<Vec<f64>> {
        let mut best: Vec<Vec<f64>> = Vec::new();
        for candidate in search.ranking() {
            let place = &search.places[candidate];
            if best.len() < most && best.iter().all(|other| self.values(other) != self.values(place)) {
                best.push(place.clone());
            }
        }
        best
    }

    /// The values of the varied parameters at a place, in the order of [`vary`](Self::vary).
    #[must_use]
    pub fn values(&self, place: &[f64]) -> Vec<f32> {
        self.vary.iter().zip(place).map(|(vary, place)| vary.value(*place, self.params.dt)).collect()
    }

    /// The parameters of the neurons at these places, one neuron for each.
    ///
    /// # Panics
    ///
    /// If a place has fewer numbers than there are varied parameters.
    #[must_use]
    pub fn params(&self, places: &[Vec<f64>]) -> Params {
        let mut params = self.params.clone();
        for (dimension, vary) in self.vary.iter().enumerate() {
            vary.apply(dimension, places, &mut params);
        }
        params
    }

    /// Whether the neuron at a place could spike at every step and so would be refused unless this is
    /// [allowed](Params::allow_constant_firing).
    ///
    /// # Panics
    ///
    /// If the place has fewer numbers than there are varied parameters.
    #[must_use]
    pub fn fires_constantly(&self, place: &[f64]) -> bool {
        let params = self.params(&[place.to_vec()]);
        !params.allow_constant_firing && Population::new(params, 1, &Device::cpu()).is_err()
    }

    fn check(&self, places: &[Vec<f64>]) -> Result<()> {
        let varied = self.vary.len();
        match places.iter().find(|place| place.len() != varied) {
            Some(place) => Err(refusal(
                "the count of numbers of a place",
                place.len(),
                format!("{varied}, one for each varied parameter"),
            )),
            None => Ok(()),
        }
    }

    fn population(&self, places: &[Vec<f64>]) -> Result<Population> {
        // Candidates may spike at every step; that shows in their scores.
        let params = Params { allow_constant_firing: true, ..self.params(places) };
        Population::new(params, [self.currents.ncols(), places.len()], &self.device)
    }

    /// Returns the currents up to the end of the last target, and their number of steps.
    fn input(&self, targets: &[Target]) -> Result<(ArrayView3<'_, f32>, u64)> {
        let steps = targets.iter().map(|target| target.range().end).max().unwrap_or(0);
        let length = self.currents.nrows();
        if steps > length as u64 {
            let requirement = format!("within the {length} steps of the currents");
            return Err(refusal("the end of a target", format!("step {steps}"), requirement));
        }
        let currents = self.currents.slice_axis(Axis(0), (..steps as usize).into());
        Ok((currents.insert_axis(Axis(2)), steps))
    }

    fn scorer(&self, places: &[Vec<f64>], targets: &[Target], has_distances: bool) -> Result<Scorer> {
        let scorer = Scorer::new([self.currents.ncols(), places.len()], targets.to_vec(), self.window)?;
        if has_distances { scorer.with_distances(self.tau) } else { Ok(scorer) }
    }

    /// Returns the delay of the stimulus of each candidate, in steps, if it is varied.
    fn delays(&self, places: &[Vec<f64>]) -> Option<Vec<u32>> {
        let delay = self.vary.iter().position(|vary| vary.parameter == Varied::StimulusDelay)?;
        let dt = self.params.dt;
        let steps = |ms: &f32| (f64::from(*ms) / dt).round() as u32;
        Some(self.vary[delay].values(delay, places, dt).iter().map(steps).collect())
    }

    /// Returns the scores of candidates by the objective, over all recordings; `None` if `go_on`, which is called
    /// after each block of steps, breaks.
    ///
    /// Instead of the stimulus the spikes of a candidate are delayed, so that one stimulus serves all candidates.
    /// This is the same for a neuron that is at rest before the stimulus.
    ///
    /// # Errors
    ///
    /// As [`Run::go`](crate::Run::go) with a scorer, and [`Error::OutOfRange`] if a place has not one number for each
    /// varied parameter, or if a target ends after the currents.
    pub fn scores(
        &self,
        places: &[Vec<f64>],
        targets: &[Target],
        mut go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Vec<f64>>> {
        self.check(places)?;
        let mut scorer = self.scorer(places, targets, self.objective == Objective::VanRossum)?;
        if let Some(delays) = self.delays(places) {
            scorer = scorer.with_delays(delays.repeat(self.currents.ncols()))?;
        }
        let (currents, steps) = self.input(targets)?;
        let mut population = self.population(places)?;
        let mut is_stopped = false;
        let observe = |_| {
            let flow = go_on();
            is_stopped |= flow.is_break();
            flow
        };
        population.run(steps, Input::sequence(&currents)).score(&mut scorer).observe(observe).go()?;
        if is_stopped {
            return Ok(None);
        }
        let mut of_each = vec![Vec::new(); places.len()];
        (0..targets.len()).for_each(|target| add_scores(&mut of_each, &scorer, target));
        let value = |scores: Vec<Score>| {
            Score::together(scores.into_iter()).map_or(f64::NEG_INFINITY, |score| self.objective.value(score))
        };
        Ok(Some(of_each.into_iter().map(value).collect()))
    }

    /// Returns the currents of each candidate at these steps, with its delay: `[steps, stimuli, candidates]`.
    fn late_currents(&self, steps: Range<u64>, delays: &[u32]) -> Array3<f32> {
        let shape = ((steps.end - steps.start) as usize, self.currents.ncols(), delays.len());
        Array3::from_shape_fn(shape, |(step, stimulus, candidate)| {
            let since = (steps.start + step as u64).checked_sub(u64::from(delays[candidate]));
            // There is no current before the delay, as in a run with a delay.
            since.map_or(0.0, |step| self.currents[[step as usize, stimulus]])
        })
    }

    /// Returns the scores of each candidate against each recording, in the fitted part and the part held out, which
    /// must have the same number of targets; and the spikes of all candidates. Each candidate is driven by the
    /// stimulus with its own delay.
    ///
    /// # Errors
    ///
    /// As [`scores`](Self::scores), and [`Error::OutOfRange`] if the parts have different numbers of targets.
    pub fn results(&self, places: &[Vec<f64>], parts: [&[Target]; 2]) -> Result<(Vec<Reached>, Vec<Event>)> {
        if places.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        self.check(places)?;
        let [train, held_out] = parts.map(<[Target]>::len);
        if train != held_out {
            return Err(refusal(
                "the number of targets held out",
                held_out,
                format!("{train}, as of those fitted"),
            ));
        }
        let mut scorers =
            parts.iter().map(|part| self.scorer(places, part, true)).collect::<Result<Vec<_>>>()?;
        let delays = self.delays(places).unwrap_or_else(|| vec![0; places.len()]);
        let (_, steps) = self.input(&parts.concat())?;
        let mut events = Vec::new();
        let mut sink = |block: Recorded| {
            events.extend(block.spikes.iter().flat_map(|raster| raster.events()));
            scorers.iter_mut().try_for_each(|scorer| scorer.take(block.clone()))
        };
        let mut population = self.population(places)?;
        let at_a_time = (MOST_CURRENTS / (self.currents.ncols() * places.len())).max(1) as u64;
        let mut made = 0;
        while made < steps {
            let end = steps.min(made + at_a_time);
            let currents = self.late_currents(made..end, &delays);
            let recording = Recording::none().spikes();
            population.run(end - made, Input::sequence(&currents)).record(&recording).sink(&mut sink).go()?;
            made = end;
        }
        let [train, held_out] = [0, 1].map(|part| {
            let mut of_each = vec![Vec::new(); places.len()];
            (0..parts[part].len()).for_each(|target| add_scores(&mut of_each, &scorers[part], target));
            of_each
        });
        let both = |(train, held_out): (Vec<Score>, Vec<Score>)| {
            train.into_iter().zip(held_out).map(|(train, held_out)| [train, held_out]).collect()
        };
        Ok((train.into_iter().zip(held_out).map(both).collect(), events))
    }
}

/// Appends the scores against a target, which belongs to one stimulus or to all, to the scores of each candidate.
/// Distances are 0 if they were not computed.
fn add_scores(of_each: &mut [Vec<Score>], scorer: &Scorer, target: usize) {
    let distances = scorer.distances(target).chain(std::iter::repeat(0.0));
    for (cell, (tally, distance)) in scorer.tallies(target).zip(distances).enumerate() {
        of_each[cell % of_each.len()].push(Score { tally, distance });
    }
}

fn refusal(what: &str, value: impl std::fmt::Display, requirement: impl Into<String>) -> Error {
    Error::out_of_range(what, value, requirement).about(Argument::Fit)
}
