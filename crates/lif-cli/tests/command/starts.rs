//! The start of the command, whatever the environment variables are.
#![cfg(target_os = "linux")]

use super::Folder;
use super::losses::as_nobody;
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

/// Limits the number of processes of a user; threads count as processes.
#[test]
fn few_threads_are_no_reason_to_panic() {
    let folder = Folder::new();
    folder.write("sound.txt", &"0\n1\n".repeat(250));
    folder.write("spikes.txt", "5\n15\n25\n35\n45\n");
    for threads in 1..=5 {
        for words in [
            "run --neurons 50 --steps 200 --no-plot --record spikes --out o --stimulus sound.txt",
            "fi --neurons 5 --duration 50 --out o",
            "score --stimulus sound.txt --spikes spikes.txt",
            "fit --stimulus sound.txt --spikes spikes.txt --generations 2 --candidates 8 --out o",
            "bench --quick --neurons 10 --steps 32 --repeats 1",
        ] {
            let script = format!("ulimit -u {threads}; exec \"$0\" {words} --device cpu");
            let Some(output) = as_nobody(&folder, &script) else { return };
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!said.contains("panicked"), "{threads} {words}: {said}");
            match output.status.code() {
                Some(0) => {}
                Some(1) => {
                    assert!(said.contains("the system starts no thread for it"), "{threads} {words}: {said}")
                }
                code => panic!("{threads} {words}: {code:?} {said}"),
            }
        }
    }
}
