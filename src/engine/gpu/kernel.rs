//! The main kernel: the layout that it shares with the host, and one pipeline for each combination of
//! options.

use super::allowance::Allowance;
use super::batch_row::{BATCH_ROW_BINDINGS, RowGroup};
use super::context::GpuContext;
use crate::error::Result;
use crate::model::{Coefficient, Options};
use crate::prepared::coefficients::Table;
use bytemuck::{Pod, Zeroable};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The source of a kernel that advances cells: the model, random numbers, the loop over a block of steps, and what
/// follows them.
macro_rules! block_shader {
    ($($more:expr),*) => {
        concat!(
            include_str!("../../../shaders/neuron.wgsl"),
            include_str!("../../../shaders/product.wgsl"),
            include_str!("../../../shaders/random.wgsl"),
            include_str!("../../../shaders/block.wgsl"),
            include_str!("../../../shaders/noise.wgsl"),
            include_str!("../../../shaders/arrival.wgsl"),
            include_str!("../../../shaders/ring.wgsl"),
            $($more),*
        )
    };
}
pub(super) use block_shader;

/// Source of the kernel.
pub(crate) const BLOCK_SHADER: &str = block_shader!(include_str!("../../../shaders/own_sums.wgsl"));

/// The feature of a device that makes products of 32-bit numbers quicker.
pub(crate) const WIDE_INTEGERS: wgpu::Features = wgpu::Features::SHADER_INT64;

/// Returns the shader with the products that are best for a device with these features.
pub(super) fn with_products(shader: &str, features: wgpu::Features) -> String {
    if !features.contains(WIDE_INTEGERS) {
        return shader.to_owned();
    }
    let by_halves = include_str!("../../../shaders/product.wgsl");
    shader.replace(by_halves, include_str!("../../../shaders/wide_product.wgsl"))
}

/// Invocations in a workgroup, unless a device was found to be faster with [others](super::workgroup_size).
pub(crate) const WORKGROUP: u32 = 64;

/// Cells that an invocation advances side by side where each operation of a cell waits for the one before, as
/// on llvmpipe.
const SEVERAL_ABREAST: u32 = 4;

/// Values of the override `WORDS`.
pub(crate) const NO_WORDS: u32 = 0;
pub(crate) const WORDS_OF_ALL: u32 = 1;
pub(crate) const WORDS_OF_CHOSEN: u32 = 2;

/// The entry of a neuron that is not recorded, in a table of recorded neurons.
pub(crate) const NOT_RECORDED: u32 = u32::MAX;

/// Number of members of [`crate::model::Coefficients`].
pub(crate) const COEFFICIENTS: usize = Coefficient::COUNT;

/// The uniform buffer of a dispatch: `Block` in `shaders/block.wgsl`, which describes each member.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct Block {
    pub(crate) cells: u32,
    pub(crate) neurons: u32,
    pub(crate) grid_width: u32,
    pub(crate) first_step: u32,
    pub(crate) steps: u32,
    pub(crate) current_offset: u32,
    pub(crate) current_step: u32,
    pub(crate) current_row: u32,
    pub(crate) current_neuron: u32,
    pub(crate) word_cells: u32,
    pub(crate) word_places: u32,
    pub(crate) word_neurons: u32,
    pub(crate) voltage_places: u32,
    pub(crate) voltage_neurons: u32,
    pub(crate) voltage_offset: u32,
    pub(crate) voltage_cells: u32,
    pub(crate) voltage_every: u32,
    pub(crate) voltage_wait: u32,
    pub(crate) sources: u32,
    pub(crate) source_places: u32,
    pub(crate) normal_table: u32,
    pub(crate) seed_low: u32,
    pub(crate) seed_high: u32,
    pub(crate) group_low: u32,
    pub(crate) group_high: u32,
    pub(crate) first_cell_low: u32,
    pub(crate) first_cell_high: u32,
    pub(crate) arriving_jumps: u32,
    pub(crate) word_start: u32,
    pub(crate) sums_made_place: u32,
    pub(crate) sums_made: u32,
    pub(crate) arriving_inhibitory: u32,
    pub(crate) rows: u32,
    pub(crate) arrival_start: u32,
    pub(crate) channels: u32,
    pub(crate) jump_channels: u32,
    pub(crate) inhibitory_channels: u32,
    pub(crate) units: u32,
    pub(crate) ring_steps: u32,
    pub(crate) ring_place: u32,
    pub(crate) list: u32,
    pub(crate) list_start: u32,
    pub(crate) blocks_of_word: u32,
    pub(crate) most_spikes: u32,
    pub(crate) tables: u32,
    pub(crate) unused_0: u32,
    pub(crate) unused_1: u32,
    pub(crate) unused_2: u32,
    pub(crate) spread: [[u32; 4]; COEFFICIENTS],
}

