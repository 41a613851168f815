//! The brain of the fruit fly: Shiu et al. (2024), Nature 634:210, with all neurons and synapses of a connectome.
//!
//! The numbers are those of the model that its authors keep (philshiu/Drosophila_brain_model). A neuron ignores its
//! synapses while it is refractory, and its spike clears what they did before.

pub mod made_up;
mod neurons;

pub use neurons::{Activation, Silenced};

use crate::failure::Failure;
use crate::network::Description;
use crate::network::description::{Distribution, Effect, Group, Neurons, Poisson, Projection, Rule};
use crate::network::edges::{Edges, ListFile};
use crate::network::ids::Ids;
use crate::network::subsets::Subset;
use crate::settings::Settings;
use lif::SynapseRule;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// mV.
const V_REST: f64 = -52.0;
const V_THRESHOLD: f64 = -45.0;

/// ms.
const TAU_M: f64 = 20.0;
const TAU_SYN: f64 = 5.0;
const DELAY: f64 = 1.8;

/// ms. Brian2's refractory period of 2.2 ms is one step longer than the same period here.
const T_REF: f64 = 2.1;

/// What one synapse adds to the synaptic current; with 1 MOhm, mV.
const WEIGHT: f64 = 0.275;

/// By how many times this a spike from outside makes the membrane potential of an activated neuron jump.
const ACTIVATION: f64 = 250.0;

/// Where the files come from.
const FILES: &str = "the network fly needs --neurons-file and --edges: its authors give Completeness_783.csv and \
                     Connectivity_783.parquet (docs/networks.md says where), and lif fly-files makes up files of the same \
                     form";

/// The name of the group of all neurons.
pub const ALL: &str = "fly";

/// The fly of the files and options of these settings. It has no warm-up, as nothing happens before it is activated.
pub fn description(settings: &mut Settings) -> Result<Description, Failure> {
    if settings.scale.is_some() {
        return Err(Failure::of("scale", "the files of the fly say how large it is; leave it out"));
    }
    let (Some(neurons_file), Some(edges)) = (&settings.neurons_file, &settings.edges) else {
        return Err(Failure::usage(FILES));
    };
    settings.warmup.get_or_insert(0.0);
    let ids = Ids::read(&absolute("neurons-file", neurons_file)?, None)
        .map_err(|reason| of_file("neurons-file", neurons_file, reason))?;
    let mut group = Group {
        neurons: Neurons {
            tau_m: TAU_M,
            resistance: 1.0,
            v_rest: V_REST,
            v_reset: V_REST,
            v_threshold: V_THRESHOLD,
            t_ref: T_REF,
            tau_syn: Some(TAU_SYN),
            ..Neurons::default()
        },
        ..Group::new(ALL, ids.of_neurons.len())
    };
    group.ids = Some(Arc::new(ids));
    group.subsets = subsets(&group, &settings.activate)?;
    let mut silenced = Vec::new();
    for option in &settings.silence {
        silenced.extend(option.names(&group).map_err(|reason| Failure::of("silence", reason))?);
    }
    let file = ListFile { silenced, ..ListFile::of(absolute("edges", edges)?) };
    let edges = Edges::read(file, [&group, &group]).map_err(|reason| of_file("edges", edges, reason))?;
    if edges.counts.is_none() {
        let reason = "it must have a column with the counts of synapses, 'Excitatory x Connectivity'";
        return Err(of_file("edges", &edges.file.path, reason.to_owned()));
    }
    let rule = Rule::List(Arc::new(edges));
    let projection = Projection {
        delay: Some(Distribution::Constant(DELAY)),
        unit: Some(WEIGHT),
        ..Projection::new((0, 0), rule, Effect::Current, Distribution::Counted(WEIGHT))
    };
    Ok(Description {
        groups: vec![group],
        projections: vec![projection],
        synapse_rule: SynapseRule::Cleared,
        ..Description::new(ALL, V_REST)
    })
}

/// A subset for each activation. Activated neurons have no refractory period.
fn subsets(group: &Group, activations: &[Activation]) -> Result<Vec<Subset>, Failure> {
    let mut all: Vec<Subset> = Vec::new();
    for (number, activation) in (1..).zip(activations) {
        let refusal = |reason| Failure::of("activate", reason);
        let mut members = activation.neurons(group).map_err(refusal)?;
        members.sort_unstable();
        members.dedup();
        let is_activated =
            |member: &&u32| all.iter().any(|subset| subset.members.binary_search(member).is_ok());
        if let Some(member) = members.iter().find(is_activated) {
            return Err(refusal(format!("neuron {} is activated twice", group.name_of(*member))));
        }
        let poisson = Poisson { rate: activation.rate, weight: ACTIVATION * WEIGHT, effect: Effect::Jump };
        let kind = Group {
            neurons: Neurons { t_ref: 0.0, ..group.neurons.clone() },
            poisson: vec![poisson],
            ..Group::new(&format!("activated {number}"), members.len())
        };
        all.push(Subset { members, kind: Box::new(kind) });
    }
    Ok(all)
}

/// A path that means the same in other folders.
fn absolute(option: &str, path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::of(option, format!("{}: {error}", path.display())))
}

fn of_file(option: &str, path: &Path, reason: String) -> Failure {
    Failure::of(option, format!("{}: {reason}", path.display()))
}
