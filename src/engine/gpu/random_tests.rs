//! Tests the random generator in WGSL by itself.

use super::context::GpuContext;
use super::fault_tests::with_context;
use super::kernel::{self, Access};
use super::{STATE, UNIFORM};
use crate::experiment::random_tests::KNOWN_ANSWERS;

const SHADER: &str = concat!(
    include_str!("../../../shaders/neuron.wgsl"),
    include_str!("../../../shaders/product.wgsl"),
    include_str!("../../../shaders/random.wgsl"),
    "
@group(0) @binding(1) var<storage, read_write> parameters: array<u32>;

@compute @workgroup_size(1)
fn answer(@builtin(workgroup_id) id: vec3<u32>) {
    let at = id.x * 10u;
    let start = vec4<u32>(parameters[at], parameters[at + 1u], parameters[at + 2u], parameters[at + 3u]);
    let words = philox(start, vec2<u32>(parameters[at + 4u], parameters[at + 5u]));
    parameters[at + 6u] = words.x;
    parameters[at + 7u] = words.y;
    parameters[at + 8u] = words.z;
    parameters[at + 9u] = words.w;
}
"
);

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn philox_gives_the_published_answers_on_the_adapter() {
    let asked: Vec<[u32; 10]> = KNOWN_ANSWERS
        .iter()
        .map(|([a, b, c, d], [key_0, key_1], _)| [*a, *b, *c, *d, *key_0, *key_1, 0, 0, 0, 0])
        .collect();
    with_context(|context| {
        // With products of 16-bit low_high and, if the device has them, with 64-bit integers.
        for shader in [SHADER.to_owned(), kernel::with_products(SHADER, context.device.features())] {
            answers_as_published(&context, &shader, &asked);
        }
    });
}

fn answers_as_published(context: &GpuContext, shader: &str, asked: &[[u32; 10]]) {
    let bytes = size_of_val(asked) as u64;
    let zero = context.buffer("the constant zero", 16, UNIFORM).expect("small");
    let buffer = context.buffer("the counters", bytes, STATE).expect("small");
    let stage = "asking the generator";
    let submitted = context.scoped(stage, || {
        let device = &context.device;
        let layout = kernel::bind_group_layout(
            device,
            &[("zero", Access::Uniform), ("parameters", Access::ReadWrite)],
        );
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(shader.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&kernel::pipeline_layout(device, &layout)),
            module: &module,
            entry_point: Some("answer"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let bindings = kernel::bind_group(device, &layout, &[&zero, &buffer]);
        context.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(asked));
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &bindings, &[]);
            pass.dispatch_workgroups(asked.len() as u32, 1, 1);
        }
        let readback = context.read_back(&mut encoder, &[(&buffer, 0, bytes)]);
        (context.queue.submit([encoder.finish()]), readback)
    });
    let (submission, readback) = submitted.expect("valid");
    context.wait(&submission, stage).expect("the device works");
    let take = bytemuck::pod_collect_to_vec::<u8, [u32; 10]>;
    let answered = context.take_readback(readback, stage, take).expect("the device works");
    for (found, (.., expected)) in answered.iter().zip(KNOWN_ANSWERS) {
        assert_eq!(found[6..], expected);
    }
}
