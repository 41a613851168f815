//! Tests the buffers of a population as programs with their own wgpu code find them.

use super::fault_tests::with_context;
use crate::{Device, Params, Population, SynapseShape, Trace, TraceKind};
use ndarray::arr0;

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn each_part_of_a_buffer_stands_where_it_says() {
    const CELLS: usize = 70;
    let trace = Trace { kind: TraceKind::Add, tau: 20.0.into(), scale: 1.0.into() };
    with_context(|context| {
        let (wgpu_device, queue) = (context.device.clone(), context.queue.clone());
        let device = Device::from_wgpu(wgpu_device, queue).expect("the driver is right");
        // Some drivers take long to compile a kernel, so that only as many are used as needed.
        for (has_traces, has_inhibition) in [(false, true), (true, false)] {
            let params = Params {
                trace: has_traces.then(|| trace.clone()),
                tau_syn: Some(50.0.into()),
                tau_syn_inhibitory: has_inhibition.then(|| 70.0.into()),
                synapse_shape: if has_inhibition { SynapseShape::Alpha } else { SynapseShape::Exponential },
                ..Params::default()
            };
            let mut population = Population::new(params, CELLS, &device).expect("valid");
            population.set_synaptic_currents(&arr0(0.4)).expect("valid");
            if has_inhibition {
                population.set_inhibitory_currents(&arr0(-0.1)).expect("valid");
                population.set_synaptic_rises(&arr0(0.2)).expect("valid");
                population.set_inhibitory_rises(&arr0(-0.3)).expect("valid");
            }
            population.run(300, 1.2).go().expect("it runs");
            let found = population.buffers().expect("there").remove(0);
            assert_eq!(found.cells, 0..CELLS);
            assert!(found.synaptic_currents_at().is_some());
            assert_eq!(
                (found.traces_at().is_some(), found.inhibitory_currents_at().is_some()),
                (has_traces, has_inhibition)
            );

            let read = |buffer: &wgpu::Buffer, first: usize, count: usize| {
                let mut encoder =
                    context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                let range = (buffer, first as u64 * 4, count as u64 * 4);
                let readback = context.read_back(&mut encoder, &[range]);
                let submission = context.queue.submit([encoder.finish()]);
                context.wait(&submission, "reading").expect("the device works");
                let take = bytemuck::pod_collect_to_vec::<u8, u32>;
                context.take_readback(readback, "reading", take).expect("the device works")
            };
            let bits = |values: ndarray::Array2<f32>| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(read(&found.state, 0, CELLS), bits(population.voltages().expect("there")));
            if let Some(first) = found.traces_at() {
                assert_eq!(read(&found.state, first, CELLS), bits(population.traces().expect("there")));
            }
            if let Some(first) = found.synaptic_currents_at() {
                let expected = bits(population.synaptic_currents().expect("there"));
                assert!(expected.iter().any(|bits| *bits != 0));
                assert_eq!(read(&found.state, first, CELLS), expected);
            }
            if let Some((first, inhibitory)) = found.synaptic_rises_at().zip(found.inhibitory_rises_at()) {
                let expected = bits(population.synaptic_rises().expect("there"));
                assert_eq!(read(&found.state, first, CELLS), expected);
                let expected = bits(population.inhibitory_rises().expect("there"));
                assert!(has_inhibition && expected.iter().any(|bits| *bits != 0));
                assert_eq!(read(&found.state, inhibitory, CELLS), expected);
            }
            if let Some(first) = found.inhibitory_currents_at() {
                let expected = bits(population.inhibitory_currents().expect("there"));
                assert!(expected.iter().any(|bits| *bits != 0));
                assert_eq!(read(&found.state, first, CELLS), expected);
            }
            let counts = population.counts().expect("there");
            assert!(counts.sum() > 0);
            assert_eq!(read(&found.counters, found.counts_at(), CELLS), counts.into_raw_vec_and_offset().0);
            let left = read(&found.counters, 0, CELLS).into_iter().map(|word| word & !(1 << 31));
            assert!(left.eq(population.refractory().expect("there")));
            assert_eq!(read(&found.counters, 2 * CELLS, 1), [300]);
        }
    });
}
