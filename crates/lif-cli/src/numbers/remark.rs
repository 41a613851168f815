//! What comments above the numbers say of them, in whatever words.

use super::name::{Clock, Name, Origin, current_unit, is_plain_time_unit, time_unit_of};
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

/// The interval of samples or steps that a comment says, ms: `dt = 0.1 ms`, `sampling rate: 10 kHz`.
pub fn interval_in_prose(text: &str) -> Option<f64> {
    text.split([',', ';']).find_map(|part| {
        let start = part.find(|sign: char| sign.is_ascii_digit())?;
        let (what, quantity) = part.split_at(start);
        let is_of_number = |sign: char| sign.is_ascii_digit() || ".-+eE_".contains(sign);
        let end = quantity.find(|sign| !is_of_number(sign)).unwrap_or(quantity.len());
        let (number, unit) = quantity.split_at(end);
        let unit = unit.split_whitespace().next().unwrap_or_default().trim_end_matches('.');
        let name = Name::new(&if unit.is_empty() { what.to_owned() } else { format!("{what} ({unit})") });
        let clock = name.clock()?;
        let unit = if clock == Clock::Interval { name.time_unit().ok()? } else { None };
        let interval = clock.interval_ms(number.parse().ok()?, unit.unwrap_or(TimeUnit::Ms));
        (interval.is_finite() && interval > 0.0).then_some(interval)
    })
}

/// Whether a comment is about times, and not about how long something lasts.
pub fn is_of_times(text: &str) -> bool {
    let text = text.to_lowercase();
    let is_separator = |sign: char| sign.is_whitespace() || ",;:()[]{}=/".contains(sign);
    let words: Vec<&str> = text.split(is_separator).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let has_length = words.windows(2).any(|pair| is_number(pair[0]) && time_unit_of(pair[1]).is_some());
    let is_unit =
        |place: usize| is_plain_time_unit(words[place]) && !(place > 0 && is_number(words[place - 1]));
    let is_time = |word: &str| !has_length && Name::new(word).is_of_times();
    (0..words.len()).any(|place| is_unit(place) || is_time(words[place]))
        || time_unit_in_prose(&text).is_some()
}

/// Refuses comments that say another unit of times than they are taken in, as they are no names of columns, unless an
/// option says it, or the name of the column.
pub fn refuse_comments(
    comments: &[String],
    (unit, origin): &(TimeUnit, Origin),
    option: Option<&str>,
) -> Result<(), String> {
    if *origin != Origin::Default {
        return Ok(());
    }
    for comment in comments {
        let name = Name::new(comment);
        let said = if name.is_of_times_in_a_unit() { name.time_unit()? } else { time_unit_in_prose(comment) };
        if let Some(said) = said.filter(|said| said != unit) {
            let (taken, said) = (unit.text(), said.text());
            let option = option.map_or(String::new(), |option| format!("say --{option} {said}, or "));
            return Err(format!(
                "the comment '{comment}' above the numbers may say the unit of the times, but they are taken as {taken}; \
                 {option}write the unit into the name of a column, as `time_{said}`"
            ));
        }
    }
    Ok(())
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

    #[test]
    fn prose_says_intervals() {
        for (text, interval) in [
            ("dt = 0.5 ms", 0.5),
            ("dt=0.5", 0.5),
            ("dt: 500us.", 0.5),
            ("N = 100, dt = 0.5 ms, seed 3", 0.5),
            ("time step: 0.0005 s", 0.5),
            ("sampling rate 2 kHz", 0.5),
            ("fs = 2000 Hz", 0.5),
        ] {
            assert_eq!(interval_in_prose(text), Some(interval), "{text}");
        }
        for text in ["dt", "duration = 5 ms", "5 ms", "tau = 5 ms", "dt = x", "dt = 0 ms", "dt = 5 furlongs"]
        {
            assert_eq!(interval_in_prose(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_told_from_lengths() {
        for text in [
            "time neuron id",
            "Units: ms",
            "neuron / t",
            "column 1: time (ms), column 2: neuron",
            "spikes, ms since the start",
            "all in s",
        ] {
            assert!(is_of_times(text), "{text}");
        }
        for text in
            ["duration 1000 ms", "simulation time: 5 s", "step neuron", "don't", "neuron's spikes", "5 ms"]
        {
            assert!(!is_of_times(text), "{text}");
        }
    }
}
