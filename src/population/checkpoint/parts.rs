//! Converts the parameters of a population to tensors and notes, and back.

use super::file::{Contents, Tensor};
use crate::experiment::params::{Integrator, Parameter, Params, Trace, TraceKind};
use crate::model::{Refractory, Reset, SpikeTest, SynapseRule, SynapseShape};
use bytemuck::Pod;
use ndarray::{ArrayD, IxDyn};
use safetensors::Dtype;
use std::borrow::Cow;
use std::collections::BTreeMap;

const TAU_M: &str = "params.tau_m";
const RESISTANCE: &str = "params.resistance";
const V_REST: &str = "params.v_rest";
const V_RESET: &str = "params.v_reset";
const V_THRESHOLD: &str = "params.v_threshold";
const T_REF: &str = "params.t_ref";
const V_LOWER: &str = "params.v_lower";
const TRACE_TAU: &str = "params.trace_tau";
const TRACE_SCALE: &str = "params.trace_scale";
const TAU_SYN: &str = "params.tau_syn";
const TAU_SYN_INHIBITORY: &str = "params.tau_syn_inhibitory";
const DT: &str = "params.dt";
const V_REFERENCE: &str = "params.v_reference";

/// The format of files without later additions.
const FIRST_FORMAT: u32 = 1;
/// The format of files with a reference potential, or with parameters in double precision.
const REFERENCE_FORMAT: u32 = 2;
/// The format of files with an inhibitory current, or with a synapse that spikes clear.
const INHIBITION_FORMAT: u32 = 3;
/// The format of files with alpha currents.
pub(super) const ALPHA_FORMAT: u32 = 4;

/// Returns the oldest format in which these parameters can be written.
pub(super) fn format(params: &Params) -> u32 {
    if params.synapse_shape != SynapseShape::default() {
        return ALPHA_FORMAT;
    }
    if params.tau_syn_inhibitory.is_some() || params.synapse_rule != SynapseRule::default() {
        return INHIBITION_FORMAT;
    }
    let Params { tau_m, resistance, v_rest, v_reset, v_threshold, t_ref, v_lower, trace, tau_syn, .. } =
        params;
    let of_trace = trace.iter().flat_map(|trace| [&trace.tau, &trace.scale]);
    let doubles = [tau_m, resistance, v_rest, v_reset, v_threshold, t_ref]
        .into_iter()
        .chain(v_lower)
        .chain(tau_syn)
        .chain(of_trace)
        .any(|parameter| parameter.doubles().is_some());
    if params.v_reference != 0.0 || doubles { REFERENCE_FORMAT } else { FIRST_FORMAT }
}

/// The name of a choice between rules, and a word for each rule.
type RuleNames<T, const COUNT: usize> = (&'static str, [(&'static str, T); COUNT]);

const INTEGRATORS: RuleNames<Integrator, 2> =
    ("integrator", [("euler", Integrator::Euler), ("exact", Integrator::Exact)]);
const SPIKE_TESTS: RuleNames<SpikeTest, 2> =
    ("spike_test", [("above", SpikeTest::Above), ("at-or-above", SpikeTest::AtOrAbove)]);
const RESETS: RuleNames<Reset, 4> = (
    "reset",
    [
        ("to-value", Reset::ToValue),
        ("subtract", Reset::Subtract),
        ("subtract-ahead", Reset::SubtractAhead),
        ("none", Reset::None),
    ],
);
const REFRACTORIES: RuleNames<Refractory, 3> = (
    "refractory",
    [("frozen", Refractory::Frozen), ("leak-only", Refractory::LeakOnly), ("silent", Refractory::Silent)],
);
const TRACES: RuleNames<Option<TraceKind>, 3> =
    ("trace", [("none", None), ("add", Some(TraceKind::Add)), ("set", Some(TraceKind::Set))]);
/// Not in files of neurons with the first of them, which are older than the others.
const SYNAPSE_RULES: RuleNames<SynapseRule, 2> =
    ("synapse_rule", [("independent", SynapseRule::Independent), ("cleared", SynapseRule::Cleared)]);
