//! Scores on the device: a kernel updates them with the words of each dispatch, so that neither words nor
//! scores are read back before the end.

use super::compiled_kernel::{CompiledKernel, KeptKernel, KernelSource};
use super::context::GpuContext;
use super::kernel::{self, Access, WORKGROUP};
use super::{Gpu, MOST_STEPS_OF_A_DISPATCH, STATE, UNIFORM};
use crate::error::Result;
use crate::model::decays::Decays;
use crate::model::score::CellScore;
use crate::prepared::scoring::Scoring;
use crate::prepared::scoring::TargetScores;
use bytemuck::{Pod, Zeroable};
use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

/// Source of the kernel.
pub(crate) const SCORE_SHADER: &str =
    concat!(include_str!("../../../shaders/neuron.wgsl"), include_str!("../../../shaders/score.wgsl"));

/// The bindings of group 0, by number.
pub(crate) const SCORE_BINDINGS: [(&str, Access); 6] = [
    ("zero", Access::Uniform),
    ("goal", Access::Uniform),
    ("tables", Access::Read),
    ("delays", Access::Read),
    ("words", Access::Read),
    ("scores", Access::ReadWrite),
];

/// The most steps of a dispatch that is scored, so that a run can be observed.
const MOST_SCORED_STEPS: u64 = MOST_STEPS_OF_A_DISPATCH / 4;

/// The same on llvmpipe, with its 65,535 loop rounds. There a loop goes on for all 16 cells of a vector as
/// long as it does for any of them. Each step can be a spike (a round of three loops), and for each of the 16
/// cells it can be a recorded spike (a round of two) at another time than for the others: 35 rounds.
const MOST_SCORED_STEPS_OF_LLVMPIPE: u64 = MOST_STEPS_OF_A_DISPATCH / 64;

/// The most steps of a dispatch that is scored on a device.
pub(super) fn most_scored_steps(gpu: &Gpu) -> u64 {
    if gpu.context.is_llvmpipe() { MOST_SCORED_STEPS_OF_LLVMPIPE } else { MOST_SCORED_STEPS }
}

/// `Goal` in `shaders/score.wgsl`, which describes each member.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct Goal {
    pub(crate) cells: u32,
    pub(crate) first_cell: u32,
    pub(crate) grid_width: u32,
    pub(crate) words: u32,
    pub(crate) word_cells: u32,
    pub(crate) first: u32,
    pub(crate) end: u32,
    pub(crate) length: u32,
    pub(crate) window: u32,
    pub(crate) spikes: u32,
    pub(crate) low: u32,
    pub(crate) high: u32,
    pub(crate) high_count: u32,
    pub(crate) delayed: u32,
    pub(crate) unused_0: u32,
    pub(crate) unused_1: u32,
}

/// The kernels of a device, with and without distances, each compiled when it is first needed.
#[derive(Debug)]
pub(super) struct ScoreKernels {
    shader: Cow<'static, str>,
    built: [KeptKernel; 2],
}

impl ScoreKernels {
    pub(super) fn new(shader: impl Into<Cow<'static, str>>) -> Self {
        Self { shader: shader.into(), built: Default::default() }
    }

    fn get(&self, context: &GpuContext, has_distances: bool) -> Result<CompiledKernel> {
        self.built[usize::from(has_distances)].get(
            context,
            &KernelSource {
                what: "compiling the kernel of the scores",
                label: "lif score",
                shader: &self.shader,
                entry_point: "take",
                bindings: &SCORE_BINDINGS,
                constants: &[
                    ("WORKGROUP", f64::from(WORKGROUP)),
                    ("DISTANCES", f64::from(u8::from(has_distances))),
                ],
            },
        )
    }
}

/// The scores of an engine's cells while they are on the device.
#[derive(Debug)]
pub(super) struct DeviceScores {
    /// The scores as they were uploaded.
    scoring: Scoring,
    late: (u32, u32),
    delays: wgpu::Buffer,
    parts: Vec<Part>,
}

/// Cells that are scored against one target, at most as many as fit into one buffer.
#[derive(Debug)]
struct Part {
    target: usize,
    /// The range among the cells that are compared with the target.
    cells: Range<usize>,
    kernel: CompiledKernel,
    tables: wgpu::Buffer,
    uniform: wgpu::Buffer,
    /// The scores of the cells, followed by the count of how often they were updated.
    scores: wgpu::Buffer,
    /// How often the host has dispatched an update.
    asked: Cell<u32>,
}

impl Part {
    fn bytes(&self) -> u64 {
        bytes_of_scores(self.cells.len())
    }
}

fn bytes_of_scores(cells: usize) -> u64 {
    (cells as u64 + 1) * size_of::<CellScore>() as u64
}

