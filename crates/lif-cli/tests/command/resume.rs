//! Runs that are killed and continued, and the files that they save for this.
#![cfg(unix)]

use super::Folder;
use super::processes::{begin, begin_and_listen, interrupt, wait_for};
use ndarray::Array1;
use ndarray_npy::{NpzWriter, write_npy};
use predicates::prelude::*;
use serde_json::Value;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const RUN: &str = "--neurons 300 --batch 2 --steps 40000 --current 0.5:1.5 --trace add --input poisson:rate=100,weight=0.3 --seed 3 \
                   --record spikes,rate,voltage:0+7/3";

/// The checkpoint of the runs of this file.
const CHECKPOINT: &str = "run.safetensors";

fn started(folder: &Folder, every: u64) -> Child {
    begin(folder, &format!("run --device cpu {RUN} --checkpoint {CHECKPOINT} --checkpoint-every {every}"))
}

/// The outputs, and the summary without times.
fn outputs(folder: &Folder) -> (Vec<u8>, Vec<u8>, Value) {
    let read = |name| fs::read(folder.path("lif-out").join(name)).unwrap();
    let mut summary: Value = serde_json::from_slice(&read("summary.json")).unwrap();
    for key in ["wall_s", "neuron_steps_per_s"] {
        summary.as_object_mut().unwrap().remove(key);
    }
    (read("spikes.npz"), read("raster.png"), summary)
}

/// The output of a run without interruption.
fn undisturbed(every: u64) -> (Vec<u8>, Vec<u8>, Value) {
    let folder = Folder::new();
    assert!(started(&folder, every).wait().unwrap().success());
    // No temporary file is left.
    assert_eq!(folder.written(), ["raster.png", "spikes.npz", "summary.json"]);
    assert!(!folder.path(CHECKPOINT).exists());
    outputs(&folder)
}

#[test]
fn a_run_that_is_killed_again_and_again_gives_the_same_files() {
    for every in [97, 4000] {
        let expected = undisturbed(every);
        let folder = Folder::new();
        let mut child = started(&folder, every);
        wait_for(&folder.path(CHECKPOINT));
        let mut kills = 0;
        for delay in [0, 3, 11, 29, 53, 7, 101, 41] {
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
        assert_eq!(outputs(&folder), expected, "a checkpoint every {every} steps");
        // No process removes the partial files of a killed run.
        let mut written = folder.written();
        written.retain(|name| !name.starts_with(".lif-"));
        assert_eq!(written, ["raster.png", "spikes.npz", "summary.json"]);
    }
}

/// Kills a run again and again at `moment` and continues it, until it is done. Returns how often it was
/// killed.
fn killed_at(folder: &Folder, every: u64, mut moment: impl FnMut(&Folder, Duration) -> bool) -> usize {
    let mut child = started(folder, every);
    let mut kills = 0;
    loop {
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success());
                return kills;
            }
            if folder.path(CHECKPOINT).exists() && moment(folder, start.elapsed()) {
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

/// Whether the output folder contains a partial file whose name starts like this.
fn is_writing(folder: &Folder, prefix: &str) -> bool {
    folder.written().iter().any(|name| name.starts_with(prefix))
}

#[test]
fn a_run_that_is_killed_at_random_moments_gives_the_same_files() {
    let expected = undisturbed(500);
    let folder = Folder::new();
    let start = Instant::now();
    undisturbed(500);
    let whole = start.elapsed();
    let mut random = 0x2545_f491_u64;
    let mut delay = Duration::ZERO;
    let mut left = 12;
    let kills = killed_at(&folder, 500, |_, running| {
        if delay.is_zero() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Up to the duration of the whole run, so that some kills come close to its end.
            delay = whole.mul_f64((random >> 32) as f64 / f64::from(u32::MAX)) + Duration::from_nanos(1);
        }
        let is_time = left > 0 && running >= delay;
        if is_time {
            left -= 1;
            delay = Duration::ZERO;
        }
        is_time
    });
    assert!(kills > 0);
    assert_eq!(outputs(&folder), expected);
}

#[test]
fn a_run_that_is_killed_while_it_makes_a_checkpoint_gives_the_same_files() {
    let expected = undisturbed(2000);
    let folder = Folder::new();
    let partial = folder.path("run.safetensors.partial");
    let mut left = 6;
    let kills = killed_at(&folder, 2000, |_, _| {
        let is_time = left > 0 && partial.exists();
        left -= usize::from(is_time);
        is_time
    });
    assert!(kills >= 3, "{kills} kills");
    assert_eq!(outputs(&folder), expected);
}

#[test]
fn a_run_that_is_killed_while_it_writes_its_files_gives_the_same() {
    let expected = undisturbed(20_000);
    let folder = Folder::new();
    let mut left = 6;
    let kills = killed_at(&folder, 20_000, |folder, _| {
        // The picture, the arrays and the summary are written in this order.
        let is_time = left > 0 && folder.path("lif-out").exists() && is_writing(folder, ".lif-");
        if is_time {
            left -= 1;
            std::thread::sleep(Duration::from_millis(10 * (left as u64 % 3)));
        }
        is_time
    });
    assert!(kills > 0);
    assert_eq!(outputs(&folder), expected);
}

/// A run that was killed before its end.
fn killed() -> Folder {
    let folder = Folder::new();
    let mut child = started(&folder, 500);
    wait_for(&folder.path(CHECKPOINT));
    // Late enough for every partial file to contain data that the checkpoint needs.
    let far_enough = |checkpoint: lif::Result<lif::Checkpoint>| checkpoint.is_ok_and(|c| c.steps() >= 2000);
    while folder.path(CHECKPOINT).exists() && !far_enough(lif::Checkpoint::open(folder.path(CHECKPOINT))) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.path(CHECKPOINT).exists(), "it was done before it was killed");
    folder
}

