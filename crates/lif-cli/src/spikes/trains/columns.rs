//! The columns of a file of events: by their names, by comments above them, or in the usual order.

use crate::numbers::comments::is_of_times as speaks_of_times;
use crate::numbers::name::Name;
use crate::numbers::sampling::without_intervals;
use crate::numbers::signs::odd_signs;
use crate::numbers::text::{Layout, Lines};

/// The rows of a text, or of an array without names.
pub const LAYOUT: Layout = Layout { columns: &[2, 3], expected: "`step neuron` or `step batch neuron`" };

/// Names of columns and arrays, except times. `index` is not among them, as it may be a row number.
const STEPS: [&str; 3] = ["step", "steps", "spike step"];
const EVENT_TIMES: [&str; 4] = ["spike time", "spike times", "event time", "event times"];
const BATCH_ROWS: [&str; 6] = ["batch", "batch row", "batch rows", "batch index", "batch idx", "row"];
const NEURONS: [&str; 17] = [
    "neuron",
    "neurons",
    "neuron id",
    "neuron ids",
    "neuron index",
    "neuron idx",
    "cell",
    "cells",
    "cell id",
    "cell index",
    "cell idx",
    "train",
    "id",
    "ids",
    "i",
    "sender",
    "senders",
];

pub fn is_of_times(name: &Name) -> bool {
    name.is_of_times() || is_one(name, &EVENT_TIMES)
}

/// Whether it names numbers of neurons, and not a current as `I` or `i (nA)`.
pub fn is_of_neurons_alone(name: &Name) -> bool {
    let is_current = name.text().contains('I') || name.value_unit().is_some();
    is_of_neurons(name) && !(name.is("i") && is_current)
}

/// Whether it names numbers of neurons.
pub fn is_of_neurons(name: &Name) -> bool {
    is_one(name, &NEURONS)
}

fn is_one(name: &Name, known: &[&str]) -> bool {
    known.iter().any(|words| name.is(words))
}

fn is_of_steps_or_times(name: &Name) -> bool {
    is_of_times(name) || is_one(name, &STEPS)
}

/// Whether it may name a column.
fn is_known(name: &Name) -> bool {
    let is_one_of_them = is_of_steps_or_times(name) || is_one(name, &BATCH_ROWS) || is_one(name, &NEURONS);
    is_one_of_them && odd_signs(name.text()).is_empty()
}

/// The places of the steps or times, of the batch rows, and of the neurons.
pub fn roles(names: &[Name]) -> Result<[Option<usize>; 3], String> {
    let only = |what: &str, is_it: &dyn Fn(&Name) -> bool| {
        let mut found = names.iter().enumerate().filter(|(_, name)| is_it(name));
        match (found.next(), found.next()) {
            (Some((_, first)), Some((_, second))) => Err(format!(
                "both '{}' and '{}' say {what}; leave one of them out",
                first.text(),
                second.text()
            )),
            (first, _) => Ok(first.map(|(place, _)| place)),
        }
    };
    let when = only("when events are", &is_of_steps_or_times)?;
    let row = only("the batch rows of events", &|name| is_one(name, &BATCH_ROWS))?;
    let neuron = only("the neurons of events", &is_of_neurons)?;
    for name in [when, row, neuron].into_iter().flatten().map(|place| &names[place]) {
        if name.has_unit() && !is_of_times(name) {
            return Err(format!(
                "'{}' has a unit, which only times have; call it `time_ms` if it holds times in ms",
                name.text()
            ));
        }
    }
    Ok([when, row, neuron])
}

/// The known names, for a message about others.
pub fn known() -> String {
    let list = |names: &[&str]| names.join(", ").replace(' ', "_").replace(",_", ", ");
    format!(
        "known are step ({}), or a time (time, t, time_ms, {}), neuron ({}), and batch ({})",
        list(&STEPS[1..]),
        list(&EVENT_TIMES),
        list(&NEURONS[1..]),
        list(&BATCH_ROWS[1..])
    )
}

/// The names of `count` columns of a text, if there are any, and the places of step, batch row and neuron.
pub fn of_text(lines: &Lines, count: usize) -> Result<(Vec<Name>, [Option<usize>; 3]), String> {
    let mut names = lines.names().to_vec();
    if names.is_empty() {
        // Some programs write names as a comment, but most comments are something else.
        names = lines.comment_names(count);
        if names.is_empty() || !names.iter().all(is_known) {
            let doubt =
                names.iter().any(is_known).then_some("may name the columns, of which not all are known");
            let comments = lines.comments();
            let last = comments.last().zip(doubt);
            let doubtful = || comments.iter().find_map(|comment| Some((comment, doubt_of(comment)?)));
            if let Some((comment, doubt)) = last.or_else(doubtful) {
                return Err(format!(
                    "the comment '{comment}' {doubt}; without names they are {}; write the names above \
                     the first line, as `step neuron` or `time_ms neuron`",
                    LAYOUT.expected
                ));
            }
            for comment in lines.comments() {
                refuse_other_count(comment, count)?;
            }
            names.clear();
        }
    }
    let columns = columns(&names, count)?;
    Ok((names, columns))
}

