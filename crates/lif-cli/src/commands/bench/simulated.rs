//! A workload on a device of the library.

use super::case::{InputKind, Mode, RecordKind};
use super::runner::{Recordings, Runner};
use super::workload::{SEED, Workload, params};
use crate::process::interrupt;
use lif::{Device, Input, Population, PopulationOptions, Tensor, WorkDone};
use ndarray::{Array2, Axis};
use std::collections::BTreeMap;

/// A population of the library.
#[derive(Debug)]
pub struct Simulated<'a> {
    workload: &'a Workload,
    population: Population,
    resident: Resident,
}

/// The part of a sequence that is on the device.
#[derive(Debug)]
enum Resident {
    Nothing,
    /// All of it, and its beginnings by their steps, for measurements whose length is no multiple of it.
    Whole {
        whole: Tensor,
        beginnings: BTreeMap<u64, Tensor>,
    },
    /// Each step as a tensor of its own.
    Steps(Vec<Tensor>),
}

impl<'a> Simulated<'a> {
    /// Builds the population, and uploads the sequence if it belongs on the device.
    pub fn new(workload: &'a Workload, device: &Device, steps: Option<u64>) -> lif::Result<Self> {
        let options = PopulationOptions { kernel_times: true, ..PopulationOptions::default() };
        let mut population = Population::with_options(params(), workload.case.shape, device, options)?;
        population.set_seed(SEED)?;
        let resident = match (workload.rows(), workload.case.kind.input, workload.case.kind.mode) {
            (Some(rows), InputKind::Sequence, Mode::Run) => {
                let beginning = |steps: u64| {
                    let beginning = workload.sequence.slice_axis(Axis(0), (0..steps as usize).into());
                    Ok((steps, Tensor::new(device, &beginning)?))
                };
                let beginnings =
                    steps.into_iter().chain([workload.checked_steps()]).map(|steps| steps % rows);
                Resident::Whole {
                    whole: Tensor::new(device, &workload.sequence)?,
                    beginnings: beginnings
                        .filter(|steps| *steps > 0)
                        .map(beginning)
                        .collect::<lif::Result<_>>()?,
                }
            }
            (Some(rows), InputKind::Sequence, Mode::Forward) => Resident::Steps(
                (0..rows as usize)
                    .map(|step| Tensor::new(device, &workload.sequence.index_axis(Axis(0), step)))
                    .collect::<lif::Result<_>>()?,
            ),
            _ => Resident::Nothing,
        };
        Ok(Self { workload, population, resident })
    }

    fn run(&mut self, steps: u64, keep: bool) -> lif::Result<Recordings> {
        let recording = self.workload.recording();
        let part = self.workload.rows().unwrap_or(steps).max(1);
        let mut recordings = Recordings::default();
        let mut made = 0;
        while made < steps && !interrupt::is_requested() {
            let count = part.min(steps - made);
            let rows;
            let input = match (&self.resident, self.workload.case.kind.input) {
                (Resident::Whole { whole, beginnings }, _) => {
                    Input::sequence(beginnings.get(&count).unwrap_or(whole))
                }
                (_, InputKind::Constant) => Input::constant(&self.workload.constant),
                (_, InputKind::Sequence | InputKind::Streamed) => {
                    rows = self.workload.sequence.slice_axis(Axis(0), (0..count as usize).into());
                    Input::sequence(&rows)
                }
                (_, InputKind::Gaussian | InputKind::Poisson) => drawn(self.workload),
            };
            let recorded = self
                .population
                .run(count, input)
                .record(&recording)
                .observe(|_| interrupt::control_flow())
                .go();
            let recorded = recorded.map_err(record_less)?;
            if keep {
                recordings.rasters.extend(recorded.spikes);
                recordings.voltages.extend(recorded.voltages.map(|voltages| voltages.values().to_owned()));
            }
            made += count;
        }
        // Without a read the device may still be working.
        self.population.work()?;
        Ok(recordings)
    }

    fn forward(&mut self, steps: u64, keep: bool) -> lif::Result<Recordings> {
        let workload = self.workload;
        let mut recordings = Recordings::default();
        for made in 0..steps {
            if interrupt::is_requested() {
                break;
            }
            let row;
            let input = match (&self.resident, workload.case.kind.input) {
                (Resident::Steps(tensors), _) => Input::constant(&tensors[made as usize % tensors.len()]),
                (_, InputKind::Constant) => Input::constant(&workload.constant),
                (_, InputKind::Sequence | InputKind::Streamed) => {
                    let rows = workload.rows().unwrap_or(1);
                    row = workload.sequence.index_axis(Axis(0), (made % rows) as usize);
                    Input::constant(&row)
                }
                (_, InputKind::Gaussian | InputKind::Poisson) => drawn(workload),
            };
            self.population.forward(input)?;
            match workload.case.kind.record {
                RecordKind::None | RecordKind::Counts => {}
                RecordKind::Spikes => {
                    let spikes = self.population.spikes()?;
                    if keep {
                        recordings.spikes.push((self.population.steps() - 1, spikes));
                    }
                }
                RecordKind::Voltage => {
                    let voltages = self.population.voltages()?;
                    if keep {
                        recordings.voltages.push(voltages.insert_axis(Axis(0)));
                    }
                }
            }
        }
        match workload.case.kind.record {
            RecordKind::Counts => drop(self.population.counts()?),
            _ => drop(self.population.work()?),
        }
        Ok(recordings)
    }
}

/// Replaces the advice for programs by advice for users of the command.
fn record_less(mut error: lif::Error) -> lif::Error {
    if let lif::Error::TooLarge { advice, .. } = &mut error {
        "take fewer --neurons or --steps, or --record counts".clone_into(advice);
    }
    error
}

fn drawn<'a>(workload: &Workload) -> Input<'a> {
    workload.random().map_or_else(|| Input::constant(0.0), Input::from)
}

impl Runner for Simulated<'_> {
    fn advance(&mut self, steps: u64, keep: bool) -> lif::Result<Recordings> {
        match self.workload.case.kind.mode {
            Mode::Run => self.run(steps, keep),
            Mode::Forward => self.forward(steps, keep),
        }
    }

    fn steps(&self) -> u64 {
        self.population.steps()
    }

    fn state(&mut self) -> lif::Result<(Array2<u32>, Array2<f32>)> {
        Ok((self.population.counts()?, self.population.voltages()?))
    }

    fn work(&mut self) -> lif::Result<WorkDone> {
        self.population.work()
    }
}
