//! The parameters of another system: their names, ranges and defaults, and the values that were set.

use crate::error::{self, Error, Result};
use crate::experiment::params::{Parameter, Said};
use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension, arr0};

/// The value of a parameter of a [`Preset`](crate::Preset): a number, an array, or a word.
#[derive(Debug, Clone, PartialEq)]
pub struct PresetValue(Value);

#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// In double precision, in which the conversion to the parameters of this crate is computed.
    Numbers(ArrayD<f64>),
    Word(String),
}

impl From<f64> for PresetValue {
    fn from(value: f64) -> Self {
        Self(Value::Numbers(arr0(value).into_dyn()))
    }
}

impl From<f32> for PresetValue {
    fn from(value: f32) -> Self {
        f64::from(value).into()
    }
}

impl From<&str> for PresetValue {
    fn from(word: &str) -> Self {
        Self(Value::Word(word.to_owned()))
    }
}

impl From<bool> for PresetValue {
    /// The word `true` or `false`.
    fn from(value: bool) -> Self {
        if value { TRUE } else { FALSE }.into()
    }
}

impl<D: Dimension> From<Array<f64, D>> for PresetValue {
    fn from(values: Array<f64, D>) -> Self {
        Self(Value::Numbers(values.into_dyn()))
    }
}

impl<D: Dimension> From<Array<f32, D>> for PresetValue {
    fn from(values: Array<f32, D>) -> Self {
        (&values).into()
    }
}

impl<S: Data<Elem = f32>, D: Dimension> From<&ArrayBase<S, D>> for PresetValue {
    fn from(values: &ArrayBase<S, D>) -> Self {
        Self(Value::Numbers(values.mapv(f64::from).into_dyn()))
    }
}

pub(super) const TRUE: &str = "true";
pub(super) const FALSE: &str = "false";
pub(super) const NONE: &str = "none";

/// The range of numbers that a parameter can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Range {
    Any,
    AboveZero,
    /// A time constant above 0, of a system that also allows others, with which potentials grow.
    Decay,
    NotZero,
    ZeroOrMore,
    AboveOne,
    /// A bound up to 0; minus infinity is no bound.
    BoundUpToZero,
}

impl Range {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::BoundUpToZero => value <= 0.0,
            _ if !value.is_finite() => false,
            Self::Any => true,
            Self::AboveZero | Self::Decay => value > 0.0,
            Self::NotZero => value != 0.0,
            Self::ZeroOrMore => value >= 0.0,
            Self::AboveOne => value > 1.0,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Any => "a finite number",
            Self::AboveZero => "above 0",
            Self::Decay => {
                "above 0: at 0 the equation divides by it, and with less a membrane potential runs away from rest, which no \
                 neuron here does"
            }
            Self::NotZero => "other than 0",
            Self::ZeroOrMore => "0 or more",
            Self::AboveOne => "above 1",
            Self::BoundUpToZero => "0 or less; -inf is no bound",
        }
    }
}

/// What a parameter can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValueKind {
    /// A number for each cell.
    Numbers(f64, Range),
    /// A number for each cell, or `none`.
    NumbersOrNone(Option<f64>),
    /// One number for all cells.
    Single(f64),
    /// One of these words, the first by default.
    Word(&'static [&'static str]),
}

/// A parameter of a system.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) kind: ValueKind,
    /// Empty if it has no unit.
    pub(super) unit: &'static str,
}

impl Known {
    pub(super) const fn number(name: &'static str, default: f64, range: Range, unit: &'static str) -> Self {
        Self { name, kind: ValueKind::Numbers(default, range), unit }
    }

    pub(super) const fn number_or_none(name: &'static str, default: Option<f64>, unit: &'static str) -> Self {
        Self { name, kind: ValueKind::NumbersOrNone(default), unit }
    }

    /// The length of a step.
    pub(super) const fn step(name: &'static str, default: f64, unit: &'static str) -> Self {
        Self { name, kind: ValueKind::Single(default), unit }
    }

