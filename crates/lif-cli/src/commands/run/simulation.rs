//! The steps of a run, with its recordings and checkpoints.

use super::checkpoints::Checkpoints;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::plan::drive;
use crate::process::interrupt;
use crate::recording::spools::Spools;
use crate::terminal::progress;
use indicatif::ProgressBar;
use lif::{Background, Population, Recorded, Sink};
use std::ops::ControlFlow;
use std::time::Instant;

/// A running simulation.
#[derive(Debug)]
pub struct Simulation<'a> {
    pub plan: &'a Plan,
    pub checkpoints: Option<&'a Checkpoints>,
    pub population: Population,
    pub spools: Spools,
    /// The time of its steps so far.
    pub wall_s: f64,
}

impl Simulation<'_> {
    /// Makes the remaining steps, or until an interrupt.
    pub fn run(&mut self) -> Result<(), Failure> {
        let bar = progress::bar(self.plan.steps, self.plan.settings.quiet);
        let result = self.stretches(&bar);
        bar.finish_and_clear();
        result
    }

    /// From checkpoint to checkpoint.
    fn stretches(&mut self, bar: &ProgressBar) -> Result<(), Failure> {
        if self.population.steps() == 0 {
            // So that a run can be resumed from its first step on.
            self.save()?;
        }
        while self.population.steps() < self.plan.steps && !interrupt::is_requested() {
            let first = self.population.steps();
            let left = self.plan.steps - first;
            let steps = self.checkpoints.map_or(left, |checkpoints| left.min(checkpoints.steps_from(first)));
            let start = Instant::now();
            self.advance(first, steps, bar)?;
            self.wall_s += start.elapsed().as_secs_f64();
            // After the last step too, as writing the files may fail.
            self.save()?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), Failure> {
        self.checkpoints.map_or(Ok(()), |checkpoints| {
            checkpoints.save(&mut self.population, &mut self.spools, self.wall_s)
        })
    }

    fn advance(&mut self, first: u64, steps: u64, bar: &ProgressBar) -> Result<(), Failure> {
        let spools = std::mem::take(&mut self.spools);
        let mut observed = ObservedSink { sink: Background::new(spools), bar, first };
        let result = drive(self.plan, first..first + steps).and_then(|drive| {
            self.population.run(steps, drive).record(&self.plan.recording).sink(&mut observed).go()
        });
        let spools = observed.sink.finish();
        // An error of the spools makes the run fail first.
        result?;
        self.spools = spools?;
        Ok(())
    }
}

/// A sink that also moves the progress bar and checks for Ctrl-C.
struct ObservedSink<'a> {
    sink: Background<Spools>,
    bar: &'a ProgressBar,
    /// The step from which progress counts.
    first: u64,
}

impl Sink for ObservedSink<'_> {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        self.sink.take(block)
    }

    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        self.bar.set_position(self.first + made);
        interrupt::control_flow()
    }
}
