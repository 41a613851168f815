//! Measures one case on all devices, in turns.

use super::agreement::{Agreement, Results};
use super::case::Case;
use super::participant::Participant;
use super::reference::Reference;
use super::runner::{Recordings, Runner, hash_of_voltages};
use super::simulated::Simulated;
use super::workload::{Sequences, Workload};
use crate::failure::Failure;
use crate::process::interrupt;
use crate::recording::spike_hash;
use indicatif::ProgressBar;
use lif::{Error, MemoryNeed};
use std::time::{Duration, Instant};

/// How to measure.
#[derive(Debug, Clone, Copy)]
pub struct Procedure {
    pub repeats: u64,
    /// Steps of a measurement, where the user gave them.
    pub steps: Option<u64>,
    /// About how long a measurement takes, where the user gave no steps.
    pub duration: Duration,
    pub sequences: Sequences,
}

/// The measurements of a case on a device.
#[derive(Debug)]
pub struct Measured<'a> {
    pub case: Case,
    pub participant: &'a Participant,
    pub steps: u64,
    /// For each measurement.
    pub seconds: Vec<f64>,
    /// For each measurement, where the device has a clock.
    pub kernel_seconds: Vec<f64>,
    /// Of one measurement.
    pub cell_blocks: u64,
    /// The steps after which results were compared, and these results.
    pub checked_steps: u64,
    pub results: Results,
    pub memory: MemoryNeed,
}

/// A device, ready for a case.
struct Entry<'w, 'c> {
    runner: Box<dyn Runner + 'w>,
    measured: Measured<'c>,
}

/// Measures a case. Devices on which it does not fit are left out with a warning. After an interrupt the
/// result is incomplete.
pub fn measure<'a>(
    workload: &Workload,
    participants: &[&'a Participant],
    procedure: Procedure,
    bar: &ProgressBar,
) -> Result<Vec<Measured<'a>>, Failure> {
    let mut agreement = Agreement::default();
    let mut entries = Vec::new();
    for participant in participants {
        if interrupt::is_requested() {
            break;
        }
        match prepare(workload, participant, procedure, &mut agreement) {
            Ok(entry) => entries.extend(entry),
            Err(Refusal::Memory(error)) => {
                leave_out(workload.case, participant, &error, procedure, bar);
                continue;
            }
            Err(Refusal::Other(failure)) => return Err(failure),
        }
        bar.inc(1);
    }
    let repeats = if entries.is_empty() { 0 } else { procedure.repeats };
    'repeats: for _ in 0..repeats {
        for entry in &mut entries {
            if interrupt::is_requested() {
                break 'repeats;
            }
            entry.measure_once(workload, &mut agreement)?;
            bar.inc(1);
        }
    }
    entries.retain(|entry| !entry.measured.seconds.is_empty());
    Ok(entries.into_iter().map(|entry| entry.measured).collect())
}

/// Warns that a device does not take part in a case.
pub fn leave_out(
    case: Case,
    participant: &Participant,
    error: &Error,
    procedure: Procedure,
    bar: &ProgressBar,
) {
    bar.suspend(|| log::warn!("{case}: without {}: {error}", participant.label));
    bar.inc(procedure.repeats + 1);
}

/// Why a device does not take part in a case.
enum Refusal {
    Memory(Error),
    Other(Failure),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        if matches!(error, Error::TooLarge { .. }) { Self::Memory(error) } else { Self::Other(error.into()) }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// Prepares a device, compares its results with the others, and finds a number of steps that takes about the
/// right time. `None` after an interrupt.
fn prepare<'w, 'c>(
    workload: &'w Workload,
    participant: &'c Participant,
    procedure: Procedure,
    agreement: &mut Agreement,
) -> Result<Option<Entry<'w, 'c>>, Refusal> {
    let mut runner: Box<dyn Runner + 'w> = match &participant.device {
        None => Box::new(Reference::new(workload)?),
        Some(device) => Box::new(Simulated::new(workload, device, procedure.steps)?),
    };
    let checked_steps = workload.checked_steps();
    let recordings = runner.advance(checked_steps, true)?;
    if interrupt::is_requested() {
        return Ok(None);
    }
    let results = compare(workload, runner.as_mut(), &recordings, &participant.label, agreement)?;
    drop(recordings);
    let least = if participant.device.is_none() { workload.rows().unwrap_or(1) } else { workload.unit() };
    let steps = match procedure.steps {
        Some(steps) => steps,
        None => timely_steps(runner.as_mut(), least, workload.most_steps(), procedure.duration)?,
    };
    let measuring_device = participant.device.clone().unwrap_or_else(lif::Device::cpu);
    let measured = Measured {
        case: workload.case,
        participant,
        steps,
        seconds: Vec::new(),
        kernel_seconds: Vec::new(),
        cell_blocks: 0,
        checked_steps,
        results,
        memory: workload.memory_needed(&measuring_device, steps)?,
    };
    Ok(Some(Entry { runner, measured }))
}

