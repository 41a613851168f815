//! What a run needs is said, and refused where it is more than allowed; devices can share it.

use super::Folder;
use predicates::prelude::*;
use serde_json::Value;
#[cfg(target_os = "linux")]
use std::io::{Seek, SeekFrom, Write};

const SMALL: &str = "--neurons 300 --batch 2 --steps 640 --record spikes,rate,voltage:0+299/7";

#[test]
fn devices_in_a_list_share_the_population() {
    let folder = Folder::new();
    let alone = folder.summary(SMALL);
    let output = folder.lif(&format!("run --device cpu,cpu --json --no-plot {SMALL}")).assert().success();
    let shared: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert!(alone["spikes"].as_u64().unwrap() > 0);
    for key in ["spikes", "spike_hash", "mean_rate_hz", "cv_isi", "engine"] {
        assert_eq!(alone[key], shared[key], "{key}");
    }
    assert!(shared["device"].as_str().unwrap().contains(" + CPU"), "{}", shared["device"]);
}

#[test]
fn the_memory_is_said_and_the_budget_kept() {
    let folder = Folder::new();
    let memory = &folder.summary(SMALL)["memory_bytes"];
    let need = memory["host"].as_u64().unwrap();
    assert_eq!(memory["device"], 0);
    // Three words of state and two of counts per cell, and 20 words of spikes.
    assert!(need > 600 * 4 * 25 && need < 1 << 20, "{need}");
    folder
        .run(&format!("--no-plot {SMALL}"))
        .assert()
        .success()
        .stdout(predicate::str::contains("\nmemory "));

    folder.summary(&format!("{SMALL} --memory-budget {need}"));
    folder
        .run(&format!("--out other --memory-budget {} {SMALL}", need - 1))
        .assert()
        .code(1)
        .stdout("")
        .stderr(
            predicate::str::starts_with("error: the run (the parameters")
                .and(predicate::str::contains("the blocks of the recording 54.49 KiB"))
                .and(predicate::str::contains("the memory budget is")),
        );
    assert!(!folder.path("other").exists());
    folder.run("--memory-budget much").assert().code(2).stderr(predicate::str::contains("512MiB, 2GB"));
}

/// Runs on the CPU and says the most memory that the process had at a time, in bytes.
#[cfg(target_os = "linux")]
fn peak(folder: &Folder, words: &str) -> u64 {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lif"))
        .args(format!("run --device cpu --no-plot --quiet {words}").split_whitespace())
        .current_dir(folder.path(""))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The highest mark until now, in KiB; none when the process has ended.
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = now.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = peak.max(mark.map_or(0, |mark| mark.parse().unwrap()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return peak << 10;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_of_ten_times_the_memory_stays_within_the_budget() {
    const BUDGET: u64 = 96 << 20;
    let folder = Folder::new();
    let steps = 10 * BUDGET / (4 * 1000);
    let words = format!("--neurons 1000 --steps {steps} --record voltage:0..1000 --memory-budget {BUDGET}");
    let peak = peak(&folder, &words);
    let written = std::fs::metadata(folder.path("lif-out/spikes.npz")).unwrap().len();
    assert!(written > 10 * BUDGET - (1 << 20) && peak <= BUDGET, "{peak} bytes for {written}");
}

/// What many neurons record in a few steps is more than all else that they need.
#[cfg(target_os = "linux")]
#[test]
fn the_potentials_of_many_neurons_take_the_memory_that_is_said() {
    let folder = Folder::new();
    let words = "--neurons 2000000 --steps 64 --current 0.9 --init-voltage -60 --record voltage:0..2000000";
    let need = folder.summary(words)["memory_bytes"]["host"].as_u64().unwrap();
    let peak = peak(&folder, words);
    // The command itself has some 30 MiB.
    assert!(peak <= need + (40 << 20), "{peak} bytes, {need} said");
    // A sample has 8 MB, and the state of a neuron three words and two for reading it.
    assert!(need < 400 << 20, "{need}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_stimulus_of_ten_times_the_memory_stays_within_the_budget() {
    const BUDGET: u64 = 48 << 20;
    let folder = Folder::new();
    let (steps, n) = (10 * BUDGET / (4 * 2000), 2000);
    // A file full of zeros takes no room on the disk; only the last sample is something else.
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({steps}, {n}), }}");
    header.push_str(&" ".repeat(64 - (10 + header.len() + 1) % 64));
    header.push('\n');
    let mut file = std::fs::File::create(folder.path("long.npy")).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len(10 + header.len() as u64 + steps * n * 4).unwrap();
    file.seek(SeekFrom::End(-4)).unwrap();
    file.write_all(&100_f32.to_le_bytes()).unwrap();
    drop(file);
    let words = format!("--stimulus long.npy --tau-m 1 --record voltage:0 --memory-budget {BUDGET}");
    let peak = peak(&folder, &words);
    assert!(peak <= BUDGET, "{peak} bytes");
    assert_eq!(folder.array::<f32>("voltage").len() as u64, steps);
    // Only the last neuron was driven, at the last step.
    let counts = folder.array::<u32>("counts");
    assert_eq!((counts.sum(), counts[[0, n as usize - 1]]), (1, 1));
}
