//! Folders and checkpoints that several runs use.
#![cfg(unix)]

use super::Folder;
use super::processes::{begin, interrupt, wait_for};
use predicates::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const LONG: &str =
    "run --device cpu --neurons 100 --steps 400000 --no-plot --record spikes --checkpoint-every 1000";

/// A run of a constant current with its own checkpoint.
pub fn run_of(current: &str, checkpoint: &str) -> String {
    format!("{LONG} --current {current} --checkpoint {checkpoint}")
}

/// Waits until a checkpoint has this number of steps.
pub fn wait_for_steps(checkpoint: &Path, steps: u64) {
    let start = Instant::now();
    while !lif::Checkpoint::open(checkpoint).is_ok_and(|checkpoint| checkpoint.steps() >= steps) {
        assert!(start.elapsed() < Duration::from_secs(60), "{} does not go on", checkpoint.display());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A run that is killed before its end.
pub fn killed(folder: &Folder, current: &str, checkpoint: &str) {
    let child = begin(folder, &run_of(current, checkpoint));
    wait_for_steps(&folder.path(checkpoint), 5000);
    kill(child);
    assert!(folder.path(checkpoint).exists(), "it was done before it was killed");
}

/// The arrays of a run that was alone in its folder.
fn alone(current: &str) -> Vec<u8> {
    let folder = Folder::new();
    folder.lif(&run_of(current, "x.st")).assert().success();
    arrays(&folder)
}

fn arrays(folder: &Folder) -> Vec<u8> {
    fs::read(folder.path("lif-out/spikes.npz")).unwrap()
}

/// The names of partial files in the output folder.
pub fn partials(folder: &Folder) -> Vec<String> {
    folder.written().into_iter().filter(|name| name.ends_with(".partial")).collect()
}

const WRITES: &str = "another run is writing into it";

#[test]
fn runs_that_were_killed_in_one_folder_do_not_mix() {
    let folder = Folder::new();
    killed(&folder, "0.6:1", "a.st");
    killed(&folder, "1:3", "b.st");
    // One array of spikes for each, and a list.
    assert_eq!(partials(&folder).len(), 8);
    for (current, checkpoint) in [("0.6:1", "a.st"), ("1:3", "b.st")] {
        folder.lif(&format!("run --resume {checkpoint}")).assert().success();
        assert!(arrays(&folder) == alone(current), "{current}");
        assert!(!folder.path(checkpoint).exists());
    }
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
}

#[test]
fn a_folder_that_a_live_run_writes_into_is_refused() {
    let folder = Folder::new();
    let first = begin(&folder, &run_of("0.6:1", "a.st"));
    wait_for(&folder.path("a.st"));
    // Under any name.
    symlink(folder.path("lif-out"), folder.path("alias")).unwrap();
    for words in [
        "run --device cpu --neurons 5 --steps 5",
        "run --device cpu --neurons 5 --steps 5 --out alias",
        "run --device cpu --neurons 5 --steps 5 --checkpoint b.st",
        "fi --device cpu --neurons 5 --duration 50",
        "run --resume a.st",
    ] {
        folder.lif(words).assert().code(1).stdout("").stderr(predicate::str::contains(WRITES));
    }
    assert!(!folder.path("b.st").exists() && !folder.path("b.st.lock").exists());
    // The last one got the message about the folder, because the folder is the same; the checkpoint has its
    // own lock.
    folder.refuses(
        "run --device cpu --neurons 5 --steps 5 --out other --checkpoint a.st",
        2,
        "is there already",
    );
    interrupt(&first);
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(130));
    folder.lif("run --resume a.st").assert().success();
    assert!(arrays(&folder) == alone("0.6:1"));
}

#[test]
fn of_two_that_go_on_with_one_checkpoint_the_second_is_refused() {
    let folder = Folder::new();
    killed(&folder, "0.6:1", "a.st");
    let steps = lif::Checkpoint::open(folder.path("a.st")).unwrap().steps();
    let first = begin(&folder, "run --resume a.st");
    // It goes on; most steps are done before.
    wait_for_steps(&folder.path("a.st"), steps + 1000);
    folder.refuses("run --resume a.st", 1, WRITES);
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(arrays(&folder) == alone("0.6:1"));
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
    assert!(!folder.path("a.st.lock").exists());
}

#[test]
fn runs_with_equal_numbers_of_their_processes_do_not_mix() {
    let contained = |folder: &Folder, words: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
        command.arg(assert_cmd::cargo::cargo_bin!("lif")).args(words.split(' '));
        command.current_dir(folder.path(""));
        command
    };
    let folder = Folder::new();
    if !contained(&folder, "--version").output().is_ok_and(|output| output.status.success()) {
        // Not every user may start containers.
        return;
    }
    let words = "run --device cpu --neurons 100 --no-plot --record spikes --quiet";
    let mut first = contained(&folder, &format!("{words} --steps 4000000000")).spawn().unwrap();
    wait_for(&folder.path("lif-out/.lif-lock"));
    std::thread::sleep(Duration::from_millis(100));
    let output = contained(&folder, &format!("{words} --steps 50")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(WRITES), "{output:?}");
    // However the first run ends, the folder is free then, and none of its recordings are left.
    first.kill().unwrap();
    first.wait().unwrap();
    let start = Instant::now();
    while !contained(&folder, &format!("{words} --steps 50")).output().unwrap().status.success() {
        assert!(start.elapsed() < Duration::from_secs(20), "the lock stays");
    }
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
}

