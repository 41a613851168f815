//! Refusals name the file and the option that caused them.

use super::Folder;
use predicates::prelude::*;
use std::fs;

/// The complaint of `lif` with these arguments.
fn complaint(folder: &Folder, words: &str) -> String {
    let output = folder.lif(words).timeout(std::time::Duration::from_secs(60)).output().unwrap();
    assert!(!output.status.success(), "{words}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn options_are_named_with_what_is_wrong() {
    let folder = Folder::new();
    for (words, message) in [
        ("run --plot-to 0", "--plot-to 0: plot-to is 0 ms; it must be at least a step"),
        ("run --plot-from 9e9", "--plot-from 9e9: plot-from is"),
        ("run -n 18446744073709551615", "take fewer --neurons or a smaller --batch"),
        (
            "run -n 4294967295 --batch 1",
            "4294967295 neurons in 1 batch row are more cells than a run can have",
        ),
        ("run -n 70000 --batch 70000", "are more cells than a run can have, 4294967294 (2^32 - 2)"),
        (
            "run --v-threshold 1e20",
            "--v-threshold 1e20: the current where none is said follows from --v-threshold, --v-rest and --resistance",
        ),
        (
            "run --preset snntorch-leaky:beta=1.5",
            "beta is 1.5; it must be below 1; snntorch takes what is above 1 for 1",
        ),
    ] {
        folder.refuses(&format!("{words} --device cpu"), 2, message);
    }
    folder.refuses(
        "bench --quick --plot missing/speed.png",
        1,
        "--plot missing/speed.png: cannot write it: ",
    );
    // The name of its lock is longer than that of the checkpoint, and its temporary name is longer still.
    for (length, message) in [(300, "of --checkpoint: "), (250, "--checkpoint says where it is written")] {
        let words = format!("run --device cpu --neurons 2 --steps 9 --checkpoint {}", "x".repeat(length));
        folder.refuses(&words, 1, message);
    }
    folder.write("a.txt", "");
    let words = "run --device cpu --neurons 2 --steps 9 --checkpoint a.txt";
    folder.refuses(words, 2, "--checkpoint a.txt: a.txt is there already");
}

/// A stimulus for several neurons, when one neuron is compared with a recording.
#[test]
fn a_stimulus_of_several_neurons_is_refused_with_its_file() {
    let folder = Folder::new();
    ndarray_npy::write_npy(folder.path("two.npy"), &ndarray::Array2::from_elem((2000, 2), 0.5)).unwrap();
    folder.write("spikes.txt", "10\n20\n");
    for command in ["score", "fit"] {
        let said =
            complaint(&folder, &format!("{command} --device cpu --stimulus two.npy --spikes spikes.txt"));
        assert!(said.contains("stimulus two.npy: its shape [2000, 2] is that of several neurons"), "{said}");
        assert!(!said.contains("--neurons"), "{said}");
    }
}

/// Time constants that no neuron can have, in a graph that was valid before.
#[test]
fn numbers_of_a_graph_that_are_none_are_told_with_their_file() {
    let folder = Folder::new();
    folder.run("--neurons 3 --steps 9 --tau-m 20 --no-plot --write-nir").assert().success();
    let graph = fs::read(folder.path("lif-out/neurons.nir")).unwrap();
    let with = |tau: f64| {
        let mut bytes = graph.clone();
        let (old, new) = (0.02_f64.to_le_bytes(), tau.to_le_bytes());
        let places: Vec<usize> =
            (0..bytes.len() - 7).filter(|place| bytes[*place..*place + 8] == old).collect();
        assert!(!places.is_empty());
        bytes[places[0]..places[0] + 8].copy_from_slice(&new);
        fs::write(folder.path("odd.nir"), bytes).unwrap();
    };
    let run = "run --device cpu --nir odd.nir --dt 0.1 --t-ref 0 --reset to-value";
    for tau in [-0.02, f64::NAN] {
        with(tau);
        let said = complaint(&folder, run);
        assert!(said.starts_with("error: ") && said.contains("--nir odd.nir: "), "{said}");
    }
    folder
        .lif("nir odd.nir")
        .assert()
        .success()
        .stdout(predicate::str::contains("NaN").and(predicate::str::contains("inf").not()));
}

#[cfg(unix)]
mod pipes {
    use super::complaint;
    use crate::Folder;
    use crate::processes::{begin, wait_for};
    use std::process::Command;

    fn pipe(folder: &Folder, name: &str) {
        assert!(Command::new("mkfifo").arg(folder.path(name)).status().unwrap().success());
    }

    /// Pipes into which nothing is ever written.
    #[test]
    fn pipes_are_refused_with_checkpoints_before_they_are_opened() {
        let folder = Folder::new();
        pipe(&folder, "pipe");
        folder.write("events.txt", "3 0\n");
        for words in ["--stimulus pipe", "--events pipe", "--events events.txt --events-matrix pipe"] {
            let words = format!("run --device cpu --neurons 2 --steps 9 {words} --checkpoint run.st");
            folder.refuses(&words, 2, "pipe comes through a pipe, which is gone when the run is to go on");
            let option = if words.contains("--stimulus") { "stimulus" } else { "events" };
            assert!(complaint(&folder, &words).starts_with(&format!("error: --{option}")));
        }
        assert!(!folder.path("run.st").exists());
    }

    #[test]
    fn a_file_that_has_become_a_pipe_is_refused_when_a_run_is_resumed() {
        let folder = Folder::new();
        folder.write("in.txt", "0.5\n0.6\n");
        let words = "run --device cpu --neurons 200 --steps 4000000 --no-plot --record rate --stimulus in.txt --checkpoint \
                     run.st --checkpoint-every 1000";
        let mut child = begin(&folder, words);
        wait_for(&folder.path("run.st"));
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_file(folder.path("in.txt")).unwrap();
        pipe(&folder, "in.txt");
        let said = complaint(&folder, "run --resume run.st");
        assert!(said.starts_with("error: cannot resume run.st: the stimulus "), "{said}");
        assert!(
            said.contains("in.txt is a pipe now; bring back the file") && !said.contains("--checkpoint"),
            "{said}"
        );
    }
}
