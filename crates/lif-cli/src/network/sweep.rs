//! A sweep: a batch whose rows differ in some numbers of the network. Its synapses are drawn once.

use super::Description;
use super::description::Group;
use super::entries::Entry;
use crate::failure::Failure;
use crate::quantity::{Unit, Written};
use std::cell::RefCell;

/// What differs between the rows of a batch. Without keys all rows are the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sweep {
    pub keys: Vec<Key>,
    /// What the keys change: the group, the number in it, and the key.
    pub groups: Vec<(usize, Swept, usize)>,
    /// The projections that have factors, and their keys.
    pub projections: Vec<(usize, usize)>,
}

/// A name, for which a row has one of these values.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub name: String,
    /// That of the number that it is written for.
    pub unit: Option<Unit>,
    pub values: Vec<f64>,
}

/// A number of a group that differs between rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Swept {
    /// The number with this key.
    Number(&'static str),
    /// Of the Poisson source of this index.
    Rate(usize),
    Weight(usize),
    /// Multiplies the rate.
    Factor(usize),
}

impl Key {
    /// Its name with the unit.
    pub fn label(&self) -> String {
        match self.unit {
            None => self.name.clone(),
            Some(unit) => format!("{} ({unit})", self.name),
        }
    }
}

impl Sweep {
    /// The number of rows, if they differ.
    pub fn rows(&self) -> Option<usize> {
        let product = || self.keys.iter().fold(1, |rows: usize, key| rows.saturating_mul(key.values.len()));
        (!self.keys.is_empty()).then(product)
    }

    /// The index of the value of each key in a row. The last key changes first.
    pub fn indices(&self, row: usize) -> Vec<usize> {
        let mut left = row;
        let mut indices: Vec<usize> = (self.keys.iter().rev())
            .map(|key| {
                let index = left % key.values.len().max(1);
                left /= key.values.len().max(1);
                index
            })
            .collect();
        indices.reverse();
        indices
    }

    /// The value of a key in a row.
    pub fn value(&self, row: usize, key: usize) -> f64 {
        let index = self.indices(row).get(key).copied().unwrap_or(0);
        self.keys.get(key).and_then(|key| key.values.get(index)).copied().unwrap_or(0.0)
    }

    /// The name of the key by which a number of a group differs.
    pub fn name(&self, group: usize, swept: Swept) -> Option<&str> {
        let own = self.groups.iter().find(|(of, what, _)| *of == group && *what == swept);
        own.and_then(|(.., key)| self.keys.get(*key)).map(|key| key.name.as_str())
    }

    /// The key of the factor of a projection.
    pub fn factor(&self, projection: usize) -> Option<usize> {
        self.projections.iter().find(|(of, _)| *of == projection).map(|(_, key)| *key)
    }
}

impl Description {
    /// A group as it is in a row.
    pub fn group_in(&self, row: usize, index: usize, group: &Group) -> Group {
        let mut own = group.clone();
        for (_, swept, key) in self.sweep.groups.iter().filter(|(of, ..)| *of == index) {
            own.set(*swept, self.sweep.value(row, *key));
        }
        own
    }

    /// The rows of the batch that can differ.
    pub fn rows(&self) -> usize {
        if self.sweep.groups.is_empty() { 1 } else { self.sweep.rows().unwrap_or(1) }
    }
}

impl Group {
    fn set(&mut self, swept: Swept, value: f64) {
        match swept {
            Swept::Number(key) => {
                if let Some(number) = self.number(key) {
                    *number = value;
                }
            }
            Swept::Rate(source) | Swept::Weight(source) | Swept::Factor(source) => {
                let Some(poisson) = self.poisson.get_mut(source) else { return };
                match swept {
                    Swept::Weight(_) => poisson.weight = value,
                    Swept::Factor(_) => poisson.rate *= value,
                    _ => poisson.rate = value,
                }
            }
        }
    }

    /// The number with this key.
    fn number(&mut self, key: &str) -> Option<&mut f64> {
        let neurons = &mut self.neurons;
        Some(match key {
            "tau-m" => &mut neurons.tau_m,
            "resistance" => &mut neurons.resistance,
            "v-rest" => &mut neurons.v_rest,
            "v-reset" => &mut neurons.v_reset,
            "v-threshold" => &mut neurons.v_threshold,
            "t-ref" => &mut neurons.t_ref,
            "v-lower" => neurons.v_lower.as_mut()?,
            "tau-syn" => neurons.tau_syn.as_mut()?,
            "tau-syn-inhibitory" => neurons.tau_syn_inhibitory.as_mut()?,
            "current" => &mut self.current,
            _ => return None,
        })
    }
}

