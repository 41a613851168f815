//! Files of numbers as people have them: each is read for what it is, or refused with its place and the
//! reason; and what was understood is said.

#![allow(clippy::disallowed_methods, reason = "what is made here is read as it was written")]

use super::{Folder, root};
use ndarray::{Array1, Array2, arr0};
use ndarray_npy::{NpzWriter, write_npy};
use predicates::prelude::*;
use serde_json::{Value, json};
use std::fs::{self, File};

/// Two seconds below the threshold, in steps of 0.1 ms, and the times of 200 spikes, ms.
fn folder() -> (Folder, Vec<f64>) {
    let folder = Folder::new();
    write_npy(folder.path("still.npy"), &Array1::from_elem(20_000, 0.3_f32)).unwrap();
    (folder, (1..=200).map(|k| f64::from(k) * 9.7).collect())
}

const SCORE: &str = "score --device cpu --json --stimulus still.npy --spikes";

fn scored(folder: &Folder, words: &str) -> (Value, String) {
    let output = folder.lif(&format!("{SCORE} {words}")).assert().success().get_output().clone();
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (report, String::from_utf8(output.stderr).unwrap())
}

/// Scores a neuron that is silent, and gives how many spikes were recorded, and what was understood.
fn understood(folder: &Folder, words: &str) -> (u64, Value) {
    let (report, said) = scored(folder, words);
    assert_eq!(said, "", "{words}");
    (report["scores"][0]["recorded"].as_u64().unwrap(), report["inputs"][1].clone())
}

fn archive(folder: &Folder, name: &str, arrays: &[(&str, &[f64])]) {
    let mut npz = NpzWriter::new(File::create(folder.path(name)).unwrap());
    for (name, values) in arrays {
        match values {
            [value] => npz.add_array(*name, &arr0(*value)).unwrap(),
            _ => npz.add_array(*name, &Array1::from_iter(values.iter().copied())).unwrap(),
        }
    }
    npz.finish().unwrap();
}

fn lines(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.4}\n")).collect()
}

#[test]
fn spike_times_are_read_from_whatever_holds_them() {
    let (folder, times) = folder();
    let column = Array2::from_shape_vec((200, 1), times.clone()).unwrap();
    write_npy(folder.path("column.npy"), &column).unwrap();
    write_npy(folder.path("row.npy"), &column.t().to_owned()).unwrap();
    write_npy(folder.path("without-extension"), &Array1::from(times.clone())).unwrap();
    write_npy(folder.path("single.npy"), &Array1::from_iter(times.iter().map(|time| *time as f32))).unwrap();
    let us: Vec<f64> = times.iter().map(|time| time * 1e3).collect();
    write_npy(folder.path("whole.npy"), &Array1::from_iter(us.iter().map(|time| time.round() as u64)))
        .unwrap();
    archive(&folder, "spikes.npz", &[("spikes_us", &us)]);
    archive(&folder, "others.npz", &[("spike_times_ms", &times), ("threshold", &[5.0])]);
    fs::copy(folder.path("spikes.npz"), folder.path("archive")).unwrap();
    let text = lines(&times);
    folder.write("plain.txt", &text);
    folder.write("windows.csv", &format!("\u{feff}spikes_us\r\n{}", lines(&us).replace('\n', "\r\n")));
    folder.write("old-mac.txt", &text.replace('\n', "\r"));
    folder.write(
        "comment.txt",
        &format!("# recorded on Monday\n# time (s)\n{}", {
            let s: Vec<f64> = times.iter().map(|time| time / 1e3).collect();
            lines(&s).replace('\n', " \n")
        }),
    );
    let latin: Vec<u8> = [b"# threshold 5 \xb5V\ntime (ms)\n", text.as_bytes()].concat();
    fs::write(folder.path("latin.txt"), latin).unwrap();
    let latin: Vec<u8> = [b"t [\xb5s]\n", lines(&us).as_bytes()].concat();
    fs::write(folder.path("header.txt"), latin).unwrap();
    for (file, unit, from) in [
        ("column.npy", "ms", "default"),
        ("row.npy", "ms", "default"),
        ("without-extension", "ms", "default"),
        ("single.npy", "ms", "default"),
        ("whole.npy --spikes-time-unit us", "us", "--spikes-time-unit"),
        ("spikes.npz", "us", "name 'spikes_us'"),
        ("spikes.npz --spikes-time-unit us", "us", "name 'spikes_us'"),
        ("archive", "us", "name 'spikes_us'"),
        ("others.npz", "ms", "name 'spike_times_ms'"),
        ("plain.txt", "ms", "default"),
        ("windows.csv", "us", "name 'spikes_us'"),
        ("old-mac.txt", "ms", "default"),
        ("comment.txt", "s", "name 'time (s)'"),
        ("latin.txt", "ms", "name 'time (ms)'"),
        ("header.txt", "us", "name 't [\u{b5}s]'"),
    ] {
        let (recorded, of) = understood(&folder, file);
        assert_eq!(recorded, 200, "{file}");
        assert_eq!((&of["unit"], &of["unit_from"]), (&unit.into(), &from.into()), "{file}");
        let near = |key: &str, ms: f64| (of[key].as_f64().unwrap() - ms).abs() < 1e-3;
        assert!(near("from_ms", 9.7) && near("to_ms", 1940.0), "{file}: {of}");
        assert_eq!((&of["option"], &of["count"]), (&"spikes".into(), &200.into()), "{file}");
    }
}

