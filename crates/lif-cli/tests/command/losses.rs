//! Files on the disk are exactly the results of the simulation, or the command reports an error.
#![cfg(target_os = "linux")]

use super::Folder;
use super::folders::{killed, on_a_small_disk, partials, run_of, wait_for_steps};
use super::processes::{begin_and_listen, interrupt};
use predicates::prelude::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

const NOT_KEPT: &str = "it cannot go on later, as its checkpoint or its partial files are gone or damaged";

#[test]
fn a_file_that_gets_longer_than_it_may_is_told() {
    let folder = Folder::new();
    let words = "run --device cpu --neurons 2000 --steps 20000 --no-plot --record spikes";
    for (checkpoint, last) in
        [("", "(os error 27)"), ("--checkpoint a.st", "go on with: lif run --resume a.st")]
    {
        let output = Command::new("sh")
            .args(["-c", "ulimit -f 600; exec \"$0\" \"$@\""])
            .arg(assert_cmd::cargo::cargo_bin!("lif"))
            .args(words.split(' ').chain(checkpoint.split_whitespace()))
            .current_dir(folder.path(""))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("File too large") && said.trim_end().ends_with(last), "{said}");
        assert!(!folder.path("lif-out").exists() || !checkpoint.is_empty());
    }
    folder.lif("run --resume a.st").assert().success();
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
}

/// Saved files are complete, and found again in the same place.
#[test]
fn a_folder_that_was_renamed_is_told_as_that() {
    let folder = Folder::new();
    let words = run_of("0.6:1", "a.st");
    let child = begin_and_listen(&folder, words.split(' '));
    wait_for_steps(&folder.path("a.st"), 2000);
    fs::rename(folder.path("lif-out"), folder.path("other")).unwrap();
    interrupt(&child);
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(!said.contains(NOT_KEPT), "{said}");
    assert!(said.contains("its output folder is not at ") && said.contains("any more"), "{said}");
    fs::rename(folder.path("other"), folder.path("lif-out")).unwrap();
    folder.lif("run --resume a.st").assert().success();
}

/// A file that became longer is noticed by its length, other damage by the bytes.
#[test]
fn what_was_recorded_and_then_damaged_is_no_result() {
    let folder = Folder::new();
    let words = run_of("0.6:1", "a.st").replace("spikes", "rate");
    let child = begin_and_listen(&folder, words.split(' '));
    wait_for_steps(&folder.path("a.st"), 2000);
    let rate = partials(&folder).into_iter().find(|name| name.contains(".rate.")).unwrap();
    let rate = fs::OpenOptions::new().write(true).open(folder.path("lif-out").join(rate)).unwrap();
    rate.set_len(0).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("does not hold any more what the run had written there"), "{said}");
    assert!(said.trim_end().ends_with(NOT_KEPT), "{said}");
    assert!(!folder.path("lif-out/spikes.npz").exists());
}

#[test]
fn nobody_is_told_to_go_on_with_what_is_gone() {
    let folder = Folder::new();
    let child = begin_and_listen(&folder, run_of("0.6:1", "a.st").split(' '));
    wait_for_steps(&folder.path("a.st"), 2000);
    for name in partials(&folder) {
        fs::remove_file(folder.path("lif-out").join(name)).unwrap();
    }
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.trim_end().ends_with(NOT_KEPT), "{said}");
}

#[test]
fn a_run_that_goes_on_is_told_what_it_can_do() {
    let folder = Folder::new();
    killed(&folder, "0.6:1", "a.st");
    fs::remove_file(folder.path("lif-out/.lif-lock")).unwrap();
    symlink("elsewhere", folder.path("lif-out/.lif-lock")).unwrap();
    folder.refuses("run --resume a.st", 1, "rename it; mend that, and resume it again");
}

#[test]
fn results_are_on_the_disk_before_what_they_were_made_of_goes() {
    let folder = Folder::new();
    let output = Command::new("strace")
        .args("-f -y -o calls -e trace=fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat".split(' '))
        .arg(assert_cmd::cargo::cargo_bin!("lif"))
        .args("run --device cpu --neurons 5 --steps 50 --no-plot --out new/out --checkpoint a.st".split(' '))
        .current_dir(folder.path(""))
        .output();
    if !output.is_ok_and(|output| output.status.success()) {
        // Not every user has this program, or may trace others.
        return;
    }
    let calls = fs::read_to_string(folder.path("calls")).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    let next = |from: usize, words: [&str; 2]| {
        let found = calls[from..].iter().position(|call| words.iter().all(|word| call.contains(word)));
        from + found.unwrap_or_else(|| panic!("{words:?} is missing from {from} on in {calls:#?}"))
    };
    let made = next(0, ["fsync", "/new/out>"]);
    // The folder that contains the created ones.
    assert!(next(0, ["fsync", "/new>"]) < made);
    let checkpoint = next(made, ["rename", "a.st"]);
    let arrays = next(checkpoint, ["sync", "spikes.npz>"]);
    let summary = next(arrays, ["sync", "summary.json>"]);
    let renamed = next(summary, ["rename", "/summary.json\""]);
    let names = next(renamed, ["fsync", "/new/out>"]);
    let gone = next(names, ["unlink", "a.st\""]);
    next(gone, ["unlink", ".partial\""]);
}

