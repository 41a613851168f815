//! Advances a tile of cells by a block of steps. For each word of 32 steps it computes the drive of the cells
//! in the vector lanes, and calls the kernel that steps them.

use super::input_sums::{Filled, InputSums, LaneSources};
use super::instructions;
use super::lanes::{self, Cells, LanePlaces};
use super::ring::Ring;
use super::sampling::{Sampled, Samples, Sampling};
use crate::data::steps::blocks;
use crate::experiment::spike_input::SpikeEffect;
use crate::model::{Coefficient, Field, Options};
use crate::prepared::coefficients::Table;
use crate::prepared::current::Strides;
use crate::prepared::noise::Noise;
use crate::prepared::projection::Projection;
use lif_kernels::{Drives, LANES, Lanes, NO_JUMPS, OfWord, Rows, SampleRows, Span, WORD, drive, is_plain};
use pulp::{Simd, WithSimd};
use std::fmt;

/// A contiguous range of cells with its part of all state.
pub(super) struct Tile<'a> {
    pub(super) first_cell: usize,
    /// The state variables, indexed by [`Field`]. Those that the rules do not use are empty.
    pub(super) fields: [&'a mut [f32]; Field::COUNT],
    pub(super) refractory: &'a mut [u32],
    pub(super) counts: &'a mut [u32],
    /// One slice for each block of 32 steps; empty if spikes are only counted.
    pub(super) words: Vec<&'a mut [u32]>,
    /// The membrane potentials of recorded cells, one slice for each sample; empty if no cell of the tile is
    /// recorded.
    pub(super) samples: Vec<&'a mut [f32]>,
}

/// The input of a call from one of its steps on.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurrentView<'a> {
    pub(super) values: &'a [f32],
    pub(super) strides: Strides,
    pub(super) noise: Option<&'a Noise>,
    pub(super) spikes: &'a [Projection<'a>],
    /// Number of steps of the call before that step.
    pub(super) passed: u64,
}

impl<'a> CurrentView<'a> {
    pub(super) fn after(&self, step: usize) -> Self {
        Self { values: &self.values[step * self.strides.step..], passed: step as u64, ..*self }
    }

    /// Whether there are random sources or arriving spikes.
    pub(super) fn has_sources(&self) -> bool {
        self.noise.is_some() || !self.spikes.is_empty()
    }

    /// Whether neighbouring cells each read their own value at each step, in a population with `n` neurons.
    /// Such rows are read fastest in long stretches.
    pub(super) fn reads_rows(&self, n: usize) -> bool {
        let to_neighbour = if n == 1 { self.strides.row } else { self.strides.neuron };
        self.strides.step > 0 && to_neighbour > 0
    }

    /// Returns the currents of some steps in place, without a copy: by far the most values that are ever
    /// read. Lanes without a cell read the values that follow.
    fn rows(&self, places: &LanePlaces, made: usize, steps: usize) -> Option<Rows<'a>> {
        let (LanePlaces::Adjacent(place) | LanePlaces::Few { first: place, .. }) = places else {
            return None;
        };
        let stride = self.strides.step;
        let first = made * stride + place;
        let end = first + (steps - 1) * stride + LANES;
        (stride > 0 && end <= self.values.len()).then(|| Rows { currents: &self.values[first..], stride })
    }

    /// Returns the rules of a population, with jumps if this input has any.
    pub(super) fn options(&self, options: Options) -> Options {
        let jumps = self.noise.is_some_and(Noise::jumps)
            || self.spikes.iter().any(|spikes| spikes.effect == SpikeEffect::Potential);
        Options { jumps, ..options }
    }
}

/// Steps that a group of lanes makes before the next group of its tile has its turn, where groups read rows
/// of input: about as many rows as processors prefetch at a time.
const STEPS_IN_TURN: usize = 8;

/// The working memory of a thread, which it reuses for one tile after the other.
pub(super) struct Workspace {
    groups: Vec<Group>,
    pub(super) drives: Ready,
    /// Allocated when there are random sources or arriving spikes.
    pub(super) sums: Option<Box<InputSums>>,
    /// Allocated when membrane potentials are recorded.
    pub(super) samples: Option<Box<Samples>>,
}

/// The drives of the cells in the lanes for the steps of a word.
#[repr(align(64))]
pub(super) struct Ready(pub(super) OfWord);

/// The additions where there are no sources: zeros.
static NOTHING: InputSums = InputSums::none();

impl Workspace {
    pub(super) fn new() -> Self {
        Self { groups: Vec::new(), drives: Ready([[0.0; LANES]; WORD]), sums: None, samples: None }
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Workspace").finish_non_exhaustive()
    }
}

/// Advances a tile, one group of lanes after the other through all steps. Where cells read rows of input, all
/// groups take turns of a few steps instead, so that they read neighbouring stretches of the same rows, which
/// is fastest for memory.
pub(super) fn advance(
    workspace: &mut Workspace,
    tile: Tile<'_>,
    table: &Table,
    n: usize,
    span: (u64, u64),
    current: &CurrentView<'_>,
    sampling: Option<&Sampling<'_>>,
) {
    instructions::best().dispatch(Advance { workspace, tile, table, n, span, current, sampling });
}