/// How a kernel accesses a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Uniform,
    /// One of several in a buffer, chosen for each dispatch.
    UniformAt,
    Read,
    ReadWrite,
}

/// The bindings of group 0, in order: name and access as in the shaders.
pub(crate) const BINDINGS: [(&str, Access); 10] = [
    ("zero", Access::Uniform),
    ("block", Access::UniformAt),
    ("parameters", Access::Read),
    ("current", Access::Read),
    ("state", Access::ReadWrite),
    ("counters", Access::ReadWrite),
    ("recorded", Access::ReadWrite),
    ("arrivals", Access::Read),
    ("ring", Access::ReadWrite),
    ("spikes", Access::ReadWrite),
];

/// The options for which a pipeline is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Specialisation {
    /// Invocations in a workgroup.
    pub(crate) workgroup: u32,
    pub(crate) options: Options,
    pub(crate) sequence: bool,
    pub(crate) voltages: bool,
    pub(crate) noise: bool,
    /// Whether arriving spikes are currents, and whether they are jumps.
    pub(crate) arriving: bool,
    pub(crate) arriving_jumps: bool,
    /// One of [`NO_WORDS`], [`WORDS_OF_ALL`] and [`WORDS_OF_CHOSEN`].
    pub(crate) words: u32,
    /// Whether a recorded word may already have bits of earlier steps.
    pub(crate) words_go_on: bool,
    /// Whether the cells are connected by a network.
    pub(crate) network: bool,
    /// Whether workgroups advance [whole batch rows](super::batch_row) of it.
    pub(crate) row_group: Option<RowGroup>,
    /// Whether the driver is llvmpipe, which computes on the CPU. The other such driver, SwiftShader, needs a
    /// minute to compile a kernel for several cells.
    pub(crate) llvmpipe: bool,
}

impl Specialisation {
    /// Cells that an invocation advances side by side. Kernels that have more to do than to wait take one at
    /// a time.
    pub(crate) fn abreast(&self) -> u32 {
        if let Some(row) = self.row_group {
            return row.abreast;
        }
        let busy = self.noise || self.voltages || self.arriving || self.arriving_jumps || self.network;
        if self.llvmpipe && !busy { SEVERAL_ABREAST } else { 1 }
    }

    pub(crate) fn constants(&self) -> Vec<(&'static str, f64)> {
        let own = [
            ("WORKGROUP", self.workgroup),
            ("ABREAST", self.abreast()),
            ("SEQUENCE", u32::from(self.sequence)),
            ("VOLTAGES", u32::from(self.voltages)),
            ("NOISE", u32::from(self.noise)),
            ("ARRIVING", u32::from(self.arriving)),
            ("ARRIVING_JUMPS", u32::from(self.arriving_jumps)),
            ("WORDS", self.words),
            ("WORDS_GO_ON", u32::from(self.words_go_on)),
            ("NETWORK", u32::from(self.network)),
        ];
        let all = own.into_iter().chain(self.options.numbers());
        all.map(|(name, number)| (name, f64::from(number))).collect()
    }
}

/// The kernel for one specialisation.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
    pub(crate) allowance: Allowance,
    /// Whether it computes the model, after it was [checked](super::kernel_check).
    pub(super) check_result: Mutex<Option<Result<()>>>,
}

impl Kernel {
    pub(super) fn new(
        pipeline: wgpu::ComputePipeline,
        layout: wgpu::BindGroupLayout,
        is_software: bool,
    ) -> Self {
        Self { pipeline, layout, allowance: Allowance::new(is_software), check_result: Mutex::default() }
    }
}

