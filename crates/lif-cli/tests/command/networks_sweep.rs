//! Sweeps: batches whose rows differ.

use super::Folder;
use serde_json::{Value, json};
use std::fs;

/// Two groups in which each number of a group and of a source can be changed.
const PAIR: &str = r#"
duration = 150
warmup = 10

[neurons]
tau-m = 10
resistance = 20
v-rest = -62
v-reset = -63
v-threshold = -52
t-ref = 3
v-lower = -70
tau-syn = 2
tau-syn-inhibitory = 4

[groups.first]
size = 3
current = 0.7
poisson = { rate = 300, weight = 2, effect = "jump" }

[groups.second]
size = 2
poisson = [{ rate = 2000, weight = 0.25, effect = "current" }, { rate = 900, weight = -0.5, effect = "current" }]

[[projections]]
from = "first"
to = "second"
rule = "all-to-all"
effect = "jump"
weight = 4
delay = 1.5

[[projections]]
from = "second"
to = "first"
rule = "all-to-all"
effect = "jump"
weight = -1
delay = 2
"#;

const RUN: &str = "run --config net.toml --device cpu --json --no-plot --seed 5";

/// The spikes of each batch row: step and neuron.
fn rows(folder: &Folder, text: &str, batch: usize) -> Vec<Vec<(u32, u32)>> {
    folder.write("net.toml", text);
    folder.json(&format!("{RUN} --batch {batch}"));
    let array = |name: &str| folder.array::<u32>(name).into_raw_vec_and_offset().0;
    let (steps, batches, neurons) = (array("step"), array("batch"), array("neuron"));
    let mut rows = vec![Vec::new(); batch];
    for ((step, row), neuron) in steps.into_iter().zip(batches).zip(neurons) {
        rows[row as usize].push((step, neuron));
    }
    rows
}

#[test]
fn a_row_of_a_sweep_is_the_network_with_its_numbers() {
    let folder = Folder::new();
    for (number, values) in [
        ("tau-m = 10", ["12", "10"]),
        ("resistance = 20", ["24", "20"]),
        ("v-rest = -62", ["-61", "-62"]),
        ("v-reset = -63", ["-62.3", "-64"]),
        ("v-threshold = -52", ["-54", "-51.7"]),
        ("t-ref = 3", ["1", "5"]),
        ("v-lower = -70", ["-63.5", "-70"]),
        ("tau-syn = 2", ["3", "2"]),
        ("tau-syn-inhibitory = 4", ["8", "3"]),
        ("current = 0.7", ["1.1", "0"]),
        ("rate = 300", ["900", "0"]),
        ("rate = 2000", ["100", "4000"]),
        ("weight = 0.25", ["0.5", "0.125"]),
        ("weight = -0.5", ["0", "-2"]),
    ] {
        let (key, _) = number.split_once(" = ").unwrap();
        assert!(PAIR.contains(number), "{number}");
        let with = |value: &str| PAIR.replacen(number, &format!("{key} = {value}"), 1);
        let sweep = format!("[sweep]\nx = [{}, \"{}\"]\n", values[0], values[1]);
        let swept = rows(&folder, &format!("{}{sweep}", with("\"x\"")), 2);
        assert_ne!(swept[0], swept[1], "{number}");
        for (row, value) in values.iter().enumerate() {
            assert_eq!(swept[row], rows(&folder, &with(value), 2)[row], "{key} = {value}");
        }
    }
}

#[test]
fn factors_multiply_weights_and_rates() {
    let folder = Folder::new();
    let sweep = "[sweep]\nf = [2, 0, 0.5]\n";
    let weights = PAIR.replacen("weight = 4", "weight = 4\nfactor = \"f\"", 1);
    let rates = PAIR.replacen("rate = 2000", "factor = \"f\", rate = 2000", 1);
    for (text, number, products) in
        [(weights, "weight = 4", [8, 0, 2]), (rates, "rate = 2000", [4000, 0, 1000])]
    {
        let swept = rows(&folder, &format!("{text}{sweep}"), 3);
        let (key, _) = number.split_once(" = ").unwrap();
        for (row, product) in products.into_iter().enumerate() {
            let single = PAIR.replacen(number, &format!("{key} = {product}"), 1);
            assert_eq!(swept[row], rows(&folder, &single, 3)[row], "{key} = {product}");
        }
    }
}

