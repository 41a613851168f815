//! What comments above the numbers say about them.

use super::TimeUnit;
use super::clock::is_of_clocks;
use super::name::{Name, is_word_of_values};
use super::origin::Origin;
use super::sampling::is_hertz;
use super::tokens::{Token, tokens, tokens_with_places};
use super::units::{current_unit, is_plain_time_unit, other_value_unit, time_unit_of};
use super::unread::Unread;

/// The unit of times in prose: `all times in seconds`, `t sec`, `units: s and nA`, or units alone, `s nA`.
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
    let is_before_a_unit = |pair: &&[&str]| is_of_times(pair[0]) || BEFORE_A_UNIT.contains(&pair[0]);
    words.windows(2).filter(is_before_a_unit).find_map(|pair| time_unit_of(pair[1]))
}

/// Whether a comment or a name may say what the numbers are: whether it is about times, steps, samples or
/// units, but not about a duration.
pub fn describes_numbers(text: &str) -> bool {
    /// In addition to the words in names.
    const WORDS: [&str; 50] = [
        "timebase",
        "tvec",
        "deltat",
        "stepsize",
        "rate",
        "sr",
        "intervals",
        "isi",
        "isis",
        "sampled",
        "sampling",
        "binwidth",
        "resolution",
        "period",
        "unit",
        "units",
        "offset",
        "offsets",
        "column",
        "columns",
        "minutes",
        "zeit",
        "t0",
        "diff",
        "diffs",
        "order",
        "reversed",
        "reverse",
        "inverted",
        "relative",
        "before",
        "delay",
        "delayed",
        "shift",
        "shifted",
        "scaled",
        "multiplied",
        "divided",
        "factor",
        "gain",
        "downsampled",
        "upsampled",
        "resampled",
        "decimated",
        "matlab",
        "based",
        "numbered",
        "counted",
        "duration",
        "durations",
    ];
    let tokens = tokens(text);
    (0..tokens.len()).any(|place| {
        let Token::Word(word) = tokens[place] else { return false };
        let lower = word.to_lowercase();
        let is_first_number = ["from", "starting", "start"].contains(&lower.as_str())
            && matches!(tokens.get(place + 1), Some(Token::Number(0.0 | 1.0, _)));
        // `in 0.1 ms` and `x10 ms` are units.
        let is_in = place > 1 && [Token::Word("in"), Token::Word("x")].contains(&tokens[place - 2]);
        let is_length = place > 0 && matches!(tokens[place - 1], Token::Number(..)) && !is_in;
        WORDS.contains(&lower.as_str())
            || is_first_number
            || is_of_clocks(&lower)
            || is_hertz(&lower)
            || (time_unit_of(&lower).is_some() && !is_length)
            || (value_unit_of(word).is_some_and(|unit| unit != "nA"))
    })
}

/// The unit of currents in a word: `A` alone is a letter.
fn value_unit_of(word: &str) -> Option<&'static str> {
    current_unit(&word.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u"))
        // Pascal is not picoampere.
        .filter(|_| !word.ends_with("Pa"))
        .filter(|unit| word.len() > 2 || word.ends_with('A') && *unit != "A")
}

/// The unit of values in a comment, the last if there are several. `A` and units of other quantities count
/// only next to a word for values.
pub fn value_unit_in_prose(text: &str) -> Option<&'static str> {
    let tokens = tokens_with_places(text);
    let word_at = |place: usize| match tokens.get(place) {
        Some((Token::Word(word), _)) => Some(*word),
        _ => None,
    };
    let says_unit = |word: &str| ["unit", "units"].contains(&word.to_lowercase().as_str());
    let is_of_values = |place: Option<usize>| {
        place.and_then(word_at).is_some_and(|word| is_word_of_values(word) || says_unit(word))
    };
    let belongs_to_values = |place: usize| {
        let before = place.checked_sub(1);
        let between = before.map_or("", |before| text[tokens[before].1.end..tokens[place].1.start].trim());
        let is_adjacent = ["(", "[", "{", "/", ":", "="].contains(&between) && is_of_values(before);
        is_adjacent
            || before.and_then(word_at) == Some("in") && (place == 1 || is_of_values(place.checked_sub(2)))
    };
    (0..tokens.len()).rev().find_map(|place| {
        let word = word_at(place)?;
        value_unit_of(word).or_else(|| other_value_unit(word).filter(|_| belongs_to_values(place)))
    })
}

/// A warning about unread comments that may say what the numbers are, and about how these were taken.
pub fn doubt_of_comments(unread: &[Unread], taken: &str) -> Option<String> {
    let doubtful: Vec<&String> = unread
        .iter()
        .filter(|unread| describes_numbers(&unread.left))
        .map(|unread| &unread.comment)
        .collect();
    let (first, others) = doubtful.split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    Some(format!("the comment '{first}'{more} may say what the numbers are, and is not read; {taken}"))
}

/// A warning about unread arrays that may say what the numbers are.
pub fn doubt_of_arrays(unread: &[String], taken: &str) -> Option<String> {
    let is_doubtful = |name: &&String| {
        *name == "ts" || describes_numbers(&name.replace('_', " ")) || Name::new(name).may_be_clock()
    };
    let doubtful: Vec<String> = unread.iter().filter(is_doubtful).map(|name| format!("'{name}'")).collect();
    let is = if doubtful.len() == 1 { "is" } else { "are" };
    (!doubtful.is_empty()).then(|| {
        format!("{} in it may say what the numbers are, and {is} not read; {taken}", doubtful.join(", "))
    })
}

/// Whether a comment is about times, not about a duration.
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

/// Refuses comments with another unit of times than the one assumed, unless an option or a name of a column
/// gives the unit.
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
        let mentioned =
            if name.is_of_times_in_a_unit() { name.time_unit()? } else { time_unit_in_prose(comment) };
        if let Some(mentioned) = mentioned.filter(|mentioned| mentioned != unit) {
            let (taken, mentioned) = (unit.text(), mentioned.text());
            let option = option.map_or(String::new(), |option| format!("say --{option} {mentioned}, or "));
            return Err(format!(
                "the comment '{comment}' may say the unit of the times, but they are taken as {taken}; \
                 {option}write the unit into the name of a column, as `time_{mentioned}`"
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
