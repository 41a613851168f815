//! Reads the inputs and spikes of other systems from `tests/reference`.

use lif::{Preset, PresetValue};
use ndarray::{Array2, Array3, ArrayD, ArrayView2, Axis, Ix2, Ix3, OwnedRepr};
use ndarray_npy::{NpzReader, ReadableElement};
use serde_json::Value;
use std::fs::File;
use std::path::PathBuf;

pub const INPUTS: [&str; 5] = ["constant", "step", "ramp", "noise", "pulses"];
const PULSES: usize = 4;
/// Inputs are stored as whole numbers in units of 1 / `PART`.
const PART: f64 = 256.0;

/// One set of parameters of a system, its inputs and its spikes.
pub struct Case {
    pub preset: Preset,
    /// The parameters as a user would type them.
    pub parameters: String,
    /// `[step, input * neuron]`.
    pub currents: Array2<f32>,
    /// `[step, input * neuron]`.
    pub spikes: Array2<bool>,
    /// The weight of input spikes, if the inputs go through a synapse; `currents` is then not 0 at each spike.
    pub weight: Option<f32>,
    /// The last values of the traces, if the system has traces.
    pub traces: Option<Vec<f32>>,
    /// Neurons that a constant input brings just above their threshold.
    pub near: Option<Near>,
}

/// Inputs and spikes of neurons just above their threshold, `[step, neuron]`.
pub struct Near {
    pub currents: Array2<f32>,
    pub spikes: Array2<bool>,
}

/// All cases of a system.
pub struct Reference {
    pub system: &'static str,
    /// The packages that were run, with versions.
    pub packages: String,
    pub note: String,
    pub date: String,
    pub neurons: usize,
    pub cases: Vec<Case>,
}

pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(file)
}

pub fn array<T: ReadableElement>(file: &str, name: &str) -> Option<ArrayD<T>> {
    NpzReader::new(File::open(path(file)).unwrap()).unwrap().by_name::<OwnedRepr<T>, _>(name).ok()
}

impl Reference {
    pub fn read(system: &'static str) -> Self {
        let text = std::fs::read_to_string(path(&format!("{system}.json"))).unwrap();
        let said: Value = serde_json::from_str(&text).unwrap();
        let word = |key: &str| said[key].as_str().unwrap().to_owned();
        let inputs: Array3<i16> =
            array("inputs.npz", "inputs").unwrap().into_dimensionality::<Ix3>().unwrap();
        let arrays = format!("{system}.npz");
        let spikes: ArrayD<u8> = array(&arrays, "spikes").unwrap();
        let traces: Option<ArrayD<f32>> = array(&arrays, "trace");
        let near: Option<ArrayD<u8>> = array(&arrays, "near");
        let cases = said["cases"].as_array().unwrap().iter().enumerate().map(|(index, said)| {
            let packed = spikes.index_axis(Axis(0), index).into_dimensionality::<Ix2>().unwrap();
            let preset = preset(system, &said["parameters"]);
            Case {
                currents: currents(&inputs, said, &preset),
                spikes: unpacked(packed),
                near: said["rheobase"].as_f64().map(|rheobase| {
                    let packed = near.as_ref().unwrap().index_axis(Axis(0), index);
                    let spikes = unpacked(packed.into_dimensionality::<Ix2>().unwrap());
                    // The same rounding as `near` in make.py.
                    let current = |neuron| (rheobase * (1.0002 + 1e-5 * neuron as f64)) as f32;
                    Near {
                        currents: Array2::from_shape_fn(spikes.dim(), |(_, neuron)| current(neuron)),
                        spikes,
                    }
                }),
                traces: traces
                    .as_ref()
                    .map(|traces| traces.index_axis(Axis(0), index).iter().copied().collect()),
                parameters: typed(&said["parameters"]),
                weight: said["spikes"].as_bool().map(|_| said["pulse"].as_f64().unwrap() as f32),
                preset,
            }
        });
        let packages = said["packages"].as_object().unwrap().iter();
        Self {
            system,
            packages: packages
                .map(|(name, version)| format!("{name} {}", version.as_str().unwrap()))
                .collect::<Vec<_>>()
                .join(", "),
            note: word("note"),
            date: word("date"),
            neurons: inputs.dim().2,
            cases: cases.collect(),
        }
    }
}

/// Unpacks bits; the lowest bit is the first step.
fn unpacked(packed: ArrayView2<'_, u8>) -> Array2<bool> {
    let (bytes, cells) = packed.dim();
    Array2::from_shape_fn((bytes * 8, cells), |(step, cell)| packed[[step / 8, cell]] >> (step % 8) & 1 == 1)
}

/// Makes a preset with these values, as a user of the system would set them.
fn preset(system: &str, parameters: &Value) -> Preset {
    let preset = Preset::by_name(system).unwrap();
    parameters.as_object().unwrap().iter().fold(preset, |preset, (name, value)| {
        let value: PresetValue = match value {
            Value::Null => "none".into(),
            Value::Bool(value) => (*value).into(),
            Value::String(word) => word.as_str().into(),
            value => value.as_f64().unwrap().into(),
        };
        preset.with(name, value).unwrap()
    })
}

fn typed(parameters: &Value) -> String {
    let pairs = parameters.as_object().unwrap().iter().map(|(name, value)| match value {
        Value::Null => format!("{name}=none"),
        Value::String(word) => format!("{name}={word}"),
        value => format!("{name}={value}"),
    });
    pairs.collect::<Vec<_>>().join(",")
}

/// Returns the currents, `[step, input * neuron]`, with the same rounding as `currents` in make.py.
fn currents(inputs: &Array3<i16>, said: &Value, preset: &Preset) -> Array2<f32> {
    let (waveforms, steps, neurons) = inputs.dim();
    let [unit, pulse] = ["unit", "pulse"].map(|key| said[key].as_f64().unwrap());
    // Spikes that are jumps of the membrane potential are replaced by an input for one step.
    let jump = said["jumps"].as_bool().map(|_| f64::from(preset.one_step_jump().unwrap().values()[[]]));
    Array2::from_shape_fn((steps, waveforms * neurons), |(step, cell)| {
        let (waveform, neuron) = (cell / neurons, cell % neurons);
        if said["spikes"].as_bool().is_some() {
            let spike = waveform == PULSES && inputs[[waveform, step, neuron]] != 0;
            return if spike { pulse as f32 } else { 0.0 };
        }
        let unit = if waveform == PULSES { pulse } else { unit };
        let value = (unit * f64::from(inputs[[waveform, step, neuron]]) / PART) as f32;
        match jump {
            Some(jump) if waveform == PULSES => (jump * f64::from(value)) as f32,
            _ => value,
        }
    })
}