/// Not in files of neurons with the first of them either.
const SYNAPSE_SHAPES: RuleNames<SynapseShape, 2> =
    ("synapse_shape", [("exponential", SynapseShape::Exponential), ("alpha", SynapseShape::Alpha)]);
const CONSTANT_FIRING: RuleNames<bool, 2> = ("allow_constant_firing", [("false", false), ("true", true)]);

/// Adds the parameters to the tensors and notes. Destructures them without `..`, so that a new parameter causes a
/// compile error here.
pub(super) fn write<'a>(
    params: &'a Params,
    tensors: &mut Vec<Tensor<'a>>,
    notes: &mut BTreeMap<String, String>,
) {
    let Params {
        tau_m,
        resistance,
        v_rest,
        v_reset,
        v_threshold,
        v_reference,
        t_ref,
        dt,
        integrator,
        spike_test,
        reset,
        refractory,
        v_lower,
        trace,
        tau_syn,
        tau_syn_inhibitory,
        synapse_rule,
        synapse_shape,
        allow_constant_firing,
    } = params;
    let mut number = |name, number: &'a f64| {
        let bytes = Cow::Borrowed(bytemuck::bytes_of(number));
        tensors.push(Tensor { name, dtype: Dtype::F64, shape: Vec::new(), bytes });
    };
    number(DT, dt);
    if *v_reference != 0.0 {
        number(V_REFERENCE, v_reference);
    }
    let named = [
        (TAU_M, Some(tau_m)),
        (RESISTANCE, Some(resistance)),
        (V_REST, Some(v_rest)),
        (V_RESET, Some(v_reset)),
        (V_THRESHOLD, Some(v_threshold)),
        (T_REF, Some(t_ref)),
        (V_LOWER, v_lower.as_ref()),
        (TRACE_TAU, trace.as_ref().map(|trace| &trace.tau)),
        (TRACE_SCALE, trace.as_ref().map(|trace| &trace.scale)),
        (TAU_SYN, tau_syn.as_ref()),
        (TAU_SYN_INHIBITORY, tau_syn_inhibitory.as_ref()),
    ];
    let named = named.into_iter().filter_map(|(name, parameter)| Some((name, parameter?)));
    let (doubles, singles): (Vec<_>, Vec<_>) =
        named.partition(|(_, parameter)| parameter.doubles().is_some());
    tensors.extend(doubles.into_iter().chain(singles).map(|(name, parameter)| tensor(name, parameter)));
    note(notes, &INTEGRATORS, *integrator);
    note(notes, &SPIKE_TESTS, *spike_test);
    note(notes, &RESETS, *reset);
    note(notes, &REFRACTORIES, *refractory);
    note(notes, &TRACES, trace.as_ref().map(|trace| trace.kind));
    if *synapse_rule != SynapseRule::default() {
        note(notes, &SYNAPSE_RULES, *synapse_rule);
    }
    if *synapse_shape != SynapseShape::default() {
        note(notes, &SYNAPSE_SHAPES, *synapse_shape);
    }
    note(notes, &CONSTANT_FIRING, *allow_constant_firing);
}

fn tensor<'a>(name: &'static str, parameter: &'a Parameter) -> Tensor<'a> {
    let shape = parameter.values().shape().to_vec();
    match parameter.doubles() {
        Some(values) => Tensor { name, dtype: Dtype::F64, shape, bytes: bytes(values) },
        None => Tensor { name, dtype: Dtype::F32, shape, bytes: bytes(parameter.values()) },
    }
}

fn bytes<T: Pod>(values: &ArrayD<T>) -> Cow<'_, [u8]> {
    match values.as_slice() {
        Some(values) => Cow::Borrowed(bytemuck::cast_slice(values)),
        None => {
            Cow::Owned(values.iter().flat_map(|value| bytemuck::bytes_of(value).iter().copied()).collect())
        }
    }
}

