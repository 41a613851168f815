//! Files and output of a run.

use super::Folder;
use ndarray::{Array1, Axis};
use predicates::prelude::*;
use serde_json::{Value, json};
use std::fs;

const SMALL: &str = "--neurons 40 --batch 2 --duration 100";

/// The hash as the documentation defines it.
fn hash(numbers: impl Iterator<Item = u64>) -> String {
    let sum = numbers.fold(0_u64, |sum, x| {
        let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        sum.wrapping_add(z ^ (z >> 31))
    });
    format!("{sum:016x}")
}

#[test]
fn a_run_without_arguments_but_its_size_prints_a_table_and_writes_three_files() {
    let folder = Folder::new();
    folder
        .run("--neurons 1000 --duration 50")
        .assert()
        .success()
        .stderr("")
        .stdout(predicate::str::contains("cells        1,000 neurons\n"))
        .stdout(predicate::str::contains("steps        500 (50.0 ms at dt 0.1 ms)\n"))
        .stdout(predicate::str::contains("lif-out/summary.json"));
    assert_eq!(folder.written(), ["raster.png", "spikes.npz", "summary.json"]);
    assert!(fs::read(folder.path("lif-out/raster.png")).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(
        folder.arrays(),
        [
            "batch",
            "counts",
            "dt_ms",
            "neuron",
            "rate",
            "step",
            "voltage",
            "voltage_final",
            "voltage_neurons",
            "voltage_steps"
        ]
    );
}

#[test]
fn the_summary_agrees_with_the_arrays() {
    let folder = Folder::new();
    let summary = folder.summary(&format!("{SMALL} --record spikes,rate,voltage:3+7/10 --seed 5"));
    let file: Value =
        serde_json::from_slice(&fs::read(folder.path("lif-out/summary.json")).unwrap()).unwrap();
    assert_eq!(summary, file);
    for (key, value) in [
        ("engine", json!("cpu")),
        ("neurons", json!(40)),
        ("batch", json!(2)),
        ("steps", json!(1000)),
        ("dt_ms", json!(0.1)),
        ("seed", json!(5)),
        ("preset", json!("origin")),
        ("interrupted", json!(false)),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(summary[key], value, "{key}");
    }
    assert!(
        summary["wall_s"].as_f64().unwrap() > 0.0 && summary["neuron_steps_per_s"].as_f64().unwrap() > 0.0
    );
    assert!(summary["device"].as_str().unwrap().starts_with("CPU"));

    let [step, batch, neuron] = ["step", "batch", "neuron"].map(|name| folder.array::<u32>(name));
    let events: Vec<[u32; 3]> = (0..step.len()).map(|i| [step[i], batch[i], neuron[i]]).collect();
    assert!(events.is_sorted() && events.len() > 50);
    let x = events
        .iter()
        .map(|[step, batch, neuron]| (u64::from(*step) * 2 + u64::from(*batch)) * 40 + u64::from(*neuron));
    assert_eq!(summary["spike_hash"], hash(x));

    assert_eq!(folder.array::<f64>("dt_ms").into_iter().collect::<Vec<_>>(), [0.1]);
    let counts = folder.array::<u32>("counts");
    assert_eq!(counts.shape(), [2, 40]);
    assert_eq!(summary["spikes"], json!(counts.sum()));
    assert_eq!(counts.sum() as usize, events.len());
    let rate = summary["mean_rate_hz"].as_f64().unwrap();
    assert!((rate - f64::from(counts.sum()) / (80.0 * 0.1)).abs() < 1e-9);
    let rates = folder.array::<u32>("rate");
    assert_eq!(rates.shape(), [1000, 2]);
    assert_eq!(rates.sum(), counts.sum());
    assert_eq!(
        rates[[step[0] as usize, batch[0] as usize]] as usize,
        events.iter().filter(|event| event[..2] == events[0][..2]).count()
    );

    assert_eq!(folder.array::<f32>("voltage").shape(), [100, 2, 2]);
    assert_eq!(folder.array::<u32>("voltage_neurons").into_iter().collect::<Vec<_>>(), [3, 7]);
    assert_eq!(
        folder.array::<u32>("voltage_steps").into_iter().collect::<Vec<_>>(),
        (0..100).map(|i| i * 10).collect::<Vec<_>>()
    );
    assert_eq!(folder.array::<f32>("voltage_final").shape(), [2, 40]);
}

#[test]
fn the_variation_of_intervals_is_that_of_the_events() {
    let folder = Folder::new();
    let summary =
        folder.summary("--neurons 5 --current 0.6:2 --duration 300 --t-ref 1:9 --refractory silent --dt 0.7");
    let (step, neuron) = (folder.array::<u32>("step"), folder.array::<u32>("neuron"));
    let mut variations = Vec::new();
    for n in 0..5 {
        let times: Vec<f64> =
            step.iter().zip(&neuron).filter(|(_, m)| **m == n).map(|(s, _)| f64::from(*s)).collect();
        let intervals: Array1<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if intervals.len() >= 2 {
            variations.push(intervals.std(0.0) / intervals.mean().unwrap());
        }
    }
    let expected = variations.iter().sum::<f64>() / variations.len() as f64;
    assert!((summary["cv_isi"].as_f64().unwrap() - expected).abs() < 1e-9);
    assert!(folder.summary("--neurons 5 --current 0 --duration 10")["cv_isi"].is_null());
}

#[test]
fn neurons_that_are_named_one_by_one_are_all_where_none_is_missing() {
    let folder = Folder::new();
    let of = |record: &str| {
        folder.summary(&format!("--neurons 3 --current 0.6:2 --duration 300 --record {record}"))
    };
    let all = of("spikes");
    assert!(all["cv_isi"].is_number());
    for record in ["spikes:0..3", "spikes:2+0+1+1"] {
        let named = of(record);
        assert_eq!(
            (&named["spike_hash"], &named["cv_isi"]),
            (&all["spike_hash"], &all["cv_isi"]),
            "{record}"
        );
    }
    assert!(of("spikes:0..2")["cv_isi"].is_null());
}

#[test]
fn equal_runs_give_equal_spikes_and_another_seed_gives_others() {
    let folder = Folder::new();
    let first = folder.summary(SMALL)["spike_hash"].clone();
    assert_eq!(folder.summary(SMALL)["spike_hash"], first);
    assert_ne!(folder.summary(&format!("{SMALL} --seed 1"))["spike_hash"], first);
}

#[test]
fn without_spikes_the_hash_is_that_of_the_counts() {
    let folder = Folder::new();
    let full = folder.summary(SMALL);
    let counts = folder.array::<u32>("counts");
    for record in ["counts", "none", "spikes:0..20"] {
        let summary = folder.summary(&format!("{SMALL} --record {record}"));
        let x = counts.iter().enumerate().map(|(cell, count)| ((cell as u64) << 32) + u64::from(*count));
        assert_eq!(summary["spike_hash"], hash(x), "{record}");
        assert_eq!(summary["spikes"], full["spikes"]);
        assert!(summary["cv_isi"].is_null());
    }
    // Events of the chosen neurons only.
    assert!(folder.array::<u32>("neuron").iter().all(|neuron| *neuron < 20));
    let first_twenty = folder.array::<u32>("counts").slice_axis(Axis(1), (0..20).into()).sum();
    assert_eq!(folder.array::<u32>("step").len(), first_twenty as usize);
}

#[test]
fn a_picture_is_drawn_of_whatever_there_is() {
    let folder = Folder::new();
    for words in [
        "--neurons 5 --duration 20",
        "--neurons 1 --duration 0.1",
        "--neurons 300 --batch 3 --duration 20",
        "--neurons 20 --current 0 --duration 20",
        "--neurons 20 --duration 20 --record rate",
        "--neurons 20 --duration 20 --record spikes:2+5",
        "--neurons 20 --duration 20 --record counts",
        "--neurons 20 --steps 1 --record voltage",
        "--neurons 20 --duration 20 --plot-from 5 --plot-to 10 --rate-bin 0.5",
        "--neurons 20 --duration 20 --preset norse",
        "--neurons 20 --duration 20 --record voltage:0..9/7 --v-threshold -52:-50",
        "--neurons 20 --duration 20 --reset none --t-ref 1 --init-voltage -62 --v-rest -62 --v-reset -62",
    ] {
        folder.run(words).assert().success().stdout(predicate::str::contains("raster.png"));
        assert!(fs::metadata(folder.path("lif-out/raster.png")).unwrap().len() > 1000, "{words}");
    }
    // With nothing to draw, the picture of an earlier run is removed: it would show another run.
    folder.run("--neurons 5 --duration 20 --record none").assert().success();
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
}

#[test]
fn a_picture_can_show_a_part_of_the_run() {
    let folder = Folder::new();
    let picture = |words: &str| {
        folder.run(&format!("--neurons 20 --duration 40 --quiet {words}")).assert().success();
        fs::read(folder.path("lif-out/raster.png")).unwrap()
    };
    let whole = picture("");
    assert_eq!(picture("--plot-from 0 --plot-to 40"), whole);
    assert_ne!(picture("--plot-from 10 --plot-to 30"), whole);
    assert_ne!(picture("--rate-bin 10"), whole);
    for (words, message) in [
        (
            "--plot-from 40",
            "plot-from is 40 ms; it must be at least 0 and before the end of the run, at 40 ms",
        ),
        ("--plot-from=-1", "plot-from is -1 ms"),
        (
            "--plot-from 7 --plot-to 7",
            "plot-to is 7 ms; it must be at least a step of 0.1 ms after plot-from, 7 ms",
        ),
        ("--rate-bin 0", "rate-bin is 0 ms; it must be above 0"),
    ] {
        folder.refuses(&format!("run --device cpu --neurons 20 --duration 40 {words}"), 2, message);
    }
}

#[test]
fn a_trace_is_written_where_one_is_kept() {
    let folder = Folder::new();
    folder.summary(&format!("{SMALL} --trace set --tau-trace 10:20 --trace-scale 3"));
    let trace = folder.array::<f32>("trace_final");
    assert_eq!(trace.shape(), [2, 40]);
    assert!(trace.iter().all(|value| (0.0..=3.0).contains(value)) && trace.sum() > 0.0);
}

#[test]
fn devices_are_listed_with_the_cpu_first() {
    let folder = Folder::new();
    let (devices, _) = folder.json("devices --json");
    assert_eq!(devices[0]["engine"], "cpu");
    for adapter in &devices.as_array().unwrap()[1..] {
        assert_eq!(adapter["engine"], "gpu");
        assert!(adapter["name"].is_string() && adapter["backend"].is_string());
        assert!(adapter["largest_buffer"].is_u64() && adapter["largest_binding"].is_u64());
    }
    folder
        .lif("devices")
        .assert()
        .success()
        .stdout(predicate::str::starts_with("DEVICE").and(predicate::str::contains("CPU engine")));
}

#[test]
fn devices_are_checked_where_asked() {
    let folder = Folder::new();
    let output = folder.lif("devices --json --check").assert().get_output().clone();
    let devices: Value = serde_json::from_slice(&output.stdout).unwrap();
    let adapters = &devices.as_array().unwrap()[1..];
    assert!(adapters.iter().all(|adapter| adapter["check_s"].as_f64().unwrap() >= 0.0));
    let passed = adapters.iter().all(|adapter| adapter["check"] == "passed");
    assert_eq!(output.status.code(), Some(if passed { 0 } else { 1 }));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = Folder::new();
    let program = assert_cmd::cargo::cargo_bin!("lif");
    for words in [["run", "--help"], ["devices", "--json"]] {
        let mut child = std::process::Command::new(program)
            .args(words)
            .current_dir(folder.path(""))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert!(child.wait().unwrap().success(), "{words:?}");
    }
}

#[test]
fn help_says_what_there_is() {
    let folder = Folder::new();
    folder.lif("").assert().code(2).stderr(predicate::str::contains("Usage: lif <COMMAND>"));
    folder.lif("run --help").assert().success().stdout(
        predicate::str::contains("--stimulus-offset <NA>").and(predicate::str::contains("Examples:")),
    );
}

#[test]
fn help_is_short_with_one_letter_and_long_with_a_word() {
    let folder = Folder::new();
    let shown = |words: &str| {
        let output = folder.lif(words).assert().success().stderr("").get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    };
    for command in ["", "run ", "fi ", "score ", "fit ", "nir ", "devices ", "bench "] {
        let (short, long) = (shown(&format!("{command}-h")), shown(&format!("{command}--help")));
        assert!(!short.contains("Examples:") && long.contains("Examples:"), "{command}");
        let room = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(room(&long) > room(&short) + 3, "{command}: {} and {}", room(&long), room(&short));
        assert!(short.lines().chain(long.lines()).all(|line| line.chars().count() <= 100), "{command}");
        // Both list all options.
        let options = |text: &str| -> Vec<String> {
            let words = text.split_once("Examples:").map_or(text, |(before, _)| before).lines();
            let names = words.filter_map(|line| line.strip_prefix("      --"));
            let names = names.map(|name| name.split([' ', '=']).next().unwrap().to_owned());
            // Without options that begin a line of prose.
            names.filter(|name| !name.ends_with([',', '.']) && name != "help").collect()
        };
        assert_eq!(options(&short), options(&long), "{command}");
    }
    // An option takes one line, seldom two.
    let short = shown("run -h");
    let names = short.lines().filter(|line| line.trim_start().starts_with("--")).count();
    assert!(names > 50 && short.lines().count() < 2 * names, "{names} options\n{short}");
}

#[test]
fn a_long_run_says_how_often_it_records() {
    let folder = Folder::new();
    let words = "--neurons 3 --batch 100 --steps 14000 --no-plot --out long";
    let output = folder.run(words).assert().success().get_output().clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("recorded once in 2 steps") && said.contains("--record spikes,rate,voltage/1"),
        "{said}"
    );
    for words in
        ["--neurons 3 --batch 100 --steps 13000", "--neurons 3 --batch 100 --steps 14000 --record voltage/2"]
    {
        folder.run(&format!("{words} --no-plot")).assert().success().stderr("");
    }
}
