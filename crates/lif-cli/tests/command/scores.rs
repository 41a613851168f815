//! `lif score`, and the transforms of a stimulus that it shares with `lif run`.

#![allow(clippy::disallowed_methods, reason = "all that is compared gets these same numbers")]

use super::{Folder, root};
use ndarray::Array1;
use ndarray_npy::write_npy;
use predicates::prelude::*;
use serde_json::Value;
use std::fs;

const NEURON: &str = "tau-m = 3\nresistance = 20\nt-ref = 3\ndt = 0.1\n";

/// A folder with a neuron and a stimulus of 500 ms.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("neuron.toml", NEURON);
    let current = (0..5000).map(|step| 0.6 + 0.5 * (f64::from(step) * 0.013).sin());
    write_npy(folder.path("sound.npy"), &Array1::from_iter(current)).unwrap();
    folder
}

/// The spike times of `lif run` with these arguments, ms: the middles of their steps.
fn times(folder: &Folder, words: &str) -> Vec<f64> {
    folder.summary(&format!("--config neuron.toml --stimulus sound.npy --neurons 1 {words}"));
    folder.array::<u32>("step").iter().map(|step| (f64::from(*step) + 0.5) * 0.1).collect()
}

fn write_times(folder: &Folder, name: &str, times: &[f64]) {
    folder.write(name, &times.iter().map(|time| format!("{time}\n")).collect::<String>());
}

fn scores(folder: &Folder, words: &str) -> Value {
    let words = format!("score --device cpu --json --config neuron.toml --stimulus sound.npy {words}");
    folder.json(&words).0
}

#[test]
fn a_neuron_predicts_itself_and_its_delay() {
    let folder = folder();
    let all = times(&folder, "");
    assert!(all.len() > 20, "{}", all.len());
    write_times(&folder, "own.txt", &all);
    let late: Vec<f64> = all.iter().map(|time| time + 7.0).filter(|time| *time < 500.0).collect();
    write_times(&folder, "late.txt", &late);
    let own = scores(&folder, "--spikes own.txt");
    assert_eq!((&own["scores"][0]["gamma"], &own["gamma"]), (&1.0.into(), &1.0.into()));
    assert_eq!(own["scores"][0]["van_rossum"], 0.0);
    assert_eq!(own["scores"][0]["recorded"], all.len());
    assert_eq!((&own["from_ms"], &own["to_ms"]), (&0.0.into(), &500.0.into()));
    let delayed = scores(&folder, "--spikes late.txt --stimulus-delay 7 --window 0.04");
    assert_eq!(delayed["window_ms"], 0.0, "in whole steps");
    assert_eq!(delayed["scores"][0]["coincidences"], late.len());
    assert!(scores(&folder, "--spikes late.txt --window 0")["gamma"].as_f64().unwrap() < 0.5);

    let part = scores(&folder, "--spikes own.txt --spikes late.txt --from 100 --to 300");
    let recorded = |times: &[f64]| times.iter().filter(|time| (100.0..300.0).contains(*time)).count();
    assert_eq!(part["scores"][0]["recorded"], recorded(&all));
    assert_eq!(part["scores"][1]["recorded"], recorded(&late));
    let gamma = |index: usize| part["scores"][index]["gamma"].as_f64().unwrap();
    let together = part["gamma"].as_f64().unwrap();
    assert!(gamma(1) < together && together < gamma(0));
}

#[test]
fn times_are_read_in_their_unit_from_text_and_numpy() {
    let folder = folder();
    let all = times(&folder, "");
    write_npy(folder.path("s.npy"), &Array1::from_iter(all.iter().map(|time| time * 1e-3))).unwrap();
    assert_eq!(scores(&folder, "--spikes s.npy --spikes-time-unit s")["gamma"], 1.0);
    // On the clock of the stimulus, which starts at 40 ms here.
    let sound: String =
        (0..500).map(|ms| format!("{} {}\n", 40 + ms, if ms % 50 < 20 { 1.5 } else { 0.0 })).collect();
    folder.write("sound.txt", &sound);
    folder.summary("--config neuron.toml --stimulus sound.txt --neurons 1");
    let steps = folder.array::<u32>("step");
    let late: Vec<f64> = steps.iter().map(|step| 40.0 + (f64::from(*step) + 0.5) * 0.1).collect();
    write_times(&folder, "late.txt", &late);
    let words = "score --device cpu --config neuron.toml --stimulus sound.txt --spikes late.txt --json";
    let output = folder.lif(words).assert().success().get_output().clone();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["gamma"], 1.0);
}

