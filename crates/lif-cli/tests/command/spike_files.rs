//! Files of recorded spikes as people have them: each is read correctly, or refused with the place and the
//! reason.

use super::Folder;
use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use serde_json::Value;
use std::fs;

/// Two seconds below the threshold, in steps of 0.1 ms, and the times of 200 spikes, ms.
pub fn folder() -> (Folder, Vec<f64>) {
    let folder = Folder::new();
    write_npy(folder.path("still.npy"), &Array1::from_elem(20_000, 0.3_f32)).unwrap();
    (folder, (1..=200).map(|k| f64::from(k) * 9.7).collect())
}

pub const SCORE: &str = "score --device cpu --json --stimulus still.npy --spikes";

fn scored(folder: &Folder, words: &str) -> (Value, String) {
    folder.json(&format!("{SCORE} {words}"))
}

/// Scores a silent neuron. Returns the number of recorded spikes, and the description of the file.
fn understood(folder: &Folder, words: &str) -> (u64, Value) {
    let (report, said) = scored(folder, words);
    assert_eq!(said, "", "{words}");
    (report["scores"][0]["recorded"].as_u64().unwrap(), report["inputs"][1].clone())
}

pub fn lines(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.4}\n")).collect()
}

#[test]
fn spike_times_are_read_from_whatever_holds_them() {
    let (folder, times) = folder();
    let column = Array2::from_shape_vec((200, 1), times.clone()).unwrap();
    write_npy(folder.path("column.npy"), &column).unwrap();
    write_npy(folder.path("row.npy"), &column.t().to_owned()).unwrap();
    write_npy(folder.path("without-extension"), &Array1::from(times.clone())).unwrap();
    write_npy(folder.path("single.npy"), &Array1::from_iter(times.iter().map(|time| *time as f32))).unwrap();
    let us: Vec<f64> = times.iter().map(|time| time * 1e3).collect();
    write_npy(folder.path("whole.npy"), &Array1::from_iter(us.iter().map(|time| time.round() as u64)))
        .unwrap();
    folder.archive_of("spikes.npz", &[("spikes_us", &us)]);
    folder.archive_of("others.npz", &[("spike_times_ms", &times), ("threshold", &[5.0])]);
    fs::copy(folder.path("spikes.npz"), folder.path("archive")).unwrap();
    let text = lines(&times);
    folder.write("plain.txt", &text);
    folder.write("windows.csv", &format!("\u{feff}spikes_us\r\n{}", lines(&us).replace('\n', "\r\n")));
    folder.write("old-mac.txt", &text.replace('\n', "\r"));
    folder.write(
        "comment.txt",
        &format!("# recorded on Monday\n# time (s)\n{}", {
            let s: Vec<f64> = times.iter().map(|time| time / 1e3).collect();
            lines(&s).replace('\n', " \n")
        }),
    );
    let latin: Vec<u8> = [b"# threshold 5 \xb5V\ntime (ms)\n", text.as_bytes()].concat();
    fs::write(folder.path("latin.txt"), latin).unwrap();
    let latin: Vec<u8> = [b"t [\xb5s]\n", lines(&us).as_bytes()].concat();
    fs::write(folder.path("header.txt"), latin).unwrap();
    for (file, unit, from) in [
        ("column.npy", "ms", "default"),
        ("row.npy", "ms", "default"),
        ("without-extension", "ms", "default"),
        ("single.npy", "ms", "default"),
        ("whole.npy --spikes-time-unit us", "us", "--spikes-time-unit"),
        ("spikes.npz", "us", "name 'spikes_us'"),
        ("spikes.npz --spikes-time-unit us", "us", "name 'spikes_us'"),
        ("archive", "us", "name 'spikes_us'"),
        ("others.npz", "ms", "name 'spike_times_ms'"),
        ("plain.txt", "ms", "default"),
        ("windows.csv", "us", "name 'spikes_us'"),
        ("old-mac.txt", "ms", "default"),
        ("comment.txt", "s", "name 'time (s)'"),
        ("latin.txt", "ms", "name 'time (ms)'"),
        ("header.txt", "us", "name 't [\u{b5}s]'"),
    ] {
        let (recorded, of) = understood(&folder, file);
        assert_eq!(recorded, 200, "{file}");
        assert_eq!((&of["unit"], &of["unit_from"]), (&unit.into(), &from.into()), "{file}");
        let near = |key: &str, ms: f64| (of[key].as_f64().unwrap() - ms).abs() < 1e-3;
        assert!(near("from_ms", 9.7) && near("to_ms", 1940.0), "{file}: {of}");
        assert_eq!((&of["option"], &of["count"]), (&"spikes".into(), &200.into()), "{file}");
    }
}

