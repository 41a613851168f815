//! `lif nir`, `lif run --nir` and `--write-nir`.

use super::{Folder, root};
use predicates::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;

const STATED: &str = "--dt 0.5 --t-ref 2 --reset to-value";

fn reference(name: &str) -> PathBuf {
    root().join("tests/reference/nir").join(name)
}

/// A folder with these graphs.
fn folder(graphs: &[&str]) -> Folder {
    let folder = Folder::new();
    for graph in graphs {
        std::fs::copy(reference(graph), folder.path(graph)).unwrap();
    }
    folder
}

#[test]
fn a_graph_is_listed_with_the_command_that_simulates_it() {
    let folder = folder(&["network.nir"]);
    let listed = folder.lif("nir network.nir").assert().success().get_output().clone();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for words in ["weights              Linear", "inner/cuba           CubaLIF", "0.005 to 0.04 s"] {
        assert!(listed.contains(words), "{words} is not in:\n{listed}");
    }
    let command = listed.lines().last().unwrap().strip_prefix("lif run ").unwrap();
    assert_eq!(folder.summary(&format!("{command} --steps 100"))["neurons"], 5);

    let (json, _) = folder.json("nir network.nir --json");
    let cuba = json["nodes"].as_array().unwrap().iter().find(|node| node["name"] == "inner/cuba").unwrap();
    assert_eq!(cuba["fields"]["w_in"], serde_json::json!([1.0, 2.0]));
}

#[test]
fn what_a_run_does_not_read_of_a_graph_is_told() {
    let folder = folder(&["beside.nir", "network.nir", "lif.nir"]);
    let own = ["@dt", "metadata/author", "t_ref", "v_lower"];
    let listed = folder.lif("nir beside.nir").assert().success().get_output().clone();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for part in own {
        assert!(listed.contains(&format!("{part:<12} not read")), "{part}: {listed}");
    }
    assert!(listed.contains("lif                  feeds itself, which is not read"), "{listed}");
    let (json, _) = folder.json("nir beside.nir --json");
    assert_eq!(json["nodes"][1]["unread"], json!(own));

    let run = format!("--json --no-plot --steps 10 {STATED}");
    let output = folder.run(&format!("--nir beside.nir {run}")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let told = "of the node 'lif' nothing is read of t_ref, v_lower, edge lif -> lif";
    assert!(said.contains(told), "{said}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let input = &summary["inputs"][0];
    assert_eq!(input["unread"], json!(["@dt", "metadata/author", "t_ref", "v_lower", "edge lif -> lif"]));
    for (key, value) in [
        ("option", json!("nir")),
        ("format", json!("nir")),
        ("node", json!("lif")),
        ("type", json!("LIF")),
        ("count", json!(5)),
        ("columns", json!(["tau", "r", "v_leak", "v_threshold", "v_reset"])),
    ] {
        assert_eq!(input[key], value, "{key}");
    }
    assert!(input["file"].as_str().unwrap().ends_with("/beside.nir"));

    let of_network = folder.summary(&format!("--nir network.nir --nir-node hidden --steps 10 {STATED}"));
    let others = ["node inner/cuba (CubaLIF)", "node to_inner (Linear)", "node weights (Linear)"];
    assert_eq!(of_network["inputs"][0]["unread"], json!(others));
    assert_eq!(
        folder.summary(&format!("--nir lif.nir --steps 10 {STATED}"))["inputs"][0].get("unread"),
        None
    );
    folder
        .run(&format!("--nir beside.nir --no-plot --steps 10 {STATED}"))
        .assert()
        .success()
        .stdout(predicate::str::contains("5 neurons of beside.nir (LIF 'lif'), fields 'tau', 'r'"))
        .stdout(predicate::str::contains("; not read: '@dt' and 4 more"));
}

#[test]
fn the_neurons_of_a_graph_are_those_with_the_same_numbers() {
    let folder = folder(&["alone.nir"]);
    let run = format!("--neurons 20 --duration 300 --current 0.5:3 {STATED}");
    let graph = folder.summary(&format!("--nir alone.nir {run}"));
    let numbers = "--tau-m 10 --tau-syn 8 --resistance 1 --v-rest 0 --v-reset 0 --v-threshold 1";
    let same = folder.summary(&format!("{numbers} --init-voltage 0 {run}"));
    assert!(graph["spikes"].as_u64() > Some(100));
    assert_eq!(graph["spike_hash"], same["spike_hash"]);
    assert_eq!((&graph["preset"], &graph["settings"]["dt"]), (&"nir".into(), &0.5.into()));
}

#[test]
fn spikes_go_through_the_weight_of_the_node() {
    let folder = folder(&["alone.nir"]);
    let events: String = (0..200).map(|step| format!("{step} 0\n")).collect();
    folder.write("events.txt", &events);
    let run = format!("--neurons 1 --steps 300 --current 0.5 --events events.txt {STATED}");
    let graph = folder.summary(&format!("--nir alone.nir {run}"));
    assert!(graph["spikes"].as_u64() > Some(3));
    let voltage = folder.array::<f32>("voltage_final");
    // w_in (1 - exp(-dt / tau_syn)) = 1 - exp(-0.5 / 8)
    let numbers = "--tau-m 10 --tau-syn 8 --resistance 1 --v-rest 0 --v-reset 0 --v-threshold 1";
    let same = folder.summary(&format!("{numbers} --events-weight 0.06058693718652422nA {run}"));
    assert_eq!(graph["spike_hash"], same["spike_hash"]);
    assert_eq!(folder.array::<f32>("voltage_final"), voltage);
}

#[test]
fn neurons_that_were_written_run_as_they_did() {
    let folder = Folder::new();
    let run = "--duration 200 --dt 0.2 --t-ref 3 --reset subtract --init-voltage -62";
    let neurons = "--neurons 30 --tau-m 5:20 --tau-syn 4 --v-threshold=-54:-50";
    let first = folder.summary(&format!("--write-nir {neurons} --current 0.4:1 {run}"));
    assert!(first["spikes"].as_u64() > Some(50));
    let again = folder.summary(&format!("--nir lif-out/neurons.nir --current 0.4:1 {run}"));
    assert_eq!((&again["neurons"], &again["spike_hash"]), (&30.into(), &first["spike_hash"]));
}

#[test]
fn what_a_graph_says_and_does_not_say_is_asked_for() {
    let folder = folder(&["lif.nir", "network.nir", "lacking.nir"]);
    for (words, code, message) in [
        ("--nir lif.nir --t-ref 0 --reset to-value", 2, "does not say dt: add --dt MS"),
        ("--nir lif.nir --dt 1 --reset to-value", 2, "does not say t-ref"),
        ("--nir lif.nir --dt 1 --t-ref 0", 2, "--reset to-value or --reset subtract"),
        (&format!("--nir lif.nir {STATED} --tau-m 5"), 2, "tau-m cannot go with"),
        (&format!("--nir lif.nir {STATED} --preset nest"), 2, "preset cannot go with"),
        (&format!("--nir lif.nir {STATED} --neurons 6"), 2, "the NIR graph is made for 5"),
        (&format!("--nir network.nir {STATED}"), 2, "'hidden', 'inner/cuba'; see lif nir network.nir"),
        ("--nir-node lif", 2, "add --nir FILE"),
        (&format!("--nir lacking.nir {STATED}"), 1, "it has no 'tau'"),
        ("--write-nir --v-lower=-70", 2, "NIR has no lower bound"),
    ] {
        folder.run(words).assert().code(code).stderr(predicate::str::contains(message));
        assert!(!folder.path("lif-out").exists(), "{words}");
    }
}
