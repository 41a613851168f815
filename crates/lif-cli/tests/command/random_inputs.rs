//! Random input.

use super::Folder;
use predicates::prelude::*;
use serde_json::json;

const RUN: &str = "--neurons 40 --duration 100 --input poisson:rate=900,weight=0.6 \
                   --input gaussian:mean=0.1:0.3,sd=0.4,stream=7";

#[test]
fn the_seed_decides_what_is_drawn() {
    let folder = Folder::new();
    let summary = folder.summary(&format!("{RUN} --seed 3"));
    assert!(summary["spikes"].as_u64().unwrap() > 0);
    assert_eq!(summary["settings"]["current"], json!(0.0));
    assert_eq!(folder.summary(&format!("{RUN} --seed 3"))["spike_hash"], summary["spike_hash"]);
    // The membrane potentials at the start are fixed, so that only the input differs.
    let fixed = format!("{RUN} --init-voltage -62");
    let hashes = [1, 2].map(|seed| folder.summary(&format!("{fixed} --seed {seed}"))["spike_hash"].clone());
    assert_ne!(hashes[0], hashes[1]);
}

#[test]
fn a_settings_file_lists_sources_and_a_source_given_here_replaces_them() {
    let folder = Folder::new();
    folder.write(
        "run.toml",
        "neurons = 40\nduration = 100.0\n\
         input = [\"poisson:rate=900,weight=0.6\", \"gaussian:mean=0.1:0.3,sd=0.4,stream=7\"]\n",
    );
    let from_options = folder.summary(RUN);
    let from_file = folder.summary("--config run.toml");
    assert_eq!(from_file["settings"], from_options["settings"]);
    assert_eq!(from_file["spike_hash"], from_options["spike_hash"]);
    let replaced = folder.summary("--config run.toml --input uniform:low=0,high=1.5");
    assert_eq!(replaced["settings"]["input"], json!(["uniform:low=0,high=1.5"]));
}

#[test]
fn mistakes_are_refused_before_anything_runs() {
    let folder = Folder::new();
    for (words, message) in [
        ("--input poisson:rate=5", "poisson needs weight=X"),
        ("--input noise:sd=5", "is no random input; write gaussian:mean=X,sd=X"),
        ("--input gaussian:sd=-1", "the sd of the Gaussian input is -1; it must be 0 or more"),
        ("--input poisson:rate=-1,weight=1", "the rate of the Poisson input is -1; it must be from 0 to"),
        ("--input uniform:low=2,high=1", "it must be 0 or more"),
    ] {
        folder.run(words).assert().code(2).stderr(predicate::str::contains(message));
        assert!(!folder.path("lif-out").exists(), "{words}");
    }
}
