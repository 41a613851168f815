//! Spikes from a file that drive the population.

#![allow(clippy::disallowed_methods, reason = "all that is compared gets these same numbers")]

use super::Folder;
#[cfg(unix)]
use super::processes::{begin, wait_for};
use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use predicates::prelude::*;
use serde_json::json;
use std::fs;

/// The spikes of a population of 40 neurons, as the command writes them.
fn recorded(folder: &Folder) {
    recorded_at(folder, "-60");
}

fn recorded_at(folder: &Folder, start: &str) {
    let words = "--neurons 40 --steps 900 --record spikes --out first --no-plot --quiet --init-voltage";
    folder.run(&format!("{words} {start}")).assert().success();
}

#[test]
fn each_spike_moves_its_neuron() {
    let folder = Folder::new();
    folder.write("events.txt", "# step neuron\n3 0\n3, 2\n\n80 0\n");
    let summary = folder.summary("--neurons 3 --steps 100 --events events.txt --events-weight 11");
    assert_eq!(summary["spikes"], json!(3));
    assert_eq!(summary["settings"]["current"], json!(0.0));
    // One millivolt, the default, is too little.
    let summary = folder.summary("--neurons 3 --steps 100 --events events.txt");
    assert_eq!(summary["spikes"], json!(0));
    assert_eq!(summary["settings"]["events-weight"], json!("1"));
    // Different weights: 9 mV, 10.5 mV, 12 mV.
    let summary = folder.summary("--neurons 3 --steps 70 --events events.txt --events-weight 9:12mV");
    assert_eq!(summary["spikes"], json!(1));
    // Batch rows: all of them, or one.
    let summary = folder.summary("--neurons 3 --batch 4 --steps 70 --events events.txt --events-weight 11");
    assert_eq!(summary["spikes"], json!(8));
    folder.write("row.txt", "3 1 0\n");
    let summary = folder.summary("--neurons 3 --batch 4 --steps 70 --events row.txt --events-weight 11");
    assert_eq!(summary["spikes"], json!(1));
}

#[test]
fn beside_a_synapse_a_weight_says_what_it_is() {
    let folder = Folder::new();
    folder.write("events.txt", "10 0\n300 0\n600 0\n");
    let said = "without a unit, and the neurons have a synapse; write";
    for (words, message) in [
        ("--preset nest-psc-exp --events events.txt", format!("events-weight is 1 {said} 1pA for a current")),
        (
            "--preset nest-psc-exp --events events.txt --events-weight 100",
            format!(
                "--events-weight 100: events-weight is 100 {said} 100pA for a current that goes through it, or 100mV for"
            ),
        ),
        (
            "--preset norse:tau_syn_inv=200 --events events.txt --events-weight 4",
            format!("events-weight is 4 {said} 4current for a current that goes through it, or 4jump for"),
        ),
        ("--tau-syn 5 --events events.txt --events-weight 3:4", format!("is 3:4 {said} 3:4nA for a current")),
        ("--tau-syn 5 --input poisson:rate=900,weight=2", format!("input is 2 {said} 2nA for a current")),
    ] {
        folder.refuses(&format!("run --device cpu --neurons 1 --steps 1000 {words}"), 2, &message);
    }
    folder.write("one.txt", "10 0\n");
    let peak = |words: &str| {
        let words = format!("--neurons 1 --steps 1000 --events one.txt --record voltage:0 {words}");
        folder.run(&words).assert().success().stderr("");
        folder.array::<f32>("voltage").into_iter().fold(f32::MIN, f32::max)
    };
    // A jump of 2 mV from rest, and a current of 100 pA that decays.
    assert!((peak("--preset nest-psc-exp --events-weight 2mV") + 68.0).abs() < 1e-3);
    let peak_of_current = peak("--preset nest-psc-exp --events-weight 100pA");
    assert!((-69.6..-69.3).contains(&peak_of_current), "{peak_of_current}");
    assert!((peak("--preset norse:tau_syn_inv=200 --events-weight 0.5jump") - 0.5).abs() < 1e-6);
}

#[test]
fn what_a_spike_does_is_told() {
    let folder = Folder::new();
    folder.write("events.txt", "10 0\n300 0\n");
    write_npy(folder.path("matrix.npy"), &Array2::<f32>::ones((1, 2))).unwrap();
    for (words, told) in [
        ("", "each moves v by 1 mV"),
        ("--events-weight 0.3nA", "each is a current of 0.3 nA"),
        ("--preset nest --events-weight 30pA", "each is a current of 30 pA"),
        ("--preset spikingjelly --events-weight 0.5", "each moves v by 0.5"),
        ("--events-matrix matrix.npy --events-weight 2", "each moves v by 2 mV times its weights"),
    ] {
        let words = format!("--neurons 2 --steps 400 --events events.txt {words}");
        let output = folder.run(&words).assert().success().get_output().clone();
        let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(told), "{words}: {text}");
    }
    let unused = "warning: tau-syn changes nothing here";
    for words in ["--current 0.6 --tau-syn 5", "--tau-syn 5 --events events.txt --events-weight 3mV"] {
        folder
            .run(&format!("--neurons 1 --steps 400 {words}"))
            .assert()
            .stderr(predicate::str::contains(unused));
    }
}

