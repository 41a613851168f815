//! Times in files: each falls into its step, whatever its unit and rounding.

#![allow(clippy::disallowed_methods, reason = "what is made here is read as it was written")]

use super::Folder;
use ndarray::{Array1, arr0, array};
use ndarray_npy::write_npy;
use serde_json::json;

/// A membrane whose potential is the current of the step.
const FOLLOWS: &str =
    "--neurons 1 --v-rest 0 --v-reset 0 --resistance 1 --v-threshold 1e6 --record voltage:0";

/// The sample that each step of a stimulus sees. Each sample has its own number as value.
fn samples(folder: &Folder, dt: f64, words: &str) -> Vec<u32> {
    folder.summary(&format!("{FOLLOWS} --tau-m {dt} --dt {dt} --stimulus {words}"));
    folder.array::<f32>("voltage").into_iter().map(|v| v.round() as u32).collect()
}

#[test]
fn no_sample_is_played_before_its_time() {
    let folder = Folder::new();
    let numbers = Array1::range(0.0_f64, 21.0, 1.0);
    let text: String = (0..21).map(|k| format!("{:.1} {k}\n", f64::from(k) * 0.1)).collect();
    folder.write("s.txt", &text);
    folder.archive("s.npz", |npz| {
        npz.add_array("time_ms", &numbers.mapv(|k| k * 0.1)).unwrap();
        npz.add_array("stimulus", &numbers).unwrap();
    });
    write_npy(folder.path("s.npy"), &numbers).unwrap();
    for dt in [0.1, 0.2, 0.25, 0.3, 0.5, 1.0] {
        let expected = samples(&folder, dt, "s.npy --stimulus-dt 0.1");
        for file in ["s.txt", "s.npz"] {
            let found = samples(&folder, dt, file);
            assert_eq!(found[..found.len().min(7)], expected[..found.len().min(7)], "{file} at dt {dt}");
        }
    }
    assert_eq!(samples(&folder, 1.0, "s.txt --steps 2"), [0, 10]);
    // Whole numbers, and a clock that started long before.
    let lines: String = (0..21).map(|k| format!("{k} {k}\n")).collect();
    folder.write("whole.txt", &lines);
    folder.archive("whole.npz", |npz| {
        npz.add_array("time_ms", &numbers.mapv(|k| k as i64)).unwrap();
        npz.add_array("stimulus", &numbers).unwrap();
    });
    folder.archive("late.npz", |npz| {
        npz.add_array("time_ms", &numbers.mapv(|k| 2e6 + k * 0.25)).unwrap();
        npz.add_array("stimulus", &numbers).unwrap();
    });
    assert_eq!(samples(&folder, 2.0, "whole.txt --steps 4"), [0, 2, 4, 6]);
    assert_eq!(samples(&folder, 2.0, "whole.npz --steps 4"), [0, 2, 4, 6]);
    assert_eq!(samples(&folder, 1.0, "late.npz --steps 4"), [0, 4, 8, 12]);
}

#[test]
fn spikes_are_compared_with_the_step_that_they_are_in() {
    let folder = Folder::new();
    let spikes: Vec<usize> = (5..60).step_by(7).collect();
    let current: Vec<f64> = (0..60).map(|k| f64::from(u8::from(spikes.contains(&k)))).collect();
    write_npy(folder.path("p.npy"), &Array1::from(current.clone())).unwrap();
    for (name, decimals) in [("p1.txt", 1), ("p2.txt", 2)] {
        let lines: String = current
            .iter()
            .enumerate()
            .map(|(k, value)| format!("{:.decimals$} {value}\n", k as f64))
            .collect();
        folder.write(name, &lines);
    }
    let model =
        "--dt 1 --tau-m 1 --v-rest 0 --v-reset 0 --resistance 1 --v-threshold 0.5 --t-ref 0 --window 0";
    for phase in ["0", "05", "5", "9", "95"] {
        let lines: String = spikes.iter().map(|step| format!("{step}.{phase}\n")).collect();
        folder.write("spikes.txt", &lines);
        for stimulus in ["p.npy", "p1.txt", "p2.txt"] {
            let words =
                format!("score --json --device cpu {model} --stimulus {stimulus} --spikes spikes.txt");
            let (report, _) = folder.json(&words);
            let score = &report["scores"][0];
            assert_eq!(
                score["coincidences"], score["recorded"],
                "{stimulus} with spikes at .{phase}: {score}"
            );
        }
    }
}

