//! Candidates as a population: all hear the same stimuli, and only their scores come back.

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

/// Currents that are put together at a time.
const MOST_CURRENTS: usize = 1 << 22;

/// What a search makes as high as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Objective {
    /// The coincidence factor.
    #[default]
    Gamma,
    /// The same, less the error of the spike count as a part of the recorded spikes.
    GammaCount,
    /// The van Rossum distance, which is made small.
    VanRossum,
}

impl Objective {
    /// What is made as high as can be, of the tally over all recordings and the mean distance from them.
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

/// What a candidate reached against a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// What was counted.
    pub tally: Tally,
    /// The van Rossum distance.
    pub distance: f64,
}

impl Score {
    /// Those against several recordings together: the tallies added up, and the mean distance. `None` of no recording.
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

/// What a candidate reached against each recording, in what was fitted and in what was held out.
pub type Reached = Vec<[Score; 2]>;

/// What neurons are fitted to, and how: all that does not change from candidate to candidate.
///
/// Each column of the currents is a stimulus, and drives the batch row of its number; a [`Target`] is
/// [of the row](Target::in_row) whose stimulus it answers, or of all. A candidate is a place: a number from 0 to 1 for each
/// parameter that is varied.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Where candidates are simulated.
    pub device: Device,
    /// What is not varied. The same for all neurons.
    pub params: Params,
    /// What is varied, in the order of the numbers of a place.
    pub vary: Vec<Vary>,
    /// The current (nA) at each step of each stimulus, before any delay that is varied: `[steps, stimuli]`.
    pub currents: Array2<f32>,
    /// How many steps a spike may be away from a recorded one. By default those of 2 ms.
    pub window: u64,
    /// Decay time of a spike in the van Rossum distance, steps. By default those of 10 ms.
    pub tau: f64,
    /// What is made as high as can be. By default the coincidence factor.
    pub objective: Objective,
}

impl Fit {
    /// Refuses what no candidate can have.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for nothing that is varied, something that is varied twice, or no stimulus; and what is wrong
    /// with the parameters at the lower or the upper bounds, as in [`Population::new`].
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

    /// A search for as many candidates, before any is scored.
    #[must_use]
    pub fn search(&self, seed: u64, candidates: usize) -> Evolution {
        Evolution::new(seed, candidates, self.vary.len())
    }

    /// Scores the next generation of a search. `go_on` is asked after each block of steps; where it breaks, the search stays
    /// as it was.
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

    /// The best places of a search that are different neurons, at most as many.
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

    /// The values of what is varied at a place, in that order.
    #[must_use]
    pub fn values(&self, place: &[f64]) -> Vec<f32> {
        self.vary.iter().zip(place).map(|(vary, place)| vary.value(*place, self.params.dt)).collect()
    }

    /// The neurons at places of as many numbers as parameters are varied, one each.
    #[must_use]
    pub fn params(&self, places: &[Vec<f64>]) -> Params {
        let mut params = self.params.clone();
        for (dimension, vary) in self.vary.iter().enumerate() {
            vary.apply(dimension, places, &mut params);
        }
        params
    }

    /// Whether the neuron at a place could spike at every step, which has to be
    /// [allowed](Params::allow_constant_firing).
    #[must_use]
    pub fn fires_constantly(&self, place: &[f64]) -> bool {
        let params = self.params(&[place.to_vec()]);
        !params.allow_constant_firing && Population::new(params, 1, &Device::cpu()).is_err()
    }

    fn population(&self, places: &[Vec<f64>]) -> Result<Population> {
        // Some candidates may spike at every step; their scores tell.
        let params = Params { allow_constant_firing: true, ..self.params(places) };
        Population::new(params, [self.currents.ncols(), places.len()], &self.device)
    }

    /// The currents of the first steps, until the last target has ended, and how many these are.
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

    /// By how many steps the stimulus of each candidate is late, where that is varied.
    fn delays(&self, places: &[Vec<f64>]) -> Option<Vec<u32>> {
        let delay = self.vary.iter().position(|vary| vary.parameter == Varied::StimulusDelay)?;
        let dt = self.params.dt;
        let steps = |ms: &f32| (f64::from(*ms) / dt).round() as u32;
        Some(self.vary[delay].values(delay, places, dt).iter().map(steps).collect())
    }

    /// The scores of candidates by the objective, over recordings; `None` where `go_on`, which is asked after each block of
    /// steps, breaks. A stimulus is taken to be late by taking the spikes as late, so that one serves all: as it is for a
    /// neuron that rests without a stimulus.
    ///
    /// # Errors
    ///
    /// As [`Run::go`](crate::Run::go) with a scorer.
    pub fn scores(
        &self,
        places: &[Vec<f64>],
        targets: &[Target],
        mut go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Vec<f64>>> {
        let mut scorer = self.scorer(places, targets, self.objective == Objective::VanRossum)?;
        if let Some(delays) = self.delays(places) {
            scorer = scorer.with_delays(delays.repeat(self.currents.ncols()))?;
        }
        let (currents, steps) = self.input(targets)?;
        let mut population = self.population(places)?;
        let run = population.run(steps, Input::sequence(&currents)).score(&mut scorer);
        if run.observe(|_| go_on()).go()?.steps < steps {
            return Ok(None);
        }
        let mut of_each = vec![Vec::new(); places.len()];
        (0..targets.len()).for_each(|target| add_scores(&mut of_each, &scorer, target));
        let value = |scores: Vec<Score>| {
            Score::together(scores.into_iter()).map_or(f64::NEG_INFINITY, |score| self.objective.value(score))
        };
        Ok(Some(of_each.into_iter().map(value).collect()))
    }

    /// The currents of each candidate at steps from one on, each as late as it is: `[steps, stimuli, candidates]`.
    fn late_currents(&self, steps: Range<u64>, delays: &[u32]) -> Array3<f32> {
        let shape = ((steps.end - steps.start) as usize, self.currents.ncols(), delays.len());
        Array3::from_shape_fn(shape, |(step, stimulus, candidate)| {
            let since = (steps.start + step as u64).checked_sub(u64::from(delays[candidate]));
            // Before it there is no current at all, as in a run with a delay.
            since.map_or(0.0, |step| self.currents[[step as usize, stimulus]])
        })
    }

    /// What came of each candidate against each recording, in what was fitted and in what was held out, of which there is as
    /// much; and the spikes of all. Each hears the stimulus as late as it is.
    ///
    /// # Errors
    ///
    /// As [`Run::go`](crate::Run::go).
    pub fn results(&self, places: &[Vec<f64>], parts: [&[Target]; 2]) -> Result<(Vec<Reached>, Vec<Event>)> {
        if places.is_empty() {
            return Ok((Vec::new(), Vec::new()));
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

/// Adds to those of each candidate the scores against a target, which is of one stimulus or of all. Where no distances were
/// found, they are 0.
fn add_scores(of_each: &mut [Vec<Score>], scorer: &Scorer, target: usize) {
    let distances = scorer.distances(target).chain(std::iter::repeat(0.0));
    for (cell, (tally, distance)) in scorer.tallies(target).zip(distances).enumerate() {
        of_each[cell % of_each.len()].push(Score { tally, distance });
    }
}

fn refusal(what: &str, value: impl std::fmt::Display, requirement: impl Into<String>) -> Error {
    Error::out_of_range(what, value, requirement).about(Argument::Fit)
}
