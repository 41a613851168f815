//! How the command starts, whatever the variables around it are.
#![cfg(target_os = "linux")]

use super::Folder;
use predicates::prelude::*;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn the_command_starts_without_any_folder_for_its_files() {
    let folder = Folder::new();
    for temporary in ["", "/tmp"] {
        folder
            .lif("run --device cpu --neurons 3 --steps 3")
            .env_remove("XDG_RUNTIME_DIR")
            .env("TMPDIR", temporary)
            .timeout(Duration::from_secs(20))
            .assert()
            .success()
            .stdout(predicate::str::contains("3 neurons"));
    }
}

#[test]
fn the_command_starts_through_a_loader() {
    let loader = Path::new("/lib64/ld-linux-x86-64.so.2");
    if !loader.exists() {
        return;
    }
    let output = Command::new(loader)
        .arg(assert_cmd::cargo::cargo_bin!("lif"))
        .arg("--version")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .unwrap();
    assert!(output.stdout.starts_with(b"lif "), "{output:?}");
}

#[test]
fn more_threads_than_are_of_use_are_not_started() {
    let folder = Folder::new();
    let run = |threads: &str, quiet: &str| {
        let mut command =
            folder.lif(&format!("run --device cpu --neurons 3000 --steps 300 --no-plot {quiet}"));
        command.env("RAYON_NUM_THREADS", threads).timeout(Duration::from_secs(60));
        command.assert().success()
    };
    run("100000", "")
        .stderr(predicate::str::starts_with("warning: RAYON_NUM_THREADS is 100000, far more than"))
        .stdout(predicate::str::contains("CPU, 100000 threads").not());
    run("100000", "--quiet").stderr("");
    run("3", "").stderr("").stdout(predicate::str::contains("CPU, 3 threads"));
}

#[test]
fn a_process_that_may_take_little_starts_fewer_threads() {
    let folder = Folder::new();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 450000; exec \"$0\" \"$@\""])
        .arg(assert_cmd::cargo::cargo_bin!("lif"))
        .args("run --device cpu --neurons 100 --steps 100 --no-plot".split(' '))
        .env("RAYON_NUM_THREADS", "64")
        .env("RUST_MIN_STACK", "67108864")
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("of 64 threads;"), "{said}");
}
