//! Results by the identifiers of neurons: their rates, and in Parquet also their spikes.

use super::plan::NetworkPlan;
use crate::network::description::Group;
use ndarray::Array2;
use std::io::{self, Write};

/// The rates of neurons over the batch rows.
#[derive(Debug)]
pub struct Rates<'a> {
    groups: &'a [Group],
    counts: &'a Array2<u32>,
    /// s
    duration: f64,
}

/// The rate of a neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate<'a> {
    pub id: u64,
    pub group: &'a str,
    /// The mean over the batch rows, Hz.
    pub mean: f64,
    /// The standard deviation over the batch rows, Hz.
    pub sd: f64,
    /// In all batch rows.
    pub spikes: u64,
}

impl<'a> Rates<'a> {
    /// Those of the groups that have identifiers; `None` if none has.
    pub fn new(plan: &'a NetworkPlan, counts: &'a Array2<u32>, steps: u64) -> Option<Self> {
        let groups = &plan.description.groups[..];
        let duration = steps as f64 * plan.description.dt / 1000.0;
        let have_ids = groups.iter().any(|group| group.ids.is_some()) && steps > 0;
        have_ids.then_some(Self { groups, counts, duration })
    }

    /// One for each neuron, in their order.
    pub fn each(&self) -> impl Iterator<Item = Rate<'a>> {
        let firsts = self.groups.iter().scan(0, |end, group| {
            let first = *end;
            *end += group.size;
            Some(first)
        });
        let neurons = self.groups.iter().zip(firsts).filter_map(|(group, first)| {
            let ids = group.ids.as_ref()?;
            Some(ids.of_neurons.iter().zip(first..).map(move |(id, neuron)| (*id, &*group.name, neuron)))
        });
        neurons.flatten().map(|(id, group, neuron)| {
            let counts = self.counts.column(neuron);
            let spikes = counts.iter().map(|count| u64::from(*count)).sum::<u64>();
            let rows = counts.len() as f64;
            let mean = spikes as f64 / rows;
            let square = |count: &u32| (f64::from(*count) - mean) * (f64::from(*count) - mean);
            let variance = counts.iter().map(square).sum::<f64>() / rows;
            let hz = |spikes: f64| spikes / self.duration;
            Rate { id, group, mean: hz(mean), sd: hz(libm::sqrt(variance)), spikes }
        })
    }

    /// Writes lines with commas.
    pub fn write(&self, file: &mut impl Write) -> io::Result<()> {
        writeln!(file, "id,group,rate_hz,rate_sd_hz,spikes")?;
        for Rate { id, group, mean, sd, spikes } in self.each() {
            writeln!(file, "{id},{},{mean},{sd},{spikes}", in_commas(group))?;
        }
        file.flush()
    }
}

/// A text as a field between commas.
fn in_commas(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(feature = "parquet")]
pub use in_parquet::{write_rates, write_spikes};

#[cfg(feature = "parquet")]
mod in_parquet {
    use super::{Group, NetworkPlan, Rate, Rates};
    use crate::files::parquet::{ParquetFile, Values};
    use crate::network::models::fly;
    use crate::recording::events::Events;
    use std::io::Write;

    /// Rows of a group of them.
    const ROWS: usize = 1 << 18;

    /// The column of identifiers. That of the fly is called so in the files of its authors.
    fn name_of_ids(groups: &[Group]) -> &'static str {
        if groups.iter().any(|group| group.name == fly::ALL) { "flywire_id" } else { "id" }
    }

    /// Writes rates as columns.
    pub fn write_rates(file: impl Write + Send, rates: &Rates<'_>) -> Result<(), String> {
        let names = [name_of_ids(rates.groups), "rate_hz", "rate_sd_hz", "spikes"];
        let columns = |rates: &[Rate<'_>]| {
            [
                Values::Whole(rates.iter().map(|rate| rate.id as i64).collect()),
                Values::Real(rates.iter().map(|rate| rate.mean).collect()),
                Values::Real(rates.iter().map(|rate| rate.sd).collect()),
                Values::Whole(rates.iter().map(|rate| rate.spikes as i64).collect()),
            ]
        };
        let none: Vec<(&str, Values)> = names.into_iter().zip(columns(&[])).collect();
        let mut file = ParquetFile::new(file, &none)?;
        let all: Vec<Rate<'_>> = rates.each().collect();
        all.chunks(ROWS).try_for_each(|rates| file.add(columns(rates).into()))?;
        file.finish()
    }

    /// Writes the spikes as the model of Shiu et al. (2024), Nature 634:210, does: time (s), trial and identifier of each.
    pub fn write_spikes(file: impl Write + Send, plan: &NetworkPlan, events: &Events) -> Result<(), String> {
        let ids = plan.description.ids().unwrap_or_default();
        let experiment = plan.description.name.clone();
        let mut rows: (Vec<f64>, Vec<i64>, Vec<i64>) = Default::default();
        let columns = |rows: &mut (Vec<f64>, Vec<i64>, Vec<i64>)| {
            let (times, trials, ids) = std::mem::take(rows);
            let text = Values::Text(experiment.clone(), times.len());
            [Values::Real(times), Values::Whole(trials), Values::Whole(ids), text]
        };
        let names = ["t", "trial", name_of_ids(&plan.description.groups), "exp_name"];
        let none: Vec<(&str, Values)> = names.into_iter().zip(columns(&mut rows)).collect();
        let mut file = ParquetFile::new(file, &none)?;
        events.each(|spike| {
            let id = ids.get(spike.neuron as usize).copied().unwrap_or_default();
            rows.0.push(f64::from(spike.step) * plan.description.dt / 1000.0);
            rows.1.push(spike.batch.into());
            rows.2.push(id as i64);
            if rows.0.len() == ROWS { file.add(columns(&mut rows).into()) } else { Ok(()) }
        })?;
        if !rows.0.is_empty() {
            file.add(columns(&mut rows).into())?;
        }
        file.finish()
    }
}
