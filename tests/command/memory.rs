//! What a run needs is said, and refused where it is more than allowed; devices can share it.

use super::Folder;
use predicates::prelude::*;
use serde_json::Value;

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