impl DeviceScores {
    pub(super) fn new(gpu: &Gpu, scoring: Scoring) -> Result<Self> {
        let delays = match scoring.delays.as_slice() {
            [] => gpu.context.buffer("no delays", 4, STATE)?,
            delays => gpu.upload("the delays", bytemuck::cast_slice(delays))?,
        };
        let most =
            (gpu.context.largest_binding() / size_of::<CellScore>() as u64).saturating_sub(1).max(1) as usize;
        let mut parts = Vec::new();
        for (index, target) in scoring.targets.iter().enumerate() {
            if target.scores.is_empty() {
                continue;
            }
            let kernel = gpu.score_kernels.get(&gpu.context, target.goal.decays.is_some())?;
            let tables = gpu.upload("the recorded spikes", bytemuck::cast_slice(&tables(target)))?;
            for (part, scores) in target.scores.chunks(most).enumerate() {
                let buffer = gpu.context.buffer("the scores", bytes_of_scores(scores.len()), STATE)?;
                gpu.write(&buffer, "the scores", bytemuck::cast_slice(scores))?;
                parts.push(Part {
                    target: index,
                    cells: part * most..part * most + scores.len(),
                    kernel: kernel.clone(),
                    tables: tables.clone(),
                    uniform: gpu.context.buffer("the target", size_of::<Goal>() as u64, UNIFORM)?,
                    scores: buffer,
                    asked: Cell::new(0),
                });
            }
        }
        Ok(Self { late: scoring.delay_range(), scoring, delays, parts })
    }

    /// Binds all that the kernel needs to score the words in this buffer.
    pub(super) fn bind(&self, gpu: &Gpu, words: &wgpu::Buffer) -> Result<Vec<wgpu::BindGroup>> {
        gpu.context.scoped("binding the scores", || {
            let bind = |part: &Part| {
                let buffers = [&gpu.zero, &part.uniform, &part.tables, &self.delays, words, &part.scores];
                kernel::bind_group(&gpu.context.device, &part.kernel.layout, &buffers)
            };
            self.parts.iter().map(bind).collect()
        })
    }

    /// Adds the scoring of these steps to a pass, after the dispatch that makes their words. Must be called
    /// within an error scope.
    pub(super) fn record(
        &self,
        gpu: &Gpu,
        pass: &mut wgpu::ComputePass<'_>,
        bindings: &[wgpu::BindGroup],
        (first_step, steps): (u64, u64),
    ) {
        for (part, bindings) in self.parts.iter().zip(bindings) {
            let Some(values) = self.goal(part, first_step, steps) else { continue };
            let groups = values.cells.div_ceil(WORKGROUP);
            let width = groups.min(gpu.context.limits.max_compute_workgroups_per_dimension);
            let values = Goal { grid_width: width * WORKGROUP, ..values };
            gpu.context.queue.write_buffer(&part.uniform, 0, bytemuck::bytes_of(&values));
            pass.set_pipeline(&part.kernel.pipeline);
            pass.set_bind_group(0, bindings, &[]);
            gpu.context.dispatch(pass, "the scores", [width, groups.div_ceil(width), 1]);
            part.asked.set(part.asked.get().wrapping_add(1));
        }
    }

    /// The uniform for some steps; `None` if none of them is scored.
    fn goal(&self, part: &Part, first_step: u64, steps: u64) -> Option<Goal> {
        let target = &self.scoring.targets[part.target];
        let shown = target.goal.shown(first_step, steps, self.late)?;
        let spikes = target.goal.spikes.len() as u32;
        Some(Goal {
            cells: part.cells.len() as u32,
            first_cell: (target.cells.start + part.cells.start) as u32,
            words: crate::data::steps::blocks(first_step, steps) as u32,
            word_cells: self.scoring.cells as u32,
            first: shown.first,
            end: shown.end,
            length: target.goal.length,
            window: target.goal.window,
            spikes,
            low: spikes,
            high: spikes + 2 * Decays::LOW,
            high_count: target.goal.decays.as_ref().map_or(0, |decays| decays.high.len() as u32),
            delayed: u32::from(!self.scoring.delays.is_empty()),
            ..Goal::default()
        })
    }

    /// The buffers with the scores, in the order in which [`finish`](Self::finish) expects their contents.
    pub(super) fn buffers(&self) -> impl Iterator<Item = (&wgpu::Buffer, u64)> {
        self.parts.iter().map(|part| (&part.scores, part.bytes()))
    }

    /// Takes the contents of the buffers. It is an error if the driver has dropped work.
    pub(super) fn finish(mut self, context: &GpuContext, read: &[Vec<u32>]) -> Result<Scoring> {
        for (part, words) in self.parts.iter().zip(read) {
            let scores: Vec<CellScore> = bytemuck::pod_collect_to_vec(words);
            let (scores, proof) = scores.split_at(part.cells.len());
            let made = proof.first().map_or(0, |proof| proof.predicted);
            if made != part.asked.get() {
                let asked = part.asked.get();
                context.note_lost(&format!(
                    "it has scored {made} blocks of steps instead of {asked} (modulo 2^32)"
                ));
                context.check_lost("reading the scores")?;
            }
            self.scoring.targets[part.target].scores[part.cells.clone()].copy_from_slice(scores);
        }
        Ok(self.scoring)
    }
}

/// The tables that the kernel reads: the recorded spikes, and the decays if they are needed.
fn tables(target: &TargetScores) -> Vec<u32> {
    let mut tables = target.goal.spikes.clone();
    if let Some(decays) = &target.goal.decays {
        let values = decays.low.iter().chain(&decays.high).flatten();
        tables.extend(values.map(|value| value.to_bits()));
    }
    tables
}
