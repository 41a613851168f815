//! Lists of synapses in the formats that other programs write.

use super::{Folder, root};
use serde_json::{Value, json};
use std::fs;

/// A network whose synapses are in this file of `tests/reference/lists`.
fn network(folder: &Folder, list: &str, more: &str) -> String {
    let path = root().join("tests/reference/lists").join(list);
    let text = format!(
        "duration = 50\nwarmup = 0\n[groups.fly]\nsize = 40\ncurrent = 0.6\ninit-voltage = {{ uniform = [-62, -53] }}\n[[projections]]\nfrom = \"fly\"\n\
         to = \"fly\"\nrule = {{ list = {} }}\neffect = \"jump\"\n{more}\n",
        json!(fs::canonicalize(path).unwrap())
    );
    folder.write("net.toml", &text);
    "run --config net.toml --device cpu --json --no-plot".to_owned()
}

fn run(list: &str, more: &str) -> Value {
    let folder = Folder::new();
    let words = network(&folder, list, more);
    folder.json(&words).0
}

/// The run of the text.
fn of_text() -> Value {
    run("fly.csv", "weight = 0.5\ndelay = 1.5")
}

#[test]
fn counts_are_multiplied_by_the_weight_of_one_synapse() {
    let counted = of_text();
    assert_eq!(counted["synapses"], json!(300));
    assert_ne!(run("fly.csv", "weight = 0.25\ndelay = 1.5")["spike_hash"], counted["spike_hash"]);
    // The same weights, each in its own line.
    let folder = Folder::new();
    let text = fs::read_to_string(root().join("tests/reference/lists/fly.csv")).unwrap();
    let weight = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        format!("{},{},{}\n", fields[2], fields[3], fields[6].parse::<f64>().unwrap() * 0.5)
    };
    let list: String = text.lines().skip(1).map(weight).collect();
    folder.write("weights.csv", &format!("pre,post,weight\n{list}"));
    let words = network(&folder, "fly.csv", "delay = 1.5");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    let rule = net.lines().find(|line| line.starts_with("rule")).unwrap();
    folder.write("net.toml", &net.replace(rule, "rule = { list = \"weights.csv\" }"));
    assert_eq!(folder.json(&words).0["spike_hash"], counted["spike_hash"]);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_files_are_the_same_lists() {
    let text = of_text();
    for (list, more) in
        [("fly.parquet", "weight = 0.5\ndelay = 1.5"), ("zstd.parquet", ""), ("gzip.parquet", "")]
    {
        let read = run(list, more);
        assert_eq!(read["synapses"], json!(300), "{list}");
        assert_eq!(read["spike_hash"], text["spike_hash"], "{list}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn faults_of_parquet_files_are_named_with_their_row() {
    let folder = Folder::new();
    let words = network(&folder, "missing.parquet", "");
    folder.refuses(&words, 2, "'source': row 1 has no value");
    let bytes = fs::read(root().join("tests/reference/lists/fly.parquet")).unwrap();
    for length in [9, 1000, bytes.len() - 9] {
        fs::write(folder.path("cut.parquet"), &bytes[..length]).unwrap();
        let net = fs::read_to_string(folder.path("net.toml")).unwrap();
        let rule = net.lines().find(|line| line.starts_with("rule")).unwrap();
        folder.write("cut.toml", &net.replace(rule, "rule = { list = \"cut.parquet\" }"));
        folder.refuses("run --config cut.toml", 2, "not a Parquet file that can be read");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_files_are_refused_with_what_to_do() {
    let folder = Folder::new();
    let words = network(&folder, "fly.parquet", "weight = 0.5");
    folder.refuses(&words, 2, "--features parquet, or convert the file in Python: import pandas;");
}

#[test]
fn parquet_files_that_are_no_lists_are_named() {
    let folder = Folder::new();
    let stimulus = root().join("tests/reference/lists/fly.parquet");
    folder.refuses(
        &format!("run --device cpu --stimulus {}", stimulus.display()),
        1,
        "a Parquet file, which only lists of synapses can be",
    );
}