#[test]
fn spikes_of_a_run_with_other_steps_are_refused() {
    let folder = Folder::new();
    recorded(&folder);
    let message =
        "'dt_ms' in it says that its steps are 0.1 ms long, but those of this run are 0.05 ms; take --dt 0.1";
    folder.refuses("run --device cpu --neurons 40 --dt 0.05 --events first/spikes.npz", 1, message);
}

#[test]
fn a_recording_drives_another_population_through_a_synapse_and_a_matrix() {
    let folder = Folder::new();
    recorded(&folder);
    let words = "--neurons 40 --steps 900 --events first/spikes.npz --events-weight 0.9nA";
    let pulses = folder.summary(words);
    let synapse = folder.summary(&format!("{words} --tau-syn 8"));
    let count = |summary: &serde_json::Value| summary["spikes"].as_u64().unwrap();
    assert!(count(&synapse) > count(&pulses), "{synapse}, {pulses}");

    // A matrix with the weight on its diagonal gives the same spikes; so does text instead of an archive.
    write_npy(folder.path("matrix.npy"), &(Array2::<f32>::eye(40) * 3.0)).unwrap();
    let matrix = "--neurons 40 --steps 900 --events first/spikes.npz --events-weight 0.3nA --tau-syn 8 \
                  --events-matrix matrix.npy";
    assert_eq!(folder.summary(matrix)["spike_hash"], synapse["spike_hash"]);
    // The settings in the summary repeat the run.
    let settings = folder.summary(matrix)["settings"].clone();
    folder.write("again.toml", &toml::to_string(&settings).unwrap());
    assert_eq!(folder.summary("--config again.toml")["spike_hash"], synapse["spike_hash"]);

    // Without negative weights the inhibitory current changes nothing; with them, the shorter it is the less it inhibits.
    let inhibited = |words: &str| folder.summary(&format!("{matrix} {words}"));
    assert_eq!(inhibited("--tau-syn-inhibitory 8")["spike_hash"], synapse["spike_hash"]);
    // An alpha current has more charge, but takes a while.
    let alpha = inhibited("--synapse-shape alpha");
    assert!(alpha["spike_hash"] != synapse["spike_hash"] && count(&alpha) > 0);
    assert_eq!(alpha["settings"]["synapse-shape"], "alpha");
    assert_eq!(inhibited("--synapse-shape exponential")["spike_hash"], synapse["spike_hash"]);
    let weights = Array2::from_shape_fn((40, 40), |(from, to)| {
        if from == to {
            3.0
        } else if to == (from + 1) % 40 {
            -0.5
        } else {
            0.0_f32
        }
    });
    write_npy(folder.path("matrix.npy"), &weights).unwrap();
    let counts = ["8", "3", "1"].map(|tau| count(&inhibited(&format!("--tau-syn-inhibitory {tau}"))));
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
    assert!(counts[2] < count(&synapse), "{counts:?}");
}

