//! Every command in the README and the documents, run as it is printed there.

use super::{Folder, root};
use lif::Params;
use lif::nir::{self, Neurons};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Commands that take longer than a few seconds, by words in them. `tests/run.sh --all` runs them.
const SLOW: [&str; 13] = [
    "--g 1:8:15",
    "--network microcircuit --duration",
    "lif bench",
    "lif fit ",
    "lif-out/neuron.toml",
    "--steps 2000000",
    "--resume night.safetensors",
    "lif devices --check",
    "cargo run --release -- run",
    "--device software --json",
    "--device cpu,software",
    "--preset nest:tau_m=20,t_ref=5",
    "lif fi ",
];

/// Characters of shell syntax. The commands run without a shell, so they cannot contain these.
const OF_A_SHELL: [&str; 5] = ["|", ">", "$", "\"", "'"];

/// A command of a document.
#[derive(Debug)]
struct Shown {
    /// File and line.
    place: String,
    words: String,
    /// The output that the document shows.
    text: Vec<String>,
}

impl Shown {
    fn is_slow(&self) -> bool {
        SLOW.iter().any(|slow| self.words.contains(slow) || self.words.trim_end() == slow.trim_end())
    }
}

fn documents() -> Vec<PathBuf> {
    let root = root();
    let entries = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut documents: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    documents.sort();
    documents.insert(0, root.join("README.md"));
    documents
}

/// The commands of a document, in order: lines of code, fenced or indented, that begin with `lif` or with the
/// command that runs it from the sources. A block of text directly after them is the output of the last one.
fn commands(document: &Path) -> Vec<Shown> {
    let name = document.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(document).unwrap();
    let mut shown: Vec<Shown> = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    let mut fence = None;
    let mut may_print = false;
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            fence = if fence.is_none() { Some(language.to_owned()) } else { None };
            continue;
        }
        let is_indented = fence.is_none() && line.starts_with("    ");
        let is_code = fence.as_deref() == Some("sh") || is_indented;
        if fence.as_deref() == Some("text") && may_print {
            shown.last_mut().unwrap().text.push(line.to_owned());
            continue;
        }
        if !is_code {
            may_print &= line.is_empty();
            continue;
        }
        let mut words = line.trim().to_owned();
        while words.ends_with('\\') {
            words.pop();
            words.push_str(lines.next().unwrap().1.trim());
        }
        let words = words.split(" #").next().unwrap_or_default().trim().to_owned();
        if words == "lif" || words.starts_with("lif ") || words.starts_with("cargo run --release -- ") {
            shown.push(Shown { place: format!("{name}:{}", number + 1), words, text: Vec::new() });
            may_print = fence.is_some();
        }
    }
    shown
}

/// A folder with the files that the commands of the documents name.
fn prepared() -> Folder {
    let folder = Folder::new();
    let root = root();
    for shared in ["data", "examples"] {
        copy(&root.join(shared), &folder.path(shared));
    }
    folder.run("--neurons 200 --steps 1000 --quiet --no-plot").assert().success();
    fs::rename(folder.path("lif-out/spikes.npz"), folder.path("spikes.npz")).unwrap();
    fs::remove_dir_all(folder.path("lif-out")).unwrap();
    let neurons = Neurons::from_params(&Params::default(), 5).unwrap();
    nir::write(folder.path("network.nir"), "hidden", &neurons).unwrap();
    fs::copy(root.join("data/grasshopper/stimulus.npz"), folder.path("sound.npz")).unwrap();
    fs::copy(root.join("data/grasshopper/spike_times_ms.txt"), folder.path("recorded.txt")).unwrap();
    let events: String = (0..2000).map(|step| format!("{step} {}\n", step % 7)).collect();
    folder.write("spikes.txt", &events);
    ndarray_npy::write_npy(folder.path("weights.npy"), &ndarray::Array2::from_elem((7, 50), 1.0_f32))
        .unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// Whether a line depends on the machine or on the time that something took.
fn is_of_the_machine(line: &str) -> bool {
    ["device", "wall time", "speed", "memory", "built in"].iter().any(|name| line.starts_with(name))
}

fn run(is_wanted: impl Fn(&Shown) -> bool) {
    for document in documents() {
        let shown: Vec<Shown> = commands(&document).into_iter().filter(&is_wanted).collect();
        if shown.is_empty() {
            continue;
        }
        let folder = prepared();
        for Shown { place, words, text } in shown {
            assert!(!OF_A_SHELL.iter().any(|mark| words.contains(mark)), "{place} needs a shell: {words}");
            let given =
                words.strip_prefix("cargo run --release -- ").or(words.strip_prefix("lif ")).unwrap_or("");
            let result = folder.lif(given).timeout(Duration::from_secs(1200)).output().unwrap();
            let (printed, said) =
                (String::from_utf8(result.stdout).unwrap(), String::from_utf8(result.stderr).unwrap());
            assert!(result.status.success(), "{place}: {words}\n{said}");
            let printed: Vec<&str> = printed.lines().filter(|line| !is_of_the_machine(line)).collect();
            for line in text.iter().filter(|line| !is_of_the_machine(line)) {
                assert!(
                    printed.contains(&line.as_str()),
                    "{place} shows a line that {words} does not print: {line}\n{printed:#?}"
                );
            }
        }
    }
}

fn needs_no_adapter(shown: &Shown) -> bool {
    !cfg!(skip_gpu_tests) || !shown.words.contains("software")
}

#[test]
fn each_command_of_the_documents_works() {
    run(|shown| needs_no_adapter(shown) && !shown.is_slow() && !shown.words.contains('|'));
}

#[test]
#[ignore = "takes minutes: tests/run.sh --all"]
fn each_slow_command_of_the_documents_works() {
    run(|shown| needs_no_adapter(shown) && !shown.words.contains('|') && !shown.words.contains("--plot"));
}

#[test]
fn what_is_called_slow_is_there() {
    let all: Vec<Shown> = documents().iter().flat_map(|document| commands(document)).collect();
    assert!(all.len() > 20, "{} commands", all.len());
    for slow in SLOW {
        assert!(
            all.iter().any(|shown| shown.words.contains(slow.trim_end())),
            "no document has a command with {slow}"
        );
    }
}