#[test]
fn a_checkpoint_belongs_to_one_run() {
    let folder = Folder::new();
    let first = begin(&folder, &run_of("0.6:1", "a.st"));
    wait_for(&folder.path("a.st"));
    // The checkpoint is removed, so that another run could create one of the same name.
    fs::rename(folder.path("a.st"), folder.path("aside.st")).unwrap();
    let second = folder.lif(&format!("{} --out other", run_of("1:3", "a.st"))).output().unwrap();
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("still going on") || message.contains("is there already"), "{message}");
    assert!(!folder.path("other").exists());
    kill(first);
}

#[test]
fn the_name_of_a_checkpoint_is_that_of_no_other_file() {
    let folder = Folder::new();
    folder.run("--neurons 5 --steps 50").assert().success();
    folder.write("sound.st.partial", "1\n2\n");
    folder.write("sound.txt", "1\n2\n");
    symlink(folder.path("lif-out"), folder.path("alias")).unwrap();
    fs::hard_link(folder.path("lif-out/spikes.npz"), folder.path("hard.st.partial")).unwrap();
    symlink("lif-out/summary.json", folder.path("soft.st.lock")).unwrap();
    let before: Vec<Vec<u8>> =
        folder.written().iter().map(|name| fs::read(folder.path("lif-out").join(name)).unwrap()).collect();
    for (words, code, message) in [
        ("--checkpoint lif-out/spikes.npz", 2, "is there already"),
        ("--checkpoint lif-out/neurons.nir", 2, "is a result in the output folder"),
        ("--checkpoint ./lif-out/../lif-out/neurons.nir", 2, "is a result in the output folder"),
        ("--checkpoint lif-out/Neurons.NIR", 2, "is a result in the output folder"),
        ("--checkpoint alias/fit.json", 2, "is a result in the output folder"),
        ("--checkpoint new/spikes.npz --out new", 2, "is a result in the output folder"),
        ("--checkpoint lif-out/.lif-lock", 2, "is a temporary file in the output folder"),
        ("--checkpoint lif-out/spikes.npz.0123456789abcdef.step.partial", 2, "is a partial file"),
        ("--checkpoint hard.st", 2, "is written with hard.st.partial, which is a result"),
        ("--checkpoint soft.st", 2, "is written with soft.st.lock, which is a result"),
        ("--checkpoint sound.st --stimulus sound.st.partial", 2, "which is the stimulus sound.st.partial"),
        ("--checkpoint new --out new", 2, "is a folder"),
        ("--checkpoint missing/a.st", 1, "there is no folder missing"),
    ] {
        let assert =
            folder.run(&format!("--quiet --neurons 5 --steps 50 {words}")).assert().code(code).stdout("");
        assert.stderr(predicate::str::contains(message).and(predicate::str::starts_with("error: ")));
        let now: Vec<Vec<u8>> = folder
            .written()
            .iter()
            .map(|name| fs::read(folder.path("lif-out").join(name)).unwrap())
            .collect();
        assert!(now == before && !folder.path("new").exists(), "{words}");
    }
    // A checkpoint that was renamed later is not lost either.
    killed(&folder, "0.6:1", "a.st");
    fs::rename(folder.path("a.st"), folder.path("lif-out/spikes.npz")).unwrap();
    let kept = arrays(&folder);
    folder.refuses("run --resume lif-out/spikes.npz", 2, "is a result in the output folder");
    assert!(arrays(&folder) == kept);
}

