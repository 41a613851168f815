//! Runs of networks that are killed and continued.
#![cfg(unix)]

use super::Folder;
use super::networks::{LISTED, SMALL};
use super::networks_space::SHEET;
use super::processes::{begin, begin_and_listen, interrupt, wait_for};
use lif::{Checkpoint, Device, Network, Params, Population, Rule, Synapse};
use predicates::prelude::*;
use serde_json::Value;
use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

/// The checkpoint of the runs of this file.
const CHECKPOINT: &str = "run.safetensors";

/// Steps of the warm-up.
const WARMUP: u64 = 10_000;

const RUN: &str =
    "--config net.toml --batch 2 --duration 2s --warmup 1s --seed 3 --record spikes,rate,voltage:0+7/3";

/// A folder with a network, in which each kind of entry occurs.
fn with_network() -> Folder {
    let folder = Folder::new();
    folder.write("net.toml", &format!("{SMALL}{SHEET}"));
    folder
}

fn started(folder: &Folder, words: &str, every: u64) -> Child {
    begin(folder, &format!("run --device cpu {words} --checkpoint {CHECKPOINT} --checkpoint-every {every}"))
}

/// The files, and the summary without times.
#[derive(Debug, PartialEq)]
struct Outputs {
    arrays: Vec<u8>,
    picture: Vec<u8>,
    network: String,
    summary: Value,
}

fn outputs(folder: &Folder) -> Outputs {
    let read = |name| fs::read(folder.path("lif-out").join(name)).unwrap();
    let mut summary: Value = serde_json::from_slice(&read("summary.json")).unwrap();
    for key in ["build_s", "wall_s", "real_time_factor", "events_per_s", "neuron_steps_per_s"] {
        summary.as_object_mut().unwrap().remove(key);
    }
    let network = String::from_utf8(read("network.toml")).unwrap();
    let is_sweep = summary["sweep"].is_object();
    let picture = if is_sweep { [read("sweep.png"), read("sweep.csv")].concat() } else { read("raster.png") };
    Outputs { arrays: read("spikes.npz"), picture, network, summary }
}

/// The output of a run without interruption.
fn undisturbed(words: &str, every: u64) -> Outputs {
    let folder = with_network();
    assert!(started(&folder, words, every).wait().unwrap().success());
    assert_eq!(folder.written(), ["network.toml", "raster.png", "spikes.npz", "summary.json"]);
    assert!(!folder.path(CHECKPOINT).exists());
    outputs(&folder)
}