#[test]
fn ctrl_c_makes_a_checkpoint_and_says_how_to_go_on() {
    let expected = undisturbed(1_000_000);
    let folder = Folder::new();
    let words = format!("run --device cpu {RUN} --checkpoint {CHECKPOINT} --checkpoint-every 1000000");
    let child = begin_and_listen(&folder, words.split_whitespace());
    wait_for(&folder.path(CHECKPOINT));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("go on with: lif run --resume run.safetensors"), "{said}");
    assert!(!folder.path("lif-out/spikes.npz").exists());
    // From another folder, and with the summary as JSON.
    let elsewhere = Folder::new();
    let resume = folder.path(CHECKPOINT);
    elsewhere.lif(&format!("run --json --resume {}", resume.display())).assert().success();
    let mut found = outputs(&folder);
    found.2["settings"].as_object_mut().unwrap().remove("json");
    assert_eq!(found, expected);
}

#[cfg(not(skip_gpu_tests))]
#[test]
fn a_run_goes_on_on_another_device() {
    let expected = undisturbed(500);
    let folder = killed();
    folder.lif(&format!("run --resume {CHECKPOINT} --device auto")).assert().success();
    let found = outputs(&folder);
    assert_eq!(found.0, expected.0);
    assert_eq!(found.2["spike_hash"], expected.2["spike_hash"]);
}

/// The partial file of an array, in a folder with one run.
fn partial(folder: &Folder, array: &str) -> PathBuf {
    let end = format!(".{array}.partial");
    let name = folder.written().into_iter().find(|name| name.ends_with(&end));
    folder.path("lif-out").join(name.expect("it has one"))
}