/// With a stimulus the spikes are read in the blocks of the stimulus.
#[test]
fn spikes_go_with_every_other_input() {
    let folder = Folder::new();
    recorded(&folder);
    write_npy(folder.path("sine.npy"), &Array1::from_shape_fn(900, |t| 0.3 + 0.2 * (t as f32 * 0.05).sin()))
        .unwrap();
    let words = "--neurons 40 --events first/spikes.npz --events-weight 6";
    let summaries = [
        folder.summary(&format!("{words} --steps 900 --current 0.3:0.45")),
        folder.summary(&format!("{words} --stimulus sine.npy")),
        folder.summary(&format!("{words} --steps 900 --input gaussian:mean=0.3,sd=2")),
    ];
    assert!(summaries.iter().all(|summary| summary["spikes"].as_u64().unwrap() > 0), "{summaries:?}");
    let without = folder.summary("--neurons 40 --stimulus sine.npy");
    assert_ne!(summaries[1]["spike_hash"], without["spike_hash"]);
    assert_ne!(summaries[0]["spike_hash"], summaries[1]["spike_hash"]);
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_finds_its_events_again() {
    let folder = Folder::new();
    recorded(&folder);
    let spikes = folder.path("first/spikes.npz");
    let words = "--neurons 300 --steps 60000 --events first/spikes.npz --events-weight 1.9nA --current 0.6";
    let whole = folder.summary(words);
    assert!(whole["spikes"].as_u64().unwrap() > 0);
    let path = folder.path("night.safetensors");
    let checkpoint = "--no-plot --checkpoint night.safetensors";
    let mut child = begin(&folder, &format!("run --device cpu {words} {checkpoint}"));
    wait_for(&path);
    assert!(child.try_wait().unwrap().is_none(), "it was done before it was killed");
    child.kill().unwrap();
    child.wait().unwrap();

    let kept = fs::read(&spikes).unwrap();
    recorded_at(&folder, "-61");
    folder.refuses("run --resume night.safetensors", 1, "the events or their matrix have changed");
    fs::write(&spikes, kept).unwrap();
    let (resumed, _) = folder.json("run --resume night.safetensors --json");
    assert_eq!(resumed["spike_hash"], whole["spike_hash"]);
}

#[test]
fn mistakes_in_events_are_told() {
    let folder = Folder::new();
    folder.write("good.txt", "1 0\n");
    folder.write("one.txt", "1\n");
    folder.write("half.txt", "1 0\n1.5 0\n");
    folder.write("far.txt", "1 4\n1 7\n");
    folder.write("row.txt", "1 2 0\n");
    write_npy(folder.path("wide.npy"), &Array2::<f32>::zeros((2, 9))).unwrap();
    write_npy(folder.path("narrow.npy"), &Array2::<f32>::zeros((2, 5))).unwrap();
    write_npy(folder.path("far.npy"), &ndarray::array![[1, 0], [1, 5]]).unwrap();
    folder.archive("far.npz", |npz| {
        npz.add_array("step", &Array1::<u32>::zeros(3)).unwrap();
        npz.add_array("neuron", &ndarray::array![0, 1, 6]).unwrap();
    });
    write_npy(folder.path("nan.npy"), &Array2::<f32>::from_elem((2, 5), f32::NAN)).unwrap();
    folder.archive("short.npz", |npz| {
        npz.add_array("step", &Array1::<u32>::zeros(3)).unwrap();
        npz.add_array("neuron", &Array1::<u32>::zeros(2)).unwrap();
    });
    for (words, code, message) in [
        ("--events none.txt", 1, "events none.txt: "),
        ("--events one.txt", 1, "events one.txt:1: 1 number; expected `step neuron`"),
        ("--events half.txt", 1, "events half.txt:2: the step is 1.5; it must be a whole number"),
        (
            "--events far.txt",
            1,
            "events far.txt:2: there is a spike of neuron 7, but only 5 neurons, numbered from 0",
        ),
        (
            "--events row.txt",
            1,
            "row.txt:1: there is a spike of batch row 2, but only 1 batch row, numbered from 0",
        ),
        ("--events far.npy", 1, "far.npy: the row at [1]: there is a spike of neuron 5, but only 5 neurons"),
        (
            "--events far.npz",
            1,
            "far.npz: the event at [2]: there is a spike of neuron 6, but only 5 neurons",
        ),
        (
            "--events far.txt --events-matrix narrow.npy",
            1,
            "far.txt:1: there is a spike of neuron 4, but only 2 matrix rows, numbered from 0",
        ),
        (
            "--events short.npz",
            1,
            "its arrays [\"step\", \"neuron\"] have [3, 2] values; each event has one in each",
        ),
        ("--events good.txt --events-matrix wide.npy", 1, "it has shape [2, 9]; expected [trains, 5]"),
        ("--events good.txt --events-matrix nan.npy", 1, "the weight at [0, 0] is NaN"),
        ("--events good.txt --events-matrix good.txt", 1, "must be a .npy or .npz file"),
        ("--events good.txt --events-weight 1:2 --events-matrix wide.npy", 2, "events-weight is 1:2"),
        ("--events good.txt --events-weight x", 2, "'x' is not a number"),
        ("--events-weight 1", 2, "events-weight needs events: add --events FILE"),
        ("--events-matrix wide.npy", 2, "events-matrix needs events: add --events FILE"),
        ("--tau-syn 0", 2, "tau_syn is 0"),
        ("--tau-syn 5 --tau-syn-inhibitory 0", 2, "tau_syn_inhibitory is 0"),
        ("--tau-syn-inhibitory 5", 2, "tau_syn is none; it must be set"),
        ("--synapse-rule cleared", 2, "tau_syn is none; it must be set"),
        ("--synapse-rule none", 2, "[possible values: independent, cleared]"),
        ("--synapse-shape alpha", 2, "tau_syn is none; it must be set"),
        ("--synapse-shape round", 2, "[possible values: exponential, alpha]"),
    ] {
        folder
            .run(&format!("--neurons 5 --steps 10 {words}"))
            .assert()
            .code(code)
            .stderr(predicate::str::contains(message));
        assert!(!folder.path("lif-out").exists(), "{words}");
    }
}
