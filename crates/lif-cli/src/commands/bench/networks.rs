//! `lif bench --networks`: how fast each device simulates the networks of the literature, and how long a step takes
//! at least.

use super::options::BenchOptions;
use super::participant::{self, Participant};
use super::statistics::{extremes, median};
use super::table;
use crate::failure::Failure;
use crate::network::Description;
use crate::network::description::{Distribution, Effect, Group, Projection, Rule};
use crate::network::models::{DriveKind, Model};
use crate::process::interrupt::{self, INTERRUPTED};
use crate::process::memory;
use crate::settings::Settings;
use crate::terminal;
use crate::terminal::figures::{grouped, short};
use crate::terminal::progress;
use lif::{Error, Population, PopulationOptions, Recording};
use serde::Serialize;
use std::process::ExitCode;
use std::time::Instant;

/// The seed of synapses, potentials and random input.
const SEED: u64 = 1;

/// A network, and how long it is simulated.
struct Case {
    name: &'static str,
    description: Description,
    /// ms, before the measurements and of each.
    warmup: f64,
    duration: f64,
    /// Whether drivers that compute on the CPU take part, too.
    suits_slow: bool,
}

/// A network on a device.
#[derive(Debug, Serialize)]
struct Measured<'a> {
    network: &'a str,
    label: &'a str,
    device: String,
    neurons: usize,
    synapses: u64,
    build_s: f64,
    duration_ms: f64,
    real_time_factor: f64,
    real_time_factor_min: f64,
    real_time_factor_max: f64,
    events_per_s: f64,
    bytes_per_synapse: f64,
    us_per_step: f64,
    dispatch_s: Option<f64>,
}

/// A network while it is measured.
struct Running<'a> {
    participant: &'a Participant,
    population: Population,
    build_s: f64,
    bytes: u64,
    /// Wall time of each measurement, s.
    seconds: Vec<f64>,
    /// Spikes of each group in the last measurement.
    spikes: Vec<u64>,
}

