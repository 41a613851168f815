//! What comments above the numbers say of them, in whatever words.

use super::name::{
    Clock, Name, Origin, current_unit, is_of_clocks, is_plain_time_unit, is_unit_of_a_column, time_unit_of,
};
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

/// The interval of samples or steps that a comment says, ms: `dt = 0.1 ms`, `sampled at 10 kHz`.
pub fn interval_in_prose(text: &str) -> Option<f64> {
    /// Words between what is said and the number.
    const BETWEEN: [&str; 8] = ["of", "is", "was", "at", "every", "be", "about", "approx"];
    let pieces = pieces(text);
    (0..pieces.len()).find_map(|place| {
        let Piece::Number(number, after) = pieces[place] else { return None };
        let next = pieces.get(place + 1);
        let has_unit = is_unit_of_clock(next);
        // Fractions, thousands and prefixes are not read, nor are other units.
        let is_part = after.is_some_and(|sign| sign.is_alphanumeric() && !has_unit || sign == '/');
        let goes_on = matches!((next, after), (Some(Piece::Number(..)), Some(',' | ' ' | '\'')));
        let is_other = matches!(next, Some(Piece::Word(word)) if is_unit_of_a_column(word) && !has_unit);
        if is_part || goes_on || is_other {
            return None;
        }
        let unit = match next {
            Some(Piece::Word(word)) if has_unit => format!(" ({word})"),
            _ => String::new(),
        };
        let before = pieces[..place].iter().rev().map_while(|piece| match piece {
            Piece::Word(word) => Some(*word),
            Piece::Number(..) => None,
        });
        let words: Vec<&str> = before.filter(|word| !BETWEEN.contains(word)).take(2).collect();
        let (last, pair) = (words.first()?, words.iter().rev().copied().collect::<Vec<_>>().join(" "));
        // Alone, intervals may be of anything.
        let clock = |what: &str| {
            let name = Name::new(&format!("{what}{unit}"));
            let clock = name.clock().filter(|_| what != "interval")?;
            let unit = if clock == Clock::Interval { name.time_unit().ok()? } else { None };
            Some(clock.interval_ms(number, unit.unwrap_or(TimeUnit::Ms)))
        };
        let is_sampled =
            ["sampled", "sampling", "recorded", "acquired", "digitised", "digitized"].contains(last);
        let sampled = || is_sampled.then(|| clock(if is_hertz(&unit) { "fs" } else { "dt" })).flatten();
        let found =
            clock(&pair).or_else(|| clock(last)).or_else(|| sampled().filter(|_| !unit.is_empty()))?;
        (found.is_finite() && found > 0.0).then_some(found)
    })
}

fn is_hertz(unit: &str) -> bool {
    unit.to_lowercase().contains("hz")
}

fn is_unit_of_clock(piece: Option<&Piece<'_>>) -> bool {
    matches!(piece, Some(Piece::Word(word)) if time_unit_of(word).is_some() || is_hertz(word))
}

/// What is longer is no number that a person wrote.
const LONGEST_NUMBER: usize = 40;

/// A part of a comment.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece<'a> {
    /// Letters.
    Word(&'a str),
    /// A number, and the sign after it.
    Number(f64, Option<char>),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| sign.is_alphanumeric() || sign == '.') {
        rest = &rest[start..];
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let is_number = rest.trim_start_matches('.').starts_with(|sign: char| sign.is_ascii_digit());
        let end = if is_number {
            let of_numbers = |byte: &u8| byte.is_ascii_digit() || b".eE+-_".contains(byte);
            let most = rest.bytes().take(LONGEST_NUMBER).take_while(of_numbers).count();
            (1..=most).rev().find(|end| rest[..*end].replace('_', "").parse::<f64>().is_ok()).unwrap_or(first)
        } else {
            rest.find(|sign: char| !sign.is_alphabetic() && sign != '\'').unwrap_or(rest.len())
        };
        // Some signs are neither letters nor digits of a number: superscripts, fractions.
        let (piece, after) = rest.split_at(end.max(first));
        match piece.replace('_', "").parse::<f64>() {
            Ok(number) if is_number => pieces.push(Piece::Number(number, after.chars().next())),
            _ if piece != "." => pieces.push(Piece::Word(piece)),
            _ => {}
        }
        rest = after;
    }
    pieces
}

