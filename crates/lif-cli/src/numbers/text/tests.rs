//! Texts as people have them.

use super::line::LONGEST_LINE;
use super::*;
use std::io::Write;
use tempfile::NamedTempFile;

const ONE: Layout = Layout { columns: &[1], expected: "one" };
const ONE_OR_TWO: Layout = Layout { columns: &[1, 2], expected: "one or two" };
const TWO_OR_THREE: Layout = Layout { columns: &[2, 3], expected: "two or three" };

type Read = (Vec<Vec<f64>>, Vec<String>);

/// All rows with the names of the columns, or the line and the reason of the fault.
fn read(bytes: &[u8], layout: Layout) -> Result<Read, (u64, String)> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let source = Source::open(file.path()).unwrap();
    let mut lines = Lines::open(&source, layout).unwrap();
    let mut rows = Vec::new();
    loop {
        match lines.row() {
            Ok(Some(row)) => rows.push(row.to_vec()),
            Ok(None) => break,
            Err(reason) => return Err((lines.number(), reason)),
        }
    }
    Ok((rows, lines.names().iter().map(|name| name.text().to_owned()).collect()))
}

fn rows(bytes: &[u8], layout: Layout) -> Vec<Vec<f64>> {
    read(bytes, layout).unwrap().0
}

#[test]
fn separators_line_ends_and_marks_do_not_matter() {
    let expected = [[0.0, 1.5], [1.0, -2.0]];
    for text in [
        "0 1.5\n1 -2\n",
        "0\t1.5\r\n1\t-2\r\n",
        "0,1.5\r1,-2",
        "0;1.5\n\n1;-2;\n",
        "\u{feff}0 , 1.5 # loud\n# between\n1 , -2",
        "  0   1.5\n1\u{a0}-2",
    ] {
        assert_eq!(rows(text.as_bytes(), ONE_OR_TWO), expected, "{text:?}");
    }
    assert_eq!(rows(b"# 5 \xb5V\n\n1\n2 # \xb5\n", ONE), [[1.0], [2.0]]);
}

#[test]
fn lines_have_their_numbers_whatever_their_ends() {
    let long = format!("1\r\n2\r\n{}\r\n", "3".repeat(LONGEST_LINE + 1));
    let (line, reason) = read(long.as_bytes(), ONE).unwrap_err();
    assert_eq!(line, 3);
    assert!(reason.starts_with("the line is longer than 65536 bytes"), "{reason}");
    for text in ["1\n2\nx\n", "1\r\n2\r\nx", "1\r2\rx", "1\n\nx", "1\r\n\r\nx\r\n"] {
        let found = read(text.as_bytes(), ONE).unwrap_err();
        assert_eq!(found, (3, "'x' is not a number; start comments with #".to_owned()), "{text:?}");
    }
    // The end of a line in two buffers.
    let mut wide = vec![b' '; (1 << 18) - 1];
    for byte in wide.iter_mut().step_by(1000) {
        *byte = b'\n';
    }
    wide[1] = b'1';
    wide.extend(b"\r\nx");
    assert_eq!(read(&wide, ONE).unwrap_err().0, 265);
}

#[test]
fn decimal_commas_are_refused() {
    for (text, layout, line) in [
        ("9.5\n9,7\n", ONE, 2),
        ("1,5;2,5\n", ONE_OR_TWO, 1),
        ("0;1\n1,5\t2\n", ONE_OR_TWO, 2),
        ("0,1 0,5\n", ONE_OR_TWO, 1),
        ("0,1,0,5\n", ONE_OR_TWO, 1),
        ("0,5\n0,05\n", ONE_OR_TWO, 2),
        ("0,5\n1,2\n2,9\n", ONE_OR_TWO, 1),
        ("1,000\n2,000\n", ONE_OR_TWO, 1),
        ("1,234.5\n", ONE, 1),
        ("1,000 5\n", TWO_OR_THREE, 1),
        ("1,5, 2\n", TWO_OR_THREE, 1),
    ] {
        let (found, reason) = read(text.as_bytes(), layout).unwrap_err();
        assert_eq!(found, line, "{text:?}: {reason}");
        assert!(reason.contains("decimal comma"), "{text:?}: {reason}");
    }
}

#[test]
fn thousands_are_told_from_times() {
    for (text, line, message) in [
        ("1,234.5\n2,345.6\n", 1, "'1,234.5' may be a time and a value, or one number with a comma after"),
        ("1 000\n2 000\n", 1, "'1 000' seems to be one number with a blank after its thousands"),
        ("5 1\n10 050\n", 2, "'10 050' seems to be one number"),
        ("1\u{a0}000\n", 1, "has a no-break or thin blank between digits"),
        ("0\n1\u{2009}000.5\n", 2, "has a no-break or thin blank between digits"),
        ("1\u{202f}234 5\n", 1, "has a no-break or thin blank between digits"),
    ] {
        let (found, reason) = read(text.as_bytes(), ONE_OR_TWO).unwrap_err();
        assert!(found == line && reason.contains(message), "{text:?}: line {found}: {reason}");
    }
    assert!(read(b"1\xa0000\n", ONE).is_err());
    for text in
        ["1,234.5\n20,3.5\n", "0,234.5\n", "time,value\n1,234.5\n", "1 234.5\n", "time value\n1 000\n"]
    {
        assert_eq!(rows(text.as_bytes(), ONE_OR_TWO)[0].len(), 2, "{text:?}");
    }
}