/// Clocks that start before 0, and clocks in another unit than the column next to them.
#[test]
fn each_clock_has_its_unit() {
    let folder = Folder::new();
    let units = [("ms", 1.0), ("s", 1e-3), ("us", 1e3)];
    for (unit, factor) in units {
        let lines: String = (0..8).map(|k| format!("{} {k}\n", f64::from(k - 3) * factor)).collect();
        folder.write("s.txt", &format!("time_{unit} current_nA\n{lines}"));
        assert_eq!(samples(&folder, 1.0, "s.txt"), [0, 1, 2, 3, 4, 5, 6, 7], "{unit}");
    }
    let model =
        "--dt 1 --tau-m 1 --v-rest 0 --v-reset 0 --resistance 1 --v-threshold 0.5 --t-ref 0 --window 0";
    for start in [-20, 100] {
        for (unit, factor) in units {
            let time = |k: i32| f64::from(start + k) * factor;
            let lines: String = (0..60).map(|k| format!("{} {}\n", time(k), u8::from(k % 7 == 6))).collect();
            folder.write("s.txt", &format!("time_{unit} current_nA\n{lines}"));
            for (unit, factor) in units {
                let time = |k: i32| f64::from(start + k) * factor;
                let lines: String =
                    (0..60).filter(|k| k % 7 == 6).map(|k| format!("{}\n", time(k))).collect();
                folder.write("spikes.txt", &format!("spike_time_{unit}\n{lines}"));
                let words = format!("score --json --device cpu {model} --stimulus s.txt --spikes spikes.txt");
                let (report, _) = folder.json(&words);
                let score = &report["scores"][0];
                assert_eq!(score["coincidences"], 8, "spikes in {unit} from {start} ms on: {score}");
            }
        }
    }
}

#[test]
fn events_beside_a_stimulus_with_a_clock_of_its_own_are_told() {
    let folder = Folder::new();
    let told = "the times of the events count from the beginning of the run, which is 100 ms on the clock";
    folder.write("step.csv", "step,neuron\n155,0\n");
    folder.write("time.csv", "time_ms,neuron\n15.5,0\n");
    for (first, events, is_told) in [(0, "time", false), (100, "step", false), (100, "time", true)] {
        let lines: String = (0..60).map(|k| format!("{} 0.1\n", first + k)).collect();
        folder.write("s.txt", &format!("time_ms current_nA\n{lines}"));
        let (said, _) = folder.stimulated(&format!("s.txt --neurons 1 --events {events}.csv"));
        assert_eq!(said.contains(told), is_told, "{first}, {events}: {said}");
    }
}

#[test]
fn clocks_of_archives_are_read_or_told() {
    let folder = Folder::new();
    let values = Array1::from_elem(40, 0.5);
    for (key, value, interval) in [
        ("dt", 5.0, 5.0),
        ("time_step", 0.5, 0.5),
        ("interval_us", 500.0, 0.5),
        ("samplingrate", 2000.0, 0.5),
        ("sampling_freq", 2000.0, 0.5),
        ("srate_kHz", 2.0, 0.5),
        ("fs_MHz", 0.002, 0.5),
    ] {
        folder.archive("in.npz", |npz| {
            npz.add_array("stimulus", &values).unwrap();
            npz.add_array(key, &arr0(value)).unwrap();
        });
        let (said, summary) = folder.stimulated("in.npz");
        let of = &summary["inputs"][0];
        assert_eq!(
            (&of["interval_ms"], &of["interval_from"]),
            (&json!(interval), &json!(format!("name '{key}'")))
        );
        assert_eq!(said, "", "{key}");
    }
    folder.archive("in.npz", |npz| {
        npz.add_array("stimulus", &values).unwrap();
        npz.add_array("sampling", &arr0(2000.0)).unwrap();
    });
    let (said, _) = folder.stimulated("in.npz");
    assert!(
        said.contains("warning: stimulus in.npz: 'sampling' in it may say what the numbers are, and is not read; 'dt' and"),
        "{said}"
    );
    folder.archive("in.npz", |npz| {
        npz.add_array("stimulus", &values).unwrap();
        npz.add_array("fs", &array![500.0, 500.0]).unwrap();
    });
    let message = "'fs' in it: it has shape [2], and must be one number: the sampling rate";
    folder.refuses("run --device cpu --stimulus in.npz", 1, message);
}

#[test]
fn times_without_zeros_at_the_end_are_as_exact_as_the_others() {
    let folder = Folder::new();
    // One of them alone is ambiguous: 0.8 may be a rounded 0.75, and so may 0.7.
    folder.write("in.txt", "0 0\n0.8 1\n1.25 2\n1.5 3\n");
    assert_eq!(samples(&folder, 0.25, "in.txt --steps 7"), [0, 0, 0, 0, 1, 2, 3]);
    folder.write("times.txt", "time_ms neuron\n0.7 0\n1.25 0\n");
    folder.write("steps.txt", "2 0\n5 0\n");
    let hash = |file: &str| {
        folder.summary(&format!("--neurons 1 --dt 0.25 --steps 9 --events-weight 90 --events {file}"))["spike_hash"].clone()
    };
    assert_eq!(hash("times.txt"), hash("steps.txt"));
    folder.write("off.txt", "time_ms neuron\n0.75 0\n1.25 0\n");
    assert_ne!(hash("times.txt"), hash("off.txt"));
}

#[test]
fn samples_at_microseconds_since_1970_are_not_moved() {
    let folder = Folder::new();
    let text: String = (0..40).map(|k| format!("{} {k}\n", 1_700_000_000_123_457_u64 + 10 * k)).collect();
    folder.write("in.txt", &text);
    let held = samples(&folder, 0.01, "in.txt --stimulus-time-unit us");
    assert_eq!(held, (0..40).collect::<Vec<_>>());
}
