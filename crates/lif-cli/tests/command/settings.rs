//! Options, settings files and presets.

use super::Folder;
use predicates::prelude::*;
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_settings_file_is_the_same_as_options() {
    let folder = Folder::new();
    folder.write(
        "run.toml",
        "neurons = 30\nbatch = 2\nduration = 40.0\ntau_m = 12\nt-ref = \"1:3\"\nv-threshold = \"-53:-51\"\n\
         current = \"0.6:0.9\"\nseed = 3\nreset = \"subtract\"\nspike_test = \"at-or-above\"\n\
         integrator = \"exact\"\nrefractory = \"leak-only\"\nv_lower = -70.5\ninit-voltage = \"-60:-55\"\n\
         record = \"spikes,counts\"\n",
    );
    let from_file = folder.summary("--config run.toml");
    let from_options = folder.summary(
        "--neurons 30 --batch 2 --duration 40 --tau-m 12 --t-ref 1:3 --v-threshold -53:-51 --current 0.6:0.9 \
         --seed 3 --reset subtract --spike-test at-or-above --integrator exact --refractory leak-only \
         --v-lower -70.5 --init-voltage -60:-55 --record spikes,counts",
    );
    assert!(from_file["spikes"].as_u64().unwrap() > 0);
    assert_eq!(from_file["spike_hash"], from_options["spike_hash"]);
    assert_eq!(from_file["settings"], from_options["settings"]);
    assert_eq!(from_file["settings"]["tau-m"], json!(12.0));
    assert_eq!(from_file["settings"]["v-threshold"], json!("-53:-51"));

    // The command line overrules the file, also if the option excludes one of the file.
    let shorter = folder.summary("--config run.toml --steps 7 --seed 4");
    assert_eq!((&shorter["steps"], &shorter["seed"]), (&json!(7), &json!(4)));
    assert!(shorter["settings"]["duration"].is_null());
}

#[test]
fn the_settings_of_a_summary_repeat_the_run() {
    let folder = Folder::new();
    let summary =
        folder.summary("--neurons 30 --duration 60 --preset normalised --current 1.1:2 --trace add");
    assert_eq!(folder.repeated(&summary)["spike_hash"], summary["spike_hash"]);
}

#[test]
fn faults_in_a_settings_file_are_told_with_file_and_line() {
    let folder = Folder::new();
    for (text, message) in [
        ("neurons = 5\ncolour = 3\n", "bad.toml:2: colour = 3: no such setting"),
        (
            "neurons = 5\n\ntau-m = true\n",
            "bad.toml:3: tau-m = true: it must be a number or text in quotes, VALUE in --tau-m VALUE",
        ),
        ("neurons = \"ten\"\n", "bad.toml:1: neurons = \"ten\": 'ten' is not a number"),
        ("v-lower = inf\n", "bad.toml:1: v-lower = inf: must be finite"),
        ("v-lower = \"low\"\n", "bad.toml:1: v-lower = \"low\": 'low' is not a number"),
        ("tau-m = \"1:x\"\n", "bad.toml:1: tau-m = \"1:x\": 'x' is not a number"),
        (
            "dt = 0.1\nreset = \"twice\"\n",
            "bad.toml:2: reset = \"twice\": it must be one of to-value, subtract, subtract-ahead, none",
        ),
        ("record = \"sound\"\n", "bad.toml:1: record = \"sound\": 'sound' cannot be recorded"),
        ("neurons = \n", "bad.toml:1: "),
        ("steps = 3\ndt = inf\n", "bad.toml:2: dt = inf: must be finite"),
        ("duration = nan\n", "bad.toml:1: duration = nan: must be finite"),
        ("stimulus-dt = -inf\n", "bad.toml:1: stimulus-dt = -inf: must be finite"),
        ("\nstimulus_scale = 1e60\n", "bad.toml:2: stimulus_scale = 1e60: must be finite"),
        ("stimulus-offset = nan\n", "bad.toml:1: stimulus-offset = nan: must be finite"),
    ] {
        folder.write("bad.toml", text);
        folder
            .run("--config bad.toml")
            .assert()
            .code(1)
            .stderr(predicate::str::starts_with(format!("error: {message}")));
    }
    folder.write("both.toml", "steps = 3\nduration = 3\n");
    folder.refuses("run --device cpu --config both.toml", 2, "exclude each other");
    folder.refuses("run --device cpu --config none.toml", 1, "cannot read the settings file none.toml");
    folder.write("preset.toml", "preset = \"none\"\n");
    folder.run("--config preset.toml").assert().code(1).stderr(predicate::str::contains(
        "preset.toml:1: preset = \"none\": there is no preset 'none'; there are: origin, normalised, receptor",
    ));
}

