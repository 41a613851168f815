//! A kernel that a device compiles when it is first needed, and keeps.

use super::context::GpuContext;
use super::kernel::{self, Access};
use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// A compiled kernel, and the layout of its group 0.
#[derive(Debug, Clone)]
pub(super) struct CompiledKernel {
    pub(super) layout: wgpu::BindGroupLayout,
    pub(super) pipeline: wgpu::ComputePipeline,
}

/// What is compiled.
pub(super) struct KernelSource<'a> {
    /// What the device does meanwhile, for errors.
    pub(super) what: &'a str,
    pub(super) label: &'a str,
    pub(super) shader: &'a str,
    pub(super) entry_point: &'a str,
    pub(super) bindings: &'a [(&'a str, Access)],
    pub(super) constants: &'a [(&'a str, f64)],
}

/// The place of a compiled kernel: always of the same source.
#[derive(Debug, Default)]
pub(super) struct KeptKernel(Mutex<Option<CompiledKernel>>);

impl KeptKernel {
    pub(super) fn get(&self, context: &GpuContext, source: &KernelSource<'_>) -> Result<CompiledKernel> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kernel) = &*kept {
            return Ok(kernel.clone());
        }
        let compiled = context.scoped(source.what, || {
            let device = &context.device;
            let layout = kernel::bind_group_layout(device, source.bindings);
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(source.label),
                source: wgpu::ShaderSource::Wgsl(source.shader.into()),
            });
            let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(source.label),
                layout: Some(&kernel::pipeline_layout(device, &layout)),
                module: &module,
                entry_point: Some(source.entry_point),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: source.constants,
                    zero_initialize_workgroup_memory: false,
                },
                cache: None,
            });
            CompiledKernel { layout, pipeline }
        })?;
        *kept = Some(compiled.clone());
        Ok(compiled)
    }
}
