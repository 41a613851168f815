//! Compares the spikes of random networks with those of NEST and Brian2, stored in `tests/reference`.

mod described;
mod exact;

use crate::reference::{array, path};
use described::{Change, Described};
use exact::{exact, loses};
use ndarray_npy::ReadableElement;
use serde_json::Value;
use std::collections::HashSet;

/// ms.
const DT: f64 = 0.1;

/// The largest distance to the threshold at which spikes may differ first, mV.
const ROUNDING: f64 = 1e-5;

/// The models of neurons and synapses there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    NestDelta,
    NestExp,
    NestExpTwo,
    NestAlpha,
    BrianExp,
    BrianExpTwo,
    BrianJump,
    BrianJumpBeforeThreshold,
    BrianCleared,
}

use Kind::{
    BrianCleared, BrianExp, BrianExpTwo, BrianJump, BrianJumpBeforeThreshold, NestAlpha, NestDelta, NestExp,
    NestExpTwo,
};

/// The systems, and the kinds of each in the order in which they are stored.
const SYSTEMS: [(&str, &[Kind]); 2] = [
    ("networks-nest", &[NestDelta, NestExp, NestExpTwo, NestAlpha]),
    ("networks-brian2", &[BrianExp, BrianExpTwo, BrianJump, BrianJumpBeforeThreshold, BrianCleared]),
];

impl Kind {
    fn is_nest(self) -> bool {
        matches!(self, NestDelta | NestExp | NestExpTwo | NestAlpha)
    }

    fn jumps(self) -> bool {
        matches!(self, NestDelta | BrianJump | BrianJumpBeforeThreshold)
    }

    fn has_one_current(self) -> bool {
        matches!(self, NestExp | BrianExp | BrianCleared)
    }

    /// Whether a spike clears the currents of its cell.
    fn clears(self) -> bool {
        self == BrianCleared
    }

    /// The number of the system and that of the kind there.
    fn place(self) -> (usize, usize) {
        let of = |kinds: &[Kind]| kinds.iter().position(|kind| *kind == self);
        let systems = SYSTEMS.iter().enumerate();
        let mut places = systems.filter_map(|(system, (_, kinds))| Some((system, of(kinds)?)));
        places.next().expect("of a system")
    }

    /// The name in the file of the system.
    fn name(self) -> &'static str {
        match self {
            NestDelta => "delta",
            NestExp | BrianExp => "exp",
            NestExpTwo | BrianExpTwo => "exp-two",
            NestAlpha => "alpha",
            BrianJump => "jump",
            BrianJumpBeforeThreshold => "jump-before-threshold",
            BrianCleared => "cleared",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            NestDelta => "NEST `iaf_psc_delta`",
            NestExp => "NEST `iaf_psc_exp`, `tau_syn_ex` and `tau_syn_in` equal",
            NestExpTwo => "NEST `iaf_psc_exp`, `tau_syn_ex` and `tau_syn_in` different",
            NestAlpha => "NEST `iaf_psc_alpha`",
            BrianExp => "Brian2, one decaying current",
            BrianExpTwo => "Brian2, an excitatory and an inhibitory current",
            BrianJump => "Brian2, `v_post += w`",
            BrianJumpBeforeThreshold => "Brian2, `v_post += w`, synapses before thresholds",
            BrianCleared => "Brian2, one decaying current that spikes clear",
        }
    }
}

/// The networks of one kind.
pub struct Row {
    pub kind: Kind,
    /// The packages that were run, with versions.
    pub packages: String,
    pub networks: usize,
    pub cells: usize,
    pub synapses: usize,
    /// Synapses of a neuron onto itself, and those between a pair that has one already.
    pub autapses: usize,
    pub multapses: usize,
    pub spikes: usize,
    /// Networks whose spikes are the same to the end here and there.
    pub equal: usize,
    /// Networks whose spikes are the same to the end in double precision and there.
    pub exactly_equal: usize,
    /// Networks whose spikes here are the same to the end as in double precision without the jumps that are lost there.
    pub equal_but_lost: usize,
    /// Spikes there before the first difference from those here.
    pub before: usize,
    pub differences: Vec<Difference>,
}

/// The first step in which the spikes of a network differ from those in double precision.
#[derive(Debug)]
pub struct Difference {
    /// The number of the network among those of its kind.
    pub index: usize,
    pub step: u32,
    pub steps: usize,
    /// The neurons with a spike either here or there, and how far above its threshold each is in double precision.
    pub neurons: Vec<(u32, f64)>,
}

/// The spikes of all networks of a system, in the order of the kinds.
struct Stored {
    said: Value,
    spikes: Vec<Vec<(u32, u32)>>,
    checks: Vec<u64>,
}

impl Stored {
    fn read(system: &str) -> Self {
        let said: Value =
            serde_json::from_str(&std::fs::read_to_string(path(&format!("{system}.json"))).unwrap()).unwrap();
        let file = format!("{system}.npz");
        fn list<T: ReadableElement>(file: &str, name: &str) -> Vec<T> {
            array(file, name).unwrap().into_iter().collect()
        }
        let (steps, neurons) = (list::<u16>(&file, "step"), list::<u16>(&file, "neuron"));
        let mut all = steps.iter().zip(&neurons).map(|(step, neuron)| (u32::from(*step), u32::from(*neuron)));
        let counts: Vec<u32> = list(&file, "count");
        let spikes = counts.iter().map(|count| all.by_ref().take(*count as usize).collect()).collect();
        assert_eq!(all.next(), None);
        Self { said, spikes, checks: list(&file, "check") }
    }

