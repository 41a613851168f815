//! Candidates as a population: all hear the same stimulus, and only their scores come back.

use super::space::{Name, Vary};
use super::wish::Objective;
use crate::interrupt;
use lif::{Device, Event, Input, Params, Population, Recorded, Recording, Scorer, Sink, Tally, Target};
use ndarray::{Array2, Array3, ArrayView3, Axis};
use std::ops::Range;

/// Currents that are put together at a time.
const MOST_CURRENTS: usize = 1 << 22;

/// All that does not change from candidate to candidate.
#[derive(Debug)]
pub struct Trial {
    pub device: Device,
    pub params: Params,
    pub vary: Vec<Vary>,
    /// The current at each step of each stimulus, before any delay that is varied: `[steps, stimuli]`. Each
    /// drives a batch row of candidates.
    pub currents: Array2<f32>,
    pub window: u64,
    /// Decay time of the distance, steps.
    pub tau: f64,
}

impl Trial {
    fn params(&self, places: &[Vec<f64>]) -> Params {
        let mut params = self.params.clone();
        for (dimension, vary) in self.vary.iter().enumerate() {
            if let Some(parameter) = vary.parameter(&mut params) {
                *parameter = vary.values(dimension, places).into();
            }
        }
        params
    }

    fn population(&self, places: &[Vec<f64>]) -> lif::Result<Population> {
        // Some candidates may spike at every step; their scores tell.
        let params = Params { allow_constant_firing: true, ..self.params(places) };
        Population::new(params, [self.currents.ncols(), places.len()], &self.device)
    }

    /// Whether a candidate could spike at every step, which has to be allowed.
    pub fn fires_constantly(&self, place: &[f64]) -> bool {
        let params = self.params(&[place.to_vec()]);
        !params.allow_constant_firing && Population::new(params, 1, &Device::cpu()).is_err()
    }

    /// Refuses bounds that no candidate can have.
    pub fn check(&self) -> lif::Result<()> {
        let corner = |place| vec![place; self.vary.len()];
        self.population(&[corner(0.0), corner(1.0)]).map(drop)
    }

    /// The currents of the first steps, until the last target has ended, and how many these are.
    fn input(&self, targets: &[Target]) -> (ArrayView3<'_, f32>, u64) {
        let steps = targets.iter().map(|target| target.range().end).max().unwrap_or(0);
        let currents = self.currents.slice_axis(Axis(0), (..steps as usize).into());
        (currents.insert_axis(Axis(2)), steps)
    }

    fn scorer(&self, places: &[Vec<f64>], targets: &[Target], has_distances: bool) -> lif::Result<Scorer> {
        let scorer = Scorer::new([self.currents.ncols(), places.len()], targets.to_vec(), self.window)?;
        if has_distances { scorer.with_distances(self.tau) } else { Ok(scorer) }
    }

    /// By how many steps the stimulus of each candidate is late, where that is varied.
    fn delays(&self, places: &[Vec<f64>]) -> Option<Vec<u32>> {
        let delay = self.vary.iter().position(|vary| vary.name == Name::StimulusDelay)?;
        let steps = |ms: &f32| (f64::from(*ms) / self.params.dt).round() as u32;
        Some(self.vary[delay].values(delay, places).iter().map(steps).collect())
    }

    /// The scores of candidates by an objective, over recordings; `None` where somebody interrupts. A stimulus is taken to
    /// be late by taking the spikes as late, so that one serves all: as it is for a neuron that rests without a stimulus.
    pub fn scores(
        &self,
        places: &[Vec<f64>],
        recordings: &[Target],
        objective: Objective,
    ) -> lif::Result<Option<Vec<f64>>> {
        let has_distances = objective == Objective::VanRossum;
        let mut scorer = self.scorer(places, recordings, has_distances)?;
        if let Some(delays) = self.delays(places) {
            scorer = scorer.with_delays(delays.repeat(self.currents.ncols()))?;
        }
        let (currents, steps) = self.input(recordings);
        let mut population = self.population(places)?;
        let input = Input::sequence(&currents);
        let run = population.run(steps, input).score(&mut scorer);
        let made = run.observe(|_| interrupt::flow()).go()?.steps;
        if made < steps {
            return Ok(None);
        }
        let count = recordings.len();
        Ok(Some(match objective {
            Objective::VanRossum => distances(&scorer, count).into_iter().map(|distance| -distance).collect(),
            of_tallies => together(&scorer, count).map(|tally| of_tallies.value(tally, 0.0)).collect(),
        }))
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

    /// What came of each candidate: a tally and a distance for each recording, in what was fitted and in what
    /// was held out; and the spikes of all. Each hears the stimulus as late as it is.
    pub fn results(
        &self,
        places: &[Vec<f64>],
        parts: [&[Target]; 2],
    ) -> lif::Result<(Vec<Reached>, Vec<Event>)> {
        let mut scorers =
            parts.iter().map(|part| self.scorer(places, part, true)).collect::<lif::Result<Vec<_>>>()?;
        let delays = self.delays(places).unwrap_or_else(|| vec![0; places.len()]);
        let (_, steps) = self.input(&parts.concat());
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
        let of_part = |scorer: &Scorer, recording| -> Vec<Score> {
            scorer.tallies(recording).zip(scorer.distances(recording)).collect()
        };
        let mut found = vec![Vec::new(); places.len()];
        for recording in 0..parts[0].len() {
            let [train, held_out] = [0, 1].map(|part| of_part(&scorers[part], recording));
            for ((found, train), held_out) in found.iter_mut().zip(train).zip(held_out) {
                found.push([train, held_out]);
            }
        }
        Ok((found, events))
    }
}

/// What a candidate reached against a recording: what was counted, and the distance.
pub type Score = (Tally, f64);

/// What it reached against each recording, in what was fitted and in what was held out.
pub type Reached = Vec<[Score; 2]>;

impl Objective {
    /// What is made as high as can be, of the tally over all recordings and the mean distance from them.
    pub fn value(self, tally: Tally, distance: f64) -> f64 {
        match self {
            Self::Gamma => tally.gamma(),
            Self::GammaCount => {
                tally.gamma() - tally.count_error().unsigned_abs() as f64 / tally.recorded as f64
            }
            Self::VanRossum => -distance,
        }
    }
}

/// The tallies of each candidate over so many recordings.
fn together(scorer: &Scorer, recordings: usize) -> impl Iterator<Item = Tally> {
    let mut all: Vec<Tally> = scorer.tallies(0).collect();
    for index in 1..recordings {
        all.iter_mut().zip(scorer.tallies(index)).for_each(|(sum, tally)| *sum = sum.and(tally));
    }
    all.into_iter()
}

/// The mean distance of each candidate from so many recordings.
fn distances(scorer: &Scorer, recordings: usize) -> Vec<f64> {
    let mut sums: Vec<f64> = scorer.distances(0).collect();
    for index in 1..recordings {
        sums.iter_mut().zip(scorer.distances(index)).for_each(|(sum, distance)| *sum += distance);
    }
    sums.into_iter().map(|sum| sum / recordings as f64).collect()
}
