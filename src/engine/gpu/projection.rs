//! Arriving spikes on the device: uploads words and weights, and runs a kernel that sums the weights of each
//! step before the block of steps that uses the sums.

use super::compiled_kernel::{CompiledKernel, KeptKernel, KernelSource};
use super::context::{GpuContext, too_large};
use super::kernel::{self, Access, WORKGROUP};
use super::plan::LEAST_SPIKE_BLOCKS;
use super::{Gpu, ResidentWords, STATE, UNIFORM, buffer_of};
use crate::data::shape::Shape;
use crate::data::storage::words_as;
use crate::engine::gpu_limits::MOST_KEPT_WEIGHT_BYTES;
use crate::error::{Error, Result};
use crate::experiment::spike_input::SpikeEffect;
use crate::prepared::projection::{Projection as Input, SpikeWords, Wiring};
use bytemuck::{Pod, Zeroable};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

/// Source of the kernel.
pub(crate) const PROJECTION_SHADER: &str =
    concat!(include_str!("../../../shaders/neuron.wgsl"), include_str!("../../../shaders/projection.wgsl"));

/// The bindings of group 0, by number.
pub(crate) const PROJECTION_BINDINGS: [(&str, Access); 5] = [
    ("zero", Access::Uniform),
    ("projection", Access::Uniform),
    ("words", Access::Read),
    ("weights", Access::Read),
    ("arrivals", Access::ReadWrite),
];

/// Steps of an invocation: `STEPS` in the shader.
pub(crate) const STEPS: u32 = 8;

/// The most trains of one dispatch: llvmpipe silently ends loops after 65,535 rounds of an invocation.
const MOST_TRAINS: usize = 1 << 15;

const WEIGHTS: &str = "the weights of the spike input";

/// The count of how often sums were made wraps at this number, which is less than single precision can count
/// to.
const MOST_SUMS_MADE: u32 = 1 << 20;

/// `Projection` in `shaders/projection.wgsl`, which describes each member.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct Projection {
    pub(crate) cells: u32,
    pub(crate) neurons: u32,
    pub(crate) grid_width: u32,
    pub(crate) steps: u32,
    pub(crate) first_bit: u32,
    pub(crate) word_offset: u32,
    pub(crate) word_block: u32,
    pub(crate) word_row: u32,
    pub(crate) first_train: u32,
    pub(crate) end_train: u32,
    pub(crate) own_train: u32,
    pub(crate) weight_offset: u32,
    pub(crate) weight_train: u32,
    pub(crate) weight_row: u32,
    pub(crate) weight_neuron: u32,
    pub(crate) sums: u32,
    pub(crate) goes_on: u32,
    pub(crate) sums_made_place: u32,
    pub(crate) most_sums_made: u32,
    pub(crate) inhibitory_sums: u32,
}

/// The kernels of a device, each compiled when it is first needed: one that adds all weights to the same sums, and one
/// that adds negative weights to sums of their own.
#[derive(Debug, Default)]
pub(super) struct ProjectionKernels([KeptKernel; 2]);

impl ProjectionKernels {
    fn get(&self, context: &GpuContext, inhibition: bool) -> Result<CompiledKernel> {
        let [together, apart] = &self.0;
        let kernel = if inhibition { apart } else { together };
        kernel.get(
            context,
            &KernelSource {
                what: "compiling the kernel of the spike input",
                label: "lif projection",
                shader: PROJECTION_SHADER,
                entry_point: "project",
                bindings: &PROJECTION_BINDINGS,
                constants: &[
                    ("WORKGROUP", f64::from(WORKGROUP)),
                    ("INHIBITION", f64::from(u32::from(inhibition))),
                ],
            },
        )
    }
}

/// Which sums of arriving spikes there are: of currents, of those with negative weights if they are apart, and of jumps.
/// They are stored in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ArrivalSums {
    pub(super) arriving: bool,
    pub(super) inhibitory: bool,
    pub(super) jumps: bool,
}

impl ArrivalSums {
    /// The sums of these inputs; `inhibition` is the rule of the cells.
    pub(super) fn of(inputs: &[Input<'_>], inhibition: bool) -> Self {
        let any = |effect| inputs.iter().any(|input| input.effect == effect);
        let arriving = any(SpikeEffect::Current);
        Self { arriving, inhibitory: arriving && inhibition, jumps: any(SpikeEffect::Potential) }
    }

    /// Number of these sums.
    pub(super) fn count(self) -> usize {
        self.before_jumps() + usize::from(self.jumps)
    }

    /// Number of sums that are stored before those of negative weights.
    pub(super) fn before_inhibitory(self) -> usize {
        usize::from(self.arriving)
    }

    /// Number of sums that are stored before the jumps.
    pub(super) fn before_jumps(self) -> usize {
        self.before_inhibitory() + usize::from(self.inhibitory)
    }
}

/// The spike inputs of a call on the device.
#[derive(Debug)]
pub(super) struct Projections<'a> {
    inputs: Vec<OnDevice<'a>>,
    planes: ArrivalSums,
    /// The sums, followed by the count of how often sums were made. It equals the count of the host unless a
    /// driver drops work.
    pub(super) arrivals: wgpu::Buffer,
    sums_made_place: usize,
    sums_made: Cell<u32>,
}

