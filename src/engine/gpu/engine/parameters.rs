//! The buffer of parameters that the kernel reads: the coefficients, followed by the tables of recorded
//! neurons and the random sources of a run.

use crate::engine::gpu::context::LARGEST_BINDING;
use crate::engine::gpu::kernel::{self, COEFFICIENTS, NOT_RECORDED};
use crate::engine::gpu::noise::{self, NoisePlaces};
use crate::engine::gpu::{Gpu, STATE};
use crate::engine::{Request, SpikeRequest};
use crate::error::{Error, Result};
use crate::prepared::coefficients::Table;
use crate::prepared::noise::Noise;
use std::sync::Arc;

const WHAT: &str = "the parameters";

/// The parameters of an engine, and what is stored behind them.
#[derive(Debug)]
pub(super) struct Parameters {
    buffer: wgpu::Buffer,
    /// Number of words of coefficients, which never change.
    coefficients: usize,
    spread: [[u32; 4]; COEFFICIENTS],
    /// The request whose tables of recorded neurons follow the coefficients.
    request: Request,
    noise: Option<(Arc<Noise>, NoisePlaces)>,
}

impl Parameters {
    /// Uploads the coefficients, followed by words that never change either.
    pub(super) fn new(gpu: &Gpu, table: &Table, more: &[u32]) -> Result<Self> {
        let (mut coefficients, spread) = kernel::pack(table);
        coefficients.extend_from_slice(more);
        Ok(Self {
            buffer: gpu.upload(WHAT, bytemuck::cast_slice(&coefficients))?,
            coefficients: coefficients.len(),
            spread,
            request: Request::default(),
            noise: None,
        })
    }

    pub(super) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    pub(super) fn coefficients(&self) -> usize {
        self.coefficients
    }

    pub(super) fn spread(&self) -> [[u32; 4]; COEFFICIENTS] {
        self.spread
    }

    pub(super) fn noise_places(&self) -> Option<NoisePlaces> {
        self.noise.as_ref().map(|(_, places)| *places)
    }

    /// Writes the tables of recorded neurons and the random sources behind the coefficients, unless they are
    /// there already. `n` is the number of neurons.
    pub(super) fn place(
        &mut self,
        gpu: &Gpu,
        n: usize,
        request: &Request,
        noise: Option<&Arc<Noise>>,
    ) -> Result<()> {
        if self.serves(request, noise) {
            return Ok(());
        }
        let mut values = Vec::new();
        let mut add = |neurons: &[u32]| {
            let start = values.len();
            values.resize(start + n, NOT_RECORDED);
            for (place, &neuron) in (0..).zip(neurons) {
                values[start + neuron as usize] = place;
            }
        };
        if let SpikeRequest::Chosen(neurons) = &request.spikes {
            add(neurons);
        }
        if let Some(voltages) = &request.voltages {
            add(&voltages.neurons);
        }
        let tables = noise.map_or(0, |noise| size_of_val(&noise.poisson_tables[..]) as u64);
        let noise =
            noise.map(|noise| (Arc::clone(noise), noise::append(noise, self.coefficients, &mut values)));
        self.make_room(gpu, values.len(), tables)?;
        // If the upload fails, the contents are unknown.
        (self.request, self.noise) = (Request::default(), None);
        gpu.write_at(&self.buffer, self.bytes(), WHAT, bytemuck::cast_slice(&values))?;
        (self.request, self.noise) = (request.clone(), noise);
        Ok(())
    }

    /// Whether the buffer has what the kernel needs. Tables that a run without recording or noise does not
    /// use may stay.
    fn serves(&self, request: &Request, noise: Option<&Arc<Noise>>) -> bool {
        let same_noise = match (&self.noise, noise) {
            (_, None) => true,
            (Some((placed, _)), Some(noise)) => Arc::ptr_eq(placed, noise),
            _ => false,
        };
        same_noise && (*request == Request::default() || self.request == *request)
    }

    /// Size of the coefficients in bytes.
    fn bytes(&self) -> u64 {
        self.coefficients as u64 * 4
    }

    /// Enlarges the buffer to this many words behind the coefficients, which stay on the device. `tables` is
    /// the number of bytes of these that are tables of Poisson distributions.
    fn make_room(&mut self, gpu: &Gpu, words: usize, tables: u64) -> Result<()> {
        let bytes = self.bytes() + words as u64 * 4;
        if bytes <= self.buffer.size() {
            return Ok(());
        }
        let context = &gpu.context;
        let limit = context.largest_binding();
        if bytes > limit && bytes - tables <= limit {
            return Err(Error::TooLarge {
                what: "the parameters with the tables of the Poisson input".to_owned(),
                need: bytes,
                limit_name: LARGEST_BINDING.to_owned(),
                limit,
                advice: "let fewer neurons differ in their rate, or use the CPU".to_owned(),
            });
        }
        let buffer = context.buffer(WHAT, bytes, STATE)?;
        context.scoped("moving the parameters", || {
            let mut encoder =
                context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&self.buffer, 0, &buffer, 0, self.bytes());
            context.queue.submit([encoder.finish()]);
        })?;
        self.buffer = buffer;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;
    use crate::engine::VoltageRequest;
    use crate::engine::gpu::MOST_STEPS_OF_A_DISPATCH;
    use crate::engine::gpu::fault_tests::with_context;

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn tables_that_are_too_large_are_told_from_other_parameters() {
        with_context(|context| {
            let gpu = Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("it opens");
            let table = Table::new(&Params::default(), 100.into()).expect("valid");
            let mut parameters = Parameters::new(&gpu, &table, &[]).expect("there is room");
            let limit = gpu.context.largest_binding();
            let words = (limit / 4) as usize;
            let mut refused =
                |tables| parameters.make_room(&gpu, words, tables).expect_err("too much").to_string();
            let text = refused(limit - 8);
            assert!(text.starts_with("the parameters with the tables of the Poisson input: "), "{text}");
            assert!(text.contains("let fewer neurons differ in their rate, or use the CPU"), "{text}");
            assert!(refused(4).contains("take fewer neurons"), "the rest alone is too much");
        });
    }

    #[test]
    #[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
    fn coefficients_stay_where_they_are_when_the_recording_changes() {
        with_context(|context| {
            let gpu = Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("it opens");
            let table = Table::new(&Params::default(), 100.into()).expect("valid");
            let mut parameters = Parameters::new(&gpu, &table, &[]).expect("there is room");
            let mut place = |words, voltages: Option<&[u32]>| {
                let voltages = voltages.map(|neurons| VoltageRequest { neurons: neurons.to_vec(), every: 1 });
                parameters
                    .place(&gpu, 100, &Request { spikes: words, voltages }, None)
                    .expect("there is room");
                parameters.buffer().clone()
            };
            let start = place(SpikeRequest::None, None);
            let most = place(SpikeRequest::Chosen(vec![3]), Some(&[4, 5]));
            assert!(start != most);
            assert_eq!(place(SpikeRequest::Chosen(vec![9, 3]), Some(&[1])), most);
            assert_eq!(place(SpikeRequest::None, Some(&[7])), most);
            assert_eq!(place(SpikeRequest::All, None), most);
        });
    }
}
