//! The network of a CPU engine: its synapses, cut into parts by their targets, and the steps of connected cells.
//!
//! Cells advance by blocks that are no longer than the shortest delay. Each part then adds the spikes of all parts to
//! what will arrive at its own cells: no other thread touches these, and whole numbers give the same sum in any order.

use super::awake::Stillness;
use super::block::{CurrentView, Group, Tile, Workspace, advance_groups};
use super::input_sums::LaneSources;
use super::instructions;
use super::lanes::{self, Cells};
use super::ring::{Ring, Spike};
use super::sampling::{Sampled, Samples, Sampling};
use crate::data::shape::Shape;
use crate::data::steps::blocks;
use crate::engine::OutsideSpike;
use crate::error::Result;
use crate::model::Options;
use crate::prepared::coefficients::Table;
use crate::prepared::network::table::{MOST_TARGETS, Tables};
use crate::prepared::network::{Connections, Receptor, Wired};
use lif_kernels::LANES;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Neuron-steps of a block below which another thread would cost more than it gains.
const LEAST_WORK: usize = 20_000;

/// The fewest neurons of a part that is not the only one.
const LEAST_NEURONS: usize = 1024;

/// The most synapses of a part, whose rows have 32-bit places.
const MOST_SYNAPSES: u64 = 1 << 31;

/// The bytes that this many connected cells take while they are stepped, in addition to their state: all stay in lanes,
/// with their coefficients and with draws of steps to come.
pub(crate) fn bytes_in_lanes(cells: usize) -> u64 {
    let of_lanes = size_of::<Group>() + LaneSources::BYTES;
    (cells.div_ceil(LANES) * of_lanes) as u64
}

/// The synapses onto the cells of an engine, and what will arrive.
#[derive(Debug)]
pub(super) struct Network {
    wired: Wired,
    /// The first neurons of the parts of a row, and at the end the number of neurons.
    bounds: Vec<usize>,
    /// Row after row, part after part.
    rings: Vec<Ring>,
    shape: Shape,
    /// Whether a block is worth several threads.
    is_shared: bool,
    workspaces: Vec<Workspace>,
}

impl Network {
    pub(super) fn new(connections: &Arc<Connections>, shape: Shape) -> Result<Self> {
        let block = connections.block_end(0) as usize;
        let is_shared = shape.cells() * block >= LEAST_WORK && rayon::current_num_threads() > 1;
        let bounds = bounds(connections, shape, is_shared);
        let parts: Vec<Range<u32>> = bounds.windows(2).map(|ends| ends[0] as u32..ends[1] as u32).collect();
        Ok(Self { is_shared, ..Self::of(Wired::whole(connections, &parts)?, shape) })
    }

    /// Takes synapses that have been drawn.
    pub(super) fn of(wired: Wired, shape: Shape) -> Self {
        let mut bounds = vec![0];
        bounds.extend(wired.tables.parts.iter().scan(0, |end, (part, _)| {
            *end += part.len();
            Some(*end)
        }));
        let ring = |(row, neurons)| Ring::new(wired.tables.ring, wired.channels(row).collect(), neurons);
        let parts = || wired.tables.parts.iter().map(|(part, _)| part.len());
        let rings = (0..shape.batch).flat_map(|row| parts().map(move |part| (row, part))).map(ring).collect();
        Self { bounds, rings, wired, shape, is_shared: false, workspaces: Vec::new() }
    }

    /// Whether spikes make the membrane potential jump.
    pub(super) fn jumps(&self) -> bool {
        self.wired.connections.channels.iter().any(|channel| channel.receptor == Receptor::Potential)
    }