#[test]
fn what_a_run_has_kept_must_be_there_as_it_was() {
    let expected = undisturbed(500);
    let folder = killed();
    let spool = partial(&folder, "step");
    let kept = fs::read(&spool).unwrap();
    let rate = fs::read(partial(&folder, "rate")).unwrap();
    let mut altered = kept.clone();
    altered[0] ^= 1;
    for (bytes, reason) in [
        (Some(&kept[..0]), "had"),
        (Some(&altered[..]), "its checksum is another"),
        // The file of another array, or of another run.
        (Some(&[&rate[..], &kept].concat()[..]), "its checksum is another"),
        (None, "cannot be opened"),
    ] {
        match bytes {
            Some(bytes) => fs::write(&spool, bytes).unwrap(),
            None => fs::remove_file(&spool).unwrap(),
        }
        folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, "cannot resume");
        folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, reason);
        // A refusal changes nothing.
        assert_eq!(fs::read(&spool).ok().as_deref(), bytes);
        assert_eq!(fs::read(partial(&folder, "rate")).unwrap(), rate);
    }
    let aside = folder.path("aside");
    fs::write(&aside, &kept).unwrap();
    std::os::unix::fs::symlink(&aside, &spool).unwrap();
    folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, "is a link");
    assert_eq!(fs::read(&aside).unwrap(), kept);
    fs::remove_file(&spool).unwrap();
    fs::write(&spool, kept).unwrap();
    folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
    assert_eq!(outputs(&folder), expected);
}

#[test]
fn a_run_goes_on_without_its_picture() {
    let expected = undisturbed(500);
    let folder = killed();
    folder.lif(&format!("run --resume {CHECKPOINT} --no-plot")).assert().success();
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
    assert_eq!(fs::read(folder.path("lif-out/spikes.npz")).unwrap(), expected.0);
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = killed();
    let whole = fs::read(folder.path(CHECKPOINT)).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(folder.path(CHECKPOINT), bytes).unwrap();
        folder
            .lif(&format!("run --resume {CHECKPOINT}"))
            .assert()
            .code(1)
            .stderr(predicate::str::contains("checkpoint run.safetensors"));
    };
    for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        refused(&whole[..length]);
    }
    for place in [0, 9, 200, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 4;
        refused(&bytes);
    }
    let mut population = lif::Population::new(lif::Params::default(), 3, &lif::Device::cpu()).unwrap();
    population.save(folder.path(CHECKPOINT)).unwrap();
    folder
        .lif(&format!("run --resume {CHECKPOINT}"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("not made by `lif run`"));
}

#[test]
fn options_that_contradict_a_checkpoint_are_refused() {
    let folder = killed();
    for words in ["--neurons 5", "--tau-m 3", "--config x.toml", "--out other", "--checkpoint other"] {
        folder
            .lif(&format!("run --resume {CHECKPOINT} {words}"))
            .assert()
            .code(2)
            .stderr(predicate::str::contains("cannot go with --resume"));
    }
    folder.run(&format!("--steps 10 --checkpoint {CHECKPOINT}")).assert().code(2).stderr(
        predicate::str::contains("run.safetensors is there already; go on with it by --resume, or remove it"),
    );
    folder.write("sound.txt", "1\n2\n");
    let message = "sound.txt is there already, and is no checkpoint that a run can go on with; give the checkpoint another";
    folder.refuses("run --device cpu --stimulus sound.txt --checkpoint sound.txt", 2, message);
    for (words, reason) in [
        ("--checkpoint-every 5", "needs a file"),
        ("--checkpoint other --checkpoint-every 0", "at least 1 step"),
    ] {
        folder.run(words).assert().code(2).stderr(predicate::str::contains(reason));
    }
    folder.refuses(
        &format!("run --resume {CHECKPOINT} --device nonsense"),
        2,
        "--device nonsense: no device fits",
    );
    folder.refuses("run --resume missing", 1, "missing");
}

#[test]
fn a_stimulus_that_has_changed_is_noticed() {
    let folder = Folder::new();
    let line = |value: f64| format!("{value}\n").repeat(30_000);
    folder.write("sound.txt", &line(0.8));
    killed_of(&folder, "--neurons 300 --stimulus sound.txt");
    folder.write("sound.txt", &line(0.9));
    folder
        .lif(&format!("run --resume {CHECKPOINT}"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("the stimulus has changed"));
    folder.write("sound.txt", &line(0.8));
    folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
}

/// A run with these arguments, killed after its first checkpoint.
fn killed_of(folder: &Folder, words: &str) {
    let words = format!("run --device cpu --no-plot {words} --checkpoint {CHECKPOINT}");
    let mut child = begin(folder, &words);
    wait_for(&folder.path(CHECKPOINT));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.path(CHECKPOINT).exists(), "it was done before it was killed");
}