/// Starts a run, and kills it when its checkpoint has one of these steps. `None` if it comes too late.
fn killed_in(words: &str, every: u64, steps: std::ops::Range<u64>) -> Option<Folder> {
    let folder = with_network();
    let mut child = started(&folder, words, every);
    wait_for(&folder.path(CHECKPOINT));
    let made = || Checkpoint::open(folder.path(CHECKPOINT)).map_or(u64::MAX, |checkpoint| checkpoint.steps());
    while made() < steps.start {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    steps.contains(&made()).then_some(folder)
}

/// The same, several times if it comes too late.
fn killed(words: &str, every: u64, steps: std::ops::Range<u64>) -> Folder {
    (0..10).find_map(|_| killed_in(words, every, steps.clone())).expect("it was too fast each time")
}

#[test]
fn a_network_that_is_killed_again_and_again_gives_the_same_files() {
    for every in [331, 4000] {
        let expected = undisturbed(RUN, every);
        let folder = with_network();
        let mut child = started(&folder, RUN, every);
        wait_for(&folder.path(CHECKPOINT));
        let mut kills = 0;
        for delay in [0, 3, 11, 29, 53, 7, 101, 41, 201] {
            std::thread::sleep(Duration::from_millis(delay));
            if child.try_wait().unwrap().is_some() {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            if !folder.path(CHECKPOINT).exists() {
                break;
            }
            kills += 1;
            child = begin(&folder, &format!("run --resume {CHECKPOINT}"));
        }
        child.wait().unwrap();
        assert!(kills > 0);
        assert!(outputs(&folder) == expected, "a checkpoint every {every} steps");
        // No process removes the temporary files of a killed run.
        let mut written = folder.written();
        written.retain(|name| !name.starts_with(".lif-"));
        assert_eq!(written, ["network.toml", "raster.png", "spikes.npz", "summary.json"]);
    }
}

/// In the warm-up, at its end, and after it; also with recordings from which the statistics could not be computed.
#[test]
fn a_network_goes_on_from_the_warm_up_and_from_any_step_after_it() {
    let all = 3 * WARMUP;
    for record in ["", "--record none", "--record spikes:0..9,rate --plot-from 100 --plot-to 300"] {
        let words = format!("--config net.toml --duration 2s --warmup 1s --seed 3 {record}");
        for (every, steps) in
            [(500, 0..WARMUP), (WARMUP, WARMUP..WARMUP + 1), (700, 12_000..all), (1300, 20_000..all)]
        {
            let expected = undisturbed(&words, every);
            let folder = killed(&words, every, steps.clone());
            // The file from which the network was read is not needed any more.
            folder.write("net.toml", "[groups.other]\nsize = 3\n");
            folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
            assert!(outputs(&folder) == expected, "{words}, from {steps:?}");
        }
    }
}

#[test]
fn a_sweep_goes_on_from_the_warm_up_and_from_any_step_after_it() {
    let words = "--network brunel --scale 0.02 --g 3,6 --eta 1:2:2 --duration 500 --warmup 200 --seed 3";
    let whole = with_network();
    assert!(started(&whole, words, 500).wait().unwrap().success());
    let expected = outputs(&whole);
    assert_eq!(expected.summary["sweep"]["rows"].as_array().unwrap().len(), 4);
    for steps in [0..2000, 2500..7000] {
        let folder = killed(words, 500, steps);
        folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
        assert!(outputs(&folder) == expected);
    }
}

/// Kills a run again and again at `moment` and continues it, until it is done. Returns how often it was
/// killed.
fn killed_at(folder: &Folder, every: u64, mut moment: impl FnMut(&Folder) -> bool) -> usize {
    let mut child = started(folder, RUN, every);
    let mut kills = 0;
    let start = Instant::now();
    loop {
        loop {
            assert!(start.elapsed() < Duration::from_secs(120), "it does not end");
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success());
                return kills;
            }
            if folder.path(CHECKPOINT).exists() && moment(folder) {
                break;
            }
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.success() || !folder.path(CHECKPOINT).exists() {
            return kills;
        }
        kills += 1;
        child = begin(folder, &format!("run --resume {CHECKPOINT}"));
    }
}

#[test]
fn a_network_that_is_killed_while_it_makes_checkpoints_or_writes_its_files_gives_the_same() {
    let expected = undisturbed(RUN, 2000);
    // The temporary name of a checkpoint, of which the state has been written before.
    let folder = with_network();
    let partial = folder.path("run.safetensors.partial");
    let mut left = 6;
    let kills = killed_at(&folder, 2000, |_| {
        let is_time = left > 0 && partial.exists();
        left -= usize::from(is_time);
        is_time
    });
    assert!(kills >= 3, "{kills} kills");
    assert!(outputs(&folder) == expected);

    let folder = with_network();
    let mut left = 6;
    let kills = killed_at(&folder, 2000, |folder| {
        let is_writing =
            || folder.written().iter().any(|name| name.starts_with(".lif-") && name != ".lif-lock");
        let is_time = left > 0 && folder.path("lif-out").exists() && is_writing();
        if is_time {
            left -= 1;
            std::thread::sleep(Duration::from_millis(10 * (left as u64 % 3)));
        }
        is_time
    });
    assert!(kills > 0);
    assert!(outputs(&folder) == expected);
}

#[test]
fn ctrl_c_makes_a_checkpoint_of_a_network_and_says_how_to_go_on() {
    for (name, words) in [
        ("in the warm-up", "--network brunel --scale 0.1 --duration 10 --warmup 10s --seed 2"),
        ("after it", "--network brunel --scale 0.1 --duration 10s --warmup 0 --seed 2"),
    ] {
        let expected = undisturbed(words, 1_000_000);
        let folder = Folder::new();
        let all = format!("run --device cpu {words} --checkpoint {CHECKPOINT} --checkpoint-every 1000000");
        let child = begin_and_listen(&folder, all.split_whitespace());
        // The first checkpoint is made before the first step.
        wait_for(&folder.path(CHECKPOINT));
        std::thread::sleep(Duration::from_millis(50));
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{name}: {said}");
        assert!(said.contains("go on with: lif run --resume run.safetensors"), "{name}: {said}");
        assert!(!folder.path("lif-out/spikes.npz").exists());
        let steps = Checkpoint::open(folder.path(CHECKPOINT)).unwrap().steps();
        assert!((1..100_000).contains(&steps), "{name}: {steps}");
        // From another folder, and with the summary as JSON.
        let elsewhere = Folder::new();
        let resume = folder.path(CHECKPOINT);
        elsewhere.lif(&format!("run --json --resume {}", resume.display())).assert().success();
        let mut found = outputs(&folder);
        found.summary["settings"].as_object_mut().unwrap().remove("json");
        assert_eq!(found.summary, expected.summary, "{name}");
        assert!(found == expected, "{name}");
    }
}

#[cfg(not(skip_gpu_tests))]
#[test]
fn a_network_goes_on_on_another_device() {
    let expected = undisturbed(RUN, 700);
    // Late, as a software adapter is slow.
    let folder = killed(RUN, 700, 20_000..3 * WARMUP);
    folder.lif(&format!("run --resume {CHECKPOINT} --device software")).assert().success();
    let found = outputs(&folder);
    assert!(found.arrays == expected.arrays);
    assert_ne!(found.summary["device"], expected.summary["device"]);
    for key in ["spike_hash", "groups", "cv_isi", "spikes", "synapses"] {
        assert_eq!(found.summary[key], expected.summary[key], "{key}");
    }
}

/// A file with a state that is damaged is refused, and the run goes on when it is back.
#[test]
fn the_statistics_of_a_network_must_be_there_as_they_were() {
    let expected = undisturbed(RUN, 700);
    let folder = killed(RUN, 700, 12_000..3 * WARMUP);
    // One of the two files has the state of the checkpoint; the next was to be written into the other.
    let progress = Checkpoint::open(folder.path(CHECKPOINT)).unwrap().notes()["lif-run.progress"].clone();
    let (last, other) =
        if progress.contains("state_0") { ("state_0", "state_1") } else { ("state_1", "state_0") };
    let [last, other] = [last, other].map(|name| {
        let end = format!(".{name}.partial");
        let name = folder.written().into_iter().find(|name| name.ends_with(&end)).unwrap();
        folder.path("lif-out").join(name)
    });
    let kept = fs::read(&last).unwrap();
    let checkpoint = fs::read(folder.path(CHECKPOINT)).unwrap();
    let mut altered = kept.clone();
    altered[9] ^= 1;
    for (bytes, reason) in [
        (Some(&altered[..]), "its checksum is another"),
        (Some(&kept[..8]), "had"),
        (None, "cannot be opened"),
    ] {
        match bytes {
            Some(bytes) => fs::write(&last, bytes).unwrap(),
            None => fs::remove_file(&last).unwrap(),
        }
        folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, "cannot resume: ");
        folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, reason);
        assert!(fs::read(folder.path(CHECKPOINT)).unwrap() == checkpoint);
    }
    fs::write(&last, kept).unwrap();
    fs::write(&other, "anything").unwrap();
    folder.lif(&format!("run --resume {CHECKPOINT} --no-plot")).assert().success();
    assert_eq!(folder.written(), ["network.toml", "spikes.npz", "summary.json"]);
    assert_eq!(fs::read(folder.path("lif-out/spikes.npz")).unwrap(), expected.arrays);
}

