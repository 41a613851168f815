//! The reference: the model as written, cell by cell on one thread.

use super::case::{InputKind, Mode, RecordKind};
use super::runner::{Recordings, Runner};
use super::workload::{SEED, Workload, params};
use crate::process::interrupt;
use lif::model::{self, Coefficients, Options, State, StepInput};
use lif::{Device, Draws, Population, Random, Shape, WorkDone};
use ndarray::{Array2, Array3};

/// Steps of a cell between two checks for an interrupt.
const STEPS_BETWEEN_CHECKS: u64 = 1 << 14;

/// Cells between two checks for an interrupt.
const CELLS_BETWEEN_CHECKS: usize = 1 << 10;

/// The reference with the cells of a workload.
#[derive(Debug)]
pub struct Reference<'a> {
    workload: &'a Workload,
    /// For the coefficients; it is never stepped.
    population: Population,
    options: Options,
    draws: Draws,
    states: Vec<State>,
    counts: Array2<u32>,
    steps: u64,
    cell_blocks: u64,
}

/// The recordings of some steps; empty where nothing is recorded.
struct Records {
    first_step: u64,
    spikes: Vec<Array2<bool>>,
    voltages: Array3<f32>,
}

impl<'a> Reference<'a> {
    /// All cells at rest.
    pub fn new(workload: &'a Workload) -> lif::Result<Self> {
        let Shape { batch, n } = workload.case.shape;
        // A cell also has a spike count; state and count are copied to be compared.
        let state_bytes =
            ((size_of::<State>() + 3 * size_of::<u32>()) as u64).saturating_mul((n * batch) as u64);
        lif::require_memory("the cells of the reference", state_bytes, "take fewer neurons")?;
        let mut population = Population::new(params(), [batch, n], &Device::cpu())?;
        population.set_seed(SEED)?;
        let sources: Vec<Random> = workload.random().into_iter().collect();
        let jumps = workload.case.kind.input == InputKind::Poisson;
        let rest = population.coefficients(0, 0).unwrap_or_default().v_rest;
        Ok(Self {
            workload,
            options: Options { jumps, ..population.options() },
            draws: population.draws(&sources)?,
            states: vec![State { v: rest, ..State::default() }; n * batch],
            counts: Array2::zeros((batch, n)),
            steps: 0,
            cell_blocks: 0,
            population,
        })
    }

    /// Steps one cell, from step `first` on.
    fn step_cell(
        &mut self,
        (row, neuron): (usize, usize),
        cell: Coefficients,
        first: u64,
        steps: u64,
        records: &mut Records,
    ) {
        let index = row * self.workload.case.shape.n + neuron;
        let mut state = self.states[index];
        for step in first..first + steps {
            if step.is_multiple_of(STEPS_BETWEEN_CHECKS) && interrupt::is_requested() {
                break;
            }
            let made = step - records.first_step;
            let drawn = self.draws.at(row, neuron, step).unwrap_or_default();
            let current = match self.workload.rows() {
                Some(rows) => self.workload.sequence[[(made % rows) as usize, row, neuron]],
                None => self.workload.constant.get(neuron).copied().unwrap_or_default(),
            };
            let input = StepInput { current: current + drawn.current, ..drawn };
            state = model::step_cell(self.options, cell, state, input, (step % 32) as u32);
            self.counts[[row, neuron]] += u32::from(state.spike);
            if let Some(spikes) = records.spikes.get_mut(made as usize) {
                spikes[[row, neuron]] = state.spike;
            }
            if !records.voltages.is_empty() {
                records.voltages[[made as usize, row, neuron]] = state.v;
            }
        }
        self.states[index] = state;
        self.cell_blocks += 1;
    }

    fn step_all(&mut self, first: u64, steps: u64, records: &mut Records) {
        for row in 0..self.workload.case.shape.batch {
            for neuron in 0..self.workload.case.shape.n {
                if neuron.is_multiple_of(CELLS_BETWEEN_CHECKS) && interrupt::is_requested() {
                    return;
                }
                let cell = self.population.coefficients(row, neuron).unwrap_or_default();
                self.step_cell((row, neuron), cell, first, steps, records);
            }
        }
    }
}

impl Runner for Reference<'_> {
    fn advance(&mut self, steps: u64, _keep: bool) -> lif::Result<Recordings> {
        let Shape { batch, n } = self.workload.case.shape;
        let record = self.workload.case.kind.record;
        let bytes = match record {
            RecordKind::None | RecordKind::Counts => 0,
            RecordKind::Spikes => 1,
            RecordKind::Voltage => 4,
        };
        let need = (n as u64 * batch as u64).saturating_mul(steps).saturating_mul(bytes);
        lif::require_memory("what the reference records", need, "take fewer steps or neurons")?;
        let recorded = |kind| if record == kind { steps as usize } else { 0 };
        let mut records = Records {
            first_step: self.steps,
            spikes: vec![Array2::default((batch, n)); recorded(RecordKind::Spikes)],
            voltages: Array3::zeros((recorded(RecordKind::Voltage), batch, n)),
        };
        let first = self.steps;
        match self.workload.case.kind.mode {
            Mode::Run => self.step_all(first, steps, &mut records),
            Mode::Forward => {
                for step in (first..first + steps).take_while(|_| !interrupt::is_requested()) {
                    self.step_all(step, 1, &mut records);
                }
            }
        }
        self.steps += steps;
        Ok(Recordings {
            rasters: Vec::new(),
            spikes: (first..).zip(records.spikes).collect(),
            voltages: vec![records.voltages],
        })
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn state(&mut self) -> lif::Result<(Array2<u32>, Array2<f32>)> {
        let voltages = Array2::from_shape_fn(self.counts.dim(), |(row, neuron)| {
            self.states[row * self.workload.case.shape.n + neuron].v
        });
        Ok((self.counts.clone(), voltages))
    }

    fn work(&mut self) -> lif::Result<WorkDone> {
        let mut work = WorkDone::default();
        work.cell_blocks = self.cell_blocks;
        Ok(work)
    }
}
