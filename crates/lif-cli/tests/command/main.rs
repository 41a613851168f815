//! The command `lif` as a user meets it: what it prints, what it writes, how it refuses.

mod bench;
mod comments;
mod corpus;
mod curves;
mod documents;
mod errors;
mod events;
mod fits;
mod folders;
mod graphs;
mod interrupt;
mod losses;
mod memory;
mod misread;
mod names;
mod odd_files;
mod outputs;
mod random_inputs;
mod refused;
mod resume;
mod scores;
mod settings;
mod starts;
mod stimuli;
mod values;

use assert_cmd::Command;
use ndarray::{ArrayD, OwnedRepr};
use ndarray_npy::{NpzReader, ReadableElement};
use predicates::prelude::*;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An empty folder to run the command in.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The names in the output folder.
    fn written(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("lif-out")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `lif` with these words, in this folder.
    fn lif(&self, words: &str) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("lif");
        command.current_dir(self.0.path()).env_remove("RUST_LOG").args(words.split_whitespace());
        command
    }

    /// What `lif` with these words prints, which fits a terminal.
    fn printed(&self, words: &str) -> String {
        let output = self.lif(words).assert().success().get_output().clone();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        text
    }

    /// `lif` with these words ends with this code and this message, and prints nothing.
    fn refuses(&self, words: &str, code: i32, message: &str) {
        self.lif(words)
            .timeout(Duration::from_secs(60))
            .assert()
            .code(code)
            .stdout("")
            .stderr(predicate::str::starts_with("error: ").and(predicate::str::contains(message)));
    }

    /// `lif run` on the CPU, with these words.
    fn run(&self, words: &str) -> Command {
        self.lif(&format!("run --device cpu {words}"))
    }

    /// The summary of a small run that succeeds.
    fn summary(&self, words: &str) -> Value {
        let output = self.run(&format!("--json --no-plot {words}")).assert().success().get_output().clone();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// An array of the last run.
    fn array<T: ReadableElement>(&self, name: &str) -> ArrayD<T> {
        let file = File::open(self.path("lif-out/spikes.npz")).unwrap();
        NpzReader::new(file).unwrap().by_name::<OwnedRepr<T>, _>(name).unwrap()
    }

    /// The names of the arrays of the last run.
    fn arrays(&self) -> Vec<String> {
        let file = File::open(self.path("lif-out/spikes.npz")).unwrap();
        let mut names = NpzReader::new(file).unwrap().names().unwrap();
        names.sort();
        names
    }
}
