//! Ctrl-C.
#![cfg(unix)]

use super::Folder;
use super::processes::wait_for;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whether the process was still running. Ctrl-C itself is ignored if the tests run in the background.
fn interrupt(child: &Child) -> bool {
    send("TERM", child)
}

fn send(signal: &str, child: &Child) -> bool {
    let kill = format!("kill -{signal} {} 2>/dev/null", child.id());
    Command::new("sh").args(["-c", &kill]).status().unwrap().success()
}

#[test]
fn a_second_ctrl_c_while_files_are_written_leaves_nothing_behind() {
    // The files may be complete before the second interrupt.
    assert!((0..10).any(|_| a_second_ctrl_c_comes_in_time()));
}

/// Whether the second interrupt ended the process; if so, nothing may be left behind.
fn a_second_ctrl_c_comes_in_time() -> bool {
    let folder = Folder::new();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lif"))
        .args("run --device cpu --neurons 3000 --steps 5000 --record spikes,rate,voltage:0..3000".split(' '))
        .args(["--current", "1:2", "--out", "made/for/it"])
        .current_dir(folder.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The picture is written first, and drawing takes longest.
    let is_drawn = || {
        let entries = fs::read_dir(folder.path("made/for/it")).into_iter().flatten();
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with("raster.png"))
    };
    let start = Instant::now();
    while !is_drawn() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing was written");
        std::thread::sleep(Duration::from_millis(1));
    }
    interrupt(&child);
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let message = lines.map(Result::unwrap).find(|line| line.contains("Ctrl-C again"));
    interrupt(&child);
    if message.is_none() || child.wait().unwrap().code() != Some(130) {
        return false;
    }
    // If it exists, the first interrupt ended the process in the regular way.
    if folder.path("made/for/it/summary.json").exists() {
        return false;
    }
    assert_eq!(message.as_deref(), Some("writing the files; Ctrl-C again ends at once"));
    assert!(!folder.path("made").exists());
    true
}

#[test]
fn ctrl_c_writes_what_there_is() {
    let folder = Folder::new();
    // This test sends Ctrl-C itself, which the parent process may ignore; on Linux `env` undoes this.
    let lif = assert_cmd::cargo::cargo_bin!("lif");
    let mut command = Command::new(if cfg!(target_os = "linux") { "env".as_ref() } else { lif });
    if cfg!(target_os = "linux") {
        command.arg("--default-signal=INT").arg(lif);
    }
    let child = command
        .args("run --device cpu --neurons 10000 --steps 4000000000 --record counts".split(' '))
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The folder is created after the command has begun to listen and before the first step.
    let start = Instant::now();
    while !folder.path("lif-out").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the run did not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(send("INT", &child));

    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("stopping at the next block"), "{complaint}");
    assert!(
        complaint.contains("interrupted after") && complaint.contains("of 4,000,000,000 steps"),
        "{complaint}"
    );
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path("lif-out/summary.json")).unwrap()).unwrap();
    assert_eq!(summary["interrupted"], true);
    let steps = summary["steps"].as_u64().unwrap();
    assert!(steps > 0 && steps < 4_000_000_000);
    assert_eq!(folder.written(), ["raster.png", "spikes.npz", "summary.json"]);
    assert_eq!(
        summary["spikes"],
        folder.array::<u32>("counts").iter().map(|count| u64::from(*count)).sum::<u64>()
    );
}

/// As `nohup` and shells do for commands in the background.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_at_the_start_stays_so() {
    let folder = Folder::new();
    let mut child = Command::new("sh")
        .args(["-c", "trap '' INT HUP; exec \"$0\" \"$@\""])
        .arg(assert_cmd::cargo::cargo_bin!("lif"))
        .args("run --device cpu --neurons 100 --steps 4000000000 --record counts --no-plot".split(' '))
        .current_dir(folder.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    super::processes::wait_for(&folder.path("lif-out"));
    for signal in ["INT", "HUP", "HUP"] {
        send(signal, &child);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(child.try_wait().unwrap(), None, "it has ended");
    assert!(send("TERM", &child));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(said.matches("stopping at the next block").count(), 1, "{said}");
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
}

#[test]
fn a_benchmark_hears_the_first_ctrl_c() {
    let folder = Folder::new();
    for words in [
        "--device cpu --steps 1e15",
        "--device cpu --steps 1e15 --mode forward",
        "--device cpu --steps 1e15 --input sequence",
        "--device reference --steps 1e15",
        "--device reference --steps 1e15 --mode forward",
        "--device cpu --steps 32 --repeats 1e15",
    ] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lif"))
            .args(["bench", "--quick", "--neurons", "100", "--record", "none"])
            .args(words.split(' '))
            .current_dir(folder.path(""))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The devices are listed before the first measurement.
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut String::new()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(interrupt(&child), "{words}");
        let start = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if start.elapsed() > Duration::from_secs(20) {
                child.kill().unwrap();
                panic!("{words}: it goes on");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(code, Some(130), "{words}");
        let said: Vec<String> =
            BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).collect();
        assert!(said.iter().any(|line| line.starts_with("interrupted; what was measured")), "{said:?}");
    }
}

#[test]
fn a_search_that_is_interrupted_before_its_first_generation_writes_nothing() {
    let folder = Folder::new();
    folder.write("sound.txt", &(0..20_000).map(|step| format!("{}\n", step % 7)).collect::<String>());
    folder.write("spikes.txt", "100\n300\n1500\n");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("lif"))
        .args("fit --device cpu --candidates 1000000 --stimulus sound.txt --stimulus-dt 0.1".split(' '))
        .args(["--spikes", "spikes.txt", "--quiet"])
        .current_dir(folder.path(""))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&folder.path("lif-out"));
    assert!(interrupt(&child));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(
        said.ends_with("interrupted before the first generation was scored; nothing is written\n"),
        "{said}"
    );
    assert!(!folder.path("lif-out").exists());
}
