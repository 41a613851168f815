//! The synapses of a network as engines get them: checked projections, and tables that are drawn from them for any part
//! of the targets.
//!
//! Engines keep what will arrive at a cell in a ring: one sum for each coming step, as a whole number. So sums have the
//! same bits in whatever order spikes are delivered.

mod chance;
mod expected;
mod export;
mod projection;
mod rules;
pub(crate) mod table;

use crate::data::memory::MemoryNeed;
use crate::data::shape::Shape;
use crate::error::{Error, Result};
use crate::experiment::network::Wiring;
use crate::experiment::params::Params;
use crate::experiment::spike_input::SpikeEffect;
use crate::model::LARGEST_PARAMETER;
use projection::Projection;
use std::ops::Range;
use std::sync::Arc;
use table::Tables;

/// The number of steps in a word of spikes, which no block crosses.
const WORD: u32 = 32;

/// The steps until a spike acts that the 8 bits in a synapse tell apart.
const PAGE: u32 = 1 << 8;

/// The most sums of a cell and step: devices have a bit for each in a word.
const MOST_CHANNELS: usize = 32;

/// What arriving weights are added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receptor {
    /// The synaptic current.
    Current,
    /// The inhibitory current.
    Inhibitory,
    /// The membrane potential.
    Potential,
}

/// Synapses whose weights are summed together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Channel {
    pub(crate) receptor: Receptor,
    /// The unit of all weights, if the user gave one.
    unit: Option<f64>,
    /// What the sums of each batch row are multiplied by; `None`: nothing.
    factors: Option<Arc<Vec<f32>>>,
}

impl Channel {
    /// The unit of the sums of a batch row, if that of the weights is `unit`.
    pub(crate) fn unit_of_row(&self, unit: f32, row: usize) -> f32 {
        unit * self.factors.as_ref().map_or(1.0, |factors| factors[row])
    }
}

/// Synapses that are stored together, sorted by their source.
#[derive(Debug, Clone, PartialEq)]
struct Class {
    channel: usize,
    kind: Kind,
    sources: Range<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// All have this weight, and a spike acts after this many steps.
    Shared { weight: f32, arrival: u32 },
    /// Each has its own; spikes act after this many times [`PAGE`] steps, plus those in the synapse.
    Each { page: u32 },
}

/// The checked projections of a network.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Number of neurons.
    pub(crate) n: usize,
    pub(crate) channels: Vec<Channel>,
    projections: Vec<Projection>,
    classes: Vec<Class>,
    places: Vec<Places>,
    /// The most steps between two deliveries of spikes.
    most_steps: u32,
    /// A bound of the steps until a spike acts.
    longest: u32,
}