    fn parts(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The last cell of each part of each row, plus 1.
    pub(super) fn ends(&self) -> Vec<usize> {
        (0..self.shape.batch)
            .flat_map(|row| self.bounds[1..].iter().map(move |end| row * self.shape.n + end))
            .collect()
    }

    pub(super) fn synapses(&self) -> u64 {
        self.wired.tables.synapses()
    }

    pub(super) fn clear(&mut self) {
        self.rings.iter_mut().for_each(Ring::clear);
    }

    /// State has been set from outside, so that cells may no longer be at rest.
    pub(super) fn wake_all(&mut self) {
        self.rings.iter_mut().for_each(Ring::wake_all);
    }

    /// What will arrive from a step on, `[steps, channels, batch, n]`.
    pub(super) fn arriving(&mut self, next_step: u64) -> Vec<i32> {
        let mut all = Vec::new();
        self.each_row(next_step, |sums| all.extend_from_slice(sums));
        all
    }

    /// Sets what [`arriving`](Self::arriving) returned.
    pub(super) fn set_arriving(&mut self, next_step: u64, all: &[i32]) {
        let mut rest = all;
        self.each_row(next_step, |sums| {
            let (own, others) = rest.split_at(sums.len().min(rest.len()));
            sums[..own.len()].copy_from_slice(own);
            rest = others;
        });
    }

    fn each_row(&mut self, next_step: u64, mut act: impl FnMut(&mut [i32])) {
        for step in next_step..next_step + u64::from(self.wired.tables.ring) {
            for channel in 0..self.wired.connections.channels.len() {
                self.rings.iter_mut().for_each(|ring| act(ring.row(step, channel)));
            }
        }
    }

    /// Adds the spikes of the cells of all engines to what will arrive here.
    pub(super) fn deliver(&mut self, all: &[OutsideSpike]) {
        let (parts, first_row) = (self.parts(), self.wired.first_row);
        for (index, ring) in self.rings.iter_mut().enumerate() {
            let row = first_row + index / parts;
            let own = all.iter().filter(|spike| spike.row as usize == row);
            let spikes: Vec<Spike> =
                own.map(|spike| Spike { source: spike.source, place: ring.place(spike.step) }).collect();
            ring.deliver(&self.wired.tables.parts[index % parts].1, &spikes);
        }
    }

    /// Advances the cells of all parts, whose tiles are given in the order of the parts.
    pub(super) fn advance<'b>(
        &mut self,
        tiles: Vec<Tile<'_>>,
        table: &Table,
        (first_step, steps): (u64, u64),
        current: &CurrentView<'b>,
        sampling: Option<&Sampling<'_>>,
    ) {
        let options = current.options(table.options);
        let options = Options { jumps: options.jumps || self.jumps(), ..options };
        let (parts, n) = (self.parts(), self.shape.n);
        self.workspaces.resize_with(tiles.len(), Workspace::new);
        let mut members: Vec<Member<'_, 'b>> = tiles
            .into_iter()
            .zip(&mut self.rings)
            .zip(&mut self.workspaces)
            .enumerate()
            .map(|(index, ((tile, ring), workspace))| Member {
                index,
                tile,
                ring,
                workspace,
                groups: Vec::new(),
                sources: Vec::new(),
                word: Vec::new(),
            })
            .collect();
        let still = Stillness::of(table, options, n, current);
        let load = |member: &mut Member<'_, 'b>| {
            // The potentials of those that are recorded are asked for.
            let still = still.as_ref().filter(|_| member.tile.samples.is_empty());
            member.ring.choose_awake(still, &member.tile);
            instructions::best().dispatch(Load { member, table, options, n, current, sampling, from: 0 });
        };
        if self.is_shared {
            members.par_iter_mut().for_each(load);
        } else {
            members.iter_mut().for_each(load);
        }

        // Spikes of the last block, and of this one.
        let mut before: Vec<Vec<Spike>> = members.iter().map(|_| Vec::new()).collect();
        let mut spikes = before.clone();
        let Wired { connections, tables, is_whole, .. } = &self.wired;
        let mut made = 0;
        while made < steps {
            let first = first_step + made;
            let count = (connections.block_end(first) - first).min(steps - made);
            let view = current.after(made as usize);
            let act = |(member, spikes): (&mut Member<'_, 'b>, &mut Vec<Spike>)| {
                if *is_whole {
                    member.receive(tables, &before, parts);
                    member.load_woken(table, options, n, current);
                }
                spikes.clear();
                let block = Block { first, count, from: made, view: &view, options, sampling, first_step };
                instructions::best().dispatch(Advance { member, block, spikes, bounds: &self.bounds });
            };
            if self.is_shared {
                members.par_iter_mut().zip(&mut spikes).for_each(act);
            } else {
                members.iter_mut().zip(&mut spikes).for_each(act);
            }
            std::mem::swap(&mut before, &mut spikes);
            made += count;
        }
        let finish = |member: &mut Member<'_, '_>| {
            if *is_whole {
                member.receive(tables, &before, parts);
            }
            member.store(0);
        };
        if self.is_shared {
            members.par_iter_mut().for_each(finish);
        } else {
            members.iter_mut().for_each(finish);
        }
    }
}

