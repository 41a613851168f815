//! Numbers for people.

#![allow(clippy::disallowed_methods, reason = "what is computed here is only shown")]

/// The width of a terminal, at which tables wrap.
const COLUMNS: usize = 80;

/// The width of names in tables.
const NAME_WIDTH: usize = 12;

/// A row of a table: a name and its text, wrapped.
pub fn row(name: &str, words: &str) -> String {
    let beside_a_name = " ".repeat(NAME_WIDTH + 1);
    let options = textwrap::Options::new(COLUMNS)
        .initial_indent(&beside_a_name)
        .subsequent_indent(&beside_a_name)
        // So that paths and numbers can be copied.
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::fill(words, options);
    format!("{name:<NAME_WIDTH$} {}", lines.trim_start())
}

/// `1,234,567`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 thing`, `2 things`
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// `128 MiB`, `2 GiB`, `1.5 GiB`
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = (number.max(1).ilog2() / 10) as usize;
    let tenths = (number as f64 / 1024_f64.powi(unit as i32) * 10.0).round() / 10.0;
    format!("{tenths} {}", UNITS.get(unit).unwrap_or(&"EiB"))
}

/// Two numbers of bytes, exact if they would look the same otherwise.
pub fn two_bytes(one: u64, other: u64) -> [String; 2] {
    let [short, other_short] = [one, other].map(bytes);
    if short == other_short {
        [one, other].map(|number| format!("{} bytes", grouped(number)))
    } else {
        [short, other_short]
    }
}

/// `0.0034`, `12.3`, `1,234`: three significant digits, or all before the point.
pub fn short(number: f64) -> String {
    if number.abs() >= 1000.0 {
        return grouped(number.round() as u64);
    }
    let before_point = if number == 0.0 { 1 } else { number.abs().log10().floor() as i32 + 1 };
    let decimals = (3 - before_point).clamp(0, 9) as usize;
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_no_wider_than_a_terminal() {
        let row = row(
            "stimulus",
            "200,000 samples, 0 to 10000 ms, one every 0.05 ms by the name 'dt_ms', array 'stimulus'",
        );
        assert_eq!(
            row,
            "stimulus     200,000 samples, 0 to 10000 ms, one every 0.05 ms by the name\n             'dt_ms', array \
             'stimulus'"
        );
        let path = format!("a/{}", "b".repeat(90));
        assert_eq!(super::row("files", &path), format!("files        {path}"));
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 134_217_728, 2_147_483_644, 1_610_612_736].map(bytes),
            ["0 B", "128 MiB", "2 GiB", "1.5 GiB"]
        );
        assert_eq!(
            [0.0, 0.003_421, 1.0, 12.34, 999.4, 1234.5].map(short),
            ["0.00", "0.00342", "1.00", "12.3", "999", "1,235"]
        );
        assert_eq!(bytes(u64::MAX), "16 EiB");
        assert_eq!(two_bytes(2_097_153, 2_097_152), ["2,097,153 bytes", "2,097,152 bytes"]);
        assert_eq!(two_bytes(3 << 20, 2 << 20), ["3 MiB", "2 MiB"]);
        assert_eq!([1, 2].map(|number| counted(number, "step")), ["1 step", "2 steps"]);
    }
}