impl Connections {
    /// Checks the wiring of a population with this number of batch rows.
    pub(crate) fn new(wiring: &Wiring, batch: usize, params: &Params) -> Result<Self> {
        if !wiring.positions.is_empty() && wiring.positions.len() != wiring.n() {
            let expected = format!("[{}] (one for each neuron)", wiring.n());
            return Err(Error::shape("the positions of the neurons", expected, &[wiring.positions.len()]));
        }
        if let Some(neuron) =
            wiring.positions.iter().position(|position| !position.iter().all(|x| x.is_finite()))
        {
            let value = format!("{:?} of neuron {neuron}", wiring.positions[neuron]);
            return Err(Error::out_of_range("the positions of the neurons", value, "finite"));
        }
        let positions = Arc::new(wiring.positions.clone());
        let mut connections = Self {
            n: wiring.n(),
            channels: Vec::new(),
            projections: Vec::new(),
            classes: Vec::new(),
            places: Vec::new(),
            most_steps: WORD,
            longest: 1,
        };
        for (number, described) in (0..).zip(&wiring.projections) {
            let synapse = &described.synapse;
            let name = format!("from {} to {}", described.from.name, described.to.name);
            if let Some(factors) = &synapse.factors {
                check_factors(&name, factors, batch)?;
            }
            let largest = f64::from(LARGEST_PARAMETER);
            if let Some(unit) = synapse.unit.filter(|unit| !(*unit > 1e-20 && *unit <= largest)) {
                let what = format!("the unit of the weights {name}");
                return Err(Error::out_of_range(
                    &what,
                    unit,
                    format!("above 1e-20, and at most {LARGEST_PARAMETER:e}"),
                ));
            }
            let mut channel = |receptor| {
                connections.channel(Channel {
                    receptor,
                    unit: synapse.unit,
                    factors: synapse.factors.clone(),
                })
            };
            // Of positive and of negative weights.
            let channels = match (synapse.effect, synapse.weight.signs()) {
                (SpikeEffect::Potential, _) => [channel(Receptor::Potential); 2],
                (SpikeEffect::Current, signs) if params.tau_syn_inhibitory.is_some() => match signs {
                    [true, true] => [channel(Receptor::Current), channel(Receptor::Inhibitory)],
                    [_, false] => [channel(Receptor::Current); 2],
                    [false, true] => [channel(Receptor::Inhibitory); 2],
                },
                (SpikeEffect::Current, _) => [channel(Receptor::Current); 2],
            };
            let projection = Projection::new(number, described, wiring, &positions, params, channels)?;
            connections.add(projection);
        }
        if connections.channels.len() > MOST_CHANNELS {
            return Err(Error::out_of_range(
                "the number of sums with a unit or factors of their own",
                connections.channels.len(),
                format!("at most {MOST_CHANNELS}; synapses with the same unit and factors share a sum"),
            ));
        }
        Ok(connections)
    }

    /// Returns the number of a channel; adds it if it is new.
    fn channel(&mut self, channel: Channel) -> usize {
        self.channels.iter().position(|known| *known == channel).unwrap_or_else(|| {
            self.channels.push(channel);
            self.channels.len() - 1
        })
    }

    fn add(&mut self, projection: Projection) {
        let (shortest, longest) = projection.arrival_bounds();
        self.most_steps = self.most_steps.min(shortest);
        self.longest = self.longest.max(longest);
        let shared = projection.shared();
        let first_page = if shared.is_some() { 0 } else { shortest / PAGE };
        let of_sign = projection.channels.map(|channel| match shared {
            Some((weight, arrival)) => {
                vec![self.class(channel, Kind::Shared { weight, arrival }, &projection.from)]
            }
            None => (first_page..=longest / PAGE)
                .map(|page| self.class(channel, Kind::Each { page }, &projection.from))
                .collect(),
        });
        self.places.push(Places { is_shared: shared.is_some(), first_page, of_sign });
        self.projections.push(projection);
    }

    /// Returns the number of a class, with these sources added; adds it if it is new.
    fn class(&mut self, channel: usize, kind: Kind, sources: &Range<u32>) -> usize {
        let is_shared = matches!(kind, Kind::Shared { .. });
        let known = self.classes.iter().position(|class| {
            // A table of shared weights has rows for its own sources only.
            class.channel == channel && class.kind == kind && (!is_shared || class.sources == *sources)
        });
        if let Some(index) = known {
            let known = &mut self.classes[index].sources;
            *known = known.start.min(sources.start)..known.end.max(sources.end);
            return index;
        }
        self.classes.push(Class { channel, kind, sources: sources.clone() });
        self.classes.len() - 1
    }

    /// Returns the end of the block that begins with a step: cells make its steps without waiting for each other's
    /// spikes. The steps of a word are divided evenly.
    pub(crate) fn block_end(&self, step: u64) -> u64 {
        let word = u64::from(WORD);
        let blocks = word.div_ceil(u64::from(self.most_steps));
        let (first, within) = (step - step % word, step % word);
        let block = within * blocks / word;
        first + ((block + 1) * word).div_ceil(blocks).min(word)
    }