/// The samples stay the same, their times do not.
#[test]
fn another_interval_or_shape_of_the_stimulus_is_noticed() {
    let folder = Folder::new();
    let values = Array1::from_shape_fn(6000, |k| 0.5 + 0.1 * (k % 7) as f32);
    let archive = |interval: Option<f64>| {
        let mut npz = NpzWriter::new(File::create(folder.path("s.npz")).unwrap());
        npz.add_array("stimulus", &values).unwrap();
        if let Some(interval) = interval {
            npz.add_array("dt", &ndarray::array![interval]).unwrap();
        }
        npz.finish().unwrap();
    };
    archive(Some(5.0));
    killed_of(&folder, "--neurons 300 --stimulus s.npz");
    let changed = || {
        let message = predicate::str::contains("the stimulus has changed since; bring back the file");
        folder.lif(&format!("run --resume {CHECKPOINT}")).assert().code(1).stderr(message);
    };
    archive(Some(1.0));
    changed();
    archive(None);
    changed();
    write_npy(folder.path("s.npz"), &values).unwrap();
    changed();
    write_npy(folder.path("s.npz"), &values.to_shape((20, 300)).unwrap()).unwrap();
    changed();
    archive(Some(5.0));
    folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
}

#[test]
fn a_graph_that_has_changed_is_noticed() {
    let folder = Folder::new();
    let path = folder.path("neurons.nir");
    let params = lif::Params { tau_syn: Some(5.0.into()), ..lif::Params::default() };
    let whole = lif::nir::Neurons::from_params(&params, 300).unwrap();
    lif::nir::write(&path, "neurons", &whole).unwrap();
    folder.write(
        "events.txt",
        &(0..60_000).map(|k| format!("{} {}\n", 7 * k / 10, k % 300)).collect::<String>(),
    );
    let stated = "--dt 0.1 --t-ref 0 --reset to-value --events-weight 2current";
    killed_of(&folder, &format!("--nir neurons.nir {stated} --events events.txt --steps 100000"));
    let mut other = whole.clone();
    other.synapse.as_mut().unwrap().w_in *= 3.0;
    lif::nir::write(&path, "neurons", &other).unwrap();
    folder.refuses(
        &format!("run --resume {CHECKPOINT}"),
        1,
        "the NIR graph has changed since; bring back the file",
    );
    lif::nir::write(&path, "neurons", &whole).unwrap();
    folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
}

/// Continues with a limit on the length of files, in bytes, as on a full disk.
#[cfg(target_os = "linux")]
fn limited(folder: &Folder, bytes: u64) -> String {
    let output = Command::new("sh")
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512)])
        .arg(assert_cmd::cargo::cargo_bin!("lif"))
        .args(["run", "--resume", CHECKPOINT])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    message
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_the_run_can_go_on_when_there_is_room() {
    let expected = undisturbed(500);
    let folder = killed();
    let steps = || lif::Checkpoint::open(folder.path(CHECKPOINT)).unwrap().steps();
    let before = steps();
    // A checkpoint that cannot be written ends the run; the earlier one stays. Here a folder has the
    // temporary name of the checkpoint and is not replaced.
    let in_the_way = folder.path("run.safetensors.partial");
    let _ = fs::remove_file(&in_the_way);
    fs::create_dir(&in_the_way).unwrap();
    let message = "checkpoint run.safetensors: it cannot be written";
    folder.refuses(&format!("run --resume {CHECKPOINT}"), 1, message);
    assert_eq!(steps(), before);
    fs::remove_dir(&in_the_way).unwrap();
    // The same for an array that cannot be written.
    let message = limited(&folder, 512);
    assert_eq!(steps(), before);
    assert!(message.starts_with("error: cannot write "), "{message}");
    assert!(message.contains("File too large") && message.lines().count() == 1, "{message}");
    assert!(message.trim_end().ends_with("go on with: lif run --resume run.safetensors"), "{message}");
    folder.lif(&format!("run --resume {CHECKPOINT}")).assert().success();
    assert_eq!(outputs(&folder), expected);
}
