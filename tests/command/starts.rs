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