/// A spike input on the device.
#[derive(Debug)]
struct OnDevice<'a> {
    input: &'a Input<'a>,
    words: wgpu::Buffer,
    weights: wgpu::Buffer,
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::ComputePipeline,
    /// The place of the first weight, and the stride from one train to the next.
    weight_offset: usize,
    weight_train: usize,
    /// One for each dispatch, which has a part of the trains.
    uniforms: Vec<wgpu::Buffer>,
}

/// Weights that an engine uploaded from host memory at the last call, by the number of their input. The next
/// call often has the same weights; those with the same bits are not uploaded again.
#[derive(Debug, Default)]
pub(super) struct LastWeights(HashMap<usize, (Vec<f32>, wgpu::Buffer)>);

impl LastWeights {
    /// Uploads the weights of the input of this number, unless they are on the device already.
    fn upload(&mut self, gpu: &Gpu, input: usize, weights: &[f32]) -> Result<wgpu::Buffer> {
        let bytes: &[u8] = bytemuck::cast_slice(weights);
        let last = self.0.remove(&input);
        let kept = match last {
            Some(last) if bytemuck::cast_slice::<_, u8>(&last.0) == bytes => last,
            last => {
                let buffer = gpu.upload(WEIGHTS, bytes)?;
                if bytes.len() > MOST_KEPT_WEIGHT_BYTES {
                    return Ok(buffer);
                }
                let mut values = last.map_or_else(Vec::new, |(values, _)| values);
                values.clear();
                values.extend_from_slice(weights);
                (values, buffer)
            }
        };
        let buffer = kept.1.clone();
        self.0.insert(input, kept);
        Ok(buffer)
    }

    /// Drops the weights of inputs that no longer exist.
    fn keep_first(&mut self, inputs: usize) {
        self.0.retain(|input, _| *input < inputs);
    }
}

/// The cells of a population, and the number of workgroups in x and y for them.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellGrid {
    pub(super) shape: Shape,
    pub(super) groups: (u32, u32),
}

impl<'a> Projections<'a> {
    /// Uploads the weights, and the words that are not sent block by block. `None` if there are no spike
    /// inputs. `planes` are the sums of a step, and `arrivals` is the most sums that are in memory at a time.
    pub(super) fn new(
        gpu: &Gpu,
        inputs: &'a [Input<'a>],
        grid: &CellGrid,
        (planes, arrivals): (ArrivalSums, usize),
        last_weights: &mut LastWeights,
    ) -> Result<Option<Self>> {
        if inputs.is_empty() {
            return Ok(None);
        }
        last_weights.keep_first(inputs.len());
        let on_device =
            |(number, input)| OnDevice::new(gpu, (number, input), planes, grid.shape, last_weights);
        Ok(Some(Self {
            inputs: inputs.iter().enumerate().map(on_device).collect::<Result<_>>()?,
            planes,
            arrivals: gpu.context.buffer("the arriving spikes", bytes_of_arrivals(arrivals), STATE)?,
            sums_made_place: arrivals,
            sums_made: Cell::new(0),
        }))
    }

    /// The place in `arrivals` of the count of how often sums were made, and the count after the next steps.
    pub(super) fn sums_to_be_made(&self) -> (u32, u32) {
        let next: usize = self.inputs.iter().map(|input| input.uniforms.len()).sum();
        (self.sums_made_place as u32, (self.sums_made.get() + next as u32) % MOST_SUMS_MADE)
    }

    /// Uploads the words of the steps `first..first + steps` of the call.
    pub(super) fn upload(&mut self, gpu: &Gpu, shape: Shape, first: u64, steps: u64) -> Result<()> {
        self.inputs.iter_mut().try_for_each(|input| input.upload(gpu, shape, first, steps))
    }

    /// Adds the dispatches that sum the weights of these steps to a pass, before the block of steps that uses
    /// the sums. Must be called within an error scope.
    pub(super) fn record(
        &self,
        gpu: &Gpu,
        pass: &mut wgpu::ComputePass<'_>,
        grid: &CellGrid,
        first: u64,
        steps: u64,
    ) {
        let CellGrid { shape, groups: (width, height) } = *grid;
        let cells = shape.cells();
        let sums_of_plane = steps as usize * cells;
        let inhibitory_sums = self.planes.before_inhibitory() * sums_of_plane;
        let mut begun = ArrivalSums::default();
        for input in &self.inputs {
            let (begun, sums) = match input.input.effect {
                SpikeEffect::Current => (&mut begun.arriving, 0),
                SpikeEffect::Potential => (&mut begun.jumps, self.planes.before_jumps() * sums_of_plane),
            };
            pass.set_pipeline(&input.pipeline);
            for (part, uniform) in input.uniforms.iter().enumerate() {
                let values = Projection {
                    cells: cells as u32,
                    neurons: shape.n as u32,
                    grid_width: width * WORKGROUP,
                    steps: steps as u32,
                    sums: sums as u32,
                    inhibitory_sums: inhibitory_sums as u32,
                    goes_on: u32::from(*begun),
                    sums_made_place: self.sums_made_place as u32,
                    most_sums_made: MOST_SUMS_MADE,
                    ..input.layout(shape, first, part)
                };
                self.sums_made.set((self.sums_made.get() + 1) % MOST_SUMS_MADE);
                gpu.context.queue.write_buffer(uniform, 0, bytemuck::bytes_of(&values));
                let buffers = [&gpu.zero, uniform, &input.words, &input.weights, &self.arrivals];
                let bindings = kernel::bind_group(&gpu.context.device, &input.layout, &buffers);
                pass.set_bind_group(0, &bindings, &[]);
                let groups = [width, height, (steps as u32).div_ceil(STEPS)];
                gpu.context.dispatch(pass, "the sums of spikes", groups);
                *begun = true;
            }
        }
    }
}