    pub(super) const fn word(name: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, kind: ValueKind::Word(words), unit: "" }
    }

    /// The words that it can be set to.
    pub(super) fn words(&self) -> Vec<&'static str> {
        match self.kind {
            ValueKind::Word(words) => words.to_vec(),
            ValueKind::NumbersOrNone(_) => vec![NONE],
            ValueKind::Numbers(..) | ValueKind::Single(_) => Vec::new(),
        }
    }

    /// The default as text.
    pub(super) fn default(&self) -> String {
        match self.kind {
            ValueKind::Numbers(value, _)
            | ValueKind::Single(value)
            | ValueKind::NumbersOrNone(Some(value)) => value.to_string(),
            ValueKind::NumbersOrNone(None) => NONE.to_owned(),
            ValueKind::Word(words) => words.first().copied().unwrap_or_default().to_owned(),
        }
    }

    fn default_value(&self) -> PresetValue {
        match self.kind {
            ValueKind::Numbers(value, _)
            | ValueKind::Single(value)
            | ValueKind::NumbersOrNone(Some(value)) => value.into(),
            ValueKind::NumbersOrNone(None) => NONE.into(),
            ValueKind::Word(words) => words.first().copied().unwrap_or_default().into(),
        }
    }

    fn require(&self, value: &Value) -> Result<()> {
        let (range, single) = match self.kind {
            ValueKind::Word(words) => {
                return match value {
                    Value::Word(word) if words.contains(&word.as_str()) => Ok(()),
                    value => Err(Error::out_of_range(
                        self.name,
                        shown(value),
                        format!("one of {}", words.join(", ")),
                    )),
                };
            }
            ValueKind::NumbersOrNone(_) => (Range::Any, false),
            ValueKind::Numbers(_, range) => (range, false),
            ValueKind::Single(_) => (Range::AboveZero, true),
        };
        match (value, self.kind) {
            (Value::Word(word), ValueKind::NumbersOrNone(_)) if word == NONE => Ok(()),
            (Value::Word(_), ValueKind::NumbersOrNone(_)) => {
                Err(Error::out_of_range(self.name, shown(value), "a number or none"))
            }
            (Value::Word(_), _) => Err(Error::out_of_range(self.name, shown(value), "a number")),
            (Value::Numbers(numbers), _) if single && numbers.len() != 1 => {
                Err(Error::shape(self.name, "[], the same for all", numbers.shape()))
            }
            (Value::Numbers(numbers), _) => match numbers.iter().find(|value| !range.holds(**value)) {
                Some(value) => {
                    let value = format!("{} {}", error::number(value.to_string()), self.unit);
                    Err(Error::out_of_range(self.name, value.trim_end(), range.words()))
                }
                None => Ok(()),
            },
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Word(word) => format!("'{word}'"),
        Value::Numbers(numbers) => numbers.first().map_or_else(String::new, ToString::to_string),
    }
}