#[test]
fn what_is_scored_is_said_on_the_clock_of_the_stimulus() {
    let folder = folder();
    let stimulus = |start: i32| -> String {
        let current = |ms: i32| if ms % 50 < 20 { 1.5 } else { 0.0 };
        (0..500).map(|ms| format!("{} {}\n", start + ms, current(ms))).collect()
    };
    let of = |words: &str| {
        let words = format!("score --device cpu --config neuron.toml --json {words}");
        let output = folder.lif(&words).assert().success().get_output().clone();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    folder.write("zero.txt", &stimulus(0));
    folder.write("early.txt", &stimulus(-100));
    folder.write("zero_spikes.txt", "105.2\n160\n202\n255.5\n310\n");
    folder.write("early_spikes.txt", "5.2\n60\n102\n155.5\n210\n");
    let zero = of("--stimulus zero.txt --spikes zero_spikes.txt --from 100 --to 300");
    let early = of("--stimulus early.txt --spikes early_spikes.txt --from 0 --to 200");
    assert_eq!(early["scores"][0]["recorded"], 4);
    for key in ["recorded", "predicted", "coincidences", "gamma", "van_rossum"] {
        assert_eq!(early["scores"][0][key], zero["scores"][0][key], "{key}");
    }
    assert_eq!((&early["from_ms"], &early["to_ms"]), (&0.0.into(), &200.0.into()));
    let all = of("--stimulus early.txt --spikes early_spikes.txt");
    assert_eq!((&all["from_ms"], &all["to_ms"]), (&(-100.0).into(), &400.0.into()));

    let words = "--device cpu --config neuron.toml --stimulus early.txt --spikes early_spikes.txt";
    for (options, message) in [
        ("score --from -101", "from is -101 ms; the stimulus begins at -100 ms"),
        (
            "score --to 401",
            "from is -100 ms and to 401 ms; from must come before to, and neither lie after the end",
        ),
        ("score --to 401", "early.txt at 400 ms"),
        (
            "fit --split 400 --vary tau-m=2:9",
            "split is 400 ms; it must lie between from and to, -100 and 400 ms of",
        ),
    ] {
        let (command, options) = options.split_once(' ').unwrap();
        folder.refuses(&format!("{command} {words} {options}"), 2, message);
    }
}

#[test]
fn the_table_has_the_scores() {
    let folder = folder();
    let all = times(&folder, "");
    write_times(&folder, "own.txt", &all);
    let words = "score --device cpu --config neuron.toml --stimulus sound.npy --spikes own.txt";
    let lines = predicate::str::contains("0 to 500 ms").and(predicate::str::contains("1.000"));
    folder.lif(words).assert().success().stdout(lines);
}

#[test]
fn a_receptor_is_predicted_far_better_than_by_chance() {
    let data = root().join("data/grasshopper");
    let folder = Folder::new();
    let words = |extra: &str| {
        format!(
            "score --device cpu --json --preset receptor --dt 0.05 --stimulus {}/stimulus.npz \
             --spikes {}/spike_times_ms.txt {extra}",
            data.display(),
            data.display()
        )
    };
    let gamma = |extra: &str| {
        let output = folder.lif(&words(extra)).assert().success().get_output().clone();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["gamma"].as_f64().unwrap()
    };
    // Sound and spikes need time to reach the electrode.
    let sound = gamma("--to 2000 --stimulus-delay 6");
    assert!((0.6..0.7).contains(&sound), "{sound}");
    // The same without the sound: a constant rate.
    let constant = gamma("--to 2000 --stimulus-scale 0 --stimulus-offset 0.2");
    assert!(constant.abs() < 0.15, "{constant}");
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let folder = folder();
    folder.write("own.txt", "10\n20\n");
    folder.write("empty.txt", "# nothing\n");
    folder.write("words.txt", "1.5\nsoon\n");
    folder.write("pairs.txt", "1 2\n");
    folder.write("late.txt", "10\n500.1\n");
    folder.write("early.txt", "-1\n");
    folder.write("silent.txt", "0\n1\n");
    folder.write("many.toml", "neurons = 3\n");
    fs::write(folder.path("bad.npy"), b"nothing").unwrap();
    write_npy(folder.path("filled.npy"), &Array1::from(vec![10.0, f64::NAN])).unwrap();
    for (words, code, message) in [
        ("--spikes empty.txt", 1, "spikes empty.txt: there is no spike in it"),
        ("--spikes words.txt", 1, "spikes words.txt:2: 'soon' is not a number"),
        ("--spikes pairs.txt", 1, "spikes pairs.txt:1: 2 numbers; expected the time of one spike"),
        (
            "--spikes late.txt",
            1,
            "spikes late.txt:2: a spike at 500.1, which is 500.1 ms after the beginning",
        ),
        ("--spikes early.txt", 1, "lies outside it: it lasts 500 ms"),
        ("--spikes missing.txt", 1, "spikes missing.txt: "),
        (
            "--spikes filled.npy",
            1,
            "spikes filled.npy: the value at [1]: it is NaN; each must be the time of a spike",
        ),
        ("--spikes bad.npy", 1, "spikes bad.npy: "),
        ("--spikes own.txt --from 100", 1, "spikes own.txt: the number of recorded spikes is 0"),
        ("--spikes own.txt --from 30 --to 20", 2, "from must come before to"),
        ("--spikes own.txt --to 501", 2, "at 500 ms"),
        ("--spikes own.txt --window -1", 2, "window is -1 ms"),
        ("--spikes own.txt --window 300", 2, "below half of the 5000 steps"),
        ("--spikes own.txt --tau-distance 0", 2, "tau-distance is 0 ms"),
        ("--spikes own.txt --neurons 3", 2, "lif score has no use for --neurons"),
        ("--spikes own.txt --config many.toml", 2, "the settings are of 3 neurons"),
        ("--spikes own.txt --stimulus-decibel 0", 2, "stimulus-decibel is 0; it must be above 0"),
        (
            "--spikes own.txt --stimulus silent.txt --stimulus-log",
            2,
            "stimulus silent.txt:1: the value is 0, which has no logarithm",
        ),
        ("--spikes own.txt --stimulus-low-pass 0", 2, "stimulus-low-pass is 0 ms"),
        ("--spikes own.txt --stimulus-delay -1", 2, "stimulus-delay is -1 ms"),
        ("", 2, "--spikes <FILE>"),
    ] {
        let config = if words.contains("--config") { "" } else { "--config neuron.toml" };
        let stimulus = if words.contains("--stimulus ") { "" } else { "--stimulus sound.npy" };
        folder.refuses(&format!("score --device cpu {config} {stimulus} {words}"), code, message);
    }
    folder.refuses("score --spikes own.txt --config neuron.toml", 2, "without a stimulus");
}

#[test]
fn what_is_printed_fits_a_terminal_and_is_set_apart() {
    let folder = folder();
    write_times(&folder, "own.txt", &times(&folder, ""));
    let text = folder.printed(
        "score --device cpu --config neuron.toml --stimulus sound.npy --stimulus-dt 0.1 --spikes own.txt",
    );
    assert!(text.contains("tau distance 10 ms\n\nrecorded predicted"), "{text}");
}

#[test]
fn times_that_no_run_reaches_are_refused_by_name() {
    let folder = folder();
    write_times(&folder, "own.txt", &[10.0, 20.0]);
    for name in ["to", "window"] {
        folder.refuses(
            &format!(
                "score --device cpu --config neuron.toml --stimulus sound.npy --spikes own.txt --{name} 1e30"
            ),
            2,
            &format!("{name} is 1e30 ms; it must be at most 4294967295 steps"),
        );
    }
}

#[test]
fn scores_and_fits_offer_no_picture_of_a_run() {
    let folder = Folder::new();
    for command in ["score", "fit"] {
        let help = folder.lif(&format!("{command} --help")).assert().success().get_output().stdout.clone();
        let help = String::from_utf8(help).unwrap();
        for option in ["--plot-from", "--plot-to", "--rate-bin", "0.4:0.8"] {
            assert!(!help.contains(option), "{command}: {option}");
        }
        folder.refuses(
            &format!("{command} --stimulus x.npy --spikes y.txt --plot-from 3"),
            2,
            "has no use for --plot-from",
        );
    }
}
