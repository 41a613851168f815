//! Prepares a run: everything that can be refused is refused here, before any step is made, such as sizes,
//! and kernels that do not compute the model.

use super::GpuEngine;
use crate::engine::Request;
use crate::engine::gpu::kernel::{Kernel, Specialisation};
use crate::engine::gpu::network::DeviceNetwork;
use crate::engine::gpu::plan::Plan;
use crate::engine::gpu::projection::{self, ArrivalSums};
use crate::engine::gpu::score;
use crate::error::Result;
use crate::model::Options;
use crate::prepared::current::{Current, Strides};
use std::sync::Arc;

/// What a run needs besides its input. All memory is allocated.
#[derive(Debug)]
pub(super) struct PreparedRun<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) kernel: Arc<Kernel>,
    /// Values of input that are uploaded for each step; 0 if none are.
    pub(super) streamed: usize,
    /// Values that these cells read at a step: fewer than the input has, if the cells are a slab.
    pub(super) read: usize,
}

impl GpuEngine {
    /// Allocates the memory for a run that passes on recordings after at most `most_steps`, and finds its
    /// kernel. `keeps` says whether all words of spikes stay on the device.
    pub(super) fn prepare_run<'a>(
        &mut self,
        (first_step, steps, most_steps): (u64, u64, u64),
        current: &'a Current<'_>,
        request: &'a Request,
        keeps: bool,
    ) -> Result<PreparedRun<'a>> {
        let host = current.values.host();
        let Strides { step: step_stride, row, neuron } = current.strides;
        let read = (self.shape.batch - 1) * row + (self.shape.n - 1) * neuron + 1;
        let streamed = if host.is_some() && step_stride != 0 { read } else { 0 };
        self.parameters.place(&self.gpu, self.shape.n, request, current.noise.as_ref())?;
        let planes = ArrivalSums::of(&current.spikes, self.options.inhibition);
        let row_group = self.row_group();
        let key = Specialisation {
            workgroup: row_group.map_or(self.workgroup, |row| row.workgroup),
            options: Options {
                jumps: planes.jumps
                    || current.noise.as_ref().is_some_and(|noise| noise.jumps())
                    || self.network.as_ref().is_some_and(DeviceNetwork::jumps),
                ..self.options
            },
            sequence: step_stride != 0,
            voltages: request.voltages.is_some(),
            noise: current.noise.is_some(),
            arriving: planes.arriving,
            arriving_jumps: planes.jumps,
            words: Plan::words(request),
            // The blocks of a network are shorter than a word.
            words_go_on: keeps || (self.network.is_some() && row_group.is_none()),
            network: self.network.is_some(),
            row_group,
            llvmpipe: self.gpu.context.is_llvmpipe(),
        };
        let plan = Plan {
            shape: self.shape,
            request,
            strides: Strides { step: if host.is_some() { streamed } else { step_stride }, row, neuron },
            // A sequence on the host is uploaded dispatch by dispatch, any other input at once.
            streamed,
            planes,
            trains: current.spikes.iter().map(|spikes| spikes.trains()).sum(),
            spike_words: projection::words_of_block(&current.spikes, self.shape),
            keeps_from: keeps.then_some(first_step),
            least_steps: self.gpu.least_steps(),
            places: self.parameters.coefficients(),
            spread: self.parameters.spread(),
            noise: current.noise.as_deref().zip(self.parameters.noise_places()),
            most_steps: self.gpu.most_steps.min(most_steps),
            most_network_steps: match (row_group, &self.network) {
                (Some(_), Some(network)) => network.row_group.map_or(u64::MAX, |(_, steps)| steps),
                (None, Some(network)) => network.most_steps(),
                _ => u64::MAX,
            },
            most_scored_steps: score::most_scored_steps(&self.gpu),
            workgroup: self.workgroup,
            abreast: key.abreast(),
            row_group,
            most_groups: self.gpu.context.limits.max_compute_workgroups_per_dimension,
            largest_binding: self.gpu.context.largest_binding(),
        };
        plan.check()?;
        projection::check(&self.gpu, &current.spikes, self.shape, plan.arrivals(steps))?;
        self.make_room(&plan, plan.input_values(host.map_or(0, |_| read), steps), first_step, steps)?;
        let kernel = match &self.checked_kernel {
            Some((_, kernel)) => Arc::clone(kernel),
            None => self.gpu.kernel(key)?,
        };
        Ok(PreparedRun { plan, kernel, streamed, read })
    }
}
