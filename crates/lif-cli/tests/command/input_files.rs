//! Input files: through pipes, and their description in a summary.

#![allow(clippy::disallowed_methods, reason = "what is made here is read as it was written")]

use super::spike_files::{SCORE, folder, lines};
use super::stimulus_files::run;
use super::{Folder, root};
use predicates::prelude::*;
use serde_json::Value;
use std::fs;

#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_is_read() {
    let (folder, times) = folder();
    folder.archive_of("stimulus.npz", &[("stimulus", &[0.9; 4000]), ("dt_ms", &[0.5])]);
    folder.write("stimulus.txt", &"0.9\n".repeat(20_000));
    let expected = run(&folder, "--stimulus stimulus.npz").1;
    for (file, words) in [("stimulus.npz", ""), ("stimulus.txt", "")] {
        let piped = folder
            .run(&format!("--neurons 2 --no-plot --json --stimulus /dev/stdin {words}"))
            .write_stdin(fs::read(folder.path(file)).unwrap())
            .assert()
            .success()
            .stderr("")
            .get_output()
            .clone();
        let summary: Value = serde_json::from_slice(&piped.stdout).unwrap();
        assert_eq!(summary["spike_hash"], expected["spike_hash"], "{file}");
    }
    folder
        .lif(&format!("{SCORE} /dev/stdin"))
        .write_stdin(lines(&times))
        .assert()
        .success()
        .stdout(predicate::str::contains("\"recorded\": 200"));
    // A fit reads the spikes twice, and its neuron needs a stimulus that can be read again.
    let sound: String = (0..20_000).map(|k| format!("{}\n", (f64::from(k) * 0.01).sin())).collect();
    folder.write("spikes.txt", &lines(&times));
    folder
        .lif("fit --device cpu --quiet --no-plot --candidates 8 --generations 0 --stimulus /dev/stdin --spikes spikes.txt")
        .write_stdin(sound.clone())
        .assert()
        .success();
    let neuron = fs::read_to_string(folder.path("lif-out/neuron.toml")).unwrap();
    assert!(neuron.contains("# Its stimulus came through a pipe; add --stimulus FILE."), "{neuron}");
    assert!(!neuron.contains("stimulus ="), "{neuron}");
    folder.write("sound.txt", &sound);
    folder
        .lif("fit --device cpu --quiet --no-plot --candidates 8 --generations 0 --stimulus sound.txt --spikes /dev/stdin")
        .write_stdin(lines(&times))
        .assert()
        .success();
    folder
        .run("--neurons 2 --stimulus /dev/stdin --checkpoint run.safetensors")
        .write_stdin("0.5\n")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("comes through a pipe, which is gone when the run is to go on"));
    folder.refuses("run --device cpu --stimulus /dev/null", 1, "stimulus /dev/null: it is empty");
    folder.refuses("run --device cpu --stimulus /dev/zero", 1, "more than 256 MiB come through it");
}

#[test]
fn tables_say_what_was_understood() {
    let (folder, times) = folder();
    folder.write("spikes.txt", &lines(&times));
    folder
        .lif("score --device cpu --stimulus still.npy --spikes spikes.txt --spikes spikes.txt")
        .assert()
        .success()
        .stdout(
            predicate::str::contains(
                "stimulus     20,000 samples, 0 to 2000 ms, one every 0.1 ms by default\n",
            )
            .and(predicate::str::contains(
                "spikes       200 spikes, 9.7 to 1940 ms, times in ms by default: spikes.txt\n",
            )),
        );
    folder.write("in.txt", "time (s) value\n0 0.5\n0.001 1\n");
    folder.write("events.txt", "3 0\n3 1\n3 1\n");
    folder.run("--neurons 2 --no-plot --stimulus in.txt --events events.txt").assert().success().stdout(
        predicate::str::contains(
            "stimulus     2 samples, 0 to 1 ms, times in s by the name 'time (s)', columns\n             'time (s)', 'value'\n",
        )
        .and(predicate::str::contains(
            "events       3 events, steps 3 to 3, columns 'step', 'neuron'; 1 is there more\n             than once and counts once; each moves v by 1 mV\n",
        )),
    );
}

/// The recording in the repository, and a settings file: no warning.
#[test]
fn the_grasshopper_is_not_doubted() {
    let root = root();
    let folder = Folder::new();
    let config = root.join("examples/grasshopper.toml");
    let words = format!("--config {} --neurons 3 --duration 200 --out out", config.display());
    folder.run(&words).assert().success().stderr("");
    let data = root.join("data/grasshopper");
    folder
        .lif(&format!(
            "score --device cpu --json --preset receptor --dt 0.05 --stimulus {data}/stimulus.npz \
             --spikes {data}/spike_times_ms.txt",
            data = data.display()
        ))
        .assert()
        .success()
        .stderr("")
        .stdout(predicate::str::contains("\"unit_from\": \"default\""));
}

/// A recording whose times are in microseconds: the fit gives no warning about that.
#[test]
fn a_fit_to_a_recording_in_microseconds_says_so() {
    let folder = Folder::new();
    let sound: String = (0..2100).map(|k| format!("{} {}\n", k * 500, (f64::from(k) * 0.1).sin())).collect();
    folder.write("sound.txt", &sound);
    let spikes: String = (1..1000).map(|k| format!("{}\n", k * 1000 + 7)).collect();
    folder.write("spikes.txt", &spikes);
    let words =
        "fit --device cpu --no-plot --candidates 8 --generations 0 --stimulus sound.txt --spikes spikes.txt";
    folder.lif(&format!("{words} --dt 10")).assert().success().stderr(
        predicate::str::contains("stimulus sound.txt: 2,100 samples that last 1,050 s, 500 ms apart")
            .and(predicate::str::contains("say --stimulus-time-unit ms if they are ms")),
    );
    let units = "--stimulus-time-unit us --spikes-time-unit us";
    folder.lif(&format!("{words} {units}")).assert().success().stderr("");
}