/// Measures all networks on all devices, which take turns.
pub fn bench(options: &BenchOptions) -> Result<ExitCode, Failure> {
    let repeats = options.repeats.unwrap_or(if options.quick { 1 } else { 3 });
    let cases = cases(options.quick)?;
    let participants = participant::open(options)?;
    let participants: Vec<&Participant> =
        participants.iter().filter(|participant| participant.device.is_some()).collect();
    interrupt::listen()?;
    if !options.json {
        terminal::print(&table::names(&participants))?;
        terminal::print(&line(&HEADING.map(str::to_owned)))?;
    }
    let bar = progress::measurements(cases.len() as u64);
    for case in &cases {
        if interrupt::is_requested() {
            break;
        }
        let taking_part = participants.iter().filter(|one| case.suits_slow || !one.is_slow());
        let measured = measure(case, taking_part.copied(), repeats);
        bar.inc(1);
        for measured in &measured? {
            let text = if options.json {
                serde_json::to_string(measured).map_err(|error| Failure::fault(error.to_string()))?
            } else {
                row(measured)
            };
            bar.suspend(|| terminal::print(&text))?;
        }
    }
    bar.finish_and_clear();
    if !options.json {
        terminal::print(NOTES)?;
    }
    if interrupt::is_requested() {
        terminal::complain("interrupted; what was measured until then is above");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// The networks that are measured.
fn cases(quick: bool) -> Result<Vec<Case>, Failure> {
    let scale = if quick { 0.1 } else { 1.0 };
    let of = |model: Model, drive: Option<DriveKind>| {
        model.description(&mut Settings { scale: Some(scale), drive, ..Settings::default() })
    };
    let case = |name, description, (warmup, duration), suits_slow| Case {
        name,
        description,
        warmup,
        duration,
        suits_slow,
    };
    let times = if quick { (100.0, 200.0) } else { (500.0, 1000.0) };
    let long = if quick { (100.0, 500.0) } else { (500.0, 5000.0) };
    Ok(vec![
        case("one neuron", one_neuron(), if quick { (10.0, 100.0) } else { (100.0, 1000.0) }, true),
        case("cuba", of(Model::Cuba, None)?, long, quick),
        case("brunel c", of(Model::Brunel, None)?, times, quick),
        case("microcircuit dc", of(Model::Microcircuit, Some(DriveKind::Dc))?, times, quick),
        case("microcircuit", of(Model::Microcircuit, None)?, times, quick),
    ])
}

/// A neuron with a synapse onto itself and the shortest delay: a block of steps is one step, and there is nothing to do
/// in it.
fn one_neuron() -> Description {
    let projection = Projection::new((0, 0), Rule::AllToAll, Effect::Jump, Distribution::Constant(0.0));
    Description {
        groups: vec![Group::new("one", 1)],
        projections: vec![projection],
        ..Description::new("one neuron", -62.0)
    }
}

fn measure<'a>(
    case: &'a Case,
    participants: impl Iterator<Item = &'a Participant>,
    repeats: u64,
) -> Result<Vec<Measured<'a>>, Failure> {
    let Case { description, .. } = case;
    let steps = |ms: f64| (ms / description.dt).round() as u64;
    let drive = description.drive();
    let network = description.network(SEED, PopulationOptions::default())?;
    let mut running: Vec<Running<'a>> = Vec::new();
    for participant in participants {
        let Some(device) = &participant.device else { continue };
        let begin = Instant::now();
        let need = network.memory_needed(1, device)?;
        let room = lif::require_memory("the network", memory::host_bytes(&need, device), "free some memory");
        let built = room.and_then(|()| network.build(1, device));
        let mut population = match built {
            Ok(population) => population,
            Err(error @ Error::TooLarge { .. }) => {
                log::warn!("without {} on {}: {error}", case.name, participant.label);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let build_s = begin.elapsed().as_secs_f64();
        population.set_seed(SEED)?;
        if let Some(voltages) = description.initial_voltages(1, SEED) {
            population.set_voltages(&voltages)?;
        }
        // With the recording of the measurements, so that their kernel is compiled.
        population.run(steps(case.warmup), drive.input()).record(Recording::none().spikes()).go()?;
        let (seconds, spikes) = (Vec::new(), vec![0; description.groups.len()]);
        running.push(Running { participant, population, build_s, bytes: need.total(), seconds, spikes });
    }
    for _ in 0..repeats {
        for one in &mut running {
            if interrupt::is_requested() {
                return Ok(Vec::new());
            }
            let begin = Instant::now();
            let recorded = one
                .population
                .run(steps(case.duration), drive.input())
                .record(Recording::none().spikes())
                .go()?;
            one.seconds.push(begin.elapsed().as_secs_f64());
            let counts = recorded.spikes.map(|spikes| spikes.counts());
            for (spikes, group) in one.spikes.iter_mut().zip(one.population.groups()) {
                let own = counts.iter().flat_map(|counts| counts.iter().skip(group.neurons().start));
                *spikes = own.take(group.len()).map(|count| u64::from(*count)).sum();
            }
        }
    }
    refuse_differences(case, &mut running)?;
    Ok(running.iter().filter_map(|one| report(case, one)).collect())
}

/// Speeds of wrong results mean nothing.
fn refuse_differences(case: &Case, running: &mut [Running<'_>]) -> Result<(), Failure> {
    let Some((first, others)) = running.split_first_mut() else { return Ok(()) };
    let bits = |population: &mut Population| -> Result<Vec<u32>, Failure> {
        Ok(population.voltages()?.iter().map(|v| v.to_bits()).collect())
    };
    let expected = bits(&mut first.population)?;
    for other in others {
        if bits(&mut other.population)? != expected || other.spikes != first.spikes {
            let (one, other) = (&first.participant.label, &other.participant.label);
            return Err(Failure::fault(format!("{}: {other} and {one} give different results", case.name)));
        }
    }
    Ok(())
}

fn report<'a>(case: &'a Case, one: &Running<'a>) -> Option<Measured<'a>> {
    let median = median(&one.seconds)?;
    let (least, most) = extremes(&one.seconds)?;
    let factor = |seconds: f64| 1000.0 * seconds / case.duration;
    let of_group = |(group, spikes): (usize, &u64)| *spikes as f64 * case.description.outdegree(group);
    let events: f64 = one.spikes.iter().enumerate().map(of_group).sum();
    let synapses = one.population.synapses();
    Some(Measured {
        network: case.name,
        label: &one.participant.label,
        device: one.participant.name(),
        neurons: one.population.n(),
        synapses,
        build_s: one.build_s,
        duration_ms: case.duration,
        real_time_factor: factor(median),
        real_time_factor_min: factor(least),
        real_time_factor_max: factor(most),
        events_per_s: events / median,
        bytes_per_synapse: one.bytes as f64 / synapses.max(1) as f64,
        us_per_step: 1000.0 * median * case.description.dt / case.duration * 1000.0,
        dispatch_s: one.participant.roofline.and_then(|roofline| roofline.dispatch_s),
    })
}

const HEADING: [&str; 8] = ["NETWORK", "DEVICE", "NEURONS", "SYNAPSES", "BUILD", "RTF", "EVENTS/s", "STEP"];

/// What the columns mean.
const NOTES: &str = "
RTF       real-time factor: wall time over simulated time, median
EVENTS/s  spikes that arrive at synapses per second of wall time
STEP      wall time of a step; the neuron alone delivers its spikes after each
          step, and shows the least that this takes on a device";

fn row(measured: &Measured<'_>) -> String {
    line(&[
        measured.network.to_owned(),
        measured.label.to_owned(),
        grouped(measured.neurons as u64),
        grouped(measured.synapses),
        format!("{} s", short(measured.build_s)),
        short(measured.real_time_factor),
        format!("{:.1e}", measured.events_per_s),
        format!("{} us", short(measured.us_per_step)),
    ])
}

fn line(words: &[String; 8]) -> String {
    let [network, device, neurons, synapses, build, factor, events, block] = words;
    format!(
        "{network:<15} {device:<9} {neurons:>7} {synapses:>11} {build:>6} {factor:>7} {events:>8} {block:>8}"
    )
    .trim_end()
    .to_owned()
}