/// [`advance`], compiled for the instructions that the processor has. A closure would not be compiled for
/// them.
struct Advance<'a, 'b> {
    workspace: &'a mut Workspace,
    tile: Tile<'a>,
    table: &'a Table,
    n: usize,
    /// Number of the first step, and the number of steps.
    span: (u64, u64),
    current: &'a CurrentView<'b>,
    /// Set if membrane potentials are recorded.
    sampling: Option<&'a Sampling<'b>>,
}

impl WithSimd for Advance<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { workspace, mut tile, table, n, span, current, sampling } = self;
        let options = current.options(table.options);
        let Workspace { groups, drives, sums, samples } = workspace;
        // Tiles without recorded cells skip sampling.
        let sampling = sampling.filter(|_| !tile.samples.is_empty());
        let count = tile.refractory.len().div_ceil(LANES);
        let together = if current.reads_rows(n) { count } else { 1 };
        if groups.len() < together {
            groups.resize_with(together, Group::empty);
        }
        let mut sources = Vec::new();
        for first in (0..count).step_by(together) {
            let groups = &mut groups[..together];
            sources.clear();
            for (index, group) in groups.iter_mut().enumerate() {
                let first = (first + index) * LANES;
                let cells = Cells::new(tile.first_cell + first, tile.refractory.len() - first, n);
                group.load(&tile, table, options, &cells, current, first);
                group.sampled = sampling.map_or(Sampled::NONE, |sampling| group.sampled(sampling, &tile));
                if current.has_sources() {
                    sources.push(LaneSources::load(
                        current.noise,
                        current.spikes,
                        options.inhibition,
                        &cells,
                    ));
                }
            }
            let sampling = sampling.filter(|_| groups.iter().any(|group| !group.sampled.is_empty()));
            let sampling = sampling
                .map(|sampling| (sampling, &mut **samples.get_or_insert_with(|| Box::new(Samples::none()))));
            let memory = (&mut drives.0, &mut *sums);
            let recorded = (&mut *tile.words, &mut *tile.samples);
            advance_groups(groups, &mut sources, None, recorded, options, span, current, memory, sampling);
            for group in groups {
                lanes::store(&group.lanes, &mut tile, group.first, None);
            }
        }
    }
}

/// The cells in the lanes, and the places of their input.
pub(super) struct Group {
    /// Index of the first cell in the tile, or its place among those that are awake.
    pub(super) first: usize,
    pub(super) lanes: Lanes,
    places: LanePlaces,
    pub(super) sampled: Sampled,
}

impl Group {
    #[inline(always)]
    pub(super) fn empty() -> Self {
        Self { first: 0, lanes: Lanes::empty(), places: LanePlaces::Same(0), sampled: Sampled::NONE }
    }

    /// Returns which of its cells are recorded.
    pub(super) fn sampled(&self, sampling: &Sampling<'_>, tile: &Tile<'_>) -> Sampled {
        let first = tile.first_cell + self.first;
        Sampled::of(sampling, tile.first_cell, first..first + self.lanes.cells)
    }

    #[inline(always)]
    pub(super) fn load(
        &mut self,
        tile: &Tile<'_>,
        table: &Table,
        options: Options,
        cells: &Cells<'_>,
        current: &CurrentView<'_>,
        first: usize,
    ) {
        self.first = first;
        lanes::load(&mut self.lanes, tile, table, options, cells, first);
        self.places = LanePlaces::of(cells, current.strides.row, current.strides.neuron);
    }
}

