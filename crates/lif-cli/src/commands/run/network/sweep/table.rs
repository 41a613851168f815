//! A sweep as a table for a terminal.

use super::super::summary::cut;
use super::{RowGroup, RowSummary, SweepSummary};
use crate::files::names::SWEEP;
use crate::terminal::figures::short;
use std::fmt::Write;

/// With more lines than this, the table has the extremes alone.
const MOST_LINES: usize = 20;

/// The columns of a terminal that are left to the values of keys.
const WIDTH_OF_KEYS: usize = 30;

/// The widest name of a group.
const WIDEST_NAME: usize = 14;

/// Each row with each group, or the rows with the lowest and with the highest rate of each group.
pub fn table(sweep: &SweepSummary) -> String {
    let groups = sweep.rows.first().map_or(0, |row| row.groups.len());
    let is_short = sweep.rows.len() * groups <= MOST_LINES;
    let lines: Vec<(&RowSummary, &RowGroup)> = if is_short {
        sweep.rows.iter().flat_map(|row| row.groups.iter().map(move |group| (row, group))).collect()
    } else {
        (0..groups).flat_map(|group| extremes(sweep, group)).collect()
    };
    // As many keys as there is room for.
    let width = |key: usize| {
        let values = sweep.rows.iter().filter_map(|row| row.values.get(key)).map(|value| shown(*value).len());
        let label = sweep.keys.get(key).map_or(0, |key| key.label.chars().count());
        values.max().unwrap_or(0).max(label).max(6)
    };
    let mut left = WIDTH_OF_KEYS;
    let widths: Vec<usize> = (0..sweep.keys.len())
        .map(width)
        .take_while(|width| {
            let fits = *width < left;
            left = left.saturating_sub(width + 1);
            fits
        })
        .collect();
    let mut table = String::new();
    // Writing to a string cannot fail.
    let _ = write!(table, "{:<WIDEST_NAME$}", "group");
    for (width, key) in widths.iter().zip(&sweep.keys) {
        let _ = write!(table, " {:>width$}", key.label);
    }
    let _ = writeln!(table, " {:>10} {:>8} {:>8}", "rate (Hz)", "CV", "Fano");
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    for (row, group) in lines {
        let _ = write!(table, "{:<WIDEST_NAME$}", cut(&group.name, WIDEST_NAME));
        for (width, value) in widths.iter().zip(&row.values) {
            let _ = write!(table, " {:>width$}", shown(*value));
        }
        let rate = or_dash(group.rate.map(|rate| format!("{rate:.3}")));
        let cv = or_dash(group.cv.map(|cv| format!("{cv:.3}")));
        let fano = or_dash(group.fano.map(short));
        let _ = writeln!(table, " {rate:>10} {cv:>8} {fano:>8}");
    }
    if !is_short {
        let _ = writeln!(
            table,
            "\nThese are the lowest and the highest rate of each group; {SWEEP} has all rows."
        );
    }
    table
}

/// The rows in which a group has the lowest and the highest rate.
fn extremes(sweep: &SweepSummary, group: usize) -> Vec<(&RowSummary, &RowGroup)> {
    let all = || sweep.rows.iter().filter_map(move |row| Some((row, row.groups.get(group)?)));
    let rate = |(_, group): &(&RowSummary, &RowGroup)| group.rate.unwrap_or(0.0);
    let lowest = all().min_by(|one, other| rate(one).total_cmp(&rate(other)));
    let highest = all().max_by(|one, other| rate(one).total_cmp(&rate(other)));
    lowest.into_iter().chain(highest).collect()
}

/// A value of a key: exact if it is short.
fn shown(value: f64) -> String {
    let exact = crate::quantity::shown(value);
    if exact.len() <= 8 { exact } else { format!("{value:.4}") }
}
