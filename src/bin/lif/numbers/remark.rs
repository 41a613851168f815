//! What comments above the numbers say of them, in whatever words.

use super::name::{Name, current_unit, time_unit_of};
use crate::rules::TimeUnit;

/// The unit of times that prose says: `all times in seconds`, `t sec`, `units: s and nA`, or units alone, `s nA`.
pub fn time_unit_in_prose(text: &str) -> Option<TimeUnit> {
    const OF_TIMES: [&str; 8] = ["t", "time", "times", "timestamp", "timestamps", "unit", "units", "all"];
    const BEFORE_A_UNIT: [&str; 3] = ["in", "is", "are"];
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_of_times = |word: &str| OF_TIMES.contains(&word);
    if !words.iter().any(|word| is_of_times(word)) {
        let (first, others) = words.split_first()?;
        return time_unit_of(first).filter(|_| others.iter().all(|word| current_unit(word).is_some()));
    }
    let is_said = |pair: &&[&str]| is_of_times(pair[0]) || BEFORE_A_UNIT.contains(&pair[0]);
    words.windows(2).filter(is_said).find_map(|pair| time_unit_of(pair[1]))
}

/// Refuses a comment that says another unit of times than they are taken in, as it is no name of a column, unless an
/// option says it.
pub fn refuse_remark(
    remark: Option<&str>,
    asked: Option<TimeUnit>,
    taken: TimeUnit,
    option: &str,
) -> Result<(), String> {
    let Some(remark) = remark.filter(|_| asked.is_none()) else { return Ok(()) };
    let name = Name::new(remark);
    let unit = if name.is_of_times_in_a_unit() { name.time_unit()? } else { time_unit_in_prose(remark) };
    match unit {
        Some(unit) if unit != taken => Err(format!(
            "the comment '{remark}' above the numbers may say the unit of the times, but they are taken as {}; say --{option} {}, \
             or write the unit into the name of a column, as `time_{}`",
            taken.text(),
            unit.text(),
            unit.text()
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_says_units_of_times() {
        for text in [
            "s",
            "s nA",
            "t sec I nA",
            "time unit: s",
            "units: s and nA",
            "all times in seconds",
            "Times are in s",
            "column 1: time in s",
            "Time (s)",
            "Spike times are in seconds",
            "all in s",
            "sampled every 10 ms, time in s",
        ] {
            assert_eq!(time_unit_in_prose(text), Some(TimeUnit::S), "{text}");
        }
        for text in [
            "",
            "unit 5 (s)",
            "trial length (s)",
            "duration_s",
            "step 0.5 nA for 5 s",
            "cell 3",
            "nA",
            "noise of 5 s",
        ] {
            assert_eq!(time_unit_in_prose(text), None, "{text}");
        }
    }
}