/// Steps that take about `duration`, a multiple of `least` where `most` allows it.
fn timely_steps(runner: &mut dyn Runner, least: u64, most: u64, duration: Duration) -> Result<u64, Error> {
    let most = if most > least { most - most % least } else { most };
    let mut steps = least.min(most);
    loop {
        let start = Instant::now();
        runner.advance(steps, false)?;
        let took = start.elapsed();
        if took >= duration / 4 || steps == most || interrupt::is_requested() {
            return Ok(scaled(steps, took, duration, least, most));
        }
        steps = steps.saturating_mul(4).min(most);
    }
}

fn scaled(steps: u64, took: Duration, duration: Duration, least: u64, most: u64) -> u64 {
    let needed = steps as f64 * duration.as_secs_f64() / took.as_secs_f64().max(1e-9);
    let units = (needed / least as f64).round().max(1.0) as u64;
    units.saturating_mul(least).min(most)
}

fn compare(
    workload: &Workload,
    runner: &mut dyn Runner,
    recordings: &Recordings,
    label: &str,
    agreement: &mut Agreement,
) -> Result<Results, Refusal> {
    let (counts, voltages) = runner.state()?;
    let results = Results {
        spikes: counts.iter().map(|count| u64::from(*count)).sum(),
        spike_hash: spike_hash::of_counts(&counts),
        voltage_hash: hash_of_voltages(&voltages),
        recorded_hash: recordings.hash(workload.case.kind.record),
    };
    agreement.compare(&workload.case.to_string(), runner.steps(), results, label)?;
    Ok(results)
}

impl Entry<'_, '_> {
    fn measure_once(&mut self, workload: &Workload, agreement: &mut Agreement) -> Result<(), Failure> {
        let before = self.runner.work()?;
        let start = Instant::now();
        self.runner.advance(self.measured.steps, false)?;
        let took = start.elapsed();
        if interrupt::is_requested() {
            // The call may have ended early, so its time means nothing.
            return Ok(());
        }
        self.measured.seconds.push(took.as_secs_f64());
        let after = self.runner.work()?;
        self.measured.cell_blocks = after.cell_blocks - before.cell_blocks;
        if let (Some(before), Some(after)) = (before.kernel_time, after.kernel_time) {
            self.measured.kernel_seconds.push(after.saturating_sub(before).as_secs_f64());
        }
        let label = &self.measured.participant.label;
        // To compare the recordings of all steps would take longer than to make them.
        match compare(workload, self.runner.as_mut(), &Recordings::default(), label, agreement) {
            Ok(_) => Ok(()),
            Err(Refusal::Memory(error)) => Err(error.into()),
            Err(Refusal::Other(failure)) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lif::WorkDone;
    use ndarray::Array2;

    #[test]
    fn steps_are_scaled_to_the_time_in_whole_units() {
        let seconds = Duration::from_secs_f64;
        assert_eq!(scaled(64, seconds(0.05), seconds(0.1), 32, u64::MAX), 128);
        assert_eq!(scaled(64, seconds(0.05), seconds(0.11), 32, u64::MAX), 128);
        assert_eq!(scaled(32, seconds(9.0), seconds(0.1), 32, u64::MAX), 32);
        assert_eq!(scaled(32, seconds(0.01), seconds(0.1), 32, 100), 100);
        assert_eq!(scaled(7, seconds(0.1), seconds(0.1), 7, 7), 7);
    }

    /// Takes no time, and refuses steps that its sequence cannot make.
    struct InWholeSequences;

    impl Runner for InWholeSequences {
        fn advance(&mut self, steps: u64, _: bool) -> lif::Result<Recordings> {
            assert_eq!(steps % 1024, 0);
            Ok(Recordings::default())
        }

        fn steps(&self) -> u64 {
            0
        }

        fn state(&mut self) -> lif::Result<(Array2<u32>, Array2<f32>)> {
            Ok(Default::default())
        }

        fn work(&mut self) -> lif::Result<WorkDone> {
            Ok(WorkDone::default())
        }
    }

    #[test]
    fn a_limit_of_steps_is_kept_in_whole_sequences() {
        let most =
            |most| timely_steps(&mut InWholeSequences, 1024, most, Duration::from_secs(1)).expect("made");
        assert_eq!(most(268_435), 268_288);
        assert_eq!(most(1024), 1024);
    }
}