/// The kernels of one device, each built when it is first needed.
#[derive(Debug)]
pub(crate) struct Kernels {
    blocks: Source,
    /// The shader of batch rows, and what is compiled of it when it is first needed.
    batch_rows: (String, Mutex<Option<Source>>),
    built: Mutex<HashMap<Specialisation, Arc<Kernel>>>,
}

/// A shader from which kernels are built.
#[derive(Debug, Clone)]
struct Source {
    module: wgpu::ShaderModule,
    entry_point: &'static str,
    layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
}

impl Source {
    fn new(
        context: &GpuContext,
        shader: &str,
        entry_point: &'static str,
        bindings: &[(&str, Access)],
    ) -> Result<Self> {
        context.scoped("compiling the kernel", || {
            let device = &context.device;
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("lif block"),
                source: wgpu::ShaderSource::Wgsl(with_products(shader, device.features()).into()),
            });
            let layout = bind_group_layout(device, bindings);
            let pipeline_layout = pipeline_layout(device, &layout);
            Self { module, entry_point, layout, pipeline_layout }
        })
    }
}

impl Kernels {
    pub(crate) fn new(context: &GpuContext, shader: &str, batch_rows: &str) -> Result<Self> {
        let blocks = Source::new(context, shader, "advance", &BINDINGS)?;
        let batch_rows = (batch_rows.to_owned(), Mutex::default());
        Ok(Self { blocks, batch_rows, built: Mutex::default() })
    }

    fn source(&self, context: &GpuContext, row: Option<RowGroup>) -> Result<Source> {
        if row.is_none() {
            return Ok(self.blocks.clone());
        }
        let (shader, kept) = &self.batch_rows;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = &*kept {
            return Ok(source.clone());
        }
        let source = Source::new(context, shader, "advance_row", &BATCH_ROW_BINDINGS)?;
        *kept = Some(source.clone());
        Ok(source)
    }

    pub(super) fn get(&self, context: &GpuContext, key: Specialisation) -> Result<Arc<Kernel>> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kernel) = built.get(&key) {
            return Ok(Arc::clone(kernel));
        }
        let Source { module, entry_point, layout, pipeline_layout } = self.source(context, key.row_group)?;
        let pipeline = context.scoped("compiling the kernel", || {
            context.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("lif block"),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some(entry_point),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &key.constants(),
                    zero_initialize_workgroup_memory: false,
                },
                cache: None,
            })
        })?;
        let kernel = Arc::new(Kernel::new(pipeline, layout, context.is_software()));
        built.insert(key, Arc::clone(&kernel));
        Ok(kernel)
    }
}

pub(crate) fn bind_group_layout(device: &wgpu::Device, bindings: &[(&str, Access)]) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = (0..)
        .zip(bindings)
        .map(|(binding, (_, access))| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match access {
                    Access::Uniform | Access::UniformAt => wgpu::BufferBindingType::Uniform,
                    Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Access::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: *access == Access::UniformAt,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    device
        .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("lif"), entries: &entries })
}

pub(crate) fn pipeline_layout(device: &wgpu::Device, layout: &wgpu::BindGroupLayout) -> wgpu::PipelineLayout {
    device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("lif"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    })
}

pub(crate) fn bind_group(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    buffers: &[&wgpu::Buffer],
) -> wgpu::BindGroup {
    let whole: Vec<_> = buffers.iter().map(|buffer| buffer.as_entire_binding()).collect();
    bind_group_of(device, layout, whole)
}

/// As [`bind_group`], for parts of buffers.
pub(crate) fn bind_group_of(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    resources: Vec<wgpu::BindingResource<'_>>,
) -> wgpu::BindGroup {
    let entries: Vec<_> =
        (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("lif"), layout, entries: &entries })
}

/// Returns the coefficients as the kernel reads them: the values of all coefficients one after the other, and
/// for each coefficient its offset and strides, in the order of [`crate::model::Coefficients`].
pub(crate) fn pack(table: &Table) -> (Vec<u32>, [[u32; 4]; COEFFICIENTS]) {
    let mut values = Vec::new();
    let spread = table.columns().each_ref().map(|column| {
        let offset = values.len() as u32;
        values.extend_from_slice(&column.values);
        [offset, column.row_stride as u32, column.neuron_stride as u32, 0]
    });
    (values, spread)
}
