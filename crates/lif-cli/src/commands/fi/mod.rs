//! `lif fi`: the rate of a neuron against a constant current, simulated and in theory.

mod curve;
mod picture;
mod theory;

use crate::failure::Failure;
use crate::files::folder::{CHOOSE_ANOTHER, Folder};
use crate::files::names::{CURVE, CURVE_PICTURE, OF_FI};
use crate::picture::stage;
use crate::plan::currents::rounded;
use crate::plan::doubts;
use crate::plan::neurons;
use crate::plan::select;
use crate::plan::steps_of;
use crate::process::{interrupt, memory};
use crate::quantity::preset_units::AxisUnits;
use crate::quantity::spread::Spread;
use crate::settings::Settings;
use crate::settings::{layers, presets};
use crate::terminal;
use crate::terminal::figures::{counted, grouped, row, short};
use curve::{BYTES_PER_POINT, Trains};
use lif::{DeviceChoice, Input, MemoryNeed, Population, Recording};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use curve::Curve;
use theory::Theory;

const DEFAULT_POINTS: usize = 200;
const SHORTEST_DEFAULT_MS: f64 = 1000.0;
/// The default duration is at least this many membrane time constants and refractory periods.
const DEFAULT_INTERVALS: f64 = 100.0;
/// The default currents, in units of the rheobase.
const DEFAULT_CURRENTS: (f64, f64) = (0.8, 5.0);
/// Neuron-steps between two checks for Ctrl-C.
const NEURON_STEPS_AT_A_TIME: u64 = 1 << 26;
/// The most rows of the table.
const MOST_ROWS: usize = 18;

/// Options of `lif run` that have no meaning here.
pub const UNUSED: [&str; 41] = [
    "network",
    "scale",
    "regime",
    "g",
    "eta",
    "drive",
    "warmup",
    "plot-from",
    "plot-to",
    "rate-bin",
    "batch",
    "steps",
    "seed",
    "memory-budget",
    "init-voltage",
    "input",
    "stimulus",
    "events",
    "events-weight",
    "events-matrix",
    "tau-syn",
    "tau-syn-inhibitory",
    "stimulus-scale",
    "stimulus-offset",
    "stimulus-decibel",
    "stimulus-log",
    "stimulus-rectify",
    "stimulus-low-pass",
    "stimulus-delay",
    "stimulus-dt",
    "stimulus-time-unit",
    "record",
    "checkpoint",
    "checkpoint-every",
    "resume",
    "trace",
    "tau-trace",
    "trace-scale",
    "nir",
    "nir-node",
    "write-nir",
];

/// Help of options that have another meaning here than in `lif run`.
pub const HELP: [(&str, &str); 4] = [
    ("neurons", "Currents of the curve [default: 200]"),
    (
        "duration",
        "Time to simulate, ms [default: 1000 or more]; by default it is at least 100 membrane time constants and \
         refractory periods",
    ),
    ("current", "Current, or currents from first to last as LO:HI [default: 0.8 to 5 times the rheobase]"),
    ("out", "Folder for fi.png and fi.json, made if missing [default: lif-out]"),
];

/// Simulates the curve, writes it and prints it.
pub fn fi(given: &Settings) -> Result<ExitCode, Failure> {
    layers::refuse_unused(given, "lif fi", &UNUSED, "it needs a neuron, a --current and a --duration")?;
    let settings = layers::complete(given)?;
    let words = settings.words.clone();
    curve_of(settings).map_err(|failure| words.explain(failure))
}