#[test]
fn spike_times_that_cannot_be_meant_are_refused_with_their_place() {
    let (folder, times) = folder();
    write_npy(folder.path("table.npy"), &Array2::<f64>::zeros((7, 2))).unwrap();
    write_npy(folder.path("words.npy"), &ndarray::array![true]).unwrap();
    archive(&folder, "run.npz", &[("step", &[1.0, 2.0]), ("neuron", &[0.0, 0.0])]);
    archive(&folder, "several.npz", &[("a", &[1.0, 2.0]), ("b", &[0.0, 0.0])]);
    archive(&folder, "far.npz", &[("times", &[5.0, 2500.0])]);
    fs::create_dir(folder.path("folder")).unwrap();
    fs::write(folder.path("matlab.mat"), b"MATLAB 5.0 MAT-file, Platform: GLNXA64").unwrap();
    folder.write("decimal.txt", &lines(&times).replace('.', ","));
    folder.write("empty.txt", "");
    folder.write("nothing.txt", "# nothing\n\n");
    folder.write("header.txt", "time (s)\n0.5\n");
    folder.write("minutes.txt", "time (min)\n0.5\n");
    folder.write("samples.txt", "sample\n100\n");
    folder.write("long.txt", &format!("1\n2\n{}\n", "3".repeat(70_000)));
    folder.write("burst.txt", "0.01\n0.05\n0.2\n");
    folder.write("huge.txt", "1\n1e39\n");
    for (words, message) in [
        ("table.npy", "spikes table.npy: it has shape [7, 2]; expected a list, [N], [N, 1] or [1, N]"),
        ("words.npy", "spikes words.npy: its elements are '|b1'"),
        ("run.npz", "it holds the spikes of a run by their steps"),
        ("several.npz", "expected one array, or one named 'spikes' or 'times'; found [\"a\", \"b\"]"),
        (
            "far.npz",
            "spikes far.npz: 'times' in it: the value at [1]: a spike at 2500, which is 2500 ms after",
        ),
        ("folder", "spikes folder: it is a folder"),
        ("matlab.mat", "spikes matlab.mat: it is a .mat file of MATLAB"),
        ("decimal.txt", "spikes decimal.txt:1: '9,7000' seems to have a decimal comma"),
        ("empty.txt", "spikes empty.txt: it is empty"),
        ("nothing.txt", "spikes nothing.txt: there is no spike in it"),
        (
            "minutes.txt",
            "spikes minutes.txt:2: 'time (min)' in it has the unit 'min', in which times are not read",
        ),
        ("samples.txt", "'sample' in it counts samples or steps, whose interval it does not say"),
        ("long.txt", "spikes long.txt:3: the line is longer than 65536 bytes"),
        (
            "burst.txt",
            "all 3 spikes lie within two steps of 0.1 ms, from 0.01 to 0.2 ms: the times are taken as ms",
        ),
        (
            "huge.txt",
            "spikes huge.txt:2: a spike at 1e39, which is 1e39 ms after the beginning of the stimulus",
        ),
    ] {
        folder.refuses(&format!("{SCORE} {words}"), 1, message);
    }
    folder.refuses(
        &format!("{SCORE} header.txt --spikes-time-unit ms"),
        2,
        "spikes header.txt: its times are in s by the name 'time (s)', but --spikes-time-unit says ms",
    );
    // What somebody says is not doubted, and what is lost is told.
    let (report, said) = scored(&folder, "burst.txt --spikes-time-unit ms");
    assert_eq!(report["scores"][0]["recorded"], 2);
    assert!(said.contains("1 of 3 spikes fall into the same step of 0.1 ms as another"), "{said}");
}

#[test]
fn times_in_single_precision_fall_into_their_steps() {
    let (folder, _) = folder();
    // The first two spikes of a neuron that spikes in every seventh step coincide within the same step only.
    let steps = "--tau-m 1 --resistance 1000 --t-ref 0.6 --window 0";
    folder.summary("--stimulus still.npy --neurons 1 --tau-m 1 --resistance 1000 --t-ref 0.6");
    let own = folder.array::<u32>("step");
    assert!(own.len() > 2500, "{}", own.len());
    let times: Array1<f32> = own.iter().map(|step| (f64::from(*step) * 0.1) as f32).collect();
    let early =
        times.iter().zip(&own).filter(|(time, step)| (f64::from(**time) / 0.1 + 1e-6) as u32 != **step);
    assert!(early.count() > 500);
    write_npy(folder.path("single.npy"), &times).unwrap();
    let (report, _) = scored(&folder, &format!("single.npy {steps}"));
    assert_eq!(report["scores"][0]["coincidences"], own.len());
}