/// Cuts a row into parts, one for each thread: with more parts, rows of synapses are shorter, and slower to fetch.
fn bounds(connections: &Connections, shape: Shape, is_shared: bool) -> Vec<usize> {
    let n = shape.n;
    let wanted = if is_shared { rayon::current_num_threads() } else { 1 };
    let fewest =
        n.div_ceil(MOST_TARGETS).max(connections.expected_synapses().div_ceil(MOST_SYNAPSES) as usize);
    let parts = wanted.div_ceil(shape.batch).min(n / LEAST_NEURONS).max(fewest).clamp(1, n);
    // Full lanes in all parts but the last.
    let size = n.div_ceil(parts).next_multiple_of(LANES).min(n);
    (0..n).step_by(size).chain([n]).collect()
}

/// A part of a batch row while it is advanced.
struct Member<'a, 'b> {
    index: usize,
    tile: Tile<'a>,
    ring: &'a mut Ring,
    workspace: &'a mut Workspace,
    groups: Vec<Group>,
    sources: Vec<LaneSources<'b>>,
    /// The spikes of each cell in a block.
    word: Vec<u32>,
}

impl<'b> Member<'_, 'b> {
    /// Adds the spikes of all parts of its row to what will arrive.
    fn receive(&mut self, tables: &Tables, spikes: &[Vec<Spike>], parts: usize) {
        let row = self.index - self.index % parts;
        for spikes in &spikes[row..row + parts] {
            self.ring.deliver(&tables.parts[self.index % parts].1, spikes);
        }
    }

    /// Loads the cells that have been woken.
    fn load_woken(&mut self, table: &Table, options: Options, n: usize, current: &CurrentView<'b>) {
        let loaded = self.word.len();
        if self.ring.awake().is_some_and(|cells| cells.len() > loaded) {
            let from = loaded / LANES;
            self.store(from);
            let sampling = None;
            instructions::best().dispatch(Load { member: self, table, options, n, current, sampling, from });
        }
    }

    /// Stores the state of the groups of cells from one on.
    fn store(&mut self, from: usize) {
        for group in &self.groups[from..] {
            let list = self.ring.awake().map(|cells| &cells[group.first..group.first + group.lanes.cells]);
            lanes::store(&group.lanes, &mut self.tile, group.first, list);
        }
    }
}

/// Loads all cells of a part, with the vector instructions of the processor.
struct Load<'a, 'b, 'c> {
    member: &'a mut Member<'b, 'c>,
    table: &'a Table,
    options: Options,
    n: usize,
    current: &'a CurrentView<'c>,
    sampling: Option<&'a Sampling<'a>>,
    /// The first group of cells that is loaded.
    from: usize,
}