#[test]
fn what_is_no_number_is_not_passed_over() {
    for error in ["#N/A", "#NUM!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NULL!", "#n/a"] {
        let (line, reason) = read(format!("0.5\n{error}\n1\n").as_bytes(), ONE).unwrap_err();
        assert!(line == 2 && reason.contains(&format!("'{error}' is not a number")), "{reason}");
        let (line, _) = read(format!("{error}\n1\n").as_bytes(), ONE).unwrap_err();
        assert_eq!(line, 1, "{error}");
    }
    for word in ["MISSING", "NONE", "NIL", "Na", "N.A.", "\"NA\"", "NULL"] {
        let (line, reason) = read(format!("{word}\n1\n").as_bytes(), ONE).unwrap_err();
        assert!(line == 1 && reason.contains("is not a number"), "{word}: {reason}");
    }
    for word in ["O.5", "l.5", "I.5", "O.O5", "o.12e1"] {
        let (line, reason) = read(format!("{word}\n1\n").as_bytes(), ONE).unwrap_err();
        assert!(line == 1 && reason.contains("seems to be a mistyped number"), "{word}: {reason}");
    }
    for text in ["# N/A\n1\n", "1 #N/As are left out\n", "I0\n1\n", "t.ms\n1\n", "none_left\n1\n"] {
        assert_eq!(rows(text.as_bytes(), ONE), [[1.0]], "{text:?}");
    }
}

#[test]
fn commas_that_separate_are_told_from_decimal_commas() {
    for text in ["0,5\n1,2.5\n", "0, 5\n1,2\n", "0,-5\n1,2\n", "time,value\n0,5\n1,2\n", "0,5\n1,2\n1.5,2\n"]
    {
        assert_eq!(rows(text.as_bytes(), ONE_OR_TWO)[0].len(), 2, "{text:?}");
    }
    // Steps are whole numbers.
    assert_eq!(rows(b"3,0\n3, 2\n", TWO_OR_THREE), [[3.0, 0.0], [3.0, 2.0]]);
}

#[test]
fn rows_are_complete_and_alike() {
    for (text, layout, line, message) in [
        ("10 1\n20 0 1\n", TWO_OR_THREE, 2, "3 numbers; expected 2, as in the lines before"),
        ("10 1\n20\n", TWO_OR_THREE, 2, "1 number; expected 2"),
        ("1 2\n", ONE, 1, "2 numbers; expected one"),
        ("1,,2\n", ONE_OR_TWO, 1, "nothing between two separators"),
        (",1\n", ONE_OR_TWO, 1, "before the first"),
        ("1;;\n", ONE_OR_TWO, 1, "nothing between the last separators"),
        ("NA\n1\n", ONE, 1, "'NA' is not a number"),
        ("nan\n", ONE, 1, "'nan' is not finite"),
        ("1\n2 \x00\n", ONE, 2, "byte 0x00: it is neither text nor an array"),
        ("time,value,extra\n0.5,1\n", ONE_OR_TWO, 2, "the names of the columns in line 1"),
        ("time\nvalue\n", ONE, 2, "'value' is not a number"),
    ] {
        let (found, reason) = read(text.as_bytes(), layout).unwrap_err();
        assert!(found == line && reason.contains(message), "{text:?}: line {found}: {reason}");
    }
}

#[test]
fn columns_have_names() {
    for (text, names) in [
        ("time (s),current (nA)\n0.5,1\n", &["time (s)", "current (nA)"][..]),
        ("\"time\";\"I\"\n0.5;1\n", &["time", "I"]),
        ("t [ms] I [nA]\n0 1\n", &["t [ms]", "I [nA]"]),
        ("time (s) input current (nA)\n0 1\n", &["time (s)", "input current (nA)"]),
        ("# time_ms value\n0 1\n", &["time_ms", "value"]),
        ("# recorded today\n# time (\u{b5}s), I\n0 1\n", &["time (\u{b5}s)", "I"]),
        ("# 3 ms\n0 1\n", &[]),
        ("# time value\n0 1\n", &[]),
        ("# in ms\n0 1\n", &[]),
        ("# ms\n5\n", &[]),
        ("# Units: ms\n0 1\n", &[]),
        ("# Time sec\n0 1\n", &[]),
        ("time ms value\n0 1\n", &["time ms", "value"]),
    ] {
        assert_eq!(read(text.as_bytes(), ONE_OR_TWO).unwrap().1, names, "{text:?}");
    }
    for (text, names) in [
        ("spikes_us\n5\n", &["spikes_us"][..]),
        ("Spike times in seconds\n5\n", &["Spike times in seconds"]),
        ("# spike times [s]\n5\n", &["spike times [s]"]),
        ("# t_us\n5\n", &["t_us"]),
        ("# Time sec\n5\n", &["Time sec"]),
        ("# in ms\n5\n", &["in ms"]),
        ("# sampled every 50 us\n5\n", &[]),
        ("# Spike times, in ms from the start.\n5\n", &[]),
    ] {
        assert_eq!(read(text.as_bytes(), ONE).unwrap().1, names, "{text:?}");
    }
    let (_, names) = read(b"time (\xb5s)\n5\n", ONE).unwrap();
    assert_eq!(names, ["time (\u{b5}s)"]);
}
