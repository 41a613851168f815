//! The value of `--record`: `spikes,counts,rate,voltage:0..10/5`.

use crate::failure::Failure;
use crate::quantity::count;
use lif::{Recording, Shape};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The default number of neurons whose membrane potential is recorded.
const SHOWN_NEURONS: usize = 3;

/// By default, at most about this many membrane potentials are recorded.
const UNASKED_VALUES: u64 = 4_000_000;

/// What to record. Spike counts are always recorded, as they cost nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Record {
    text: String,
    spikes: Option<Option<Neurons>>,
    counts: bool,
    rate: bool,
    voltage: Option<(Option<Neurons>, Option<u32>)>,
}

/// Neurons by number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Neurons {
    Range(u32, u32),
    List(Vec<u32>),
}

impl Neurons {
    /// The numbers, sorted, without repetition. Checked first, as a range could exceed all memory.
    fn indices(&self, n: usize) -> Result<Vec<u32>, Failure> {
        let highest = match self {
            Self::Range(_, to) => Some(to - 1),
            Self::List(list) => list.iter().copied().max(),
        };
        if let Some(highest) = highest.filter(|highest| *highest as usize >= n) {
            let message = format!(
                "there is no neuron {highest} to record; {n} neurons are numbered from 0 to {}",
                n - 1
            );
            return Err(Failure::of("record, neurons", message));
        }
        let mut indices: Vec<u32> = match self {
            Self::Range(from, to) => (*from..*to).collect(),
            Self::List(list) => list.clone(),
        };
        indices.sort_unstable();
        indices.dedup();
        Ok(indices)
    }
}

impl FromStr for Neurons {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let index = |text: &str| {
            count::<u32>(text).map_err(|reason| format!("'{text}' is not the number of a neuron: {reason}"))
        };
        match text.split_once("..") {
            Some((from, to)) => {
                let (from, to) = (index(from)?, index(to)?);
                if from < to { Ok(Self::Range(from, to)) } else { Err(format!("the range {text} is empty")) }
            }
            None => Ok(Self::List(text.split('+').map(index).collect::<Result<_, _>>()?)),
        }
    }
}

impl Default for Record {
    fn default() -> Self {
        Self {
            text: "spikes,rate,voltage".to_owned(),
            spikes: Some(None),
            counts: false,
            rate: true,
            voltage: Some((None, None)),
        }
    }
}

impl FromStr for Record {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut record =
            Self { text: text.to_owned(), spikes: None, counts: false, rate: false, voltage: None };
        let mut names = Vec::new();
        for item in text.split(',').map(str::trim) {
            let (name, every) = match item.split_once('/') {
                Some((name, every)) => (name, Some(every)),
                None => (item, None),
            };
            let (name, chosen) = match name.split_once(':') {
                Some((name, chosen)) => (name, Some(chosen.parse()?)),
                None => (name, None),
            };
            match (name, &chosen, every) {
                ("spikes", _, None) => record.spikes = Some(chosen),
                ("voltage", _, _) => {
                    let every = every.map(|every| match count(every) {
                        Ok(every) if every > 0 => Ok(every),
                        _ => {
                            Err(format!("'/{every}' must be a whole number of steps, from 1 to {}", u32::MAX))
                        }
                    });
                    record.voltage = Some((chosen, every.transpose()?));
                }
                ("rate", None, None) => record.rate = true,
                ("counts", None, None) => record.counts = true,
                ("none", None, None) => {}
                _ => {
                    return Err(format!(
                        "'{item}' cannot be recorded; there are spikes, counts, rate, voltage and none, \
                         with neurons as spikes:0..100 or voltage:3+7, and steps as voltage:0..10/5"
                    ));
                }
            }
            if names.contains(&name) {
                return Err(format!(
                    "{name} is there twice; put all that is wanted of it into one, as in 3+7"
                ));
            }
            names.push(name);
        }
        if names.len() > 1 && names.contains(&"none") {
            return Err("none excludes everything else".to_owned());
        }
        Ok(record)
    }
}

