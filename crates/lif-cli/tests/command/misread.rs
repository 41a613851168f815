//! Files whose numbers could be misread: as an earlier sample, in another unit, with one number more or less.
//! They are read correctly, refused, or read with a warning.

#![allow(clippy::disallowed_methods, reason = "what is made here is read as it was written")]

use super::Folder;
use ndarray::{Array2, array};
use ndarray_npy::write_npy;
use predicates::prelude::*;
use std::fs;

#[test]
fn what_is_no_number_of_the_file_is_told() {
    let folder = Folder::with_still();
    for (text, message) in [
        ("0.5\n#N/A\n1\n", "in.txt:2: '#N/A' is not a number"),
        ("MISSING\n1\n", "in.txt:1: 'MISSING' is not a number"),
        ("O.5\n1\n", "in.txt:1: 'O.5' seems to be a mistyped number"),
        (
            "t (100 us),I\n0,1\n1,2\n",
            "in.txt:2: 't (100 us)' in it has the unit '100 us', in which times are not read",
        ),
        (
            "# t (1e-4 s), I\n0,1\n1,2\n",
            "'t (1e-4 s)' in it has the unit '1e-4 s', in which times are not read",
        ),
        (
            "1,234.5\n2,345.6\n",
            "in.txt:1: '1,234.5' may be a time and a value, or one number with a comma after",
        ),
        ("1\u{a0}000\n2\u{a0}000\n", "in.txt:1: '1\u{a0}000' has a no-break or thin blank between digits"),
        ("# Time sec\n0 1\n1 2\n", "the comment 'Time sec' may say the unit of the times, but they"),
        ("# Units: us\n0 1\n1 2\n", "say --stimulus-time-unit us, or write"),
        (
            "prose, of words\n",
            "in.txt: there is no sample in it; line 1, 'prose, of words', was taken for the names",
        ),
    ] {
        folder.write("in.txt", text);
        folder.refuses("run --device cpu --stimulus in.txt", 1, message);
    }
    for (text, message) in [
        ("100\n#N/A\n200\n", "in.txt:2: '#N/A' is not a number"),
        ("t (100 us)\n1000\n", "'t (100 us)' in it has the unit '100 us'"),
        ("array([100.5])\n", "there is no spike in it; line 1, 'array([100.5])', was taken for the names"),
        ("index,time_ms\n0,100\n", "in.txt:2: 2 numbers; expected the time of one spike on every line"),
        ("isi_ms\n100\n", "'isi_ms' in it names times between spikes"),
    ] {
        folder.write("in.txt", text);
        folder.refuses("score --device cpu --stimulus still.txt --spikes in.txt", 1, message);
    }
    folder.archive("isi.npz", |npz| npz.add_array("isi_ms", &array![10.0, 20.0]).unwrap());
    let message = "'isi_ms' in it names times between spikes";
    folder.refuses("score --device cpu --stimulus still.txt --spikes isi.npz", 1, message);
    for text in ["# in ms\n0 0.5\n1 1\n", "# Units: ms\n0 0.5\n1 1\n", "s,nA\n0 0.5\n0.001 1\n"] {
        folder.write("in.txt", text);
        assert_eq!(folder.stimulated("in.txt --dt 0.5").0, "", "{text:?}");
    }
    folder.write("in.txt", "# Time sec\n0 0.5\n0.001 1\n");
    assert_eq!(folder.stimulated("in.txt --stimulus-time-unit s").1["steps"], 20);
}

#[test]
fn a_row_of_many_values_is_doubted_whatever_the_duration() {
    let folder = Folder::new();
    write_npy(folder.path("row.npy"), &Array2::from_elem((1, 2000), 0.5)).unwrap();
    let message = "its shape [1, 2000] is that of one sample for each of 2000 neurons";
    assert!(folder.stimulated("row.npy --duration 0.1").0.contains(message));
    assert_eq!(folder.stimulated("row.npy --duration 0.1 --neurons 2000").0, "");
}

#[test]
fn settings_that_are_not_utf8_are_told_with_their_line() {
    let folder = Folder::new();
    for (bytes, message) in [
        (&b"neurons = 2\n# 5 \xb5s\n"[..], "in.toml: line 2 has a sign that is not UTF-8; save it as UTF-8"),
        (b"\xff\xfen\0", "in.toml: it is text in UTF-16; save it as UTF-8"),
    ] {
        fs::write(folder.path("in.toml"), bytes).unwrap();
        folder.refuses("run --device cpu --config in.toml", 1, message);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn spikes_whose_path_no_report_could_name_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::with_still();
    let name = std::ffi::OsStr::from_bytes(b"spikes\xff.txt");
    fs::write(folder.path("").join(name), "100\n200\n").unwrap();
    let mut command = folder.lif("score --device cpu --stimulus still.txt --spikes");
    command.arg(name).assert().code(2).stderr(predicate::str::contains("the path of --spikes, "));
}