/// Advances some groups of a tile through all steps, taking turns. `words` and `samples` are those of the tile, from
/// the first step on.
#[allow(
    clippy::too_many_arguments,
    reason = "each is of another kind, and a struct would be made for this call alone"
)]
#[inline(always)]
pub(super) fn advance_groups(
    groups: &mut [Group],
    sources: &mut [LaneSources<'_>],
    mut ring: Option<&mut Ring>,
    (words, recorded): (&mut [&mut [u32]], &mut [&mut [f32]]),
    options: Options,
    (first_step, steps): (u64, u64),
    current: &CurrentView<'_>,
    (drives, sums): (&mut OfWord, &mut Option<Box<InputSums>>),
    mut sampling: Option<(&Sampling<'_>, &mut Samples)>,
) {
    let instructions = instructions::best();
    let sourceless = !current.has_sources() && ring.is_none();
    let readable = sourceless && is_plain(options);
    let needs_no_stop = current.strides.step == 0 && sourceless;
    let turn = if sourceless && groups.len() > 1 { STEPS_IN_TURN } else { WORD };
    let mut made = 0;
    while made < steps {
        let from = ((first_step + made) % WORD as u64) as usize;
        let left = (steps - made) as usize;
        let mut count = if needs_no_stop { left } else { left.min(turn - from % turn) };
        if let Some((sampling, _)) = &sampling {
            count = count.min(sampling.most_steps(first_step + made) as usize);
        }
        let block = blocks(first_step, made + 1) - 1;
        let begun = if block == 0 { (first_step % WORD as u64) as usize } else { 0 };
        let span = Span { first: from, begun, steps: count, is_last: count == left };
        for (index, group) in groups.iter_mut().enumerate() {
            let Group { first, lanes, places, sampled } = group;
            let mut filled = Filled::default();
            if !sourceless {
                let to = from + count;
                let sums = sums.get_or_insert_with(|| Box::new(InputSums::none()));
                if let Some(sources) = sources.get_mut(index) {
                    filled = sources.filled();
                    sources.fill(first_step + made - from as u64, current.passed + made, (from, to), sums);
                }
                if let Some(ring) = &mut ring {
                    let cells = *first..*first + lanes.cells;
                    ring.take(cells, first_step + made, (from, to), sums, &mut filled);
                }
            }
            let sums = sums.as_deref().unwrap_or(&NOTHING);
            // The kernel adds arriving currents to the synaptic currents, if there are any; they are then no part
            // of the drives.
            let arriving = filled.arriving && !options.has_synaptic_currents();
            let constant = current.strides.step == 0 && !filled.currents && !arriving;
            let rows = if readable { current.rows(places, made as usize, count) } else { None };
            if rows.is_none() {
                instructions.dispatch(FillDrives {
                    options,
                    resistance: &lanes.coefficients[Coefficient::Resistance],
                    places,
                    current,
                    made: made as usize,
                    from,
                    sums: (filled.currents.then_some(&sums.currents), arriving.then_some(&sums.arriving)),
                    drives: if constant { &mut drives[..1] } else { &mut drives[from..from + count] },
                });
            }
            // Sums that are not filled still have values of another call.
            let jumps = match (options.jumps, filled.jumps) {
                (true, true) => &sums.jumps,
                (true, false) => &NOTHING.jumps,
                (false, _) => &NO_JUMPS,
            };
            let arriving = if filled.arriving { &sums.arriving } else { &NOTHING.arriving };
            let inhibitory = if filled.inhibitory { &sums.inhibitory } else { &NOTHING.inhibitory };
            let drives = Drives { constant, drives, arriving, inhibitory, jumps, rows };
            let words = words.get_mut(block..).unwrap_or_default();
            let words = (words, *first);
            match &mut sampling {
                Some((sampling, samples)) if !sampled.is_empty() => {
                    let number = first_step + made;
                    let rows = samples.rows(sampling, number, count as u64);
                    lif_kernels::advance(instructions, options, lanes, drives, span, words, rows);
                    let before = sampling.samples_before(number) - sampling.samples_before(first_step);
                    sampled.keep(samples, &mut recorded[before as usize..]);
                }
                _ => lif_kernels::advance(
                    instructions,
                    options,
                    lanes,
                    drives,
                    span,
                    words,
                    SampleRows::none(),
                ),
            }
        }
        made += count as u64;
    }
}

/// Computes the drives of the cells for the steps of a word from the bit `from` on, which is step `made` of
/// the run. With synaptic currents these are the other currents.
struct FillDrives<'a> {
    options: Options,
    resistance: &'a [f32; LANES],
    places: &'a LanePlaces,
    current: &'a CurrentView<'a>,
    made: usize,
    from: usize,
    /// Currents of random sources, and currents of arriving spikes.
    sums: (Option<&'a OfWord>, Option<&'a OfWord>),
    drives: &'a mut [[f32; LANES]],
}

impl WithSimd for FillDrives<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { options, resistance, places, current, made, from, sums, drives } = self;
        let stride = current.strides.step;
        let mut read = [0.0; LANES];
        for (offset, drives) in drives.iter_mut().enumerate() {
            let row = &current.values[(made + offset) * stride..];
            let mut summed;
            let currents = match (places, sums) {
                (LanePlaces::Adjacent(first), (None, None)) => &row[*first..][..LANES],
                _ => {
                    if offset == 0 || stride > 0 {
                        places.take(row, &mut read);
                    }
                    summed = read;
                    for more in [sums.0, sums.1].into_iter().flatten() {
                        add(simd, &mut summed, &more[(from + offset) % WORD]);
                    }
                    &summed[..]
                }
            };
            if options.has_synaptic_currents() {
                drives.copy_from_slice(currents);
            } else {
                drive(simd, resistance, currents, drives);
            }
        }
    }
}

#[inline(always)]
fn add<S: Simd>(simd: S, sum: &mut [f32; LANES], more: &[f32; LANES]) {
    for (sum, more) in S::as_mut_simd_f32s(sum).0.iter_mut().zip(S::as_simd_f32s(more).0) {
        *sum = simd.add_f32s(*sum, *more);
    }
}