/// The keys of a file, whose values are read where their names stand.
#[derive(Debug, Default)]
pub struct Names<'a>(Vec<Name<'a>>);

#[derive(Debug)]
struct Name<'a> {
    entry: Entry<'a>,
    /// Unit and values, as soon as the name is used.
    used: RefCell<Option<(Option<Unit>, Vec<f64>)>>,
}

/// A number, or the key of its values.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    Number(f64),
    /// The first of them, and the key.
    Swept(f64, usize),
}

impl Value {
    /// The number; notes if it differs between rows.
    pub fn or_swept(self, what: Swept, swept: &mut Vec<(Swept, usize)>) -> f64 {
        match self {
            Self::Number(value) => value,
            Self::Swept(first, key) => {
                swept.push((what, key));
                first
            }
        }
    }
}

impl<'a> Names<'a> {
    /// Those of the table `sweep`.
    pub fn read(entry: &Entry<'a>) -> Result<Self, Failure> {
        let entries = entry.table()?;
        if entries.is_empty() {
            return Err(entry.refusal("it needs a name with values, as g = [3, 4, 5]"));
        }
        for entry in &entries {
            if Written::read(&entry.key).is_ok() {
                return Err(entry.refusal("its name is a number; take a word"));
            }
            entry.series()?;
        }
        let name = |entry: Entry<'a>| Name { entry, used: RefCell::default() };
        Ok(Self(entries.into_iter().map(name).collect()))
    }

    /// A number in a unit, or the name of a key.
    pub fn number_in(&self, entry: &Entry<'_>, unit: Unit) -> Result<Value, Failure> {
        match self.position(entry) {
            None => entry.number_in(unit).map(Value::Number),
            Some(key) => self.values(key, Some(unit)),
        }
    }

    /// The name of a key whose values are factors.
    pub fn factor(&self, entry: &Entry<'_>) -> Result<usize, Failure> {
        let Some(key) = self.position(entry) else {
            let names: Vec<&str> = self.0.iter().map(|name| name.entry.key.as_str()).collect();
            let there_are = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(entry.refusal(format!(
                "it must be the name of a key in [sweep], in quotes; there are {there_are}"
            )));
        };
        let factors = self.values(key, None);
        factors.map(|_| key)
    }

    /// Refuses the name of a key where the synapses are drawn.
    pub fn refuse(&self, entry: &Entry<'_>) -> Result<(), Failure> {
        match self.position(entry) {
            None => Ok(()),
            Some(_) => Err(entry.refusal(format!(
                "synapses are drawn once for all rows; a sweep changes weights by a factor: write a number here, and \
                 factor = \"{}\" below",
                entry.string()?
            ))),
        }
    }

    fn position(&self, entry: &Entry<'_>) -> Option<usize> {
        let text = entry.string().ok()?;
        self.0.iter().position(|name| name.entry.key == text)
    }

    /// Reads the values of a key.
    fn values(&self, key: usize, unit: Option<Unit>) -> Result<Value, Failure> {
        let Some(name) = self.0.get(key) else { return Ok(Value::Number(0.0)) };
        let value = |written: &Written| unit.map_or_else(|| written.value(), |unit| written.value_in(unit));
        let values = name.entry.series()?.values(&value).map_err(|reason| name.entry.refusal(reason))?;
        let first = values.first().copied().unwrap_or(0.0);
        name.used.borrow_mut().get_or_insert((unit, values));
        Ok(Value::Swept(first, key))
    }

    /// All keys, each of which has to be used.
    pub fn keys(&self) -> Result<Vec<Key>, Failure> {
        let key = |name: &Name<'_>| {
            match name.used.borrow().clone() {
            Some((unit, values)) => Ok(Key { name: name.entry.key.clone(), unit, values }),
            None => Err(name.entry.refusal(format!(
                "nothing has these values; write current = \"{0}\", rate = \"{0}\" or another number of a group, or factor \
                 = \"{0}\" in a projection",
                name.entry.key
            ))),
        }
        };
        self.0.iter().map(key).collect()
    }
}