#[test]
fn a_stimulus_is_looked_for_beside_the_settings_that_name_it() {
    let folder = Folder::new();
    fs::create_dir(folder.path("sub")).unwrap();
    folder.write("sub/run.toml", "stimulus = \"in.txt\"\nneurons = 3\n");
    folder.write("sub/in.txt", "1\n2\n3\n");
    assert_eq!(folder.summary("--config sub/run.toml")["steps"], 3);
}

#[test]
fn the_settings_of_a_summary_find_the_stimulus_from_anywhere() {
    let folder = Folder::new();
    folder.write("in.txt", "1\n2\n3\n");
    let summary = folder.summary("--neurons 3 --stimulus in.txt");
    fs::create_dir(folder.path("elsewhere")).unwrap();
    folder.write(
        "elsewhere/again.toml",
        &format!("neurons = 3\nstimulus = {}", summary["settings"]["stimulus"]),
    );
    assert_eq!(folder.summary("--config elsewhere/again.toml")["steps"], 3);
}

#[test]
fn a_trace_of_a_settings_file_can_be_switched_off() {
    let folder = Folder::new();
    folder.write("trace.toml", "neurons = 3\nsteps = 5\ntrace = \"add\"\ntau-trace = 5\ntrace-scale = 2\n");
    folder.summary("--config trace.toml");
    assert!(folder.arrays().contains(&"trace_final".to_owned()));
    let settings = &folder.summary("--config trace.toml --trace none")["settings"];
    assert!(settings["tau-trace"].is_null() && settings["trace-scale"].is_null());
    assert!(!folder.arrays().contains(&"trace_final".to_owned()));
    folder.refuses("run --device cpu --config trace.toml --trace none --tau-trace 3", 2, "need a trace");
}

#[test]
fn a_lower_bound_of_a_settings_file_can_be_switched_off() {
    let folder = Folder::new();
    let lowest = |words: &str| {
        folder.summary(&format!("--neurons 2 --steps 50 --init-voltage -60 --current -1 {words}"));
        folder.array::<f32>("voltage_final")[[0, 0]]
    };
    folder.write("bound.toml", "v-lower = -65\n");
    folder.write("none.toml", "v-lower = \"none\"\n");
    assert_eq!(lowest("--config bound.toml"), -65.0);
    assert!(lowest("--config bound.toml --v-lower none") < -65.0);
    assert!(lowest("--config none.toml") < -65.0);
    assert_eq!(lowest("--config none.toml --v-lower -66:-64"), -66.0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_cannot_be_written_down_is_told_with_its_option() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    for option in ["--out", "--stimulus"] {
        folder
            .run("--neurons 3 --steps 3")
            .arg(option)
            .arg(std::ffi::OsStr::from_bytes(b"a\xff"))
            .assert()
            .code(2)
            .stderr(predicate::str::contains(format!("the path of {option}, a\u{fffd}, is not UTF-8")));
    }
}

#[test]
fn presets_change_the_neuron_and_options_change_presets() {
    let folder = Folder::new();
    let normalised = folder.summary("--neurons 3 --steps 5 --preset normalised --t-ref 2");
    assert_eq!(normalised["preset"], "normalised");
    let settings = &normalised["settings"];
    assert_eq!((&settings["v-threshold"], &settings["t-ref"]), (&json!(1.0), &json!(2.0)));
    assert_eq!(folder.summary("--neurons 3 --steps 5 --preset receptor")["preset"], "receptor");
}

/// A common value in one unit is a rare one in another.
#[test]
fn neurons_spike_with_the_currents_that_are_there_by_default() {
    let folder = Folder::new();
    for (options, current) in [
        ("--preset normalised", "0.8:1.6"),
        ("--v-threshold -30", "1.28:2.56"),
        ("--resistance 2", "4:8"),
        ("--preset origin", "0.4:0.8"),
        ("--preset receptor", "0.4:0.8"),
        ("--v-threshold -56:-20", "0.4:0.8"),
    ] {
        let summary = folder.summary(&format!("--neurons 20 --duration 200 {options}"));
        assert_eq!(summary["settings"]["current"], json!(current), "{options}");
        assert!(summary["spikes"].as_u64().unwrap() > 0, "{options}");
    }
}

#[test]
fn a_reference_potential_stays_inside() {
    let folder = Folder::new();
    let run = "--neurons 20 --duration 100 --current 0.7:2 --init-voltage -62 --v-threshold -52.1";
    let plain = folder.summary(run);
    let inside = folder.summary(&format!("{run} --v-reference -62"));
    assert_eq!(inside["settings"]["v-reference"], json!(-62.0));
    assert_eq!(inside["spike_hash"], plain["spike_hash"]);
    folder
        .run("--neurons 2 --v-reference 1e9")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("v_reference is 1000000000"));
    folder.refuses(
        "run --device cpu --neurons 2 --preset nest --v-reference -70",
        2,
        "v-reference cannot go with the preset nest",
    );
}