fn note<T: PartialEq, const COUNT: usize>(
    notes: &mut BTreeMap<String, String>,
    (name, words): &RuleNames<T, COUNT>,
    choice: T,
) {
    let word = words.iter().find(|(_, value)| *value == choice).map_or("", |(word, _)| word);
    notes.insert((*name).to_owned(), word.to_owned());
}

/// Reads the parameters from a file. Their values are checked when the population is built.
pub(super) fn read(contents: &mut Contents) -> Result<Params, String> {
    let dt = contents.values::<f64>(DT, Dtype::F64)?;
    let [dt] = dt[..] else {
        return Err(format!("'{DT}' in it is not one number"));
    };
    let v_reference = match contents.shape(V_REFERENCE) {
        None => 0.0,
        Some(_) => match contents.values::<f64>(V_REFERENCE, Dtype::F64)?[..] {
            [v_reference] => v_reference,
            _ => return Err(format!("'{V_REFERENCE}' in it is not one number")),
        },
    };
    let v_lower = optional(contents, V_LOWER)?;
    let trace = match choice(contents, &TRACES)? {
        None => None,
        Some(kind) => Some(Trace {
            tau: parameter(contents, TRACE_TAU)?,
            scale: parameter(contents, TRACE_SCALE)?,
            kind,
        }),
    };
    Ok(Params {
        tau_m: parameter(contents, TAU_M)?,
        resistance: parameter(contents, RESISTANCE)?,
        v_rest: parameter(contents, V_REST)?,
        v_reset: parameter(contents, V_RESET)?,
        v_threshold: parameter(contents, V_THRESHOLD)?,
        v_reference,
        t_ref: parameter(contents, T_REF)?,
        dt,
        integrator: choice(contents, &INTEGRATORS)?,
        spike_test: choice(contents, &SPIKE_TESTS)?,
        reset: choice(contents, &RESETS)?,
        refractory: choice(contents, &REFRACTORIES)?,
        v_lower,
        trace,
        tau_syn: optional(contents, TAU_SYN)?,
        tau_syn_inhibitory: optional(contents, TAU_SYN_INHIBITORY)?,
        synapse_rule: choice_or_default(contents, &SYNAPSE_RULES)?,
        synapse_shape: choice_or_default(contents, &SYNAPSE_SHAPES)?,
        allow_constant_firing: choice(contents, &CONSTANT_FIRING)?,
    })
}

fn optional(contents: &mut Contents, name: &str) -> Result<Option<Parameter>, String> {
    contents.shape(name).is_some().then(|| parameter(contents, name)).transpose()
}

fn parameter(contents: &mut Contents, name: &str) -> Result<Parameter, String> {
    let shape = IxDyn(contents.shape(name).unwrap_or_default());
    let refusal = |error| format!("'{name}' in it: {error}");
    if contents.dtype(name) == Some(Dtype::F64) {
        let values = contents.values::<f64>(name, Dtype::F64)?;
        let array = ArrayD::from_shape_vec(shape, values).map_err(refusal)?;
        return Ok(Parameter::in_double(&array));
    }
    let values = contents.values::<f32>(name, Dtype::F32)?;
    ArrayD::from_shape_vec(shape, values).map(Parameter::from).map_err(refusal)
}

/// As [`choice`]; the default if it is not noted.
fn choice_or_default<T: Copy + Default, const COUNT: usize>(
    contents: &Contents,
    names: &RuleNames<T, COUNT>,
) -> Result<T, String> {
    let is_noted = contents.notes().any(|(name, _)| name == names.0);
    if is_noted { choice(contents, names) } else { Ok(T::default()) }
}

fn choice<T: Copy, const COUNT: usize>(
    contents: &Contents,
    (name, words): &RuleNames<T, COUNT>,
) -> Result<T, String> {
    let said = contents.note(name)?;
    let found = words.iter().find(|(word, _)| *word == said).map(|(_, value)| *value);
    found.ok_or_else(|| format!("its {name} is '{said}', which this version does not know"))
}
