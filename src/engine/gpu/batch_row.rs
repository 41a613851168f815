//! The kernel of small networks: a workgroup advances a whole batch row by all steps of a dispatch, and delivers its
//! spikes itself. A block of steps then takes two barriers in a workgroup instead of two dispatches.

use super::context::GpuContext;
use super::kernel::{Access, BINDINGS, block_shader};
use super::network::MOST_ROUNDS;
use super::synapses::Synapses;
use crate::data::shape::Shape;
use crate::prepared::network::Connections;

/// Source of the kernel.
pub(crate) const BATCH_ROW_SHADER: &str = block_shader!(
    include_str!("../../../shaders/shared_sums.wgsl"),
    include_str!("../../../shaders/synapses.wgsl"),
    include_str!("../../../shaders/batch_row.wgsl")
);

/// The bindings of group 0: those of the kernel of blocks, and the synapses.
pub(crate) const BATCH_ROW_BINDINGS: [(&str, Access); BINDINGS.len() + 3] = {
    let mut all = [("rows", Access::Read); BINDINGS.len() + 3];
    let mut number = 0;
    while number < BINDINGS.len() {
        all[number] = BINDINGS[number];
        number += 1;
    }
    all[number + 1].0 = "targets";
    all[number + 2].0 = "weights";
    all
};

/// Storage buffers that the kernel binds, more than every adapter has.
pub(crate) const STORAGE_BUFFERS: u32 = BATCH_ROW_BINDINGS.len() as u32 - 2;

/// Invocations of a workgroup that the kernel can use.
pub(crate) const MOST_INVOCATIONS: u32 = 1024;

/// Invocations that share the synapses of a spike: `TEAM` in the shader.
pub(super) const TEAM: u32 = 32;

/// The cells that an invocation advances side by side if there are more than invocations.
const ABREAST: u32 = 4;

/// How a workgroup advances a batch row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RowGroup {
    pub(crate) workgroup: u32,
    /// Cells that an invocation advances side by side.
    pub(crate) abreast: u32,
}

impl RowGroup {
    /// Returns how the rows of a network are advanced, if the adapter can advance them as a whole.
    pub(super) fn of(context: &GpuContext, shape: Shape) -> Option<Self> {
        let limits = &context.limits;
        let most = limits
            .max_compute_invocations_per_workgroup
            .min(limits.max_compute_workgroup_size_x)
            .min(MOST_INVOCATIONS);
        let n = shape.n as u32;
        let abreast = if n <= most { 1 } else { ABREAST };
        // SwiftShader needs a minute to compile a kernel for several cells.
        let compiles = abreast == 1 || context.is_llvmpipe() || !context.is_software();
        let invocations = n.div_ceil(abreast).next_power_of_two().max(TEAM);
        let fits = invocations <= most
            && shape.batch <= limits.max_compute_workgroups_per_dimension as usize
            && limits.max_storage_buffers_per_shader_stage >= STORAGE_BUFFERS;
        (compiles && fits).then_some(Self { workgroup: invocations, abreast })
    }

    /// The steps whose loops stay below [`MOST_ROUNDS`], if all `n` cells of a row spike as often as they can: once in
    /// `interval` steps.
    pub(super) fn trusted_steps(
        self,
        connections: &Connections,
        synapses: &Synapses,
        n: usize,
        interval: u64,
    ) -> u64 {
        let block = connections.block_end(0);
        let teams = u64::from(self.workgroup / TEAM);
        let of_spike = 1 + u64::from(synapses.tables) * (2 + u64::from(synapses.longest.div_ceil(TEAM)));
        let of_all = (n as u64).div_ceil(teams) * of_spike;
        let of_step = 1 + u64::from(self.abreast) * (1 + connections.channels.len() as u64);
        // A team can be busy with one spike more than its share.
        let of_block = (of_all * block).div_ceil(interval) + of_spike + 2 + block * of_step;
        MOST_ROUNDS.saturating_sub(of_all) / of_block * block
    }
}
