//! Measures the roofline of an adapter with the kernels of `shaders/roofline.wgsl`.

use super::{Roofline, best_rate};
use crate::engine::gpu::context::GpuContext;
use crate::engine::gpu::kernel::{self, Access};
use crate::error::Result;

/// Source of the kernels.
pub(crate) const SHADER: &str = include_str!("../../../shaders/roofline.wgsl");

/// Their bindings, in order.
pub(crate) const BINDINGS: [(&str, Access); 2] =
    [("source", Access::Read), ("destination", Access::ReadWrite)];

/// Invocations in a workgroup, elements that each copies, and rounds of arithmetic that each makes: constants
/// of the shader.
pub(crate) const WORKGROUP: u32 = 64;
pub(crate) const COPIED: u32 = 64;
pub(crate) const ROUNDS: u32 = 4096;

/// Workgroups of both kernels, which copy 64 MiB.
const GROUPS: u32 = 1024;

/// Dispatches of a pass that wait for each other: as many as a network has in a submission.
const CHAIN: u32 = 512;

/// Bytes of `vec4<f32>`.
const ELEMENT: u64 = 16;

pub(super) fn measure(context: &GpuContext) -> Result<Roofline> {
    let bytes = u64::from(GROUPS * WORKGROUP * COPIED) * ELEMENT;
    let usage =
        wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC).union(wgpu::BufferUsages::COPY_DST);
    let source = context.buffer("the source of a copy", bytes, usage)?;
    let destination = context.buffer("the destination of a copy", bytes, usage)?;
    let (pipelines, bindings) = context.scoped("compiling the kernels of the roofline", || {
        let device = &context.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("lif roofline"),
            source: wgpu::ShaderSource::Wgsl(SHADER.into()),
        });
        let layout = kernel::bind_group_layout(device, &BINDINGS);
        let pipeline_layout = kernel::pipeline_layout(device, &layout);
        let pipelines = ["copy", "multiply_and_add", "follow"].map(|entry_point| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("lif roofline"),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some(entry_point),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        });
        (pipelines, kernel::bind_group(device, &layout, &[&source, &destination]))
    })?;
    let timed = |work: &dyn Fn(&mut wgpu::CommandEncoder)| {
        best_rate(|times| {
            let stage = "measuring the roofline";
            let submission = context.scoped(stage, || {
                let mut encoder =
                    context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                (0..times).for_each(|_| work(&mut encoder));
                context.queue.submit([encoder.finish()])
            })?;
            context.wait(&submission, stage)
        })
    };
    let dispatch = |pipeline: &wgpu::ComputePipeline, encoder: &mut wgpu::CommandEncoder| {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &bindings, &[]);
        pass.dispatch_workgroups(GROUPS, 1, 1);
    };
    let chain = |pipeline: &wgpu::ComputePipeline, encoder: &mut wgpu::CommandEncoder| {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for _ in 0..CHAIN {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &bindings, &[]);
            pass.dispatch_workgroups(1, 1, 1);
        }
    };
    let [copy, multiply_and_add, follow] = &pipelines;
    // It depends on the adapter which of both is faster.
    let by_kernel = timed(&|encoder| dispatch(copy, encoder))?;
    let by_driver = timed(&|encoder| encoder.copy_buffer_to_buffer(&source, 0, &destination, 0, bytes))?;
    let pieces = timed(&|encoder| dispatch(multiply_and_add, encoder))?;
    let chains = timed(&|encoder| chain(follow, encoder))?;
    let operations = f64::from(GROUPS * WORKGROUP) * f64::from(ROUNDS) * f64::from(4 * 4 * 2);
    Ok(Roofline {
        bytes_per_s: by_kernel.max(by_driver) * (2 * bytes) as f64,
        operations_per_s: pieces * operations,
        dispatch_s: Some(1.0 / (chains * f64::from(CHAIN))),
    })
}
