//! Stimulus files: all formats, resampling, and invalid files.

use super::Folder;
use ndarray::{Array1, Array2, Array3, arr0, array};
use ndarray_npy::{NpzWriter, write_npy};
use predicates::prelude::*;
use std::fs::{self, File};
use std::io::Write;

/// A membrane that follows its input within a step: v = R I - 62 with R = 20.
const FOLLOWS: &str = "--tau-m 1 --dt 1 --v-threshold 1000 --record voltage:0";

/// The current of each step of a run, nA.
fn seen(folder: &Folder, words: &str) -> Vec<f32> {
    folder.summary(&format!("{FOLLOWS} {words}"));
    folder.array::<f32>("voltage").into_iter().map(|v| ((v + 62.0) / 20.0 * 1e3).round() / 1e3).collect()
}

#[test]
fn all_formats_say_the_same() {
    let folder = Folder::new();
    let values = array![0.5, 1.5, -0.25, 2.0];
    write_npy(folder.path("d.npy"), &values).unwrap();
    write_npy(folder.path("f.npy"), &values.mapv(|value| value as f32)).unwrap();
    let mut npz = NpzWriter::new(File::create(folder.path("one.npz")).unwrap());
    npz.add_array("anything", &values).unwrap();
    npz.finish().unwrap();
    let mut npz = NpzWriter::new_compressed(File::create(folder.path("several.npz")).unwrap());
    npz.add_array("other", &arr0(1.0)).unwrap();
    npz.add_array("stimulus", &values).unwrap();
    npz.add_array("dt_ms", &arr0(1.0)).unwrap();
    npz.finish().unwrap();
    folder.write("one.txt", "# nA\n0.5\n\n1.5 # loud\n-0.25\n2\n");
    folder.write("two.csv", "10,0.5\n11,1.5\n12,-0.25\n13,2\n");
    for file in ["d.npy", "f.npy", "one.npz", "several.npz", "one.txt", "two.csv"] {
        let words = format!("--neurons 2 --stimulus {file}");
        assert_eq!(seen(&folder, &words), [0.5, 1.5, -0.25, 2.0], "{file}");
    }
}

#[test]
fn whole_numbers_and_marks_and_names_in_capitals_will_do() {
    let folder = Folder::new();
    let values = array![1, 2, 3];
    write_npy(folder.path("a.npy"), &values.mapv(i64::from)).unwrap();
    write_npy(folder.path("b.npy"), &values).unwrap();
    write_npy(folder.path("c.NPY"), &values.mapv(|value| value as u8)).unwrap();
    write_npy(folder.path("d.npy"), &values.mapv(|value| value as u32)).unwrap();
    let mut npz = NpzWriter::new(File::create(folder.path("e.Npz")).unwrap());
    npz.add_array("stimulus", &values.mapv(|value| value as i16)).unwrap();
    npz.add_array("dt_ms", &arr0(1_i64)).unwrap();
    npz.finish().unwrap();
    folder.write("marked.txt", "\u{feff}1\n2\n3\n");
    for file in ["a.npy", "b.npy", "c.NPY", "d.npy", "e.Npz", "marked.txt"] {
        assert_eq!(seen(&folder, &format!("--neurons 2 --stimulus {file}")), [1.0, 2.0, 3.0], "{file}");
    }
    // A unit of times needs times, and appears in no other summary.
    folder.run("--neurons 2 --stimulus a.npy --stimulus-time-unit s").assert().success().stderr(
        predicate::str::contains("warning: the stimulus has no times; stimulus-time-unit is not used"),
    );
    assert!(folder.summary("--neurons 2 --stimulus a.npy")["settings"]["stimulus-time-unit"].is_null());
}

/// An array with a header for this shape, but always two values of data.
fn promising(shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend([0; 8]);
    bytes
}

#[test]
fn arrays_that_promise_more_than_they_hold_are_refused() {
    let folder = Folder::new();
    let nested = format!("{}1{}", "(".repeat(30_000), ")".repeat(30_000));
    for (shape, message) in [
        ("(1000000000000,)", "which is more than the 8 bytes of data"),
        ("(3000000000, 3000000000, 3000000000)", "which is more than the 8 bytes of data"),
        ("(3,)", "which is more than the 8 bytes of data"),
        ("(1,)", "not a numpy array that can be read"),
        ("(0, 1000000000000000000)", "not a numpy array that can be read"),
        (&nested, "not a numpy array that can be read"),
    ] {
        fs::write(folder.path("in.npy"), promising(shape)).unwrap();
        let mut zip = zip::ZipWriter::new(File::create(folder.path("in.npz")).unwrap());
        zip.start_file("stimulus.npy", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&promising(shape)).unwrap();
        zip.finish().unwrap();
        for file in ["in.npy", "in.npz"] {
            folder
                .run(&format!("--stimulus {file}"))
                .assert()
                .code(1)
                .stderr(predicate::str::starts_with(format!("error: stimulus {file}: ")))
                .stderr(predicate::str::contains(message));
        }
    }
    let mut long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    long.extend([b' '; 100]);
    fs::write(folder.path("long.npy"), long).unwrap();
    folder.refuses("run --device cpu --stimulus long.npy", 1, "not a numpy array that can be read");
}