#[test]
fn neurons_of_another_simulator_keep_their_names() {
    let folder = Folder::new();
    // 5 ms counted down in single precision are 51 steps.
    let there = folder.summary("--neurons 20 --duration 50 --preset synapticflow:tau_s=8:12 --current 0.7:2");
    let here = folder.summary(
        "--neurons 20 --duration 50 --tau-m 8:12 --t-ref 5.1 --spike-test at-or-above --init-voltage -62 --current 0.7:2",
    );
    assert!(there["spikes"].as_u64().unwrap() > 20);
    assert_eq!(there["spike_hash"], here["spike_hash"]);
    assert_eq!(there["preset"], "synapticflow:tau_s=8:12");

    // The preset has its own step and default currents, and the settings repeat the run.
    let nest = folder.summary("--neurons 20 --duration 50 --preset nest:resolution=0.25,V_min=none");
    assert_eq!((&nest["dt_ms"], &nest["steps"]), (&json!(0.25), &json!(200)));
    assert_eq!(nest["settings"]["current"], json!("300:600"));
    assert!(nest["spikes"].as_u64().unwrap() > 0);
    assert_eq!(folder.repeated(&nest)["spike_hash"], nest["spike_hash"]);
}

#[test]
fn steps_and_duration_say_the_same() {
    let folder = Folder::new();
    let by_time = folder.summary("--neurons 20 --duration 50 --dt 0.2");
    let by_steps = folder.summary("--neurons 20 --steps 250 --dt 0.2");
    assert_eq!(by_time["steps"], 250);
    assert_eq!(by_time["spike_hash"], by_steps["spike_hash"]);
    folder.refuses("run --device cpu --steps 5 --duration 5", 2, "cannot be used with");
}

#[test]
fn a_spread_goes_evenly_from_first_to_last() {
    let folder = Folder::new();
    // At the start all neurons have the given potential, so one step away from rest shows the leak.
    folder.summary("--neurons 5 --steps 1 --dt 1 --v-rest -70:-50 --v-threshold 0 --init-voltage -60 --tau-m 1 --current 0");
    let v: Vec<f32> = folder.array::<f32>("voltage_final").into_iter().collect();
    assert_eq!(v, [-70.0, -65.0, -60.0, -55.0, -50.0]);
    folder.summary("--neurons 1 --steps 1 --dt 1 --v-rest -70:-50 --v-threshold 0 --init-voltage -60 --tau-m 1 --current 0");
    assert_eq!(folder.array::<f32>("voltage_final").into_iter().collect::<Vec<_>>(), [-70.0]);
}

#[test]
fn where_a_run_starts_from() {
    let folder = Folder::new();
    let start = |words: &str| {
        folder.summary(&format!("--neurons 500 --batch 2 --steps 1 --tau-m 1e8 {words}"));
        folder.array::<f32>("voltage_final")
    };
    // So slow a membrane has its initial potential after one step.
    let drawn = start("");
    assert!(drawn.iter().all(|v| (-62.0..=-52.0).contains(v)));
    let mean = drawn.mean().unwrap();
    assert!((mean + 57.0).abs() < 0.5, "{mean}");
    assert_ne!(drawn[[0, 3]], drawn[[1, 3]]);
    assert!(start("--init-voltage -61:-60").iter().all(|v| (-61.0..=-60.0).contains(v)));
    assert!(start("--init-voltage -55").iter().all(|v| *v == -55.0));
    folder.write("in.txt", "0.5\n");
    assert!(start("--stimulus in.txt").iter().all(|v| (v + 62.0).abs() < 1e-4));
}

#[test]
fn quiet_is_quiet_and_warnings_are_not() {
    let folder = Folder::new();
    folder
        .run("--neurons 3 --steps 3 --tau-m 0.09 --no-plot")
        .assert()
        .success()
        .stderr(predicate::str::contains("warning: dt / tau_m is 1.111"));
    folder.run("--neurons 3 --steps 3 --tau-m 0.09 --no-plot --quiet").assert().success().stderr("");
    let output = folder.run("--neurons 3 --steps 3 --json").assert().success().get_output().clone();
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok());
}

#[test]
fn units_that_were_said_are_not_doubted_and_volts_are() {
    let folder = Folder::new();
    for (text, as_pico) in [("current = \"0.5 A\"", false), ("current = 5e8", true)] {
        folder.write("run.toml", text);
        let output = folder.run("--config run.toml --no-plot --neurons 1 --steps 5").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("times what just reaches the threshold"), "{said}");
        assert_eq!(said.contains("if it is in pA"), as_pico, "{said}");
    }
    let volts = "--v-rest=-0.065 --v-reset=-0.065 --v-threshold=-0.050 --no-plot --neurons 1 --steps 5";
    let said = String::from_utf8(folder.run(volts).output().unwrap().stderr).unwrap();
    assert!(said.contains("if they are in volts, write them as"), "{said}");
}
