//! The steps of a network, with its statistics and recordings.

use super::plan::NetworkPlan;
use super::statistics::Statistics;
use crate::commands::run::checkpoints::Checkpoints;
use crate::failure::Failure;
use crate::network::built::Drive;
use crate::process::interrupt;
use crate::recording::spools::Spools;
use crate::terminal::figures::grouped;
use crate::terminal::progress;
use indicatif::ProgressBar;
use lif::{Background, Population, Recorded, Sink};
use std::ops::ControlFlow;
use std::time::Instant;

/// Steps of the warm-up between two looks at Ctrl-C. Without a recording, blocks of the library are long.
const WARMUP_STEPS: u64 = 512;

/// A running simulation.
#[derive(Debug)]
pub struct Simulation<'a> {
    pub plan: &'a NetworkPlan,
    pub drive: &'a Drive,
    pub checkpoints: Option<&'a Checkpoints>,
    pub population: Population,
    /// The time of the steps after the warm-up so far.
    pub wall_s: f64,
}

/// What is recorded and computed from the spikes.
#[derive(Debug)]
pub struct Results {
    pub spools: Spools,
    pub statistics: Statistics,
}

impl Results {
    /// Goes on with what the spools have of an earlier process; nothing for a new run.
    pub fn new(plan: &NetworkPlan, spools: Spools) -> Result<Self, Failure> {
        let chosen = plan.record.spiking_neurons(plan.shape.n)?;
        let chosen = chosen.filter(|neurons| neurons.len() < plan.shape.n);
        let mut statistics = Statistics::new(&plan.description, plan.shape, plan.warmup, plan.window.clone());
        if let Some(state) = spools.state() {
            statistics.restore(&state).map_err(Failure::fault)?;
        }
        Ok(Self { spools: spools.counting_from(plan.warmup, chosen), statistics })
    }
}

impl Simulation<'_> {
    /// Makes the remaining steps, or until an interrupt.
    pub fn run(&mut self, results: Results) -> Result<Results, Failure> {
        let bar = progress::simulated(self.plan.all_steps(), self.plan.settings.quiet);
        let result = self.stretches(results, &bar);
        bar.finish_and_clear();
        result
    }

    /// From checkpoint to checkpoint. The warm-up ends a stretch too.
    fn stretches(&mut self, mut results: Results, bar: &ProgressBar) -> Result<Results, Failure> {
        if self.population.steps() == 0 {
            // So that a run can be resumed from its first step on.
            self.save(&mut results)?;
        }
        let warmup = self.plan.warmup;
        let mut clock = Clock::new(self.plan, bar, self.population.steps());
        while self.population.steps() < self.plan.all_steps() && !interrupt::is_requested() {
            let first = self.population.steps();
            let left = if first < warmup { warmup } else { self.plan.all_steps() } - first;
            let steps = self.checkpoints.map_or(left, |checkpoints| left.min(checkpoints.steps_from(first)));
            if first < warmup {
                self.warm_up(first, steps, &clock)?;
                if self.population.steps() == warmup {
                    // Results have nothing of the warm-up. A checkpoint of this step has no counts either.
                    self.population.clear_counts()?;
                    clock = Clock::new(self.plan, bar, warmup);
                }
            } else {
                let start = Instant::now();
                results = self.advance(results, (first, steps), &clock)?;
                self.wall_s += start.elapsed().as_secs_f64();
            }
            // After the last step too, as writing the files may fail.
            self.save(&mut results)?;
        }
        Ok(results)
    }

    fn save(&mut self, Results { spools, statistics }: &mut Results) -> Result<(), Failure> {
        let Some(checkpoints) = self.checkpoints else { return Ok(()) };
        spools.keep_state(statistics.numbers())?;
        checkpoints.save(&mut self.population, spools, self.wall_s)
    }

    fn warm_up(&mut self, first: u64, steps: u64, clock: &Clock<'_>) -> Result<(), Failure> {
        let mut made = 0;
        while made < steps && !interrupt::is_requested() {
            let piece = WARMUP_STEPS.min(steps - made);
            self.population.run(piece, self.drive.input()).go()?;
            made += piece;
            clock.tell(first + made);
        }
        Ok(())
    }

    fn advance(
        &mut self,
        results: Results,
        (first, steps): (u64, u64),
        clock: &Clock<'_>,
    ) -> Result<Results, Failure> {
        let mut sink = ObservedSink { sink: Background::new(results), clock, first };
        let run = self.population.run(steps, self.drive.input());
        let made = run.record(&self.plan.recording).sink(&mut sink).go();
        let results = sink.sink.finish();
        // An error of the sink makes the run fail first.
        made?;
        Ok(results?)
    }

    /// The steps made after the warm-up.
    pub fn steps(&self) -> u64 {
        self.population.steps().saturating_sub(self.plan.warmup)
    }
}

impl Sink for Results {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        if let Some(raster) = &block.spikes {
            self.statistics.add(raster);
        }
        self.spools.take(block)
    }
}

/// A sink that also moves the progress bar and checks for Ctrl-C.
struct ObservedSink<'a> {
    sink: Background<Results>,
    clock: &'a Clock<'a>,
    /// The step from which progress counts.
    first: u64,
}

impl Sink for ObservedSink<'_> {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        self.sink.take(block)
    }

    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        self.clock.tell(self.first + made);
        interrupt::control_flow()
    }
}

/// Shows how much is simulated, and how fast.
struct Clock<'a> {
    bar: &'a ProgressBar,
    dt: f64,
    /// All steps.
    all: u64,
    /// The first step that it times.
    first: u64,
    start: Instant,
}

impl<'a> Clock<'a> {
    fn new(plan: &NetworkPlan, bar: &'a ProgressBar, first: u64) -> Self {
        Self { bar, dt: plan.description.dt, all: plan.all_steps(), first, start: Instant::now() }
    }

    /// Shows that this many of all steps are made.
    fn tell(&self, made: u64) {
        if self.bar.is_hidden() {
            return;
        }
        let ms = |steps: u64| grouped((steps as f64 * self.dt).round() as u64);
        let factor =
            self.start.elapsed().as_secs_f64() / ((made - self.first) as f64 * self.dt * 1e-3).max(1e-9);
        self.bar.set_message(format!("{} of {} ms, real-time factor {factor:.2}", ms(made), ms(self.all)));
        self.bar.set_position(made);
    }
}
