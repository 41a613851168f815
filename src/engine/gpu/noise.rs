//! Packs random sources into the parameters that the kernel reads.

use crate::data::broadcast::Column;
use crate::engine::gpu_limits::{SOURCE_WORDS, words_of_sources};
use crate::model::random::GROUP;
use crate::model::tables;
use crate::prepared::noise::{Noise, NoiseKind};

/// The places of the sources in the kernel's parameters, and how much work they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoisePlaces {
    pub(crate) sources: u32,
    pub(crate) source_places: u32,
    pub(crate) normal_table: u32,
    /// Loop rounds for each group of steps.
    pub(crate) loops: u64,
}

/// Appends sources, their parameters and their tables to `values`, the first of which the kernel finds at
/// `start`.
pub(crate) fn append(noise: &Noise, start: usize, values: &mut Vec<u32>) -> NoisePlaces {
    let is_normal = noise.sources.iter().any(|source| source.kind == NoiseKind::Normal);
    let columns = noise
        .sources
        .iter()
        .map(|source| source.offset.values.len() + source.scale.values.len() + source.table.values.len());
    let records = words_of_sources(noise.sources.len() as u64, is_normal) as usize;
    values.reserve_exact(noise.poisson_tables.len() + columns.sum::<usize>() + records);
    let add = |values: &mut Vec<u32>, words: &mut dyn Iterator<Item = u32>| {
        let place = (start + values.len()) as u32;
        values.extend(words);
        place
    };
    let poisson_tables = add(values, &mut noise.poisson_tables.iter().copied());
    let normal_table = if is_normal {
        add(values, &mut tables::normal().iter().flatten().map(|value| value.to_bits()))
    } else {
        0
    };
    let mut spread = |column: Column<u32>| {
        [add(values, &mut column.values.into_iter()), column.row_stride as u32, column.neuron_stride as u32]
    };
    let mut records = Vec::with_capacity(noise.sources.len() * SOURCE_WORDS);
    let mut loops = 0;
    for source in &noise.sources {
        records.extend([kind_number(source.kind), source.stream]);
        records.extend(spread(source.offset.map(|value| value.to_bits())));
        records.extend(spread(source.scale.map(|value| value.to_bits())));
        records.extend(spread(source.table.map(|place| place + poisson_tables)));
        let most_levels = source.table.values.iter().map(|place| levels(noise, *place)).max();
        loops += 1 + GROUP * u64::from(most_levels.unwrap_or_default());
    }
    let source_places = (start + values.len()) as u32;
    values.extend(records);
    NoisePlaces { sources: noise.sources.len() as u32, source_places, normal_table, loops }
}

/// Number of times that the search for a count low_high the Poisson table at a place.
fn levels(noise: &Noise, place: u32) -> u32 {
    noise.poisson_table(place).get(1).copied().unwrap_or_default()
}

/// The numbers of the kinds in the shader.
fn kind_number(kind: NoiseKind) -> u32 {
    match kind {
        NoiseKind::Normal => 0,
        NoiseKind::Uniform => 1,
        NoiseKind::Poisson => 2,
        NoiseKind::PoissonJumps => 3,
    }
}