#[test]
fn two_keys_are_a_grid_with_results_for_each_row() {
    let folder = Folder::new();
    let words = "run --network brunel --scale 0.02 --g 3,6 --eta 1:2:3 --duration 200 --warmup 50 --device cpu --seed 3";
    let (summary, said) = folder.json(&format!("{words} --json"));
    assert_eq!(said, "");
    assert_eq!(summary["network"], "brunel, g 3 to 6, eta 1 to 2, scale 0.02");
    // One copy of the synapses.
    assert_eq!([&summary["batch"], &summary["synapses"]], [&json!(6), &json!(312_500)]);
    assert_eq!([&summary["settings"]["g"], &summary["settings"]["eta"]], [&json!("3,6"), &json!("1:2:3")]);
    let sweep = &summary["sweep"];
    assert_eq!(sweep["keys"][0], json!({ "name": "g", "unit": null, "values": [3.0, 6.0] }));
    assert_eq!(sweep["keys"][1], json!({ "name": "eta", "unit": null, "values": [1.0, 1.5, 2.0] }));
    let all = sweep["rows"].as_array().unwrap();
    let values: Vec<&Value> = all.iter().map(|row| &row["values"]).collect();
    assert_eq!(
        values,
        [[3.0, 1.0], [3.0, 1.5], [3.0, 2.0], [6.0, 1.0], [6.0, 1.5], [6.0, 2.0]]
            .map(|pair| json!(pair))
            .each_ref()
    );
    // What is said of a row is so of its spikes.
    let (batches, neurons) = (folder.array::<u32>("batch"), folder.array::<u32>("neuron"));
    for (row, of_row) in all.iter().enumerate() {
        let spikes =
            batches.iter().zip(&neurons).filter(|(batch, neuron)| **batch as usize == row && **neuron < 200);
        let (count, e) = (spikes.count(), &of_row["groups"][0]);
        assert_eq!([&e["name"], &e["spikes"]], [&json!("E"), &json!(count)]);
        assert!((e["rate"].as_f64().unwrap() - count as f64 / (200.0 * 0.2)).abs() < 1e-9);
    }
    let spikes = |row: usize| all[row]["groups"][0]["spikes"].as_u64().unwrap();
    assert!(spikes(2) > spikes(5) && spikes(2) > spikes(0), "{sweep}");
    assert!(all[2]["groups"][0]["cv"].as_f64().unwrap() < 1.0 && all[2]["groups"][1]["fano"].is_f64());
    let rates: f64 = all.iter().map(|row| row["groups"][0]["rate"].as_f64().unwrap()).sum();
    assert!((summary["groups"][0]["rate"].as_f64().unwrap() - rates / 6.0).abs() < 1e-9);
    let lines = fs::read_to_string(folder.path("lif-out/sweep.csv")).unwrap();
    assert!(lines.starts_with("row,g,eta,group,spikes,rate,cv,fano\n0,3,1,E,"), "{lines}");
    assert_eq!(lines.lines().count(), 1 + 6 * 2);
    assert_eq!(folder.written(), ["network.toml", "spikes.npz", "summary.json", "sweep.csv", "sweep.png"]);
    assert!(fs::read(folder.path("lif-out/sweep.png")).unwrap().starts_with(b"\x89PNG"));
    // Its description repeats the run.
    let (again, _) = folder.json("run --config lif-out/network.toml --device cpu --json --out again");
    for key in ["spike_hash", "sweep", "groups", "batch"] {
        assert_eq!(again[key], summary[key], "{key}");
    }
    // Few rows are all in the table, of many the extremes.
    let table = folder.printed(words);
    assert_eq!(table.lines().filter(|line| line.starts_with("E ")).count(), 6, "{table}");
    let table = folder.printed(&words.replace("1:2:3", "1:2").replace("--duration 200", "--duration 20"));
    assert_eq!(table.lines().filter(|line| line.starts_with("E ")).count(), 2, "{table}");
    assert!(table.contains("sweep.csv has all rows"), "{table}");
    // A run without a sweep removes its files.
    folder.json("run --network brunel --scale 0.02 --g 5 --eta 2 --duration 20 --device cpu --json");
    assert_eq!(folder.written(), ["network.toml", "raster.png", "spikes.npz", "summary.json"]);
}