impl TryFrom<String> for Record {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Record> for String {
    fn from(record: Record) -> Self {
        record.text
    }
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Record {
    /// The recording of the library, for a population of this size and a run of this length.
    pub fn recording(&self, shape: Shape, steps: u64) -> Result<Recording, Failure> {
        let mut recording = Recording::none();
        recording = match &self.spikes {
            None => recording,
            Some(None) => recording.spikes(),
            Some(Some(chosen)) => recording.spikes_of(chosen.indices(shape.n)?),
        };
        if self.rate {
            recording = recording.rate();
        }
        if let Some((neurons, every)) = self.voltages(shape, steps)? {
            recording = recording.voltages(neurons, every);
        }
        Ok(recording)
    }

    /// The neurons whose membrane potentials are recorded, and the interval in steps.
    fn voltages(&self, shape: Shape, steps: u64) -> Result<Option<(Vec<u32>, u32)>, Failure> {
        let Some((chosen, every)) = &self.voltage else { return Ok(None) };
        let neurons = self.voltage_neurons(shape.n)?;
        let values = steps.saturating_mul((shape.batch * neurons.len()) as u64);
        let unasked = u32::try_from(values.div_ceil(UNASKED_VALUES)).unwrap_or(u32::MAX);
        let every = every.unwrap_or(if chosen.is_some() { 1 } else { unasked });
        Ok(Some((neurons, every)))
    }

    /// The interval in steps at which membrane potentials are recorded, if the user gave none and it is more
    /// than one.
    pub fn thinned(&self, shape: Shape, steps: u64) -> Result<Option<u32>, Failure> {
        let Some((None, None)) = self.voltage else { return Ok(None) };
        let every = self.voltages(shape, steps)?.map(|(_, every)| every);
        Ok(every.filter(|every| *every > 1))
    }

    /// The same text, but with membrane potentials at each step.
    pub fn at_each_step(&self) -> String {
        let items = self.text.split(',').map(|item| match item.trim() {
            "voltage" => "voltage/1",
            other => other,
        });
        items.collect::<Vec<_>>().join(",")
    }

    /// The neurons whose membrane potentials are recorded.
    pub fn voltage_neurons(&self, n: usize) -> Result<Vec<u32>, Failure> {
        match &self.voltage {
            Some((Some(chosen), _)) => chosen.indices(n),
            Some((None, _)) => Ok(shown(n)),
            None => Ok(Vec::new()),
        }
    }

    /// The neurons whose spikes are recorded, if any are.
    pub fn spiking_neurons(&self, n: usize) -> Result<Option<Vec<u32>>, Failure> {
        match &self.spikes {
            None => Ok(None),
            Some(None) => Ok(Some((0..n as u32).collect())),
            Some(Some(chosen)) => chosen.indices(n).map(Some),
        }
    }

    /// The bytes of all recorded arrays except spikes, which are known before the run.
    pub fn known_bytes(&self, shape: Shape, steps: u64) -> Result<Vec<(&'static str, u64)>, Failure> {
        let bytes = |values: [u64; 3]| values.into_iter().fold(4, u64::saturating_mul);
        let rows = shape.batch as u64;
        let mut known = Vec::new();
        if self.rate {
            known.push(("rate", bytes([steps, rows, 1])));
        }
        if let Some((neurons, every)) = self.voltages(shape, steps)? {
            let samples = steps.div_ceil(u64::from(every));
            let values = bytes([samples, rows, neurons.len() as u64]);
            known.push(("voltage", values.saturating_add(bytes([samples, 1, 1]))));
        }
        Ok(known)
    }

    /// The arrays that grow during a run.
    pub fn streams(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if self.spikes.is_some() {
            names.extend(["step", "batch", "neuron"]);
        }
        if self.rate {
            names.push("rate");
        }
        if self.voltage.is_some() {
            names.extend(["voltage", "voltage_steps"]);
        }
        names
    }

    /// Whether the spikes of all `n` neurons are recorded, also if they are listed.
    pub fn has_all_spikes(&self, n: usize) -> bool {
        match &self.spikes {
            None => false,
            Some(None) => true,
            Some(Some(Neurons::Range(from, to))) => *from == 0 && *to as usize == n,
            Some(Some(list)) => list.indices(n).is_ok_and(|indices| indices.len() == n),
        }
    }

    /// Whether the counts are asked for.
    pub fn has_counts(&self) -> bool {
        self.counts
    }
}

/// A few neurons, evenly from the first to the last.
fn shown(n: usize) -> Vec<u32> {
    let mut shown: Vec<u32> =
        (0..SHOWN_NEURONS).map(|index| (index * (n - 1) / (SHOWN_NEURONS - 1)) as u32).collect();
    shown.dedup();
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_becomes_a_request() {
        let record: Record = "spikes:4..6, rate,voltage:7+3+7/5".parse().unwrap();
        let expected = Recording::none().spikes_of([4, 5]).rate().voltages([3, 7], 5);
        assert_eq!(record.recording(10.into(), 100).unwrap(), expected);
        assert_eq!(Record::default().to_string().parse::<Record>().unwrap(), Record::default());
    }

    #[test]
    fn only_what_nobody_chose_is_thinned() {
        let thinned = |text: &str, steps| text.parse::<Record>().unwrap().thinned(100.into(), steps).unwrap();
        assert_eq!(thinned("spikes,voltage", 1_000_000), None);
        assert_eq!(thinned("spikes,voltage", 2_000_000), Some(2));
        for chosen in ["spikes", "voltage/1", "voltage:0..3", "voltage:0/2"] {
            assert_eq!(thinned(chosen, 4_000_000_000), None, "{chosen}");
        }
        assert_eq!(Record::default().at_each_step(), "spikes,rate,voltage/1");
    }

    #[test]
    fn the_sizes_of_all_but_spikes_are_known() {
        let record: Record = "spikes,rate,voltage:2..5/10".parse().unwrap();
        let known = record.known_bytes([2, 10].into(), 101).unwrap();
        assert_eq!(known, [("rate", 4 * 202), ("voltage", 4 * (11 * 6 + 11))]);
        let record: Record = "spikes,counts".parse().unwrap();
        assert_eq!(record.known_bytes([2, 10].into(), 101).unwrap(), []);
    }

    #[test]
    fn unclear_text_is_refused() {
        for text in [
            "spikes,spikes:0..2",
            "voltage:1,rate,voltage:2",
            "none,rate",
            "spikes,none",
            "",
            "sound",
            "spikes:",
            "spikes:3..3",
            "rate:0..2",
            "voltage:0..2/0",
            "spikes/2",
            "counts:1",
        ] {
            assert!(text.parse::<Record>().is_err(), "{text}");
        }
        let beyond: Record = "spikes:0..11".parse().unwrap();
        assert!(beyond.recording(10.into(), 100).is_err());
    }

    #[test]
    fn the_shown_neurons_lie_apart() {
        assert_eq!(shown(1), [0]);
        assert_eq!(shown(2), [0, 1]);
        assert_eq!(shown(101), [0, 50, 100]);
    }
}