#[test]
fn spike_times_that_cannot_be_meant_are_refused_with_their_place() {
    let (folder, times) = folder();
    write_npy(folder.path("table.npy"), &Array2::<f64>::zeros((7, 2))).unwrap();
    write_npy(folder.path("words.npy"), &ndarray::array![true]).unwrap();
    folder.archive_of("run.npz", &[("step", &[1.0, 2.0]), ("neuron", &[0.0, 0.0])]);
    folder.archive_of("several.npz", &[("a", &[1.0, 2.0]), ("b", &[0.0, 0.0])]);
    folder.archive_of("far.npz", &[("times", &[5.0, 2500.0])]);
    fs::create_dir(folder.path("folder")).unwrap();
    fs::write(folder.path("matlab.mat"), b"MATLAB 5.0 MAT-file, Platform: GLNXA64").unwrap();
    folder.write("decimal.txt", &lines(&times).replace('.', ","));
    folder.write("empty.txt", "");
    folder.write("nothing.txt", "# nothing\n\n");
    folder.write("header.txt", "time (s)\n0.5\n");
    folder.write("minutes.txt", "time (min)\n0.5\n");
    folder.write("samples.txt", "sample\n100\n");
    folder.write("long.txt", &format!("1\n2\n{}\n", "3".repeat(70_000)));
    folder.write("burst.txt", "0.01\n0.05\n0.2\n");
    folder.write("huge.txt", "1\n1e39\n");
    for (words, message) in [
        ("table.npy", "spikes table.npy: it has shape [7, 2]; expected a list, [N], [N, 1] or [1, N]"),
        ("words.npy", "spikes words.npy: its elements are '|b1'"),
        ("run.npz", "it holds the spikes of a run by their steps"),
        ("several.npz", "expected one array, or one named 'spikes' or 'times'; found [\"a\", \"b\"]"),
        (
            "far.npz",
            "spikes far.npz: 'times' in it: the value at [1]: a spike at 2500, which is 2500 ms after",
        ),
        ("folder", "spikes folder: it is a folder"),
        ("matlab.mat", "spikes matlab.mat: it is a .mat file of MATLAB"),
        ("decimal.txt", "spikes decimal.txt:1: '9,7000' seems to have a decimal comma"),
        ("empty.txt", "spikes empty.txt: it is empty"),
        ("nothing.txt", "spikes nothing.txt: there is no spike in it"),
        (
            "minutes.txt",
            "spikes minutes.txt:2: 'time (min)' in it has the unit 'min', in which times are not read",
        ),
        ("samples.txt", "'sample' in it counts samples or steps, whose interval it does not say"),
        ("long.txt", "spikes long.txt:3: the line is longer than 65536 bytes"),
        (
            "burst.txt",
            "all 3 spikes lie within two steps of 0.1 ms, from 0.01 to 0.2 ms: the times are taken as ms",
        ),
        (
            "huge.txt",
            "spikes huge.txt:2: a spike at 1e39, which is 1e39 ms after the beginning of the stimulus",
        ),
    ] {
        folder.refuses(&format!("{SCORE} {words}"), 1, message);
    }
    folder.refuses(
        &format!("{SCORE} header.txt --spikes-time-unit ms"),
        2,
        "spikes header.txt: its times are in s by the name 'time (s)', but --spikes-time-unit says ms",
    );
    // An option is not doubted, and losses are reported.
    let (report, said) = scored(&folder, "burst.txt --spikes-time-unit ms");
    assert_eq!(report["scores"][0]["recorded"], 2);
    assert!(said.contains("1 of 3 spikes fall into the same step of 0.1 ms as another"), "{said}");
}

#[test]
fn times_in_single_precision_fall_into_their_steps() {
    let (folder, _) = folder();
    // The first two spikes coincide with those of a neuron that spikes in every seventh step only if they are
    // in the same step.
    let steps = "--tau-m 1 --resistance 1000 --t-ref 0.6 --window 0";
    folder.summary("--stimulus still.npy --neurons 1 --tau-m 1 --resistance 1000 --t-ref 0.6");
    let own = folder.array::<u32>("step");
    assert!(own.len() > 2500, "{}", own.len());
    let times: Array1<f32> = own.iter().map(|step| (f64::from(*step) * 0.1) as f32).collect();
    let early =
        times.iter().zip(&own).filter(|(time, step)| (f64::from(**time) / 0.1 + 1e-6) as u32 != **step);
    assert!(early.count() > 500);
    write_npy(folder.path("single.npy"), &times).unwrap();
    let (report, _) = scored(&folder, &format!("single.npy {steps}"));
    assert_eq!(report["scores"][0]["coincidences"], own.len());
}

#[test]
fn times_in_another_unit_than_thought_are_told() {
    let (folder, times) = folder();
    let seconds: Vec<f64> = times.iter().map(|time| time / 1e3).collect();
    folder.write("seconds.txt", &lines(&seconds));
    let (report, said) = scored(&folder, "seconds.txt");
    assert!(report["scores"][0]["recorded"].as_u64().unwrap() < 200);
    for words in [
        "warning: spikes seconds.txt: 200 spikes from 0.0097 to 1.94 ms of a stimulus of 2000 ms",
        "the times are taken as ms",
        "say --spikes-time-unit s if they are seconds",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");
    let (recorded, _) = understood(&folder, "seconds.txt --spikes-time-unit s");
    assert_eq!(recorded, 200);
    // Five spikes of a slow cell.
    folder.write("slow.txt", "0.1\n0.4\n0.9\n1.3\n1.9\n");
    assert!(scored(&folder, "slow.txt").1.contains("--spikes-time-unit s"));
    let quiet = folder.lif(&format!("{SCORE} slow.txt --quiet")).assert().success().get_output().clone();
    assert!(quiet.stderr.is_empty());
}