#[test]
fn one_key_has_a_unit_and_its_own_picture_and_three_are_possible() {
    let folder = Folder::new();
    let text = PAIR.replacen("current = 0.7", "current = \"I\"", 1);
    folder.write("net.toml", &format!("{text}[sweep]\nI = \"300:900pA:4\"\n"));
    let (summary, _) = folder.json("run --config net.toml --device cpu --json");
    assert_eq!(
        summary["sweep"]["keys"][0],
        json!({ "name": "I", "unit": "nA", "values": [0.3, 0.5, 0.7, 0.9] })
    );
    assert!(folder.path("lif-out/sweep.png").exists());
    // Synapses can be listed, as they are those of all rows.
    assert!(folder.printed("synapses --config net.toml").contains("12 synapses"));
    let text = text.replacen("tau-m = 10", "tau-m = \"a b\"", 1).replacen(
        "weight = 4",
        "weight = 4\nfactor = \"f\"",
        1,
    );
    folder.write("net.toml", &format!("{text}[sweep]\nI = [0.3, 0.5]\n\"a b\" = 9\nf = \"1:2:2\"\n"));
    let (summary, _) = folder.json("run --config net.toml --device cpu --json");
    assert_eq!(summary["sweep"]["rows"][3]["values"], json!([0.5, 9.0, 2.0]));
    assert!(folder.printed("run --config net.toml --device cpu").contains("a b (ms)"));
}

#[test]
fn what_is_wrong_with_a_sweep_is_told_with_line_and_key() {
    let folder = Folder::new();
    let current = ("current = 0.7", "current = \"x\"");
    let weight = ("weight = 4", "weight = \"x\"");
    for ((from, to), sweep, message) in [
        (current, "x = []", "net.toml:41: sweep: x = []: '' is not a number"),
        (current, "x = true", "it must be a list, as [3, 4, 5], or a range in quotes, as \"3:8:11\""),
        (current, "x = [1, [2]]", "it must be a list, as"),
        (current, "x = \"1:2:3:4\"", "'1:2:3:4' is no range; write LO:HI:N"),
        (
            current,
            "x = \"1:2mV:3\"",
            "net.toml:41: sweep: x = \"1:2mV:3\": '1mV' is a potential, not a current",
        ),
        (
            current,
            "x = 1\ny = 2",
            "net.toml:42: sweep: y = 2: nothing has these values; write current = \"y\"",
        ),
        (current, "y = 2", "current = \"x\": 'x' is not a number"),
        (current, "", "net.toml:40: sweep: it needs a name with values"),
        (("current = 0.7", "current = \"3\""), "3 = 1", "its name is a number; take a word"),
        (
            weight,
            "x = 2",
            "a sweep changes weights by a factor: write a number here, and factor = \"x\" below",
        ),
        (("delay = 2", "delay = \"x\""), "x = 2", "synapses are drawn once for all rows"),
        (
            ("delay = 2", "factor = 3"),
            "x = 2",
            "factor = 3: it must be the name of a key in [sweep], in quotes; there are x",
        ),
        (("delay = 2", "factor = \"x\""), "x = [1, -1]", "net.toml:"),
        (
            ("delay = 2", "factor = \"x\""),
            "x = [1, -1]",
            "the factors of the synapses from second to first is -1",
        ),
        (
            ("delay = 2", "factor = \"x\""),
            "x = \"1mV\"",
            "'1mV' is a potential, but this is a number without a unit",
        ),
        (("t-ref = 3", "t-ref = \"x\""), "x = [1, -2]", "t_ref"),
    ] {
        assert!(PAIR.contains(from), "{from}");
        folder.write("net.toml", &format!("{}[sweep]\n{sweep}\n", PAIR.replacen(from, to, 1)));
        folder.refuses("run --config net.toml --device cpu --no-plot", 2, message);
        assert!(!folder.path("lif-out").exists());
    }
    folder.write("net.toml", &format!("{}[sweep]\nx = [1, 2]\n", PAIR.replacen(current.0, current.1, 1)));
    folder.refuses("run --config net.toml --batch 3", 2, "--batch 3: batch is 3, and the sweep has 2 rows");
    for (words, message) in [
        ("--g 3,-1", "--g 3,-1: g is -1; several must be 0 or more"),
        ("--eta 1:-1:3", "eta is -1; it must be 0 or more"),
        ("--g 1:2:x", "LO:HI:N is N values from LO to HI"),
        ("--g 1,2 --batch 3", "the sweep has 2 rows"),
        (
            "--g 1,2 --plot-to 3",
            "--plot-to 3: plot-to is of pictures over time; that of a sweep is over its keys",
        ),
        ("--g 0:1:1e5 --eta 0:1:1e5", "the network: "),
    ] {
        let said = folder.stderr(&format!("run --network brunel --device cpu {words}"));
        assert!(said.contains(message), "{words}: {said}");
    }
}