fn curve_of(mut settings: Settings) -> Result<ExitCode, Failure> {
    layers::refuse_spreads(&settings, "a curve is that of one neuron, in which only the current is LO:HI")?;
    let params = neurons::params(&settings, 1)?;
    if let Some(doubt) = doubts::of_precision(&params) {
        log::warn!("{doubt}");
    }
    let theory = Theory::new(&params);
    let unit = settings.preset.as_ref().map_or(AxisUnits::PHYSICAL, presets::Choice::axis_units).input;

    // One point for each different current.
    let is_one = settings.current.is_some_and(|current| matches!(current.spread, Spread::Number(_)));
    let points = *settings.neurons.get_or_insert(if is_one { 1 } else { DEFAULT_POINTS });
    if points == 0 {
        return Err(Failure::of("neurons", "neurons is 0; the curve needs at least one point"));
    }
    let default_duration = (DEFAULT_INTERVALS * (theory.tau_m + theory.t_ref)).max(SHORTEST_DEFAULT_MS);
    let steps = steps_of("duration", *settings.duration.get_or_insert(default_duration), params.dt)?;
    let rheobase = theory.rheobase();
    if !rheobase.is_finite() {
        return Err(Failure::of(
            "resistance",
            "resistance is 0 MOhm; it must be another number, as no current moves such a neuron to its threshold",
        ));
    }
    let (low, high) = DEFAULT_CURRENTS;
    let default_currents = Spread::Range(rounded(low * rheobase), rounded(high * rheobase));
    let currents = settings.current.get_or_insert(default_currents.into()).spread;

    let choice: DeviceChoice = settings.device.get_or_insert_with(|| "auto".to_owned()).parse()?;
    let device = select(&choice)?;
    let recording = Recording::none().spikes();
    let need = Population::memory_needed(&params, points, &device)?
        .and(recording.memory_needed_in_blocks(steps, points, &device))
        .and(MemoryNeed::of("the curve", (points as u64).saturating_mul(BYTES_PER_POINT), 0));
    memory::require("the curve", &need, &device, "take fewer --neurons")?;
    let currents = currents.values(points);
    let out = settings.out.get_or_insert_with(|| PathBuf::from("lif-out")).clone();
    // From here on an interrupt has something to remove.
    interrupt::listen()?;
    let folder = Folder::prepare(&out, &OF_FI, CHOOSE_ANOTHER)?;
    folder.refuse_to_replace(&settings.inputs(), &OF_FI)?;
    folder.tidy();
    let mut population = Population::new(params.clone(), points, &device)?;
    let mut trains = Trains::new(points);
    let most = (NEURON_STEPS_AT_A_TIME / points as u64).max(32);
    while population.steps() < steps && !interrupt::is_requested() {
        let some = most.min(steps - population.steps());
        population.run(some, Input::constant(&currents)).record(&recording).sink(&mut trains).go()?;
    }
    if population.steps() < steps {
        return Err(Failure::Interrupted(format!(
            "interrupted after {} of {} steps; nothing is written",
            grouped(population.steps()),
            grouped(steps)
        )));
    }
    interrupt::steps_are_over();

    let curve = Curve {
        device: device.name(),
        preset: settings.preset.as_ref().map_or_else(String::new, ToString::to_string),
        input_unit: unit,
        dt_ms: params.dt,
        steps,
        rheobase,
        points: trains.points(&currents, steps, params.dt, &theory),
        settings: layers::layer(&settings)?,
    };
    let json = serde_json::to_string_pretty(&curve).map_err(|error| Failure::fault(error.to_string()))?;
    let mut files = Vec::new();
    if !settings.no_plot {
        files.extend(stage(&folder, CURVE_PICTURE, |path| picture::draw(path, &curve, &theory))?);
    }
    files.push(folder.stage(CURVE, |file, _| writeln!(file, "{json}"))?);
    let files = folder.publish(files, &settings.inputs(), false)?;
    terminal::print(&if settings.json { json } else { table(&curve, &files) })?;
    Ok(ExitCode::SUCCESS)
}

fn table(curve: &Curve, files: &[PathBuf]) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", words.trim_end());
    };
    let length = short(curve.steps as f64 * curve.dt_ms);
    line(row("device", &curve.device));
    line(row("neuron", &curve.preset));
    line(format!(
        "{:<12} {} of {length} ms at dt {} ms",
        "curve",
        counted(curve.points.len() as u64, "current"),
        curve.dt_ms
    ));
    line(format!("{:<12} {} {}", "rheobase", rounded(curve.rheobase), curve.input_unit));
    line(String::new());
    let header = format!("current ({})", curve.input_unit);
    line(format!(
        "{header:>20} {:>16} {:>12} {:>12} {:>14}",
        "interval (steps)", "rate (Hz)", "theory (Hz)", "difference (%)"
    ));
    for point in curve.sample(MOST_ROWS) {
        let interval = point.interval_steps.map_or_else(|| "-".to_owned(), |steps| format!("{steps:.1}"));
        let difference =
            point.difference().map_or_else(|| "-".to_owned(), |part| format!("{:+.2}", 100.0 * part));
        line(format!(
            "{:>20} {interval:>16} {:>12.2} {:>12.2} {difference:>14}",
            rounded(f64::from(point.current)),
            point.rate_hz,
            point.theory_hz
        ));
    }
    if curve.points.len() > MOST_ROWS {
        let all = grouped(curve.points.len() as u64);
        line(format!("\n{:<12} all {all} currents are in the files", ""));
    } else {
        line(String::new());
    }
    for (index, file) in files.iter().map(PathBuf::as_path).enumerate() {
        line(format!("{:<12} {}", if index == 0 { "files" } else { "" }, Path::display(file)));
    }
    text.trim_end().to_owned()
}