#[test]
fn a_list_of_synapses_must_be_as_it_was() {
    let list = "source,target,weight,delay\n0,2,20,1.5\n1,0,20,3\n1,0,0,3\n";
    let folder = Folder::new();
    folder.write("net.toml", LISTED);
    folder.write("synapses.csv", list);
    let words = "--config net.toml --steps 4e6 --no-plot";
    let whole = folder.json(&format!("run --device cpu --json {words} --out whole")).0;
    let mut child = started(&folder, words, 100_000);
    wait_for(&folder.path(CHECKPOINT));
    child.kill().unwrap();
    child.wait().unwrap();
    let resume = format!("run --resume {}", folder.path(CHECKPOINT).display());
    fs::remove_file(folder.path("synapses.csv")).unwrap();
    folder.refuses(&resume, 1, "synapses.csv");
    for other in [list.replace("0,2,", "0,1,"), list.replace("1.5", "1.6"), format!("{list}2,2,20,3\n")] {
        folder.write("synapses.csv", &other);
        folder.refuses(&resume, 1, "it is of another network: ");
        folder.refuses(&resume, 1, "synapses.csv as it was");
    }
    folder.write("synapses.csv", list);
    // From another folder.
    Folder::new().lif(&resume).assert().success();
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path("lif-out/summary.json")).unwrap()).unwrap();
    assert_eq!(summary["spike_hash"], whole["spike_hash"]);
}