#[test]
fn times_in_another_unit_than_thought_are_told() {
    let (folder, times) = folder();
    let seconds: Vec<f64> = times.iter().map(|time| time / 1e3).collect();
    folder.write("seconds.txt", &lines(&seconds));
    let (report, said) = scored(&folder, "seconds.txt");
    assert!(report["scores"][0]["recorded"].as_u64().unwrap() < 200);
    for words in [
        "warning: spikes seconds.txt: 200 spikes from 0.0097 to 1.94 ms of a stimulus of 2000 ms",
        "the times are taken as ms",
        "say --spikes-time-unit s if they are seconds",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");
    let (recorded, _) = understood(&folder, "seconds.txt --spikes-time-unit s");
    assert_eq!(recorded, 200);
    // Five spikes of a slow cell.
    folder.write("slow.txt", "0.1\n0.4\n0.9\n1.3\n1.9\n");
    assert!(scored(&folder, "slow.txt").1.contains("--spikes-time-unit s"));
    let quiet = folder.lif(&format!("{SCORE} slow.txt --quiet")).assert().success().get_output().clone();
    assert!(quiet.stderr.is_empty());
}

/// What a run says on standard error, and its summary.
fn run(folder: &Folder, words: &str) -> (String, Value) {
    let neurons = few_neurons(words);
    let words = format!("{neurons} --no-plot --json {words}");
    let output = folder.run(&words).assert().success().get_output().clone();
    (String::from_utf8(output.stderr).unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn units_in_the_names_of_a_stimulus_hold() {
    let folder = Folder::new();
    let values = [0.5, 1.5, -0.25, 2.0];
    let times = [10.0, 11.0, 12.0, 14.0];
    let rows = |unit: f64, separator: &str| -> String {
        times.iter().zip(values).map(|(time, value)| format!("{}{separator}{value}\n", time * unit)).collect()
    };
    folder.write("us.txt", &format!("time_us value\n{}", rows(1e3, " ")));
    folder.write("s.csv", &format!("\"time (s)\",\"current (nA)\"\n{}", rows(1e-3, ",")));
    folder.write("ms.txt", &format!("t [ms];I [nA]\r\n{}", rows(1.0, ";").replace('\n', "\r\n")));
    folder.write("tabs.tsv", &format!("# time (s)\tI\n{}", rows(1e-3, "\t")));
    let scaled = |unit: f64| times.map(|time| time * unit);
    archive(&folder, "us.npz", &[("time_us", &scaled(1e3)), ("current", &values)]);
    archive(&folder, "ms.npz", &[("t", &scaled(1.0)), ("stimulus", &values), ("t_max", &[20.0])]);
    for (words, from) in [
        ("us.txt", "name 'time_us'"),
        ("s.csv", "name 'time (s)'"),
        ("ms.txt", "name 't [ms]'"),
        ("tabs.tsv", "name 'time (s)'"),
        ("us.npz", "name 'time_us'"),
        ("ms.npz", "default"),
        ("ms.npz --stimulus-time-unit ms", "--stimulus-time-unit"),
    ] {
        let words = format!("--tau-m 1 --dt 1 --v-threshold 1000 --record voltage:0 --stimulus {words}");
        let (said, summary) = run(&folder, &words);
        assert_eq!(said, "", "{words}");
        let seen: Vec<f32> = folder.array::<f32>("voltage").iter().map(|v| (v + 62.0) / 20.0).collect();
        let expected = [0.5, 1.5, -0.25, -0.25, 2.0, 2.0];
        assert!(
            seen.iter().zip(expected).all(|(seen, expected)| (seen - expected).abs() < 1e-3),
            "{words}: {seen:?}"
        );
        assert_eq!(seen.len(), 6);
        let of = &summary["inputs"][0];
        assert_eq!(
            (&of["unit_from"], &of["from_ms"], &of["to_ms"]),
            (&from.into(), &10.0.into(), &14.0.into())
        );
        assert_eq!((&of["count"], &of["columns"].as_array().unwrap().len()), (&4.into(), &2), "{of}");
    }
}

#[test]
fn what_an_archive_says_of_its_samples_is_used() {
    let folder = Folder::new();
    let values = [0.5; 40];
    for (name, arrays) in [
        ("dt", &[("stimulus", &values[..]), ("dt", &[0.5])][..]),
        ("dt_us", &[("stimulus", &values), ("dt_us", &[500.0])]),
        ("fs", &[("fs", &[2000.0]), ("current_nA", &values)]),
        ("both", &[("stimulus", &values), ("dt", &[0.5]), ("sampling_rate_khz", &[2.0])]),
    ] {
        archive(&folder, name, arrays);
        let (said, summary) = run(&folder, &format!("--stimulus {name}"));
        assert_eq!((said.as_str(), &summary["steps"]), ("", &200.into()), "{name}");
        assert_eq!(summary["inputs"][0]["interval_ms"], 0.5);
    }
    // A number in single precision is the short decimal that it was.
    let mut npz = NpzWriter::new(File::create(folder.path("single.npz")).unwrap());
    npz.add_array("stimulus", &Array1::from_elem(2000, 0.5)).unwrap();
    npz.add_array("dt_ms", &arr0(0.05_f32)).unwrap();
    npz.finish().unwrap();
    assert_eq!(run(&folder, "--stimulus single.npz").1["inputs"][0]["interval_ms"], 0.05);

    archive(&folder, "differ", &[("stimulus", &values), ("dt", &[0.5]), ("fs", &[1000.0])]);
    archive(&folder, "short", &[("stimulus", &values), ("time", &[0.5, 1.0])]);
    archive(&folder, "twice", &[("stimulus", &values), ("time", &values), ("t", &values)]);
    archive(&folder, "back", &[("stimulus", &values), ("time_ms", &values)]);
    for (words, code, message) in [
        ("dt --stimulus-dt 0.1", 2, "'dt' in it says that there is a sample every 0.5 ms, but --stimulus-dt"),
        ("dt_us --stimulus-time-unit s", 2, "are in us by the name 'dt_us', but --stimulus-time-unit says s"),
        ("differ", 1, "'dt' in it says that there is a sample every 0.5 ms, but 'fs' says every 1 ms"),
        (
            "short",
            1,
            "'time' in it: it has shape [2], and 'stimulus' has [40]; expected a time for each sample",
        ),
        ("twice", 1, "several arrays may be its times"),
        ("back", 1, "time 0.5 does not come after 0.5"),
    ] {
        folder.refuses(&format!("run --device cpu --stimulus {words}"), code, message);
    }
}

#[test]
fn commas_and_headers_that_may_be_misread_are_refused() {
    let folder = Folder::new();
    for (text, message) in [
        ("0,5\n1,7\n2,9\n", "in.txt:1: '0,5' may be a time and a value, or one number with a decimal comma"),
        ("0,1;0,5\n", "in.txt:1: '0,1' seems to have a decimal comma"),
        ("0 1\n0,5 2\n", "in.txt:2: '0,5' seems to have a decimal comma"),
        ("0,5\n0,7\n", "in.txt:2: time 0 does not come after 0; or is the comma a decimal comma"),
        ("0,05\n", "in.txt:1: '0,05' seems to have a decimal comma"),
        ("value,time\n1,0.5\n", "in.txt:2: the columns are 'value' and 'time'; times have to come first"),
        ("time_ms\n1\n", "in.txt:2: the only column is 'time_ms', and there is no column of values"),
        ("time,a,b\n1,0.5\n", "in.txt:2: there are 2 numbers, but the names of the columns in line 1"),
        ("NA\n1\n", "in.txt:1: 'NA' is not a number"),
        ("0,,5\n", "in.txt:1: there is nothing between two separators"),
        ("time (h),value\n0.5,1\n", "in.txt:2: 'time (h)' in it has the unit 'h'"),
    ] {
        folder.write("in.txt", text);
        folder.refuses("run --device cpu --stimulus in.txt", 1, message);
    }
    folder.write("in.txt", "time,value\n0,1\n1,2\n");
    assert_eq!(run(&folder, "--stimulus in.txt").1["steps"], 20);
    folder.write("in.txt", "time (ms),I (pA)\n0,100.5\n1,200\n");
    let (said, _) = run(&folder, "--stimulus in.txt");
    assert!(said.contains("its values are in pA by their name, and taken as nA; --stimulus-scale"), "{said}");
    assert_eq!(run(&folder, "--stimulus in.txt --stimulus-scale 0.001").0, "");
    assert_eq!(run(&folder, "--stimulus in.txt --preset nest").0, "");
}

/// As many neurons as the words leave open, of which nothing depends on how many they are.
fn few_neurons(words: &str) -> &'static str {
    let is_said = words.contains("--neurons") || words.contains("row.npy");
    if is_said { "" } else { "--neurons 2" }
}

#[test]
fn unlikely_stimuli_are_told_and_likely_ones_are_not() {
    let folder = Folder::new();
    let samples = |interval: f64, count: u32| -> String {
        (0..count)
            .map(|k| format!("{} {}\n", f64::from(k) * interval, 0.5 + 0.1 * f64::from(k % 3)))
            .collect()
    };
    folder.write("coarse.txt", &samples(50.0, 40));
    folder.write("long.txt", &samples(50.0, 30_000));
    folder.write("fine.txt", &samples(5e-5, 4000));
    folder.write("protocol.txt", "0 0\n100 0.5\n600 0\n");
    folder.write("sound.txt", &samples(0.025, 400));
    archive(&folder, "coarse.npz", &[("stimulus", &[0.5; 40]), ("dt", &[50.0])]);
    write_npy(folder.path("row.npy"), &Array2::from_elem((1, 50), 0.5)).unwrap();
    write_npy(folder.path("long.npy"), &Array1::from_elem(10_000_001, 0_u8)).unwrap();
    let units = "the times are taken as ms, as neither --stimulus-time-unit nor a name";
    for (words, message) in [
        ("coarse.txt", "40 samples that are 50 ms apart, which is coarse beside steps of 0.1 ms"),
        ("coarse.txt", units),
        ("long.txt --steps 10", "30,000 samples that last 1,500 s, 50 ms apart"),
        ("long.txt --steps 10", units),
        ("fine.txt", "4,000 samples in 0.2 ms, of which steps of 0.1 ms pass over most"),
        ("coarse.npz", "40 samples that are 50 ms apart"),
        ("row.npy", "its shape [1, 50] is that of one sample for each of 50 neurons"),
        (
            "long.npy --record none --neurons 1",
            "10,000,001 samples that last 1,000 s, as they are taken as one every 0.1 ms",
        ),
    ] {
        let words = format!("run --device cpu --no-plot {} --stimulus {words}", few_neurons(words));
        let said = folder.lif(&words).assert().success().get_output().stderr.clone();
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("warning: ") && said.contains(message), "{words}: {said}");
        assert_eq!(said.lines().count(), 1, "{words}: {said}");
    }
    for words in [
        "coarse.txt --stimulus-time-unit ms",
        "coarse.txt --dt 1",
        "coarse.npz --stimulus-time-unit ms",
        "fine.txt --stimulus-time-unit s",
        "protocol.txt",
        "sound.txt",
        "row.npy --duration 0.1",
        "long.npy --steps 10",
    ] {
        let neurons = few_neurons(words);
        let words = format!("run --device cpu --no-plot --record none {neurons} --stimulus {words}");
        folder.lif(&words).assert().success().stderr("");
    }
}

#[test]
fn a_stimulus_shorter_than_a_step_is_named() {
    let folder = Folder::new();
    folder.write("short.txt", "0 0.5\n0.01 0.6\n");
    let message = "stimulus short.txt: 2 samples in 0.02 ms, which is shorter than a step of 0.1 ms";
    folder.refuses("run --device cpu --stimulus short.txt", 2, message);
    folder.run("--stimulus short.txt --neurons 2 --stimulus-time-unit s").assert().success().stderr("");
    // One sample lasts a step.
    folder.write("one.txt", "0.5\n");
    folder.run("--stimulus one.txt --neurons 2 --no-plot").assert().success().stderr("");
}

#[test]
fn values_too_large_to_compute_with_are_named() {
    let folder = Folder::new();
    let mut values = Array2::from_elem((5000, 3), 0.5);
    values[[4321, 2]] = 1e39;
    write_npy(folder.path("late.npy"), &values).unwrap();
    folder.write("late.txt", &format!("{}-1e38\n0.5\n", "0.5\n".repeat(2000)));
    for (words, message) in [
        (
            "late.npy",
            "stimulus late.npy: the value at [4321, 2] is 1e39, a current of 1e39 nA, which single precision",
        ),
        (
            "late.txt",
            "stimulus late.txt:2001: the value is -1e38, a current of -1e38 nA, which times the resistance",
        ),
    ] {
        folder.refuses(&format!("run --device cpu --stimulus {words}"), 1, message);
        assert!(!folder.path("lif-out").exists());
    }
    folder
        .run("--stimulus late.npy --stimulus-scale 1e-38 --steps 10 --no-plot")
        .assert()
        .success()
        .stderr("");
}

#[test]
fn events_are_read_by_the_names_of_their_columns() {
    let folder = Folder::new();
    folder.write("plain.txt", "30 0\n700 2\n");
    folder.write("comma.txt", "30,0\n700, 2\n");
    folder.write("turned.csv", "neuron,step\r\n0,30\r\n2,700\r\n");
    folder.write("times.txt", "time_ms neuron\n3 0\n70.0 2\n");
    folder.write("seconds.txt", "time (s);neuron\n0.003;0\n0.07;2\n");
    write_npy(folder.path("rows.npy"), &ndarray::array![[30, 0], [700, 2]]).unwrap();
    archive(&folder, "named.npz", &[("neuron", &[0.0, 2.0]), ("time_ms", &[3.0, 70.0])]);
    let mut npz = NpzWriter::new(File::create(folder.path("single")).unwrap());
    npz.add_array("t", &ndarray::array![[3.0_f32], [70.0]]).unwrap();
    npz.add_array("neuron", &ndarray::array![[0_u16], [2]]).unwrap();
    npz.finish().unwrap();
    let words = "--steps 1000 --events-weight 11 --events";
    let expected = run(&folder, &format!("{words} plain.txt --neurons 3"));
    assert_eq!(expected.1["spikes"], 2);
    assert_eq!(expected.1["inputs"][0]["columns"], json!(["step", "neuron"]));
    assert_eq!(expected.1["inputs"][0]["to_step"], 700);
    for file in ["comma.txt", "turned.csv", "times.txt", "seconds.txt", "rows.npy", "named.npz", "single"] {
        let (said, summary) = run(&folder, &format!("{words} {file} --neurons 3"));
        assert_eq!((said.as_str(), &summary["spike_hash"]), ("", &expected.1["spike_hash"]), "{file}");
    }
    folder.write("mixed.txt", "10 1\n20 0 1\n30 2\n");
    folder.write("empty.txt", "# nothing\n");
    folder.write("thousands.txt", "1,000 2\n");
    folder.write("half.txt", "0.5 2\n");
    folder.write("large.txt", "5000000000 2\n");
    folder.write("unit.txt", "time_ms unit\n5 2\n");
    folder.write("step.txt", "step_ms neuron\n5 2\n");
    folder.write("index.txt", "index when\n5 2\n");
    folder.write("twice.txt", "step time_ms\n5 2\n");
    write_npy(folder.path("wide.npy"), &Array2::<f64>::zeros((7, 4))).unwrap();
    archive(&folder, "none.npz", &[("a", &[1.0, 2.0])]);
    archive(&folder, "dt.npz", &[("step", &[3.0]), ("neuron", &[0.0]), ("dt", &[0.5])]);
    archive(&folder, "time.npz", &[("step", &[3.0]), ("neuron", &[0.0]), ("time", &[1.5])]);
    archive(&folder, "unit.npz", &[("step_ms", &[3.0]), ("neuron", &[0.0])]);
    for (words, message) in [
        ("mixed.txt", "events mixed.txt:2: 3 numbers; expected 2, as in the lines before"),
        ("empty.txt", "events empty.txt: there is no event in it"),
        ("thousands.txt", "events thousands.txt:1: '1,000' seems to have a decimal comma"),
        (
            "half.txt",
            "events half.txt:1: the step is 0.5; it must be a whole number from 0 to 4294967295; times need",
        ),
        ("large.txt", "the step is 5000000000; it must be a whole number from 0 to 4294967295"),
        (
            "unit.txt",
            "events unit.txt:2: the columns are [\"time_ms\", \"unit\"]; expected step (or time), neuron",
        ),
        ("step.txt", "events step.txt:2: 'step_ms' has a unit, which only times have; call it `time_ms` if"),
        (
            "index.txt",
            "events index.txt:2: the columns are [\"index\", \"when\"]; expected step (or time), neuron, and batch \
             where there is one; known are step (steps, ",
        ),
        (
            "twice.txt",
            "events twice.txt:2: both 'step' and 'time_ms' say when events are; leave one of them out",
        ),
        ("wide.npy", "events wide.npy: it has shape [7, 4]; expected [events, 2 or 3]"),
        (
            "dt.npz",
            "events dt.npz: 'dt' in it says that its steps are 0.5 ms long, but those of this run are 0.1 ms; take \
             --dt 0.5, or save times",
        ),
        ("time.npz", "events time.npz: both 'step' and 'time' say when events are; leave one of them out"),
        ("unit.npz", "events unit.npz: 'step_ms' has a unit, which only times have"),
        ("none.npz", "expected arrays 'step' and 'neuron', and maybe 'batch'; found [\"a\"]"),
    ] {
        folder.refuses(&format!("run --device cpu --neurons 3 --steps 100 --events {words}"), 1, message);
    }
    let (said, _) = run(&folder, "--steps 100 --neurons 3 --events plain.txt");
    assert!(said.contains("until step 700; the run ends after 100 steps, before 1 of 2"), "{said}");
}

#[test]
fn text_and_archives_know_the_same_names_of_events() {
    let folder = Folder::new();
    let words = "--neurons 3 --batch 2 --steps 200 --events-weight 11 --events";
    folder.write("two.txt", "3 1 2\n90 1 2\n");
    let expected = run(&folder, &format!("{words} two.txt")).1;
    assert_eq!(expected["spikes"], 2);
    let is_expected = |file: &str| {
        let (said, summary) = run(&folder, &format!("{words} {file}"));
        assert_eq!(
            (said.as_str(), &summary["spike_hash"]),
            ("", &expected["spike_hash"]),
            "{file}: {summary}"
        );
    };
    for ([when, row, neuron], unit) in [
        (["step", "batch_row", "neuron"], 1.0),
        (["Steps", "batch", "neuron_id"], 1.0),
        (["time_us", "row", "neuron_idx"], 100.0),
        (["spike_time", "batch_index", "cell"], 0.1),
        (["t", "batch", "id"], 0.1),
    ] {
        let [first, second] = [3.0 * unit, 90.0 * unit];
        folder.write("named.txt", &format!("{neuron},{row},{when}\n2,1,{first}\n2,1,{second}\n"));
        let arrays =
            [(when, &[first, second][..]), (row, &[1.0; 2]), (neuron, &[2.0; 2]), ("counts", &[7.0; 3])];
        archive(&folder, "named.npz", &arrays);
        is_expected("named.txt");
        is_expected("named.npz");
    }
    // Steps as long as those of the run, and times, which do not depend on them.
    let (rows, neurons): (&[f64], &[f64]) = (&[1.0; 2], &[2.0; 2]);
    let steps = [("step", &[3.0, 90.0][..]), ("batch", rows), ("neuron", neurons), ("fs", &[10_000.0])];
    archive(&folder, "steps.npz", &steps);
    is_expected("steps.npz");
    archive(
        &folder,
        "times.npz",
        &[("t_ms", &[0.3, 9.0]), ("batch", rows), ("neuron", neurons), ("dt", &[0.5])],
    );
    is_expected("times.npz");
    // Names that stand in a comment, as numpy.savetxt has its header.
    for heading in ["neuron batch step", "neuron,batch,step"] {
        folder.write("comment.txt", &format!("# spikes\n# {heading}\n2 1 3\n2 1 90\n"));
        is_expected("comment.txt");
    }
    folder.write("remark.txt", "# recorded by me\n3 1 2\n90 1 2\n");
    is_expected("remark.txt");
    // Two columns with names that say the order.
    folder.write("turned.txt", "neuron_idx,spike_time\n0,3\n1,4\n");
    let turned = run(&folder, "--neurons 3 --steps 200 --events turned.txt").1["inputs"][0].clone();
    assert_eq!((&turned["from_ms"], &turned["to_ms"]), (&json!(3.0), &json!(4.0)));
    folder
        .run(&format!("{words} turned.txt --no-plot"))
        .assert()
        .success()
        .stdout(predicate::str::contains("all are of batch row 0 and drive all 2 batch rows"));
}

#[test]
fn times_of_events_are_told_as_on_the_clock_of_the_file() {
    let folder = Folder::new();
    folder.write("late.txt", "time_ms neuron\n1.92 1\n0.37 0\n");
    archive(&folder, "late.npz", &[("t_s", &[0.00192, 0.00037]), ("neuron", &[1.0, 0.0])]);
    for file in ["late.txt", "late.npz"] {
        let of = run(&folder, &format!("--steps 100 --events {file}")).1["inputs"][0].clone();
        assert_eq!((&of["from_ms"], &of["to_ms"]), (&json!(0.37), &json!(1.92)), "{file}");
    }
}

#[test]
fn a_matrix_is_known_by_what_is_in_it() {
    let folder = Folder::new();
    folder.write("events.txt", "3 0\n3 1\n");
    write_npy(folder.path("weights"), &Array2::from_elem((2, 3), 6.0)).unwrap();
    let words = "--neurons 3 --steps 100 --events events.txt --events-matrix";
    let (said, summary) = run(&folder, &format!("{words} weights"));
    assert_eq!((said.as_str(), &summary["spikes"]), ("", &3.into()));
    let of = &summary["inputs"][1];
    assert_eq!((&of["option"], &of["shape"]), (&"events-matrix".into(), &json!([2, 3])));
    folder.write("text.txt", "1 2 3\n");
    write_npy(folder.path("large.npy"), &ndarray::array![[1.0, 2.0, 3.0], [1.0, 1e39, 2.0]]).unwrap();
    for (file, message) in [
        ("text.txt", "matrix of weights text.txt: it is text; it must be a .npy or .npz file of numpy"),
        ("large.npy", "matrix of weights large.npy: the weight at [1, 1] is 1e39, multiplied with 1"),
    ] {
        folder.refuses(&format!("run --device cpu {words} {file}"), 1, message);
    }
}

#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_is_read() {
    let (folder, times) = folder();
    archive(&folder, "stimulus.npz", &[("stimulus", &[0.9; 4000]), ("dt_ms", &[0.5])]);
    folder.write("stimulus.txt", &"0.9\n".repeat(20_000));
    let expected = run(&folder, "--stimulus stimulus.npz").1;
    for (file, words) in [("stimulus.npz", ""), ("stimulus.txt", "")] {
        let piped = folder
            .run(&format!("--neurons 2 --no-plot --json --stimulus /dev/stdin {words}"))
            .write_stdin(fs::read(folder.path(file)).unwrap())
            .assert()
            .success()
            .stderr("")
            .get_output()
            .clone();
        let summary: Value = serde_json::from_slice(&piped.stdout).unwrap();
        assert_eq!(summary["spike_hash"], expected["spike_hash"], "{file}");
    }
    folder
        .lif(&format!("{SCORE} /dev/stdin"))
        .write_stdin(lines(&times))
        .assert()
        .success()
        .stdout(predicate::str::contains("\"recorded\": 200"));
    // A fit needs the spikes twice, and its neuron has no stimulus that could be found again.
    let sound: String = (0..20_000).map(|k| format!("{}\n", (f64::from(k) * 0.01).sin())).collect();
    folder.write("spikes.txt", &lines(&times));
    folder
        .lif("fit --device cpu --quiet --no-plot --candidates 8 --generations 0 --stimulus /dev/stdin --spikes spikes.txt")
        .write_stdin(sound.clone())
        .assert()
        .success();
    let neuron = fs::read_to_string(folder.path("lif-out/neuron.toml")).unwrap();
    assert!(neuron.contains("# Its stimulus came through a pipe; add --stimulus FILE."), "{neuron}");
    assert!(!neuron.contains("stimulus ="), "{neuron}");
    folder.write("sound.txt", &sound);
    folder
        .lif("fit --device cpu --quiet --no-plot --candidates 8 --generations 0 --stimulus sound.txt --spikes /dev/stdin")
        .write_stdin(lines(&times))
        .assert()
        .success();
    folder
        .run("--neurons 2 --stimulus /dev/stdin --checkpoint run.safetensors")
        .write_stdin("0.5\n")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("comes through a pipe, which is gone when the run is to go on"));
    folder.refuses("run --device cpu --stimulus /dev/null", 1, "stimulus /dev/null: it is empty");
    folder.refuses("run --device cpu --stimulus /dev/zero", 1, "more than 256 MiB come through it");
}