impl WithSimd for Load<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { member, table, options, n, current, sampling, from } = self;
        let Member { tile, groups, sources, word, ring, .. } = member;
        let awake = ring.awake();
        let cells = awake.map_or(tile.refractory.len(), <[u32]>::len);
        word.resize(cells, 0);
        groups.resize_with(cells.div_ceil(LANES), Group::empty);
        sources.truncate(from);
        for (index, group) in groups.iter_mut().enumerate().skip(from) {
            let first = index * LANES;
            let cells = match awake {
                None => Cells::new(tile.first_cell + first, cells - first, n),
                Some(list) => Cells::listed(tile.first_cell, &list[first..cells.min(first + LANES)], n),
            };
            group.load(tile, table, options, &cells, current, first);
            group.sampled = match sampling {
                Some(sampling) if !tile.samples.is_empty() => group.sampled(sampling, tile),
                _ => Sampled::NONE,
            };
            if current.has_sources() {
                let of_lanes = LaneSources::load(current.noise, current.spikes, options.inhibition, &cells);
                sources.push(of_lanes.draws_ahead());
            }
        }
    }
}

/// A block of steps.
struct Block<'a, 'b> {
    /// The number of the first step.
    first: u64,
    count: u64,
    /// The number of steps of the call before it.
    from: u64,
    view: &'a CurrentView<'b>,
    options: Options,
    sampling: Option<&'a Sampling<'a>>,
    /// The number of the first step of the call.
    first_step: u64,
}

/// Advances the cells of a part by a block, with the vector instructions of the processor, and lists their spikes.
struct Advance<'a, 'b, 'c> {
    member: &'a mut Member<'b, 'c>,
    block: Block<'a, 'c>,
    spikes: &'a mut Vec<Spike>,
    bounds: &'a [usize],
}

impl WithSimd for Advance<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { member, block, spikes, bounds } = self;
        let Member { index, tile, ring, workspace, groups, sources, word, .. } = member;
        let Workspace { drives, sums, samples, .. } = &mut **workspace;
        let sampling = block.sampling.filter(|_| groups.iter().any(|group| !group.sampled.is_empty()));
        let recorded = sampling.map_or(0, |sampling| {
            (sampling.samples_before(block.first) - sampling.samples_before(block.first_step)) as usize
        });
        let sampling = sampling
            .map(|sampling| (sampling, &mut **samples.get_or_insert_with(|| Box::new(Samples::none()))));
        let mut words = [&mut word[..]];
        advance_groups(
            groups,
            sources,
            Some(&mut **ring),
            (&mut words, tile.samples.get_mut(recorded..).unwrap_or_default()),
            block.options,
            (block.first, block.count),
            block.view,
            (&mut drives.0, sums),
            sampling,
        );
        let row = blocks(block.first_step, block.from + 1) - 1;
        if let Some(row) = tile.words.get_mut(row) {
            // The first block of a word, or of the call, begins it.
            let begins = block.first.is_multiple_of(32) || block.from == 0;
            match ring.awake() {
                None if begins => row.copy_from_slice(word),
                None => row.iter_mut().zip(&*word).for_each(|(all, new)| *all |= new),
                Some(cells) => {
                    if begins {
                        row.fill(0);
                    }
                    cells.iter().zip(&*word).for_each(|(cell, new)| row[*cell as usize] |= new);
                }
            }
        }
        let awake = ring.awake();
        let first_source = bounds[*index % (bounds.len() - 1)] as u32;
        let word_start = block.first - block.first % 32;
        for (chunk, first) in word.chunks(LANES).zip((0..).step_by(LANES)) {
            if chunk.iter().fold(0, |any, word| any | word) == 0 {
                continue;
            }
            for (place, word) in (first..).zip(chunk) {
                let source = first_source + awake.map_or(place as u32, |cells| cells[place]);
                let mut word = *word;
                while word != 0 {
                    let step = word_start + u64::from(word.trailing_zeros());
                    spikes.push(Spike { source, place: ring.place(step) });
                    word &= word - 1;
                }
            }
        }
    }
}