#[test]
fn an_input_is_not_replaced_by_a_result() {
    let folder = Folder::new();
    folder.run("--neurons 5 --steps 500 --record spikes --write-nir").assert().success();
    let before = arrays(&folder);
    folder.refuses(
        "run --device cpu --neurons 5 --steps 500 --events ./lif-out/spikes.npz",
        2,
        "would be replaced by the spikes.npz of this run",
    );
    assert!(arrays(&folder) == before);
    // Neurons are read from the file where they were written, and the file stays.
    let stated = "--dt 0.1 --t-ref 5 --reset to-value --steps 500";
    folder.run(&format!("--nir lif-out/neurons.nir {stated}")).assert().success();
    assert!(folder.path("lif-out/neurons.nir").exists());
    // Unless the run writes other neurons there.
    let graph = fs::read(folder.path("lif-out/neurons.nir")).unwrap();
    folder.refuses(
        &format!("run --device cpu --nir lif-out/neurons.nir --write-nir {stated}"),
        2,
        "the nir lif-out/neurons.nir would be replaced by the neurons.nir of this run; choose another folder",
    );
    assert!(fs::read(folder.path("lif-out/neurons.nir")).unwrap() == graph);
    // Settings are not lost either.
    let text = "neurons = 5\nsteps = 50\n";
    fs::create_dir(folder.path("kept")).unwrap();
    for (command, name) in [("run", "summary.json"), ("fi", "fi.json")] {
        let path = format!("kept/{name}");
        folder.write(&path, if command == "run" { text } else { "neurons = 5\nduration = 50\n" });
        let before = fs::read(folder.path(&path)).unwrap();
        folder.refuses(
            &format!("{command} --device cpu --config {path} --out kept"),
            2,
            &format!("the config {path} would be replaced by the {name} of this run"),
        );
        assert!(fs::read(folder.path(&path)).unwrap() == before);
        folder
            .lif(&format!("{command} --device cpu --no-plot --config {path} --out elsewhere"))
            .assert()
            .success();
    }
    // Arrays of an earlier run are removed, since the summary describes another run.
    folder.run("--neurons 5 --steps 500").assert().success();
    assert_eq!(folder.written(), ["raster.png", "spikes.npz", "summary.json"]);
}

#[test]
fn partial_files_stay_as_long_as_their_checkpoint() {
    let folder = Folder::new();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("lif"));
    command.args(run_of("0.6:1", "a.st").split(' ')).current_dir(folder.path(""));
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for_steps(&folder.path("a.st"), 2000);
    interrupt(&child);
    let message = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(
        message.contains("go on with: lif run --resume a.st; lif-out/spikes.npz.")
            && message.contains(".*.partial stay for that"),
        "{message}"
    );
    let kept = partials(&folder);
    assert_eq!(kept.len(), 4);
    assert!(!folder.written().contains(&".lif-lock".to_owned()) && !folder.path("a.st.lock").exists());
    // Another run warns about them and leaves them.
    folder
        .run("--neurons 5 --steps 50 --no-plot")
        .assert()
        .success()
        .stderr(predicate::str::contains("go on with it by lif run --resume /"));
    assert_eq!(partials(&folder), kept);
    // Without their checkpoint they are of no use.
    fs::remove_file(folder.path("a.st")).unwrap();
    folder.run("--neurons 5 --steps 50 --no-plot").assert().success().stderr(
        predicate::str::contains("removed lif-out/spikes.npz.").and(predicate::str::contains("is gone")),
    );
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
    folder.run("--neurons 5 --steps 50 --no-plot").assert().success().stderr("");
}