/// Refuses spike inputs that are more than the device binds at once.
pub(super) fn check(gpu: &Gpu, inputs: &[Input<'_>], shape: Shape, arrivals: usize) -> Result<()> {
    let largest = gpu.context.largest_binding();
    let require = |what, bytes| if bytes > largest { Err(too_large(what, bytes, largest)) } else { Ok(()) };
    if !inputs.is_empty() {
        require("the arriving spikes", bytes_of_arrivals(arrivals))?;
    }
    let words = words_of_block(inputs, shape) as u64;
    require("the spikes", LEAST_SPIKE_BLOCKS * words * 4)?;
    inputs.iter().try_for_each(|input| {
        let values = match &input.wiring {
            Wiring::Each(weights) => weights.values.len(),
            Wiring::Dense { weights, .. } if buffer_of(weights).is_some() => 0,
            Wiring::Dense { trains, .. } => trains * shape.n,
        };
        require(WEIGHTS, values as u64 * 4)
    })
}

/// Words that are uploaded for each block of 32 steps: the most of any input.
pub(super) fn words_of_block(inputs: &[Input<'_>], shape: Shape) -> usize {
    let from_host = inputs.iter().filter(|input| matches!(input.words, SpikeWords::Host(_)));
    from_host.map(|input| extent(input, shape)).max().unwrap_or(0)
}

/// Words that the cells of a population of this shape read of each block of 32 steps.
fn extent(input: &Input<'_>, Shape { batch, n }: Shape) -> usize {
    let of_row = match &input.wiring {
        Wiring::Each(_) => n,
        Wiring::Dense { trains, .. } => *trains,
    };
    (batch - 1) * input.word_row + of_row
}

/// Bytes of this many sums and their count.
fn bytes_of_arrivals(sums: usize) -> u64 {
    (sums as u64 + 1) * 4
}

impl<'a> OnDevice<'a> {
    fn new(
        gpu: &Gpu,
        (number, input): (usize, &'a Input<'a>),
        planes: ArrivalSums,
        shape: Shape,
        last_weights: &mut LastWeights,
    ) -> Result<Self> {
        let context = &gpu.context;
        let inhibition = planes.inhibitory && input.effect == SpikeEffect::Current;
        let CompiledKernel { layout, pipeline } = gpu.projections.get(context, inhibition)?;
        let upload = |weights: &[f32]| last_weights.upload(gpu, number, weights);
        let (weights, weight_offset, weight_train) = weights(&input.wiring, shape.n, upload)?;
        let words = match &input.words {
            SpikeWords::Device(words) => {
                let words = words_as::<ResidentWords>(words).ok_or_else(|| Error::ForeignTensor {
                    tensor: "another device".to_owned(),
                    population: context.info.name.clone(),
                })?;
                words.buffer.clone()
            }
            SpikeWords::Host(_) => context.buffer("the spikes", 4, STATE)?,
        };
        let uniforms = (0..input.trains().div_ceil(MOST_TRAINS).max(1))
            .map(|_| context.buffer("the spike input", size_of::<Projection>() as u64, UNIFORM))
            .collect::<Result<_>>()?;
        Ok(Self { input, words, weights, layout, pipeline, weight_offset, weight_train, uniforms })
    }

    fn upload(&mut self, gpu: &Gpu, shape: Shape, first: u64, steps: u64) -> Result<()> {
        let SpikeWords::Host(words) = &self.input.words else { return Ok(()) };
        let (first_bit, extent) = (self.input.first_bit + first, extent(self.input, shape));
        let blocks = (first_bit / 32) as usize..((first_bit + steps).div_ceil(32)) as usize;
        let part: Cow<'_, [u32]> = if extent == self.input.word_block {
            words[blocks.start * extent..blocks.end * extent].into()
        } else {
            let of_block =
                |block: usize| &words[self.input.word_offset + block * self.input.word_block..][..extent];
            blocks.flat_map(of_block).copied().collect()
        };
        let bytes = size_of_val(&part[..]) as u64;
        if bytes > self.words.size() {
            self.words = gpu.context.buffer("the spikes", bytes, STATE)?;
        }
        gpu.context.scoped("uploading the spikes", || {
            gpu.context.queue.write_buffer(&self.words, 0, bytemuck::cast_slice(&part));
        })
    }

    /// The uniform for a part of the trains, from this step of the call on.
    fn layout(&self, shape: Shape, first: u64, part: usize) -> Projection {
        let first_bit = self.input.first_bit + first;
        let trains = self.input.trains();
        let mut layout = Projection {
            first_bit: (first_bit % 32) as u32,
            first_train: (part * MOST_TRAINS) as u32,
            end_train: ((part + 1) * MOST_TRAINS).min(trains) as u32,
            weight_offset: self.weight_offset as u32,
            weight_train: self.weight_train as u32,
            word_row: self.input.word_row as u32,
            ..Projection::default()
        };
        match &self.input.words {
            SpikeWords::Host(_) => layout.word_block = extent(self.input, shape) as u32,
            SpikeWords::Device(_) => {
                let block = (first_bit / 32) as usize;
                layout.word_offset = (self.input.word_offset + block * self.input.word_block) as u32;
                layout.word_block = self.input.word_block as u32;
            }
        }
        match &self.input.wiring {
            Wiring::Each(weights) => {
                layout.own_train = 1;
                layout.weight_row = weights.row_stride as u32;
                layout.weight_neuron = weights.neuron_stride as u32;
            }
            Wiring::Dense { .. } => layout.weight_neuron = 1,
        }
        layout
    }
}

/// The weights on the device, the place of the first, and the stride from one train to the next.
fn weights(
    wiring: &Wiring<'_>,
    n: usize,
    upload: impl FnOnce(&[f32]) -> Result<wgpu::Buffer>,
) -> Result<(wgpu::Buffer, usize, usize)> {
    let (weights, trains, offset, row) = match wiring {
        Wiring::Each(weights) => return Ok((upload(&weights.values)?, 0, 0)),
        Wiring::Dense { weights, trains, offset, row } => (weights, *trains, *offset, *row),
    };
    if let Some(buffer) = buffer_of(weights) {
        return Ok((buffer.clone(), offset, row));
    }
    let values = weights.host().unwrap_or_default();
    if n == row {
        return Ok((upload(values)?, 0, row));
    }
    // A slab only needs the weights of its own neurons.
    let own: Vec<f32> = (0..trains).flat_map(|train| &values[offset + train * row..][..n]).copied().collect();
    Ok((upload(&own)?, 0, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::gpu::MOST_STEPS_OF_A_DISPATCH;
    use crate::engine::gpu::fault_tests::with_context;

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn weights_stay_on_the_device_as_long_as_they_are_the_same() {
        with_context(|context| {
            let gpu = Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("it opens");
            let mut last = LastWeights::default();
            let mut upload =
                |input, weights: &[f32]| last.upload(&gpu, input, weights).expect("there is room");
            let first = upload(0, &[1.0, 0.0]);
            let second = upload(1, &[2.0]);
            assert!(upload(0, &[1.0, 0.0]) == first && upload(1, &[2.0]) == second && first != second);
            // The bits of the weights and their number are compared.
            assert!(upload(0, &[1.0, -0.0]) != first && upload(1, &[2.0, 2.0]) != second);
            last.keep_first(1);
            assert_eq!(last.0.len(), 1);
        });
    }

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn many_weights_are_not_kept() {
        with_context(|context| {
            let gpu = Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("it opens");
            let mut last = LastWeights::default();
            last.upload(&gpu, 0, &[1.0]).expect("there is room");
            last.upload(&gpu, 0, &vec![0.0; MOST_KEPT_WEIGHT_BYTES / 4 + 1]).expect("there is room");
            assert!(last.0.is_empty());
        });
    }
}
