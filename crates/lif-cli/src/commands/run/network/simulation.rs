//! The steps of a network, with its statistics and recordings.

use super::plan::NetworkPlan;
use super::statistics::Statistics;
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

/// The results of the steps.
#[derive(Debug)]
pub struct Simulated {
    pub spools: Spools,
    pub statistics: Statistics,
    /// Steps made after the warm-up.
    pub steps: u64,
    /// Their time.
    pub wall_s: f64,
}

/// Makes the steps of the warm-up and those after it, or until an interrupt.
pub fn simulate(
    plan: &NetworkPlan,
    drive: &Drive,
    population: &mut Population,
    spools: Spools,
) -> Result<Simulated, Failure> {
    let bar = progress::simulated(plan.warmup + plan.steps, plan.settings.quiet);
    let result = steps(plan, drive, population, spools, &bar);
    bar.finish_and_clear();
    result
}

fn steps(
    plan: &NetworkPlan,
    drive: &Drive,
    population: &mut Population,
    spools: Spools,
    bar: &ProgressBar,
) -> Result<Simulated, Failure> {
    let clock = Clock::new(plan, bar, 0);
    population
        .run(plan.warmup, drive.input())
        .observe(|made| {
            clock.tell(made);
            interrupt::control_flow()
        })
        .go()?;
    if interrupt::is_requested() && population.steps() < plan.warmup {
        return Err(Failure::Interrupted("interrupted during the warm-up; nothing is written".to_owned()));
    }
    population.clear_counts()?;
    let first = population.steps();
    let statistics = Statistics::new(&plan.description, plan.shape, first, plan.window.clone());
    let chosen = plan.record.spiking_neurons(plan.shape.n)?;
    let chosen = chosen.filter(|neurons| neurons.len() < plan.shape.n);
    let results = Results { spools: spools.counting_from(first, chosen), statistics };
    let mut sink = ObservedSink { sink: Background::new(results), clock: Clock::new(plan, bar, plan.warmup) };
    let start = Instant::now();
    let made = population.run(plan.steps, drive.input()).record(&plan.recording).sink(&mut sink).go();
    let wall_s = start.elapsed().as_secs_f64();
    let results = sink.sink.finish();
    let steps = made?.steps;
    let Results { spools, statistics } = results?;
    Ok(Simulated { spools, statistics, steps, wall_s })
}

/// Takes the spikes for both.
struct Results {
    spools: Spools,
    statistics: Statistics,
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
    clock: Clock<'a>,
}

impl Sink for ObservedSink<'_> {
    fn take(&mut self, block: Recorded) -> lif::Result<()> {
        self.sink.take(block)
    }

    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        self.clock.tell(made);
        interrupt::control_flow()
    }
}

/// Shows how much is simulated, and how fast.
struct Clock<'a> {
    bar: &'a ProgressBar,
    dt: f64,
    /// All steps.
    all: u64,
    /// The steps before those that this one times.
    before: u64,
    start: Instant,
}

impl<'a> Clock<'a> {
    fn new(plan: &NetworkPlan, bar: &'a ProgressBar, before: u64) -> Self {
        let all = plan.warmup + plan.steps;
        Self { bar, dt: plan.description.dt, all, before, start: Instant::now() }
    }

    fn tell(&self, made: u64) {
        if self.bar.is_hidden() {
            return;
        }
        let ms = |steps: u64| grouped((steps as f64 * self.dt).round() as u64);
        let factor = self.start.elapsed().as_secs_f64() / (made as f64 * self.dt * 1e-3).max(1e-9);
        self.bar.set_message(format!(
            "{} of {} ms, real-time factor {factor:.2}",
            ms(self.before + made),
            ms(self.all)
        ));
        self.bar.set_position(self.before + made);
    }
}