    /// The number of synapses: more than there are in all likelihood, where the rules draw their number.
    pub(crate) fn expected_synapses(&self) -> u64 {
        self.projections.iter().fold(0, |sum, projection| sum.saturating_add(projection.expected()))
    }

    /// The memory of the places of the rows of a table.
    pub(crate) fn row_bytes(&self) -> u64 {
        self.classes.iter().map(|class| 4 * (class.sources.len() as u64 + 1)).sum()
    }

    /// The memory of the synapses, and of what will arrive, for a population of this shape. A GPU has copies of the
    /// synapses that are drawn here.
    pub(crate) fn memory_needed(&self, shape: Shape, on_gpu: bool) -> MemoryNeed {
        let bytes = self.projections.iter().fold(0_u64, |sum, projection| {
            let each = if projection.shared().is_some() { 4 } else { 8 };
            sum.saturating_add(projection.expected().saturating_mul(each))
        });
        let sums = u64::from(self.longest) * self.channels.len() as u64;
        let mut need = MemoryNeed::default();
        let sums = sums.saturating_mul(4 * shape.cells() as u64);
        let bytes = bytes.saturating_add(self.row_bytes());
        need.add("the synapses", bytes, if on_gpu { bytes } else { 0 });
        need.add("what will arrive", if on_gpu { 0 } else { sums }, if on_gpu { sums } else { 0 });
        need
    }
}

/// The part of a network that an engine has: its synapses onto the engine's cells.
#[derive(Debug, Clone)]
pub(crate) struct Wired {
    pub(crate) connections: Arc<Connections>,
    /// The tables of the engine's neurons, in their order.
    pub(crate) tables: Tables,
    /// The number of the engine's first batch row.
    pub(crate) first_row: usize,
    /// Whether the engine has all cells. Otherwise it gets the spikes of all cells from outside.
    pub(crate) is_whole: bool,
}

/// What connects the cells of an engine.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// It draws all synapses.
    Whole(&'a Arc<Connections>),
    /// The synapses onto its cells have been drawn.
    Slab(Wired),
}

impl Wired {
    /// Draws the synapses of a whole network, cut into these parts.
    pub(crate) fn whole(connections: &Arc<Connections>, parts: &[Range<u32>]) -> Result<Self> {
        let tables = connections.draw(parts)?;
        Ok(Self { connections: Arc::clone(connections), tables, first_row: 0, is_whole: true })
    }

    /// What a channel acts on, and the unit of its sums in a batch row of the engine.
    pub(crate) fn channels(&self, row: usize) -> impl Iterator<Item = (Receptor, f32)> {
        let units = self.connections.channels.iter().zip(&self.tables.units);
        units.map(move |(channel, unit)| (channel.receptor, channel.unit_of_row(*unit, self.first_row + row)))
    }
}

/// The classes of a projection, for positive and for negative weights.
#[derive(Debug)]
struct Places {
    is_shared: bool,
    /// The page of the first class of each sign; there is one for each page.
    first_page: u32,
    of_sign: [Vec<usize>; 2],
}

impl Places {
    #[inline(always)]
    fn class(&self, weight: f32, arrival: u32) -> usize {
        let of_sign = &self.of_sign[usize::from(weight < 0.0)];
        if self.is_shared { of_sign[0] } else { of_sign[(arrival / PAGE - self.first_page) as usize] }
    }
}

fn check_factors(name: &str, factors: &[f32], batch: usize) -> Result<()> {
    let what = format!("the factors of the synapses {name}");
    if factors.len() != batch {
        return Err(Error::shape(&what, format!("[{batch}] (one for each batch row)"), &[factors.len()]));
    }
    // With a smaller factor, a unit could be a subnormal number, which some devices take for 0.
    match factors.iter().position(|factor| !(*factor == 0.0 || (1e-10..=1e10).contains(factor))) {
        Some(row) => {
            let value = format!("{} for batch row {row}", factors[row]);
            Err(Error::out_of_range(&what, value, "0, or from 1e-10 to 1e10"))
        }
        None => Ok(()),
    }
}