#[test]
fn what_a_killed_process_left_of_its_results_goes() {
    let folder = Folder::new();
    fs::create_dir(folder.path("lif-out")).unwrap();
    for name in ["lif-out/.lif-aB3x9Zspikes.npz", "lif-out/.lif-notes.txt"] {
        folder.write(name, "1234");
    }
    folder
        .run("--neurons 5 --steps 50 --no-plot")
        .assert()
        .success()
        .stderr("warning: removed 1 unfinished file (4 B) from lif-out, of a run that was killed while it wrote its results\n");
    assert_eq!(folder.written(), [".lif-notes.txt", "spikes.npz", "summary.json"]);
}

#[test]
fn a_picture_for_which_the_disk_has_no_room_is_told_in_a_sentence() {
    let folder = Folder::new();
    for command in ["fi --neurons 5 --duration 50", "run --neurons 5 --steps 50 --record counts"] {
        let script = format!(
            "mkdir disk/out; head -c 1040000 /dev/zero >disk/all; \"$0\" {command} --device cpu --out disk/out"
        );
        let Some(output) = on_a_small_disk(&folder, 1, &script) else { return };
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("error: cannot write disk/out/"), "{said}");
        assert!(said.contains(".png: No space left on device (os error 28)"), "{said}");
        assert!(!said.contains("Error") && !said.contains(".lif-"), "{said}");
    }
}

#[test]
fn a_limit_of_open_files_that_is_too_small_is_told_as_such() {
    let words = "--neurons 5 --steps 50 --record spikes,rate,voltage:0 --checkpoint a.st";
    let mut refused = 0;
    for files in 12..24 {
        let folder = Folder::new();
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -n {files}; exec \"$0\" run --device cpu {words}")])
            .arg(assert_cmd::cargo::cargo_bin!("lif"))
            .current_dir(folder.path(""))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            continue;
        }
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.ends_with("the limit of open files is too small: raise it with ulimit -n\n"), "{said}");
        assert!(!said.contains(".lif-") && !said.contains("choose another"), "{said}");
        refused += usize::from(said.contains("cannot write to the output folder lif-out: "));
    }
    assert!(refused > 0);
}

/// Runs `lif` as a user without rights, in a folder that everybody may write. Only for users who may change
/// their identity.
pub fn as_nobody(folder: &Folder, script: &str) -> Option<std::process::Output> {
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let run = |script: &str| {
        Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", script])
            .arg(assert_cmd::cargo::cargo_bin!("lif"))
            .current_dir(folder.path(""))
            .output()
    };
    run("exec \"$0\" --version").ok().filter(|output| output.status.success())?;
    Some(run(script).unwrap())
}

#[test]
fn the_lock_of_another_user_that_is_held_by_nobody_is_no_obstacle() {
    let folder = Folder::new();
    let lif = "exec \"$0\" run --device cpu --neurons 5 --steps 50 --no-plot --out .";
    folder.write(".lif-lock", "");
    let lock =
        |mode| fs::set_permissions(folder.path(".lif-lock"), fs::Permissions::from_mode(mode)).unwrap();
    lock(0o600);
    let Some(output) = as_nobody(&folder, lif) else { return };
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("it is the lock of another user, who may remove it"), "{said}");
    lock(0o644);
    let output = as_nobody(&folder, lif).unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn paths_in_advice_are_words_of_a_shell() {
    let folder = Folder::new();
    let words = run_of("0.6:1", "a.st");
    let words: Vec<&str> =
        words.split(' ').map(|word| if word == "a.st" { "a b.st" } else { word }).collect();
    let child = begin_and_listen(&folder, words);
    wait_for_steps(&folder.path("a b.st"), 2000);
    interrupt(&child);
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(said.contains("go on with: lif run --resume 'a b.st'; "), "{said}");
    folder
        .run("--neurons 5 --steps 50 --no-plot")
        .assert()
        .success()
        .stderr(predicate::str::contains("/a b.st', or remove"));
}
