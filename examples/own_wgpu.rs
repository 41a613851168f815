//! A population inside a program that has its own wgpu code: `cargo run --example own_wgpu`.
//!
//! The program's own kernel counts the neurons above a potential, on the device, right after the
//! population's steps and without reading any state back.

use lif::wgpu::{self, BufferUsages};
use lif::{Device, Params, Population};
use ndarray::Array1;

const KERNEL: &str = "
// Membrane potentials come first.
@group(0) @binding(0) var<storage, read> state: array<f32>;
@group(0) @binding(1) var<storage, read_write> above: atomic<u32>;

@compute @workgroup_size(64)
fn count(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < 1000u && state[id.x] > -57.0) {
        atomicAdd(&above, 1u);
    }
}";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Avoids error messages of drivers on machines without a desktop.
    lif::start_quietly();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;

    let on_device = Device::from_wgpu(device.clone(), queue.clone())?;
    let mut population = Population::new(Params::default(), 1000, &on_device)?;
    population.run(200, &Array1::linspace(0.0_f32, 0.5, 1000)).go()?;

    let above = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let result = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    // There is one slab, because 1000 neurons fit any buffer.
    let all = population.buffers()?;
    let Some(state) = all.first() else { return Ok(()) };
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(KERNEL.into()),
        }),
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: state.state.as_entire_binding() },
            wgpu::BindGroupEntry { binding: 1, resource: above.as_entire_binding() },
        ],
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bindings, &[]);
        pass.dispatch_workgroups(1000_u32.div_ceil(64), 1, 1);
    }
    encoder.copy_buffer_to_buffer(&above, 0, &result, 0, 4);
    queue.submit([encoder.finish()]);
    result.map_async(wgpu::MapMode::Read, .., |_| ());
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let count = u32::from_le_bytes(result.get_mapped_range(..)?[..4].try_into()?);
    println!("{count} of 1000 neurons are above -57 mV on {on_device}");

    let expected = population.voltages()?.iter().filter(|v| **v > -57.0).count();
    assert_eq!(count as usize, expected);
    Ok(())
}