/// A checkpoint says whether it is of a network, so that nobody has to; one with the state of the other kind is refused.
#[test]
fn checkpoints_of_networks_and_of_neurons_are_kept_apart() {
    let folder = killed(RUN, 700, 1..3 * WARMUP);
    for words in
        ["--network brunel", "--config net.toml", "--warmup 0", "--scale 2", "--seed 3", "--out other"]
    {
        folder.refuses(&format!("run --resume {CHECKPOINT} {words}"), 2, "cannot go with --resume");
    }
    let message = "run.safetensors is there already; go on with it by --resume, or remove it";
    folder.refuses(&format!("run --network brunel --checkpoint {CHECKPOINT}"), 2, message);
    folder.refuses("run --network brunel --checkpoint x --checkpoint-every 0", 2, "at least 1 step");

    // The notes of a network with neurons that are not connected, and with another network.
    let whole = fs::read(folder.path(CHECKPOINT)).unwrap();
    let notes = |folder: &Folder| Checkpoint::open(folder.path(CHECKPOINT)).unwrap().notes().clone();
    let of_network = notes(&folder);
    let mut neurons = Population::new(Params::default(), [2, 130], &Device::cpu()).unwrap();
    neurons.save_with(folder.path(CHECKPOINT), &of_network).unwrap();
    folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, "it is not of a network");
    let mut network = Network::new();
    let cells = network.add("cells", 130, Params::default()).unwrap();
    network.connect(&cells, &cells, Rule::fixed_indegree(3), Synapse::jump(0.5)).unwrap();
    let mut other = network.build(2, &Device::cpu()).unwrap();
    other.save_with(folder.path(CHECKPOINT), &of_network).unwrap();
    folder.refuses(
        &format!("run --resume {CHECKPOINT}"),
        1,
        "it is of another network: its groups, rules, weights, delays or seed differ",
    );
    fs::write(folder.path(CHECKPOINT), &whole).unwrap();
    folder.lif(&format!("run --resume {CHECKPOINT} --no-plot")).assert().success();

    // A network with the notes of neurons, and with none.
    let folder = Folder::new();
    let words = format!("run --device cpu --neurons 130 --batch 2 --steps 4e6 --checkpoint {CHECKPOINT}");
    let mut child = begin(&folder, &words);
    wait_for(&folder.path(CHECKPOINT));
    child.kill().unwrap();
    child.wait().unwrap();
    let of_neurons = notes(&folder);
    other.save_with(folder.path(CHECKPOINT), &of_neurons).unwrap();
    folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, "it is of a network");
    other.save(folder.path(CHECKPOINT)).unwrap();
    folder
        .lif(&format!("run --resume {CHECKPOINT}"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("not made by `lif run`"));
}
