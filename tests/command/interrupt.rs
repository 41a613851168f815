//! Ctrl-C.
#![cfg(unix)]

use super::Folder;
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn ctrl_c_writes_what_there_is() {
    let folder = Folder::new();
    let child = Command::new(assert_cmd::cargo::cargo_bin!("lif"))
        .args("run --device cpu --neurons 10000 --steps 4000000000 --record counts".split(' '))
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The folder is made after the command has begun to listen and before the first step.
    let start = Instant::now();
    while !folder.path("lif-out").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the run did not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap().success()
    );

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
    assert_eq!(folder.written(), ["spikes.npz", "summary.json"]);
    assert_eq!(
        summary["spikes"],
        folder.array::<u32>("counts").iter().map(|count| u64::from(*count)).sum::<u64>()
    );
}