#[test]
fn tables_say_what_was_understood() {
    let (folder, times) = folder();
    folder.write("spikes.txt", &lines(&times));
    folder
        .lif("score --device cpu --stimulus still.npy --spikes spikes.txt --spikes spikes.txt")
        .assert()
        .success()
        .stdout(
            predicate::str::contains(
                "stimulus     20,000 samples, 0 to 2000 ms, one every 0.1 ms by default\n",
            )
            .and(predicate::str::contains(
                "spikes       200 spikes, 9.7 to 1940 ms, times in ms by default: spikes.txt\n",
            )),
        );
    folder.write("in.txt", "time (s) value\n0 0.5\n0.001 1\n");
    folder.write("events.txt", "3 0\n3 1\n3 1\n");
    folder.run("--neurons 2 --no-plot --stimulus in.txt --events events.txt").assert().success().stdout(
        predicate::str::contains(
            "stimulus     2 samples, 0 to 1 ms, times in s by the name 'time (s)', columns\n             'time (s)', 'value'\n",
        )
        .and(predicate::str::contains(
            "events       3 events, steps 3 to 3, columns 'step', 'neuron'; 1 is there more\n             than once and counts once; each moves v by 1 mV\n",
        )),
    );
}

/// The recording that lies beside the program, and a settings file, of which nothing is doubtful.
#[test]
fn the_grasshopper_is_not_doubted() {
    let root = root();
    let folder = Folder::new();
    let config = root.join("examples/grasshopper.toml");
    let words = format!("--config {} --neurons 3 --duration 200 --out out", config.display());
    folder.run(&words).assert().success().stderr("");
    let data = root.join("data/grasshopper");
    folder
        .lif(&format!(
            "score --device cpu --json --preset receptor --dt 0.05 --stimulus {data}/stimulus.npz \
             --spikes {data}/spike_times_ms.txt",
            data = data.display()
        ))
        .assert()
        .success()
        .stderr("")
        .stdout(predicate::str::contains("\"unit_from\": \"default\""));
}

/// A recording whose clock counts microseconds, fitted without a word about that.
#[test]
fn a_fit_to_a_recording_in_microseconds_says_so() {
    let folder = Folder::new();
    let sound: String = (0..2100).map(|k| format!("{} {}\n", k * 500, (f64::from(k) * 0.1).sin())).collect();
    folder.write("sound.txt", &sound);
    let spikes: String = (1..1000).map(|k| format!("{}\n", k * 1000 + 7)).collect();
    folder.write("spikes.txt", &spikes);
    let words =
        "fit --device cpu --no-plot --candidates 8 --generations 0 --stimulus sound.txt --spikes spikes.txt";
    folder.lif(&format!("{words} --dt 10")).assert().success().stderr(
        predicate::str::contains("stimulus sound.txt: 2,100 samples that last 1,050 s, 500 ms apart")
            .and(predicate::str::contains("say --stimulus-time-unit ms if they are ms")),
    );
    let units = "--stimulus-time-unit us --spikes-time-unit us";
    folder.lif(&format!("{words} {units}")).assert().success().stderr("");
}
