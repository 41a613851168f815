//! The report of a case on a device.

use super::case::{Case, InputKind, Mode, RecordKind};
use super::cost;
use super::measurement::Measured;
use super::statistics::{extremes, median};
use super::workload::{SEED, params};
use serde::Serialize;

/// One object of `--json`, in the order in which it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub engine: String,
    pub device: String,
    pub mode: Mode,
    pub input: InputKind,
    pub record: RecordKind,
    pub neurons: usize,
    pub batch: usize,
    pub steps: u64,
    pub dt_ms: f64,
    pub memory_bytes: MemoryBytes,
    pub repeats: usize,
    pub seconds_median: f64,
    pub seconds_min: f64,
    pub seconds_max: f64,
    /// The range of the measurements, as a fraction of the median.
    pub spread: f64,
    pub neuron_steps_per_s: f64,
    pub kernel_s: Option<f64>,
    pub bytes_per_neuron_step: f64,
    pub operations_per_neuron_step: f64,
    pub roofline: Option<Roof>,
    pub roofline_percent: Option<f64>,
    pub ratio_to_cpu: Option<f64>,
    pub checked_steps: u64,
    pub spikes: u64,
    pub mean_rate_hz: f64,
    pub seed: u64,
    pub spike_hash: String,
    pub version: &'static str,
    #[serde(skip)]
    pub case: Case,
    #[serde(skip)]
    pub label: String,
}

/// The memory that the population and its recording need.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MemoryBytes {
    pub host: u64,
    pub device: u64,
}

/// The roofline of the device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Roof {
    pub bytes_per_s: f64,
    pub operations_per_s: f64,
    pub dispatch_s: Option<f64>,
    /// The roofline of this case.
    pub neuron_steps_per_s: f64,
}

/// The reports of a case on all devices.
pub fn reports(measured: &[Measured<'_>]) -> Vec<Report> {
    let mut reports: Vec<Report> = measured.iter().filter_map(report).collect();
    let cpu = measured.iter().zip(&reports).find(|(measured, _)| measured.participant.is_cpu());
    let cpu = cpu.map(|(_, report)| report.neuron_steps_per_s);
    for report in &mut reports {
        report.ratio_to_cpu = cpu.map(|cpu| report.neuron_steps_per_s / cpu);
    }
    reports
}

/// `None` without any measurement.
fn report(measured: &Measured<'_>) -> Option<Report> {
    let case = measured.case;
    let seconds_median = median(&measured.seconds)?;
    let (seconds_min, seconds_max) = extremes(&measured.seconds)?;
    let neuron_steps_per_s = case.cells() as f64 * measured.steps as f64 / seconds_median;
    let bytes = cost::bytes(case, measured.steps, measured.cell_blocks);
    let operations = cost::operations(case.kind.input);
    let roofline = measured.participant.roofline.map(|roofline| Roof {
        bytes_per_s: roofline.bytes_per_s,
        operations_per_s: roofline.operations_per_s,
        dispatch_s: roofline.dispatch_s,
        neuron_steps_per_s: 1.0 / roofline.least_seconds(bytes, operations),
    });
    let dt_ms = params().dt;
    let checked_s = case.cells() as f64 * measured.checked_steps as f64 * dt_ms / 1000.0;
    Some(Report {
        engine: measured.participant.engine(),
        device: measured.participant.name(),
        mode: case.kind.mode,
        input: case.kind.input,
        record: case.kind.record,
        neurons: case.shape.n,
        batch: case.shape.batch,
        steps: measured.steps,
        dt_ms,
        memory_bytes: MemoryBytes {
            host: measured.memory.host_bytes(),
            device: measured.memory.device_bytes(),
        },
        repeats: measured.seconds.len(),
        seconds_median,
        seconds_min,
        seconds_max,
        spread: (seconds_max - seconds_min) / seconds_median,
        neuron_steps_per_s,
        kernel_s: median(&measured.kernel_seconds),
        bytes_per_neuron_step: bytes,
        operations_per_neuron_step: operations,
        roofline,
        roofline_percent: roofline.map(|roof| 100.0 * neuron_steps_per_s / roof.neuron_steps_per_s),
        ratio_to_cpu: None,
        checked_steps: measured.checked_steps,
        spikes: measured.results.spikes,
        mean_rate_hz: measured.results.spikes as f64 / checked_s,
        seed: SEED,
        spike_hash: format!("{:016x}", measured.results.spike_hash),
        version: env!("CARGO_PKG_VERSION"),
        case,
        label: measured.participant.label.clone(),
    })
}
