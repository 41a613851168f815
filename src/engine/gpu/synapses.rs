//! The synapses of a network on a device, as `shaders/synapses.wgsl` reads them.

use super::{Gpu, STATE};
use crate::error::Result;
use crate::prepared::network::table::{Rows, Table};
use std::ops::Range;

/// A table whose synapses share their weight: `NONE` in the shader.
pub(super) const NONE: u32 = u32::MAX;

/// Words of a table at the beginning of the rows: `TABLE` in the shader.
pub(super) const TABLE: usize = 9;

/// The tables of synapses of a network.
#[derive(Debug)]
pub(super) struct Synapses {
    rows: wgpu::Buffer,
    targets: wgpu::Buffer,
    weights: wgpu::Buffer,
    pub(super) tables: u32,
    /// The most synapses of a row.
    pub(super) longest: u32,
}

impl Synapses {
    /// Uploads the tables of the synapses onto some neurons each.
    pub(super) fn upload(gpu: &Gpu, parts: &[(Range<u32>, Table)]) -> Result<Self> {
        let context = &gpu.context;
        let Packed { rows, tables, longest } = Packed::new(parts);
        let rows = gpu.upload("the rows of synapses", bytemuck::cast_slice(&rows))?;
        let upload = |what: &str, parts: &[&[u8]]| -> Result<wgpu::Buffer> {
            let bytes = parts.iter().map(|part| part.len() as u64).sum::<u64>();
            let buffer = context.buffer(what, bytes.max(4), STATE)?;
            let mut at = 0;
            for part in parts {
                gpu.write_at(&buffer, at, what, part)?;
                at += part.len() as u64;
            }
            Ok(buffer)
        };
        let all = || parts.iter().flat_map(|(_, table)| &**table);
        let bytes: Vec<&[u8]> = all().map(|rows| bytemuck::cast_slice(&rows.targets[..])).collect();
        let targets = upload("the targets of synapses", &bytes)?;
        let bytes: Vec<&[u8]> = all().map(|rows| bytemuck::cast_slice(&rows.weights[..])).collect();
        let weights = upload("the weights of synapses", &bytes)?;
        Ok(Self { rows, targets, weights, tables, longest })
    }

    /// The rows, the targets and the weights.
    pub(super) fn buffers(&self) -> [&wgpu::Buffer; 3] {
        [&self.rows, &self.targets, &self.weights]
    }
}

/// Tables as the kernels read them.
struct Packed {
    /// The tables, and the places of their rows.
    rows: Vec<u32>,
    tables: u32,
    longest: u32,
}

impl Packed {
    fn new(parts: &[(Range<u32>, Table)]) -> Self {
        let first = parts.first().map_or(0, |(part, _)| part.start);
        let all: Vec<(&Range<u32>, &Rows)> =
            parts.iter().flat_map(|(part, table)| table.iter().map(move |rows| (part, rows))).collect();
        let mut rows = vec![0; TABLE * all.len()];
        let (mut targets, mut weights, mut longest) = (0, 0, 0);
        for (number, (part, table)) in all.iter().enumerate() {
            let is_shared = table.weights.is_empty();
            let record = [
                table.channel as u32,
                table.first_source,
                table.starts.len() as u32 - 1,
                rows.len() as u32,
                targets,
                part.start - first,
                table.arrival,
                if is_shared { NONE } else { weights },
                table.weight as u32,
            ];
            rows[TABLE * number..TABLE * (number + 1)].copy_from_slice(&record);
            rows.extend_from_slice(&table.starts);
            targets += table.targets.len() as u32;
            weights += table.weights.len() as u32;
            longest = table.starts.windows(2).fold(longest, |longest, ends| longest.max(ends[1] - ends[0]));
        }
        Self { rows, tables: all.len() as u32, longest }
    }
}