#[test]
fn a_second_ctrl_c_says_what_stays() {
    let folder = Folder::new();
    // The block is long enough to start the second run meanwhile.
    let words = "run --device cpu --neurons 2000000 --steps 100000 --no-plot --record rate --checkpoint a.st \
                 --input gaussian:mean=1,sd=0.1";
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("lif"));
    command.args(words.split_whitespace()).current_dir(folder.path(""));
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for(&folder.path("a.st"));
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(50));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(message.contains("go on with: lif run --resume a.st"), "{message}");
    assert_eq!(partials(&folder).len(), 2);
    assert!(!folder.path("lif-out/.lif-lock").exists() && !folder.path("a.st.lock").exists());
}

#[test]
fn what_a_start_that_fails_has_made_goes_again() {
    let folder = Folder::new();
    folder.write("short.txt", "1\n2\n");
    let far = "--neurons 1000 --steps 4000000000 --record voltage:0..1000";
    for words in [
        format!("{far} --checkpoint a.st"),
        "--neurons 5 --steps 50 --checkpoint made/for/it/fit.json".to_owned(),
    ] {
        folder.run(&format!("{words} --out made/for/it")).assert().failure().stdout("");
        assert!(!folder.path("made").exists() && !folder.path("a.st").exists(), "{words}");
        assert!(!folder.path("a.st.lock").exists() && !folder.path("a.st.partial").exists(), "{words}");
    }
}

#[test]
fn an_output_folder_that_is_a_link_to_nowhere_is_told() {
    let folder = Folder::new();
    symlink("nothing/there", folder.path("dangling")).unwrap();
    symlink("loop", folder.path("loop")).unwrap();
    folder.write("file", "");
    symlink("file", folder.path("to-a-file")).unwrap();
    for (out, message) in [
        ("dangling", "dangling is a link to nothing/there, which is not there"),
        ("dangling/below", "dangling is a link to nothing/there, which is not there"),
        ("loop", "loop is a link to loop, which leads nowhere"),
        ("to-a-file", "to-a-file is a link to file, which is no folder"),
    ] {
        for command in ["run --neurons 5 --steps 5", "fi --neurons 5 --duration 50"] {
            let message = format!("cannot write to the output folder {out}: {message}");
            folder.refuses(&format!("{command} --device cpu --out {out}"), 1, &message);
        }
        assert!(folder.path(out.split('/').next().unwrap()).symlink_metadata().unwrap().is_symlink());
    }
}

#[test]
fn links_are_not_followed_to_files_of_others() {
    let folder = Folder::new();
    for name in ["precious", "other"] {
        folder.write(name, "mine\n");
    }
    fs::create_dir(folder.path("lif-out")).unwrap();
    let read = |name| fs::read_to_string(folder.path(name)).unwrap();
    for link in ["lif-out/.lif-lock", "a.st.lock"] {
        symlink(folder.path("precious"), folder.path(link)).unwrap();
        folder.refuses(
            "run --device cpu --neurons 5 --steps 5 --checkpoint a.st",
            1,
            "something else has this name",
        );
        fs::remove_file(folder.path(link)).unwrap();
    }
    // A file with the name of a temporary one is replaced.
    symlink(folder.path("precious"), folder.path("a.st.partial")).unwrap();
    for result in ["spikes.npz", "summary.json"] {
        symlink(folder.path("other"), folder.path("lif-out").join(result)).unwrap();
    }
    folder.run("--neurons 5 --steps 50 --no-plot --checkpoint a.st").assert().success();
    assert_eq!([read("precious"), read("other")], ["mine\n"; 2]);
    assert!(folder.path("lif-out/spikes.npz").symlink_metadata().unwrap().is_file());
}