/// Whether a comment consists of known names: one, or one for each of `count` columns, and for steps in the
/// usual order.
pub fn names_columns(comment: &str, count: usize, is_in_steps: bool) -> bool {
    let names = names_in(comment);
    names.iter().all(is_known)
        && (names.len() < 2 || names.len() == count)
        && !(is_in_steps && doubt_of(comment).is_some())
}

fn names_in(comment: &str) -> Vec<Name> {
    let words = comment.split(|sign: char| sign.is_whitespace() || ",;/|".contains(sign));
    words.filter(|word| !word.is_empty()).map(Name::new).collect()
}

/// Refuses a comment that names steps and neurons, but not as many columns as there are.
fn refuse_other_count(comment: &str, count: usize) -> Result<(), String> {
    let names = names_in(&without_intervals(comment));
    let has = |is_it: &dyn Fn(&Name) -> bool| names.iter().any(is_it);
    let is_heading =
        names.iter().all(is_known) && has(&is_of_steps_or_times) && has(&|name| is_one(name, &NEURONS));
    if names.len() == count || !is_heading {
        return Ok(());
    }
    Err(format!(
        "the comment '{comment}' names {} columns, but there are {count}; write a name for each, as \
         `step batch neuron`, or leave the comment out",
        names.len()
    ))
}

/// A reason why a comment may contradict the usual order of columns.
fn doubt_of(comment: &str) -> Option<&'static str> {
    // The length of steps is read from any comment.
    let comment = &without_intervals(comment);
    if speaks_of_times(comment) {
        return Some("may say that there are times");
    }
    if comment.contains(|sign: char| sign.is_ascii_digit()) {
        return None;
    }
    let words: Vec<Name> =
        comment.split(|sign: char| !sign.is_alphanumeric() && sign != '_').map(Name::new).collect();
    let first = |known: &[&str]| words.iter().position(|word| is_one(word, known));
    let (step, row, neuron) = (first(&STEPS), first(&BATCH_ROWS), first(&NEURONS)?);
    let is_other_order = [step, row].into_iter().flatten().any(|place| place > neuron);
    is_other_order.then_some("may name the columns in another order")
}

/// The places of step, batch row and neuron among `count` columns.
fn columns(names: &[Name], count: usize) -> Result<[Option<usize>; 3], String> {
    if names.is_empty() {
        return Ok(if count == 2 { [Some(0), None, Some(1)] } else { [Some(0), Some(1), Some(2)] });
    }
    match roles(names)? {
        columns @ [Some(_), row, Some(_)] if row.is_some() == (count == 3) => Ok(columns),
        _ => Err(format!(
            "the columns are {:?}; expected step (or time), neuron, and batch where there is one; {}",
            names.iter().map(Name::text).collect::<Vec<_>>(),
            known()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_columns_are() {
        let found = |names: &[&str]| roles(&names.iter().map(|name| Name::new(name)).collect::<Vec<_>>());
        for (names, expected) in [
            (["step", "neuron"], [Some(0), None, Some(1)]),
            (["neuron_idx", "spike_time"], [Some(1), None, Some(0)]),
            (["i", "t"], [Some(1), None, Some(0)]),
            (["senders", "times"], [Some(1), None, Some(0)]),
            (["batch_row", "Neuron ID"], [None, Some(0), Some(1)]),
            (["index", "t_max"], [None; 3]),
        ] {
            assert_eq!(found(&names), Ok(expected), "{names:?}");
        }
        for (names, message) in [
            (["step", "time_ms"], "both 'step' and 'time_ms' say when events are"),
            (["neuron", "id"], "both 'neuron' and 'id' say the neurons of events"),
            (["step (ms)", "neuron"], "'step (ms)' has a unit, which only times have"),
            (["time", "neuron_s"], "'neuron_s' has a unit"),
        ] {
            let refused = found(&names).unwrap_err();
            assert!(refused.starts_with(message), "{refused}");
        }
    }

    #[test]
    fn all_known_names_are_listed_as_they_can_be_written() {
        let known = known();
        assert!(known.contains("spike_time, spike_times") && known.contains("neuron_idx, cell,"), "{known}");
        let names = STEPS.iter().chain(&EVENT_TIMES).chain(&BATCH_ROWS).chain(&NEURONS);
        for name in names {
            let written = Name::new(&name.replace(' ', "_"));
            assert!(written.is(name) && !written.has_unit(), "{name}");
        }
    }

    #[test]
    fn comments_of_other_columns_are_doubted() {
        for comment in [
            "neuron id step",
            "neuron / step",
            "id of the neuron, then its step",
            "neuron, row of the batch",
            "Units: ms",
            "time and neuron of each spike",
        ] {
            assert!(doubt_of(comment).is_some(), "{comment}");
        }
        for comment in ["step / neuron", "the step and the neuron id", "trial of 1000 ms", "layer 4", "cells"]
        {
            assert_eq!(doubt_of(comment), None, "{comment}");
        }
    }
}
