//! `lif fi`.

use super::Folder;
use predicates::prelude::*;
use serde_json::Value;

fn curve(folder: &Folder, words: &str) -> Value {
    folder.json(&format!("fi --device cpu --json {words}")).0
}

#[test]
fn a_curve_lies_on_theory_within_a_step() {
    let folder = Folder::new();
    let curve = curve(&folder, "--neurons 30 --current 0.4:3 --integrator exact");
    assert_eq!(folder.written(), ["fi.json", "fi.png"]);
    assert_eq!(curve["rheobase"], 0.5);
    let points = curve["points"].as_array().unwrap();
    assert_eq!(points.len(), 30);
    for point in points {
        let [current, theory] = ["current", "theory_hz"].map(|key| point[key].as_f64().unwrap());
        if current < 0.5 {
            assert_eq!((point["spikes"].as_u64(), theory), (Some(0), 0.0));
        } else {
            let longer = point["interval_steps"].as_f64().unwrap() - 1000.0 / theory / 0.1;
            assert!((-0.01..=1.01).contains(&longer), "{current} nA: longer by {longer} steps");
        }
    }
}

#[test]
fn a_curve_has_a_table_and_can_be_one_of_a_preset() {
    let folder = Folder::new();
    folder.lif("fi --device cpu --no-plot --preset nest:t_ref=5 --neurons 5").assert().success().stdout(
        predicate::str::contains("rheobase     375 pA").and(predicate::str::contains("current (pA)")),
    );
    assert_eq!(folder.written(), ["fi.json"]);
}

#[test]
fn what_a_curve_has_no_use_for_is_refused() {
    let folder = Folder::new();
    for (words, message) in [
        ("--stimulus x.npy", "no use for --stimulus"),
        ("--batch 2", "no use for --batch"),
        ("--tau-m 5:10", "tau-m is a range"),
        ("--neurons 0", "at least one point"),
        ("--resistance 0", "--resistance 0: resistance is 0 MOhm; it must be another number"),
        ("--resistance 1e-25", "resistance is 1e-25; it must be 0 or at least 1e-20"),
        ("--duration 1e15", "10000000000000000 steps are more than one run can have"),
    ] {
        folder
            .lif(&format!("fi --device cpu {words}"))
            .assert()
            .code(2)
            .stderr(predicate::str::contains(message));
    }
}

#[test]
fn a_single_current_is_one_point() {
    let folder = Folder::new();
    let points = curve(&folder, "--current 0.7 --no-plot")["points"].clone();
    assert_eq!((points.as_array().map(Vec::len), &points[0]["current"]), (Some(1), &0.7.into()));
}