/// A lock is empty, and is removed when it is released.
#[test]
fn an_input_with_the_name_of_a_lock_stays() {
    let folder = Folder::new();
    let input = "lif-out/.lif-lock";
    fs::create_dir(folder.path("lif-out")).unwrap();
    folder.write(input, "1\n2\n");
    for words in ["", " --out lif-out/../lif-out"] {
        let words = format!("run --device cpu --neurons 5 --stimulus {input}{words}");
        folder.refuses(&words, 1, "something else has this name; rename it");
        assert_eq!(fs::read_to_string(folder.path(input)).unwrap(), "1\n2\n");
    }
}

/// `lif run` on its own disk of this size in MiB, mounted on `disk`.
#[cfg(target_os = "linux")]
pub fn on_a_small_disk(folder: &Folder, size: u32, script: &str) -> Option<std::process::Output> {
    fs::create_dir_all(folder.path("disk")).unwrap();
    let mount = format!("mount -t tmpfs -o size={size}m none disk");
    let run = |script: &str| {
        Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(assert_cmd::cargo::cargo_bin!("lif"))
            .current_dir(folder.path(""))
            .output()
    };
    // Not every user may mount such a disk.
    run(&mount).ok().filter(|output| output.status.success())?;
    Some(run(&format!("{mount} && {script}")).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_too_small_is_told_before_the_first_step_or_on_the_way() {
    let folder = Folder::new();
    // Known before the run: 4 bytes for each of 1000 potentials, at 3000 steps, and the same again for the
    // results.
    let known =
        "\"$0\" run --device cpu --out disk/out --quiet --neurons 1000 --steps 3000 --record voltage:0..1000";
    let Some(output) = on_a_small_disk(&folder, 20, known) else { return };
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.starts_with("error: the run writes at least 22.9 MiB to the disk of disk/out"),
        "{message}"
    );
    assert!(message.contains("are free there; record fewer neurons"), "{message}");
    let output = on_a_small_disk(&folder, 40, &format!("{known} --no-plot && ls -A disk/out")).unwrap();
    assert!(output.status.success(), "{output:?}");

    // The number of spikes is not known before. The checkpoint is on another disk, and its last state stays
    // whole.
    let run = "run --device cpu --out disk/out --quiet --no-plot --neurons 1000 --steps 100000 --current 3 \
               --record spikes --checkpoint a.st --checkpoint-every 2000";
    let script = format!(
        "\"$0\" {run}; echo code $? >&2; ls disk/out >&2; mount -o remount,size=400m disk; \"$0\" run --resume a.st && \
         cp disk/out/spikes.npz ."
    );
    let output = on_a_small_disk(&folder, 10, &script).unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{message}");
    let lines: Vec<&str> = message.lines().collect();
    assert!(lines[0].starts_with("error: cannot write disk/out/spikes.npz."), "{message}");
    assert!(lines[0].contains("No space left on device"), "{message}");
    assert!(lines[0].ends_with("is kept, go on with: lif run --resume a.st"), "{message}");
    assert_eq!(lines[1], "code 1");
    let expected = Folder::new();
    expected.lif(&run.replace("disk/out", "lif-out")).assert().success();
    assert!(fs::read(folder.path("spikes.npz")).unwrap() == arrays(&expected));
}

#[test]
fn sizes_that_no_disk_has_are_refused_at_once() {
    let folder = Folder::new();
    for words in [
        "--neurons 1000000 --steps 1000000000 --record voltage:0..1000000",
        "--neurons 10 --batch 100000 --steps 4000000000 --record rate",
    ] {
        folder
            .run(&format!("{words} --checkpoint a.st"))
            .timeout(Duration::from_secs(60))
            .assert()
            .code(1)
            .stdout("")
            .stderr(
                predicate::str::contains("to the disk of").and(predicate::str::contains("are free there")),
            );
        assert!(!folder.path("lif-out").exists() && !folder.path("a.st").exists());
    }
}