/// The values of all parameters of a system.
#[derive(Debug, Clone)]
pub(super) struct Values(Vec<(&'static Known, PresetValue)>);

impl Values {
    /// The defaults.
    pub(super) fn new(parameters: &'static [Known]) -> Self {
        Self(parameters.iter().map(|known| (known, known.default_value())).collect())
    }

    /// Sets a parameter; `system` is for the message.
    pub(super) fn set(&mut self, system: &str, name: &str, value: PresetValue) -> Result<()> {
        let names: Vec<&str> = self.0.iter().map(|(known, _)| known.name).collect();
        let Some((known, current)) = self.0.iter_mut().find(|(known, _)| known.name == name) else {
            return Err(Error::out_of_range(
                &format!("a parameter of the preset {system}"),
                format!("'{name}'"),
                format!("one of {}", names.join(", ")),
            ));
        };
        known.require(&value.0)?;
        *current = value;
        Ok(())
    }

    /// Refuses arrays that do not broadcast to one shape, so that they can be combined afterwards.
    pub(super) fn require_one_shape(&self) -> Result<()> {
        let shapes: Vec<&[usize]> = self
            .0
            .iter()
            .filter_map(|(_, value)| match &value.0 {
                Value::Numbers(numbers) => Some(numbers.shape()),
                Value::Word(_) => None,
            })
            .collect();
        broadcast_together("the parameters of the preset", &shapes)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known.name == name).map(|(_, value)| &value.0)
    }

    /// Returns the numbers of a parameter; 0 if it is a word.
    pub(super) fn numbers(&self, name: &str) -> ArrayD<f64> {
        self.optional(name).unwrap_or_else(|| arr0(0.0).into_dyn())
    }

    /// Returns the numbers of a parameter; `None` if it is a word.
    pub(super) fn optional(&self, name: &str) -> Option<ArrayD<f64>> {
        match self.value(name) {
            Some(Value::Numbers(numbers)) => Some(numbers.clone()),
            _ => None,
        }
    }

    /// Returns the number of a parameter that is the same for all cells.
    pub(super) fn single(&self, name: &str) -> f64 {
        self.numbers(name).first().copied().unwrap_or_default()
    }

    /// Whether a parameter is this word.
    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        matches!(self.value(name), Some(Value::Word(value)) if value == word)
    }

    /// Returns the word of a parameter; empty if it is not a word.
    pub(super) fn word(&self, name: &str) -> &str {
        match self.value(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    /// Returns a parameter as a parameter of this crate.
    pub(super) fn parameter(&self, name: &str) -> Parameter {
        self.said(name, parameter(&self.numbers(name)))
    }

    /// As [`parameter`](Self::parameter); `None` if it is a word.
    pub(super) fn optional_parameter(&self, name: &str) -> Option<Parameter> {
        self.optional(name).map(|_| self.parameter(name))
    }

    /// Marks a parameter of this crate as computed from one of the system, so that messages name the latter.
    pub(super) fn said(&self, name: &str, parameter: Parameter) -> Parameter {
        let unit = self.0.iter().find(|(known, _)| known.name == name).map_or("", |(known, _)| known.unit);
        self.said_as(name, unit, self.numbers(name), parameter)
    }

    /// Returns a parameter of this crate that is computed from several of the system, named as `tau_m / C_m`.
    pub(super) fn composed(&self, what: &str, values: &ArrayD<f64>) -> Parameter {
        self.said_as(what, "", values.clone(), parameter(values))
    }

    /// As [`said`](Self::said), with any name, unit and values.
    pub(super) fn said_as(
        &self,
        name: &str,
        unit: &'static str,
        values: ArrayD<f64>,
        parameter: Parameter,
    ) -> Parameter {
        let steps = self.0.iter().find(|(known, _)| matches!(known.kind, ValueKind::Single(_)));
        let divisor = if name.contains(' ') { format!("({name})") } else { name.to_owned() };
        let (in_steps, advice) = match steps {
            Some((step, _)) => {
                (format!("{} / {divisor}", step.name), format!("; take a shorter {}", step.name))
            }
            None => (format!("1 / {divisor}"), String::new()),
        };
        parameter.said(Said { name: name.to_owned(), unit, values, in_steps, advice })
    }

    /// Returns a potential of a system that computes in double precision. It is not rounded before
    /// [`reference`](Self::reference) is subtracted.
    pub(super) fn potential(&self, name: &str) -> Parameter {
        self.said(name, Parameter::in_double(&self.numbers(name)))
    }

    /// Returns the reference potential for a system that computes in double precision: its resting potential, or the
    /// middle of the lowest and the highest.
    pub(super) fn reference(&self, name: &str) -> f64 {
        let rest = self.numbers(name);
        let low = rest.iter().copied().fold(f64::INFINITY, f64::min);
        let high = rest.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let middle = low + (high - low) / 2.0;
        if middle.is_finite() { middle } else { 0.0 }
    }
}

/// Returns 1 where `one` is at or above `other`, and 0 elsewhere.
pub(super) fn at_or_above(one: &ArrayD<f64>, other: &ArrayD<f64>) -> ArrayD<f64> {
    (one - other).mapv(|difference| f64::from(difference >= 0.0))
}

/// Returns 1 where `one` is above `other`, and 0 elsewhere.
pub(super) fn above(one: &ArrayD<f64>, other: &ArrayD<f64>) -> ArrayD<f64> {
    1.0 - at_or_above(other, one)
}

/// Refuses the first value where `refused` is not 0, with `requirement` as the reason.
pub(super) fn refuse(
    what: &str,
    values: &ArrayD<f64>,
    refused: &ArrayD<f64>,
    requirement: &str,
) -> Result<()> {
    // Broadcasts both to their common shape.
    let values = values + refused * 0.0;
    let refused = refused + &values * 0.0;
    match values.iter().zip(&refused).find(|(_, refused)| **refused != 0.0) {
        Some((value, _)) => Err(Error::out_of_range(what, value, requirement)),
        None => Ok(()),
    }
}

/// Returns the values rounded to single precision, for systems that store their parameters so.
pub(super) fn singles(values: &ArrayD<f64>) -> ArrayD<f64> {
    values.mapv(|value| f64::from(value as f32))
}

/// Returns the values, rounded to single precision, as a parameter.
pub(super) fn parameter(values: &ArrayD<f64>) -> Parameter {
    values.mapv(|value| value as f32).into()
}

pub(super) fn floats(parameter: &Parameter) -> ArrayD<f64> {
    parameter.values().mapv(f64::from)
}

/// Refuses shapes that do not broadcast to one common shape.
pub(super) fn broadcast_together(what: &str, shapes: &[&[usize]]) -> Result<()> {
    let mut common: Vec<usize> = Vec::new();
    for shape in shapes {
        let axes = common.len().max(shape.len());
        let length = |shape: &[usize], axis: usize| {
            // Axes are counted from the last; missing axes have length 1.
            (axis + shape.len()).checked_sub(axes).and_then(|axis| shape.get(axis)).copied().unwrap_or(1)
        };
        let lengths = (0..axes).map(|axis| match (length(&common, axis), length(shape, axis)) {
            (one, other) if one == other || other == 1 => Some(one),
            (1, other) => Some(other),
            _ => None,
        });
        match lengths.collect() {
            Some(lengths) => common = lengths,
            None => {
                let expected = format!("what broadcasts with {common:?}");
                return Err(Error::shape(what, expected, shape));
            }
        }
    }
    Ok(())
}
