//! The command `lif` as a user meets it: what it prints, what it writes, how it refuses.

mod bench;
mod clocks;
mod comments;
mod corpus;
mod curves;
mod documents;
mod errors;
mod event_files;
mod events;
mod fits;
mod fly;
mod folders;
mod graphs;
mod headings;
mod input_files;
mod interrupt;
mod lists;
mod losses;
mod memory;
mod misread;
mod names;
mod networks;
mod networks_presets;
mod networks_resume;
mod networks_space;
mod networks_sweep;
mod outputs;
mod processes;
mod random_inputs;
mod refused;
mod resume;
mod scores;
mod settings;
mod spike_files;
mod starts;
mod stimuli;
mod stimulus_files;
mod unread;
mod values;

use assert_cmd::Command;
use ndarray::{Array1, ArrayD, OwnedRepr, arr0};
use ndarray_npy::{NpzReader, NpzWriter, ReadableElement};
use predicates::prelude::*;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An empty folder to run the command in.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder with `still.txt`, a stimulus of 500 ms that is too weak for a spike.
    fn with_still() -> Self {
        let folder = Self::new();
        folder.write("still.txt", &"0.3\n".repeat(5000));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes an archive of arrays.
    fn archive(&self, name: &str, write: impl FnOnce(&mut NpzWriter<File>)) {
        let mut npz = NpzWriter::new(File::create(self.path(name)).unwrap());
        write(&mut npz);
        npz.finish().unwrap();
    }

    /// Writes an archive of lists, and of numbers where there is one value.
    fn archive_of(&self, name: &str, arrays: &[(&str, &[f64])]) {
        self.archive(name, |npz| {
            for (name, values) in arrays {
                match values {
                    [value] => npz.add_array(*name, &arr0(*value)).unwrap(),
                    _ => npz.add_array(*name, &Array1::from_iter(values.iter().copied())).unwrap(),
                }
            }
        });
    }

    /// The names in the output folder.
    fn written(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("lif-out")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `lif` with these arguments, in this folder.
    fn lif(&self, words: &str) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("lif");
        command.current_dir(self.0.path()).env_remove("RUST_LOG").args(words.split_whitespace());
        command
    }

    /// The standard error of `lif` with these arguments.
    fn stderr(&self, words: &str) -> String {
        String::from_utf8(self.lif(words).output().unwrap().stderr).unwrap()
    }

    /// The standard error of `lif` when it reads a text as a stimulus, as the spikes of a recording or as
    /// events.
    fn stderr_of(&self, kind: &str, text: &str) -> String {
        self.write("in.txt", text);
        self.stderr(match kind {
            "stimulus" => "run --device cpu --no-plot --neurons 1 --stimulus in.txt",
            "spikes" => "score --device cpu --stimulus still.txt --spikes in.txt",
            _ => "run --device cpu --no-plot --neurons 9 --steps 900 --events in.txt",
        })
    }

    /// The JSON that `lif` prints with these arguments, and its standard error.
    fn json(&self, words: &str) -> (Value, String) {
        let output = self.lif(words).assert().success().get_output().clone();
        (serde_json::from_slice(&output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// The standard output of `lif` with these arguments. Its lines fit into a terminal.
    fn printed(&self, words: &str) -> String {
        let output = self.lif(words).assert().success().get_output().clone();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        text
    }

    /// `lif` with these arguments prints nothing, and ends with this exit code and this message.
    fn refuses(&self, words: &str, code: i32, message: &str) {
        self.lif(words)
            .timeout(Duration::from_secs(60))
            .assert()
            .code(code)
            .stdout("")
            .stderr(predicate::str::starts_with("error: ").and(predicate::str::contains(message)));
    }

    /// `lif run` on the CPU, with these arguments.
    fn run(&self, words: &str) -> Command {
        self.lif(&format!("run --device cpu {words}"))
    }

    /// The summary of a small run that succeeds.
    fn summary(&self, words: &str) -> Value {
        self.json(&format!("run --device cpu --json --no-plot {words}")).0
    }

    /// The standard error and the summary of a run with this stimulus.
    fn stimulated(&self, words: &str) -> (String, Value) {
        let (summary, said) =
            self.json(&format!("run --device cpu --json --no-plot --record none --stimulus {words}"));
        (said, summary)
    }

    /// The summary of a run with the settings in the summary of another run.
    fn repeated(&self, summary: &Value) -> Value {
        let settings = summary["settings"].as_object().unwrap();
        let lines: Vec<String> = settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        self.write("again.toml", &lines.join("\n"));
        self.summary("--config again.toml")
    }

    /// The output of `lif` with these arguments, in a shell with this limit.
    #[cfg(target_os = "linux")]
    fn limited(&self, limit: &str, words: &str) -> Output {
        std::process::Command::new("sh")
            .args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")])
            .arg(assert_cmd::cargo::cargo_bin!("lif"))
            .args(words.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap()
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
