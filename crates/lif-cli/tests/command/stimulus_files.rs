//! Stimulus files as people have them: each is read correctly, or refused with the place and the reason.

use super::Folder;
use ndarray::{Array1, Array2, arr0};
use ndarray_npy::write_npy;
use serde_json::Value;

/// The standard error of a run, and its summary.
pub fn run(folder: &Folder, words: &str) -> (String, Value) {
    let neurons = few_neurons(words);
    let (summary, said) = folder.json(&format!("run --device cpu {neurons} --no-plot --json {words}"));
    (said, summary)
}

/// Arguments that leave the number of neurons to the stimulus; nothing here depends on it.
fn few_neurons(words: &str) -> &'static str {
    let is_said = words.contains("--neurons") || words.contains("row.npy");
    if is_said { "" } else { "--neurons 2" }
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
    folder.archive_of("us.npz", &[("time_us", &scaled(1e3)), ("current", &values)]);
    folder.archive_of("ms.npz", &[("t", &scaled(1.0)), ("stimulus", &values), ("t_max", &[20.0])]);
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
        folder.archive_of(name, arrays);
        let (said, summary) = run(&folder, &format!("--stimulus {name}"));
        assert_eq!((said.as_str(), &summary["steps"]), ("", &200.into()), "{name}");
        assert_eq!(summary["inputs"][0]["interval_ms"], 0.5);
    }
    // A number in single precision is taken as the short decimal that it was.
    folder.archive("single.npz", |npz| {
        npz.add_array("stimulus", &Array1::from_elem(2000, 0.5)).unwrap();
        npz.add_array("dt_ms", &arr0(0.05_f32)).unwrap();
    });
    assert_eq!(run(&folder, "--stimulus single.npz").1["inputs"][0]["interval_ms"], 0.05);

    folder.archive_of("differ", &[("stimulus", &values), ("dt", &[0.5]), ("fs", &[1000.0])]);
    folder.archive_of("short", &[("stimulus", &values), ("time", &[0.5, 1.0])]);
    folder.archive_of("twice", &[("stimulus", &values), ("time", &values), ("t", &values)]);
    folder.archive_of("back", &[("stimulus", &values), ("time_ms", &values)]);
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
    folder.archive_of("coarse.npz", &[("stimulus", &[0.5; 40]), ("dt", &[50.0])]);
    write_npy(folder.path("row.npy"), &Array2::from_elem((1, 50), 0.5)).unwrap();
    write_npy(folder.path("long.npy"), &Array1::from_elem(10_000_001, 0_u8)).unwrap();
    let units = "the times are taken as ms, as neither --stimulus-time-unit nor a name";
    for (words, message) in [
        ("coarse.txt", "40 samples that are 50 ms apart, which is coarse for steps of 0.1 ms"),
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
    // One sample lasts one step.
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