#[test]
fn samples_are_held_scaled_and_shifted() {
    let folder = Folder::new();
    folder.write("in.txt", "1\n2\n3\n");
    let words = "--neurons 1 --stimulus in.txt";
    assert_eq!(seen(&folder, &format!("{words} --stimulus-dt 2")), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    assert_eq!(seen(&folder, &format!("{words} --stimulus-dt 0.5 --steps 2")), [1.0, 3.0]);
    assert_eq!(
        seen(&folder, &format!("{words} --stimulus-scale -2 --stimulus-offset 0.5 --current 1")),
        [-0.5, -2.5, -4.5]
    );
    folder.write("times.txt", "0 1\n2000 2\n3000 3\n");
    assert_eq!(
        seen(&folder, "--neurons 1 --stimulus times.txt --stimulus-time-unit us"),
        [1.0, 1.0, 2.0, 3.0]
    );

    assert_eq!(seen(&folder, &format!("{words} --duration 5")), [1.0, 2.0, 3.0, 3.0, 3.0]);
    folder.run(&format!("{words} --dt 1 --duration 5")).assert().success().stderr(predicate::str::contains(
        "warning: the stimulus ends after 3.0 ms; its last value stays until 5.0 ms",
    ));
}

#[test]
fn a_delay_is_told_and_a_stimulus_that_is_never_played_too() {
    let folder = Folder::new();
    folder.write("in.txt", "1\n2\n3\n");
    assert_eq!(seen(&folder, "--neurons 1 --stimulus in.txt --stimulus-delay 2"), [0.0, 0.0, 1.0]);
    let words = "--neurons 1 --stimulus in.txt --dt 1 --stimulus-delay";
    let told = predicate::str::contains("played 2 ms later");
    folder.run(&format!("{words} 2")).assert().success().stderr("").stdout(told);
    let never = "warning: the run ends after 3 ms, before the stimulus begins; --stimulus-delay is 3 ms";
    folder.run(&format!("{words} 3")).assert().success().stderr(predicate::str::contains(never));
    let stays = "warning: the stimulus ends after 5.0 ms; its last value stays until 6.0 ms";
    folder.run(&format!("{words} 2 --duration 5")).assert().success().stderr("");
    folder.run(&format!("{words} 2 --duration 6")).assert().success().stderr(predicate::str::contains(stays));
}

#[test]
fn the_interval_in_the_file_holds() {
    let folder = Folder::new();
    let mut npz = NpzWriter::new(File::create(folder.path("in.npz")).unwrap());
    npz.add_array("stimulus", &array![1.0_f32, 2.0]).unwrap();
    npz.add_array("dt_ms", &arr0(3.0)).unwrap();
    npz.finish().unwrap();
    assert_eq!(seen(&folder, "--neurons 1 --stimulus in.npz"), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    let both = "--neurons 1 --stimulus in.npz --dt 1 --stimulus-dt";
    folder.run(&format!("{both} 3")).assert().success().stderr("");
    folder.run(&format!("{both} 1")).assert().code(2).stderr(predicate::str::contains(
        "stimulus in.npz: 'dt_ms' in it says that there is a sample every 3 ms, but --stimulus-dt says every 1 ms",
    ));
}

#[test]
fn columns_drive_neurons_and_rows_and_set_their_numbers() {
    let folder = Folder::new();
    write_npy(folder.path("two.npy"), &Array2::from_shape_fn((2, 3), |(t, n)| (t + n) as f64)).unwrap();
    let summary = folder.summary(&format!("{FOLLOWS} --stimulus two.npy"));
    assert_eq!(
        (&summary["neurons"], &summary["batch"], &summary["steps"]),
        (&3.into(), &1.into(), &2.into())
    );
    assert_eq!(folder.array::<f32>("voltage_final").into_iter().collect::<Vec<_>>(), [-42.0, -22.0, -2.0]);

    // In column-major order on disk.
    let three = Array3::from_shape_fn((2, 2, 3), |(t, b, n)| (t + 2 * b + n) as f32);
    write_npy(
        folder.path("three.npy"),
        &three.reversed_axes().as_standard_layout().to_owned().reversed_axes(),
    )
    .unwrap();
    let summary = folder.summary(&format!("{FOLLOWS} --stimulus three.npy"));
    assert_eq!((&summary["neurons"], &summary["batch"]), (&3.into(), &2.into()));
    assert_eq!(folder.array::<f32>("voltage_final")[[1, 2]], 38.0);

    folder.refuses("run --device cpu --stimulus two.npy --neurons 4", 2, "the stimulus is made for 3");
    folder.refuses("run --device cpu --stimulus three.npy --batch 3", 2, "the stimulus is made for 2");
}

#[test]
fn the_picture_shows_the_stimulus() {
    let folder = Folder::new();
    folder.write("in.txt", "0.1\n0.9\n0.4\n");
    folder.run("--neurons 20 --stimulus in.txt --stimulus-dt 10 --resistance 10:40").assert().success();
    assert!(fs::metadata(folder.path("lif-out/raster.png")).unwrap().len() > 1000);
}

#[test]
fn malformed_text_is_told_with_its_line() {
    let folder = Folder::new();
    for (text, message) in [
        ("1\n2\nthree\n", "bad.txt:3: 'three' is not a number"),
        ("1\nnan\n", "bad.txt:2: 'nan' is not finite"),
        ("0 1\n1 2\n1 3\n", "bad.txt:3: time 1 does not come after 1"),
        ("0 1\n2\n", "bad.txt:2: 1 number; expected 2, as in the lines before"),
        ("1\n0 2\n", "bad.txt:2: 2 numbers; expected 1, as in the lines before"),
        ("1 2 3\n", "bad.txt:1: 3 numbers; expected `value` on every line, or `time value`"),
        ("# nothing\n", "bad.txt: there is no sample in it"),
        ("", "bad.txt: it is empty"),
    ] {
        folder.write("bad.txt", text);
        folder
            .run("--stimulus bad.txt")
            .assert()
            .code(1)
            .stderr(predicate::str::starts_with(format!("error: stimulus {message}")));
    }
    fs::write(folder.path("bad.txt"), [0xff, 0xfe, 0x00]).unwrap();
    folder.refuses(
        "run --device cpu --stimulus bad.txt",
        1,
        "stimulus bad.txt: it is text in UTF-16; save it as UTF-8",
    );
    fs::write(folder.path("bad.txt"), b"1\n2 \x00\xff\n").unwrap();
    folder.run("--stimulus bad.txt").assert().code(1).stderr(predicate::str::contains(
        "stimulus bad.txt:2: there is a byte 0x00: it is neither text nor an array of numpy",
    ));
    assert!(!folder.path("lif-out").exists());
}

#[test]
fn malformed_arrays_are_refused() {
    let folder = Folder::new();
    let refused = |file: &str, message: &str| {
        folder.refuses(&format!("run --device cpu --stimulus {file}"), 1, message);
    };
    refused("missing.npy", "stimulus missing.npy: No such file");
    refused("missing.npz", "stimulus missing.npz: No such file");
    refused("missing.txt", "stimulus missing.txt: No such file");
    folder.write("text.npy", "1\n2\n");
    refused("text.npy", "not a numpy array that can be read");
    folder.write("text.npz", "1\n2\n");
    refused("text.npz", "not an .npz archive that can be read");
    write_npy(folder.path("logical.npy"), &array![true, false]).unwrap();
    refused(
        "logical.npy",
        "its elements are '|b1', not numbers that can be read; save the array after astype",
    );
    write_npy(folder.path("scalar.npy"), &arr0(1.0)).unwrap();
    refused("scalar.npy", "expected [T], [T, n] or [T, batch, n]");
    write_npy(folder.path("empty.npy"), &Array1::<f32>::zeros(0)).unwrap();
    refused("empty.npy", "not empty");
    write_npy(folder.path("nan.npy"), &array![[1.0, 2.0], [3.0, f64::NAN]]).unwrap();
    refused("nan.npy", "the value at [1, 1] is NaN");
    write_npy(folder.path("infinite.npy"), &array![f32::INFINITY]).unwrap();
    refused("infinite.npy", "the value at [0] is inf");

    let mut npz = NpzWriter::new(File::create(folder.path("two.npz")).unwrap());
    npz.add_array("a", &array![1.0]).unwrap();
    npz.add_array("b", &array![1.0]).unwrap();
    npz.finish().unwrap();
    refused("two.npz", "expected one array, or one named 'stimulus'");
    let mut npz = NpzWriter::new(File::create(folder.path("interval.npz")).unwrap());
    npz.add_array("stimulus", &array![1.0]).unwrap();
    npz.add_array("dt_ms", &arr0(-1.0)).unwrap();
    npz.finish().unwrap();
    refused("interval.npz", "'dt_ms' must be one number above 0");
}