/// Whether a comment, or a name, may say what numbers are: it speaks of times, steps, samples or units, but for how long
/// something lasts.
pub fn is_telling(text: &str) -> bool {
    /// Beside those that names know.
    const WORDS: [&str; 22] = [
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
    ];
    let pieces = pieces(text);
    (0..pieces.len()).any(|place| {
        let Piece::Word(word) = pieces[place] else { return false };
        let lower = word.to_lowercase();
        let is_length = place > 0 && matches!(pieces[place - 1], Piece::Number(..));
        WORDS.contains(&lower.as_str())
            || is_of_clocks(&lower)
            || is_hertz(&lower)
            || (time_unit_of(&lower).is_some() && !is_length)
            || (value_unit_of(word).is_some_and(|unit| unit != "nA"))
    })
}

/// The unit of currents that a word is, as it is written: `A` alone is a letter.
fn value_unit_of(word: &str) -> Option<&'static str> {
    current_unit(&word.to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u"))
        // Pascal is no picoampere.
        .filter(|_| !word.ends_with("Pa"))
        .filter(|unit| word.len() > 2 || word.ends_with('A') && *unit != "A")
}

/// The unit of currents that a comment says, the last of several.
pub fn value_unit_in_prose(text: &str) -> Option<&'static str> {
    pieces(text).into_iter().rev().find_map(|piece| match piece {
        Piece::Word(word) => value_unit_of(word),
        Piece::Number(..) => None,
    })
}

/// What is said of comments that nobody read and that may say what the numbers are, and of how these were taken.
pub fn doubt_of_comments(unread: &[String], taken: &str) -> Option<String> {
    let telling: Vec<&String> = unread.iter().filter(|comment| is_telling(comment)).collect();
    let (first, others) = telling.split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    Some(format!("the comment '{first}'{more} may say what the numbers are, and is not read; {taken}"))
}

/// What is said of arrays in an archive that nobody read and that may say what the numbers are.
pub fn doubt_of_arrays(unread: &[String], taken: &str) -> Option<String> {
    let is_telling = |name: &&String| {
        *name == "ts" || is_telling(&name.replace('_', " ")) || Name::new(name).may_be_clock()
    };
    let telling: Vec<String> = unread.iter().filter(is_telling).map(|name| format!("'{name}'")).collect();
    let is = if telling.len() == 1 { "is" } else { "are" };
    (!telling.is_empty()).then(|| {
        format!("{} in it may say what the numbers are, and {is} not read; {taken}", telling.join(", "))
    })
}

/// Whether a comment says that times are in this unit, and nothing else.
pub fn says_unit(comment: &str, unit: TimeUnit) -> bool {
    let has_number = comment.contains(|sign: char| sign.is_ascii_digit());
    !has_number
        && (time_unit_in_prose(comment) == Some(unit) || Name::new(comment).time_unit() == Ok(Some(unit)))
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
        for text in ["dt", "duration = 5 ms", "5 ms", "tau = 5 ms", "dt = x", "dt = 0 ms", "dt = 5 min"] {
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

    #[test]
    fn comments_of_any_signs_are_taken_apart() {
        let word = Piece::Word;
        assert_eq!(pieces("pA/cm\u{b2}, \u{bd} ms"), ["pA", "cm", "\u{b2}", "\u{bd}", "ms"].map(word));
        assert_eq!(pieces("dt=.5ms"), [word("dt"), Piece::Number(0.5, Some('m')), word("ms")]);
        assert_eq!(pieces("1e-4"), [Piece::Number(1e-4, None)]);
        assert_eq!(pieces("..5 \u{661}"), [Piece::Number(0.5, Some(' ')), word("\u{661}")]);
        assert!(pieces(&"1".repeat(60_000)).len() >= 60_000 / LONGEST_NUMBER);
    }
}