    fn count(&self, kind: Kind) -> usize {
        self.said["kinds"][kind.name()].as_u64().unwrap() as usize
    }
}

/// Returns the first step that is not the same in two lists of spikes.
fn first_difference(one: &[(u32, u32)], other: &[(u32, u32)]) -> Option<u32> {
    let differing = one.iter().zip(other).find(|(one, other)| one != other);
    let longer = || one.get(other.len()).or_else(|| other.get(one.len()));
    differing.map(|(one, other)| one.0.min(other.0)).or_else(|| longer().map(|spike| spike.0))
}

/// Returns the neurons that spike in a step of one list but not of the other.
fn differing_neurons(step: u32, one: &[(u32, u32)], other: &[(u32, u32)]) -> Vec<u32> {
    let only = |one: &[(u32, u32)], other: &[(u32, u32)]| {
        let missing = one.iter().filter(|spike| spike.0 == step && !other.contains(spike));
        missing.map(|spike| spike.1).collect::<Vec<_>>()
    };
    [only(one, other), only(other, one)].concat()
}

/// Compares all networks, and returns what the page says of them.
pub fn compared() -> Vec<Row> {
    let mut rows = Vec::new();
    for (system, kinds) in SYSTEMS {
        let stored = Stored::read(system);
        let mut all = stored.spikes.iter().zip(&stored.checks);
        for kind in kinds {
            let packages = stored.said["packages"].as_object().unwrap().iter();
            let packages = packages.map(|(name, version)| format!("{name} {}", version.as_str().unwrap()));
            let mut row = Row {
                kind: *kind,
                packages: packages.collect::<Vec<_>>().join(", "),
                networks: stored.count(*kind),
                cells: 0,
                synapses: 0,
                autapses: 0,
                multapses: 0,
                spikes: 0,
                equal: 0,
                exactly_equal: 0,
                equal_but_lost: 0,
                before: 0,
                differences: Vec::new(),
            };
            for (index, (there, check)) in all.by_ref().take(row.networks).enumerate() {
                let described = Described::new(*kind, index);
                assert_eq!(described.check, *check, "{kind:?} {index} is another network than there");
                row.add(index, &described, there);
            }
            println!(
                "{kind:?}: of {} networks {} equal to the end ({} of {} spikes before the first difference), \
                 {} in double precision, {} but for lost jumps",
                row.networks, row.equal, row.before, row.spikes, row.exactly_equal, row.equal_but_lost
            );
            for difference in &row.differences {
                println!("  {difference:?}");
            }
            rows.push(row);
        }
        assert!(all.next().is_none());
    }
    rows
}

impl Row {
    fn add(&mut self, index: usize, described: &Described, there: &[(u32, u32)]) {
        let kind = self.kind;
        self.cells += described.n;
        self.synapses += described.source.len();
        let pairs = described.source.iter().zip(&described.target);
        self.autapses += pairs.clone().filter(|(source, target)| source == target).count();
        self.multapses += described.source.len() - pairs.collect::<HashSet<_>>().len();
        self.spikes += there.len();
        let here = described.spikes(Change::None);
        let first = first_difference(&here, there);
        self.equal += usize::from(first.is_none());
        self.before += there.iter().filter(|spike| first.is_none_or(|first| spike.0 < first)).count();

        let double = exact(described, loses(kind), usize::MAX).spikes;
        self.exactly_equal += usize::from(double == there);
        // Where nothing is lost there, these are the spikes there.
        let kept = if loses(kind) { exact(described, false, usize::MAX).spikes } else { double };
        let Some(step) = first_difference(&here, &kept) else {
            self.equal_but_lost += 1;
            return;
        };
        let margins = exact(described, false, step as usize).margins;
        let neurons = differing_neurons(step, &here, &kept).into_iter();
        let neurons = neurons.map(|neuron| (neuron, margins[neuron as usize])).collect();
        self.differences.push(Difference { index, step, steps: described.steps, neurons });
    }
}

/// Asserts that the spikes are those there up to where rounding decides.
pub fn check(rows: &[Row]) {
    for row in rows {
        let kind = row.kind;
        assert!(row.spikes > 5 * row.cells, "{kind:?} hardly spikes");
        assert_eq!(row.exactly_equal, row.networks, "{kind:?}: in double precision");
        assert_eq!(row.equal_but_lost + row.differences.len(), row.networks);
        assert!(row.differences.len() * 10 <= row.networks, "{kind:?}: {} differ", row.differences.len());
        if !loses(kind) {
            assert_eq!(row.equal, row.equal_but_lost, "{kind:?}");
        }
        for difference in &row.differences {
            let explained = |(_, margin): &(u32, f64)| margin.abs() < ROUNDING;
            assert!(
                !difference.neurons.is_empty() && difference.neurons.iter().all(explained),
                "{kind:?}: no rounding explains {difference:?}"
            );
        }
    }
}

#[test]
fn a_delay_or_a_current_that_is_wrong_is_noticed_in_every_network() {
    for (kind, count) in SYSTEMS.iter().flat_map(|(system, kinds)| {
        let stored = Stored::read(system);
        kinds.iter().map(move |kind| (kind, stored.count(*kind)))
    }) {
        for index in 0..count {
            let described = Described::new(*kind, index);
            let kept = exact(&described, false, usize::MAX).spikes;
            for change in [Change::Later, Change::Held] {
                if change == Change::Held && kind.jumps() {
                    continue;
                }
                let changed = described.spikes(change);
                assert!(first_difference(&changed, &kept).is_some(), "{kind:?} {index}, {change:?}");
            }
        }
    }
}
