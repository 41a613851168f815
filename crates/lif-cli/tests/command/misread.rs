//! Files whose numbers could be taken for others than they are: for a sample earlier, in another unit, for one
//! number more or less. They are read for what they are, or refused, or the doubt is said.

#![allow(clippy::disallowed_methods, reason = "what is made here is read as it was written")]

use super::Folder;
use ndarray::{Array1, Array2, arr0, array};
use ndarray_npy::{NpzWriter, write_npy};
use predicates::prelude::*;
use serde_json::{Value, json};
use std::fs::{self, File};

/// A membrane whose potential is the current of the step.
const FOLLOWS: &str =
    "--neurons 1 --v-rest 0 --v-reset 0 --resistance 1 --v-threshold 1e6 --record voltage:0";

/// The samples that the steps of a stimulus see, whose values are their numbers.
fn samples(folder: &Folder, dt: f64, words: &str) -> Vec<u32> {
    folder.summary(&format!("{FOLLOWS} --tau-m {dt} --dt {dt} --stimulus {words}"));
    folder.array::<f32>("voltage").into_iter().map(|v| v.round() as u32).collect()
}

fn archive(folder: &Folder, name: &str, write: impl FnOnce(&mut NpzWriter<File>)) {
    let mut npz = NpzWriter::new(File::create(folder.path(name)).unwrap());
    write(&mut npz);
    npz.finish().unwrap();
}

/// What a run of a stimulus says, and its summary.
fn said(folder: &Folder, words: &str) -> (String, Value) {
    let words = format!("--json --no-plot --record none --stimulus {words}");
    let output = folder.run(&words).assert().success().get_output().clone();
    (String::from_utf8(output.stderr).unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn no_sample_is_played_before_its_time() {
    let folder = Folder::new();
    let numbers = Array1::range(0.0_f64, 21.0, 1.0);
    let text: String = (0..21).map(|k| format!("{:.1} {k}\n", f64::from(k) * 0.1)).collect();
    folder.write("s.txt", &text);
    archive(&folder, "s.npz", |npz| {
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
    // Whole numbers, and a clock that began long ago.
    let lines: String = (0..21).map(|k| format!("{k} {k}\n")).collect();
    folder.write("whole.txt", &lines);
    archive(&folder, "whole.npz", |npz| {
        npz.add_array("time_ms", &numbers.mapv(|k| k as i64)).unwrap();
        npz.add_array("stimulus", &numbers).unwrap();
    });
    archive(&folder, "late.npz", |npz| {
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
            let output = folder.lif(&words).assert().success().get_output().stdout.clone();
            let report: Value = serde_json::from_slice(&output).unwrap();
            let score = &report["scores"][0];
            assert_eq!(
                score["coincidences"], score["recorded"],
                "{stimulus} with spikes at .{phase}: {score}"
            );
        }
    }
}

/// Clocks that begin before 0 and pass it, or that count in another unit than the one beside them.
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
                let output = folder.lif(&words).assert().success().get_output().stdout.clone();
                let report: Value = serde_json::from_slice(&output).unwrap();
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
        let (said, _) = said(&folder, &format!("s.txt --neurons 1 --events {events}.csv"));
        assert_eq!(said.contains(told), is_told, "{first}, {events}: {said}");
    }
}

#[test]
fn what_is_no_number_of_the_file_is_told() {
    let folder = Folder::new();
    folder.write("still.txt", &"0.3\n".repeat(5000));
    for (text, message) in [
        ("0.5\n#N/A\n1\n", "in.txt:2: '#N/A' is not a number"),
        ("MISSING\n1\n", "in.txt:1: 'MISSING' is not a number"),
        ("O.5\n1\n", "in.txt:1: 'O.5' seems to be a mistyped number"),
        (
            "t (100 us),I\n0,1\n1,2\n",
            "in.txt:2: 't (100 us)' in it has the unit '100 us', in which times are not read",
        ),
        (
            "# t (1e-4 s), I\n0,1\n1,2\n",
            "'t (1e-4 s)' in it has the unit '1e-4 s', in which times are not read",
        ),
        (
            "1,234.5\n2,345.6\n",
            "in.txt:1: '1,234.5' may be a time and a value, or one number with a comma after",
        ),
        ("1\u{a0}000\n2\u{a0}000\n", "in.txt:1: '1\u{a0}000' has a no-break or thin blank between digits"),
        ("# Time sec\n0 1\n1 2\n", "the comment 'Time sec' may say the unit of the times, but they"),
        ("# Units: us\n0 1\n1 2\n", "say --stimulus-time-unit us, or write"),
        (
            "prose, of words\n",
            "in.txt: there is no sample in it; line 1, 'prose, of words', was taken for the names",
        ),
    ] {
        folder.write("in.txt", text);
        folder.refuses("run --device cpu --stimulus in.txt", 1, message);
    }
    for (text, message) in [
        ("100\n#N/A\n200\n", "in.txt:2: '#N/A' is not a number"),
        ("t (100 us)\n1000\n", "'t (100 us)' in it has the unit '100 us'"),
        ("array([100.5])\n", "there is no spike in it; line 1, 'array([100.5])', was taken for the names"),
        ("index,time_ms\n0,100\n", "in.txt:2: 2 numbers; expected the time of one spike on every line"),
        ("isi_ms\n100\n", "'isi_ms' in it names times between spikes"),
    ] {
        folder.write("in.txt", text);
        folder.refuses("score --device cpu --stimulus still.txt --spikes in.txt", 1, message);
    }
    archive(&folder, "isi.npz", |npz| npz.add_array("isi_ms", &array![10.0, 20.0]).unwrap());
    let message = "'isi_ms' in it names times between spikes";
    folder.refuses("score --device cpu --stimulus still.txt --spikes isi.npz", 1, message);
    for text in ["# in ms\n0 0.5\n1 1\n", "# Units: ms\n0 0.5\n1 1\n", "s,nA\n0 0.5\n0.001 1\n"] {
        folder.write("in.txt", text);
        assert_eq!(said(&folder, "in.txt --dt 0.5").0, "", "{text:?}");
    }
    folder.write("in.txt", "# Time sec\n0 0.5\n0.001 1\n");
    assert_eq!(said(&folder, "in.txt --stimulus-time-unit s").1["steps"], 20);
}

#[test]
fn values_in_another_unit_than_currents_are_told() {
    let folder = Folder::new();
    for (name, unit) in [
        ("I (A)", "A"),
        ("I [A]", "A"),
        ("I/A", "A"),
        ("current_A", "A"),
        ("I_picoamps", "pA"),
        ("I (pA/cm2)", "pA/cm2"),
        ("V (mV)", "mV"),
    ] {
        folder.write("in.txt", &format!("t_ms,{name}\n0,0.5\n1,0.25\n"));
        let message =
            format!("its values are in {unit} by their name, and taken as nA; --stimulus-scale says");
        let (said, _) = said(&folder, "in.txt");
        assert!(said.contains(&message), "{name}: {said}");
    }
    for name in ["I (nanoampere)", "I (nA)", "current_nA", "I", "I (1)"] {
        folder.write("in.txt", &format!("t_ms,{name}\n0,0.5\n1,0.25\n"));
        assert_eq!(said(&folder, "in.txt").0, "", "{name}");
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
        archive(&folder, "in.npz", |npz| {
            npz.add_array("stimulus", &values).unwrap();
            npz.add_array(key, &arr0(value)).unwrap();
        });
        let (said, summary) = said(&folder, "in.npz");
        let of = &summary["inputs"][0];
        assert_eq!(
            (&of["interval_ms"], &of["interval_from"]),
            (&json!(interval), &json!(format!("name '{key}'")))
        );
        assert_eq!(said, "", "{key}");
    }
    archive(&folder, "in.npz", |npz| {
        npz.add_array("stimulus", &values).unwrap();
        npz.add_array("sampling", &arr0(2000.0)).unwrap();
    });
    let (said, _) = said(&folder, "in.npz");
    assert!(
        said.contains("warning: stimulus in.npz: 'sampling' in it may say what the numbers are, and is not read; 'dt' and"),
        "{said}"
    );
    archive(&folder, "in.npz", |npz| {
        npz.add_array("stimulus", &values).unwrap();
        npz.add_array("fs", &array![500.0, 500.0]).unwrap();
    });
    let message = "'fs' in it: it has shape [2], and must be one number: the sampling rate";
    folder.refuses("run --device cpu --stimulus in.npz", 1, message);
}

#[test]
fn a_row_of_many_values_is_doubted_whatever_the_duration() {
    let folder = Folder::new();
    write_npy(folder.path("row.npy"), &Array2::from_elem((1, 2000), 0.5)).unwrap();
    let message = "its shape [1, 2000] is that of one sample for each of 2000 neurons";
    assert!(said(&folder, "row.npy --duration 0.1").0.contains(message));
    assert_eq!(said(&folder, "row.npy --duration 0.1 --neurons 2000").0, "");
}

#[test]
fn settings_that_are_not_utf8_are_told_with_their_line() {
    let folder = Folder::new();
    for (bytes, message) in [
        (&b"neurons = 2\n# 5 \xb5s\n"[..], "in.toml: line 2 has a sign that is not UTF-8; save it as UTF-8"),
        (b"\xff\xfen\0", "in.toml: it is text in UTF-16; save it as UTF-8"),
    ] {
        fs::write(folder.path("in.toml"), bytes).unwrap();
        folder.refuses("run --device cpu --config in.toml", 1, message);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn spikes_whose_path_no_report_could_name_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    folder.write("still.txt", &"0.3\n".repeat(5000));
    let name = std::ffi::OsStr::from_bytes(b"spikes\xff.txt");
    fs::write(folder.path("").join(name), "100\n200\n").unwrap();
    let mut command = folder.lif("score --device cpu --stimulus still.txt --spikes");
    command.arg(name).assert().code(2).stderr(predicate::str::contains("the path of --spikes, "));
}

#[test]
fn comments_of_prose_name_no_columns_and_headers_may_have_units_alone() {
    let folder = Folder::new();
    let rows: String =
        (0..60).map(|row| format!("{:.1},{:.2}\n", f64::from(row) * 0.1, f64::from(row) * 0.01)).collect();
    let steps = |first: &str| {
        folder.write("s.txt", &format!("{first}\n{rows}"));
        folder.summary("--neurons 2 --stimulus s.txt")["steps"].clone()
    };
    for comment in ["baseline 5 s, step 0.5 nA", "t_stim = 1 s, I = 2 nA", "Duration (s): 6, dt (ms): 0.1"] {
        assert_eq!(steps(&format!("# {comment}")), 60, "{comment}");
    }
    for heading in ["t,nA", "ms,nA", "t (ms),I nA", "Time,Current in nA"] {
        assert_eq!(steps(heading), 60, "{heading}");
    }
}

#[test]
fn units_of_times_in_any_comment_are_seen() {
    let folder = Folder::new();
    for comments in [
        "# all times in seconds\n",
        "# s nA\n",
        "# Time (s)\n# Current (nA)\n",
        "# time in s\n# -----\n",
        "# time (s), current (nA)\n\n# cell 1\n",
    ] {
        folder.write("in.txt", &format!("{comments}0.0 0.5\n0.01 1\n0.02 2\n"));
        let run = |words: &str| folder.run(&format!("--neurons 2 --no-plot --stimulus in.txt {words}"));
        let assert = run("--stimulus-time-unit s").assert().success();
        let steps = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        assert!(steps.contains("30.0 ms") || steps.contains("300 ("), "{comments}: {steps}");
        let output = run("").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap() + &String::from_utf8_lossy(&output.stdout);
        // Either the comment names the columns, or it is told.
        assert!(
            said.contains("say --stimulus-time-unit s, or") || said.contains("in s by the name"),
            "{comments}: {said}"
        );
    }
}

#[test]
fn comments_above_events_that_say_other_columns_are_told() {
    let folder = Folder::new();
    let words = "run --device cpu --neurons 10 --steps 100 --no-plot --events in.txt";
    for (comments, message) in [
        ("# neuron id step", "in.txt:2: the comment 'neuron id step' may name the columns in another"),
        ("# neuron / step", "may name the columns in another order; without names they are `step neuron`"),
        ("# Units: ms", "the comment 'Units: ms' may say that there are times; without names"),
        ("# times of spikes and their neurons", "may say that there are times"),
        ("# neuron unit", "the comment 'neuron unit' may name the columns, of which not all are"),
        (
            "# made today\n# dt = 1 ms",
            "'dt = 1 ms' in it says that its steps are 1 ms long, but those of this run are 0.1",
        ),
        ("# times in s\ntime,neuron", "the comment 'times in s' may say the unit of the times, but"),
    ] {
        folder.write("in.txt", &format!("{comments}\n3,1\n4,2\n"));
        folder.refuses(words, 1, message);
    }
    for comments in [
        "# step / neuron",
        "# step of the spike and neuron id",
        "# trial of 1000 ms",
        "# dt = 0.1 ms",
        "# 10 neurons, 200 steps",
        "# time in s\nstep,neuron",
    ] {
        folder.write("in.txt", &format!("{comments}\n3,1\n4,2\n"));
        folder.lif(words).assert().success();
    }
}

#[test]
fn intervals_that_comments_above_samples_say_are_seen() {
    let folder = Folder::new();
    for comment in ["dt = 0.5 ms", "cell 3, sampling rate: 2 kHz", "dt: 0.0005 s"] {
        folder.write("in.txt", &format!("# {comment}\n{}", "0.5\n".repeat(40)));
        let message = "may say that there is a sample every 0.5 ms, but they are taken as one every 0.1";
        folder.refuses("run --device cpu --stimulus in.txt", 1, message);
        for words in ["--dt 0.5", "--stimulus-dt 0.5", "--stimulus-dt 0.1"] {
            assert_eq!(said(&folder, &format!("in.txt {words}")).0, "", "{comment}: {words}");
        }
    }
}

#[test]
fn headings_of_several_words_and_lines_are_read() {
    let folder = Folder::new();
    for (heading, columns) in [
        ("Time (ms),Channel 2 (nA)", ["Time (ms)", "Channel 2 (nA)"]),
        ("time,current\n(ms),(nA)", ["time (ms)", "current (nA)"]),
        ("\"time\";\"current\"\n\"ms\";\"nA\"", ["time (ms)", "current (nA)"]),
        ("time current\nms nA", ["time (ms)", "current (nA)"]),
    ] {
        folder.write("in.txt", &format!("{heading}\n0;0.5\n1;\"0.25\"\n\"2\";1\n"));
        let (said, summary) = said(&folder, "in.txt");
        assert_eq!(said, "", "{heading}");
        assert_eq!(summary["inputs"][0]["columns"], json!(columns), "{heading}");
        assert_eq!(summary["inputs"][0]["to_ms"], 2.0, "{heading}");
    }
    folder.write("in.txt", "time,current\ns,nA\n0,0.5\n0.001,1\n");
    assert_eq!(said(&folder, "in.txt").1["inputs"][0]["to_ms"], 1.0);
    for (text, message) in [
        (
            "Unnamed: 0,current\n0,0.5\n1,1\n",
            "'Unnamed: 0' in it counts samples or steps, whose interval it does not say",
        ),
        ("time,current\nx,nA\n0,0.5\n", "in.txt:2: 'x' is not a number"),
        ("time,current\nms\n0,0.5\n", "in.txt:2: 'ms' is not a number"),
    ] {
        folder.write("in.txt", text);
        folder.refuses("run --device cpu --stimulus in.txt", 1, message);
    }
}

#[test]
fn times_without_zeros_at_the_end_are_as_exact_as_the_others() {
    let folder = Folder::new();
    // Alone, 0.8 could be 0.75, and 0.7 too.
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

/// What is said of a text that goes on as a stimulus, spikes or events.
fn doubts(folder: &Folder, kind: &str, text: &str) -> String {
    folder.write("in.txt", text);
    let words = match kind {
        "stimulus" => "run --device cpu --no-plot --neurons 1 --stimulus in.txt",
        "spikes" => "score --device cpu --stimulus still.txt --spikes in.txt",
        _ => "run --device cpu --no-plot --neurons 9 --steps 900 --events in.txt",
    };
    String::from_utf8(folder.lif(words).output().unwrap().stderr).unwrap()
}

#[test]
fn what_a_text_says_and_nobody_reads_is_told() {
    let folder = Folder::new();
    folder.write("still.txt", &"0.3\n".repeat(5000));
    let (one, two, events) = ("5\n6\n7\n", "0 5\n1 6\n2 7\n", "3 1\n7 2\n");
    for (kind, comments, rows, message) in [
        // As pandas writes names that are numbers.
        (
            "stimulus",
            "0\n",
            "5.0\n6.0\n",
            "'0', is taken for numbers; if they are names, as pandas writes them",
        ),
        ("spikes", "0\n", "10.0\n20.0\n", "if they are names, as pandas writes them"),
        ("stimulus", "0,1\n", "0.1,5.0\n0.2,6.0\n", "'0,1', is taken for numbers"),
        ("stimulus", "Time (s),Trace #1 (pA)\n", "0,5\n1,6\n", "its values are in pA by their name"),
        // Columns that are no times, or no values.
        ("stimulus", "step,current (nA)\n", two, "'step' in it counts samples or steps, whose interval"),
        ("stimulus", "neuron,current\n", two, "the first column is 'neuron', which is not a name of times"),
        ("stimulus", "x,nA\n", two, "the first column is 'x', which is not a name of times"),
        ("stimulus", "# value time\n", two, "the columns are 'value' and 'time'; times have to come first"),
        ("stimulus", "# samples current\n", two, "'samples' in it counts samples or steps"),
        ("stimulus", "# time\n", one, "the only column is 'time', and there is no column of values"),
        (
            "stimulus",
            "time,time_ms\n",
            two,
            "the second column is 'time_ms', and there is no column of values",
        ),
        ("spikes", "# samples\n", one, "'samples' in it counts samples or steps"),
        ("spikes", "step\n", one, "'step' in it counts samples or steps"),
        ("spikes", "# isi\n", one, "'isi' in it names times between spikes"),
        // Comments that are read further down.
        ("stimulus", "t,I\n# s,nA\n", two, "the comment 's,nA' may say the unit of the times"),
        ("stimulus", "I\n# fs = 1000 Hz\n", one, "may say that there is a sample every 1 ms"),
        ("stimulus", "", "0 5\n1 6\n# times in s\n", "the comment 'times in s' may say what the numbers are"),
        ("spikes", "", "10\n20 # s\n", "the comment 's' may say what the numbers are, and is not read"),
        (
            "spikes",
            "# trial 1\n",
            "10\n20\n# trial 2\n30\n",
            "above and below the comment 'trial 2' in line 4 are",
        ),
        ("stimulus", "# name: dt\n1\n# name: I\n", one, "above and below the comment 'name: I'"),
        // Intervals in other words.
        ("stimulus", "# dt = 1*ms\n", one, "a sample every 1 ms"),
        ("stimulus", "# defaultclock.dt = .5 ms\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# Sample Interval,0.5\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# {\"dt\": 0.5, \"seed\": 3}\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# noise dt=0.5ms seed=3\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# dt = 5e-4 * second\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# my_dt = 0.5 (ms)\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# The sampling rate is 2 kHz\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# sampled at 2 kHz\n", one, "a sample every 0.5 ms"),
        ("stimulus", "# sampled every 500 us\n", one, "a sample every 0.5 ms"),
        (
            "stimulus",
            "# 2 kHz\n",
            one,
            "the comment '2 kHz' may say what the numbers are, and is not read; a sample is",
        ),
        ("stimulus", "# fs = 10,000 Hz\n", one, "the comment 'fs = 10,000 Hz' may say what the numbers are"),
        ("stimulus", "# fs = 10k\n", one, "may say what the numbers are"),
        ("stimulus", "# dt = 1/10 ms\n", one, "may say what the numbers are"),
        ("stimulus", "# interval: 10 s, trial 3\n", one, "may say what the numbers are"),
        ("stimulus", "# current in pA\n", one, "its values are in pA by a comment"),
        ("stimulus", "# time (ms)\n# current (pA)\n", two, "its values are in pA by a comment"),
        ("spikes", "# fs = 10 kHz\n", one, "the comment 'fs = 10 kHz' may say what the numbers are"),
        ("spikes", "# Zeit in Sekunden\n", one, "may say what the numbers are"),
        ("events", "# unit sample\n", events, "the comment 'unit sample' may say what the numbers are"),
        ("events", "# dt=0.5*ms\n", events, "says that its steps are 0.5 ms long"),
        (
            "events",
            "",
            "1\t3.000\t\n2\t7.000\t\n",
            "the neuron is '3.000', which has a decimal point, as times have",
        ),
        ("events", "step neuron\n# dt = 0.5 ms\n", events, "says that its steps are 0.5 ms long"),
        // Below the numbers, and with factors.
        ("stimulus", "", "5\n6\n# sampled at 2 kHz\n", "a sample every 0.5 ms"),
        ("events", "", "3 1\n# dt = 1 ms\n", "says that its steps are 1 ms long"),
        (
            "spikes",
            "# x10 ms\n",
            one,
            "'x10 ms' in it has a factor or an offset, with which times are not read",
        ),
        (
            "spikes",
            "# spike times in 0.1 ms\n",
            one,
            "the comment 'spike times in 0.1 ms' may say what the numbers are",
        ),
        ("stimulus", "# time x10 ms\n", two, "the comment 'time x10 ms'"),
        ("stimulus", "time,neuron\n", two, "the second column is 'neuron', and there is no column of values"),
    ] {
        let said = doubts(&folder, kind, &format!("{comments}{rows}"));
        assert!(said.contains(message), "{kind} {comments:?}: {said}");
    }
    // What is understood, or says nothing of the numbers, is not doubted.
    for (kind, text) in [
        ("stimulus", "# recorded by me, cell 3\n5\n6\n"),
        ("stimulus", "# trial of 1000 ms, don't use\n5\n6\n"),
        ("stimulus", "# dt = 0.1 ms\n5\n6\n"),
        ("stimulus", "# times in ms\n0 5\n1 6\n"),
        ("stimulus", "# time (ms) current (nA)\n0 5\n1 6\n"),
        ("stimulus", "Zeit (ms);Strom (nA)\n0;5\n1;6\n"),
        ("stimulus", "0 1\n0.1 2\n0.2 3\n"),
        ("stimulus", "# time current\n0 1\n0.1 2\n"),
        ("spikes", "# spike times\n10\n20\n"),
        ("events", "# 10 neurons, left\n3 1\n"),
        ("events", "# step neuron\n3 1\n"),
    ] {
        assert_eq!(doubts(&folder, kind, text), "", "{text:?}");
    }
    folder.write("in.txt", "# 2 kHz\n5\n6\n");
    assert_eq!(said(&folder, "in.txt --stimulus-dt 0.5").0, "");
}

#[test]
fn arrays_of_an_archive_that_may_say_more_are_told() {
    let folder = Folder::new();
    folder.write("still.txt", &"0.3\n".repeat(5000));
    let values = Array1::from_elem(40, 0.5);
    for key in ["sr", "rate", "stimulus_dt", "tvec", "units", "resolution", "samplefreq"] {
        archive(&folder, "in.npz", |npz| {
            npz.add_array("stimulus", &values).unwrap();
            npz.add_array(key, &arr0(2.0)).unwrap();
        });
        let message = format!("'{key}' in it may say what the numbers are, and is not read");
        assert!(said(&folder, "in.npz").0.contains(&message), "{key}");
        // An option about times says nothing of units.
        let is_told = !said(&folder, "in.npz --stimulus-dt 0.1").0.is_empty();
        assert_eq!(is_told, key == "units", "{key}");
    }
    let said = |words: &str| String::from_utf8(folder.lif(words).output().unwrap().stderr).unwrap();
    archive(&folder, "in.npz", |npz| {
        npz.add_array("times", &array![10.0, 20.0]).unwrap();
        npz.add_array("senders", &array![1, 2]).unwrap();
    });
    let score = "score --device cpu --stimulus still.txt --spikes in.npz";
    assert!(
        said(score).contains("'senders' in it has 2 values, so that 'times' may hold the spikes of several")
    );
    archive(&folder, "in.npz", |npz| {
        npz.add_array("spike_times", &array![10.0, 20.0]).unwrap();
        npz.add_array("sampling_rate", &arr0(10_000.0)).unwrap();
    });
    assert!(said(score).contains("'sampling_rate' in it may say what the numbers are, and is not read"));
    archive(&folder, "in.npz", |npz| {
        npz.add_array("times", &array![3.0, 7.0]).unwrap();
        npz.add_array("senders", &array![1, 2]).unwrap();
        npz.add_array("offsets", &array![0.0, 0.0]).unwrap();
    });
    let run = "run --device cpu --no-plot --neurons 9 --steps 900 --events in.npz";
    assert!(
        said(run)
            .contains("'offsets' in it may say what the numbers are, and is not read; the times are taken")
    );
    // Times do not need what says how long steps are.
    for key in ["fs", "dt", "sampling_rate", "rate"] {
        archive(&folder, "in.npz", |npz| {
            npz.add_array("times", &array![3.0, 7.0]).unwrap();
            npz.add_array("senders", &array![1, 2]).unwrap();
            npz.add_array(key, &arr0(10_000.0)).unwrap();
        });
        assert!(said(run).contains(&format!("'{key}' in it may say what the numbers are, and is not read")));
        let summary = folder.summary("--neurons 9 --steps 900 --events in.npz");
        assert_eq!(summary["inputs"][0]["unread"], json!([key]));
    }
}

/// Whatever else is in a file is said in the summary, so that nobody takes it for read.
#[test]
fn what_is_not_read_stands_in_the_summary() {
    let folder = Folder::new();
    folder.write("in.txt", "# recorded by me\n# cell 3, left\n5\n6\n");
    let summary = folder.summary("--neurons 1 --stimulus in.txt");
    assert_eq!(summary["inputs"][0]["unread"], json!(["recorded by me", "cell 3, left"]));
    folder
        .run("--neurons 1 --no-plot --stimulus in.txt")
        .assert()
        .success()
        .stdout(predicate::str::contains("not read: 'recorded by me' and 1 more"));
    folder.write("in.txt", "# dt = 0.1 ms\n5\n6\n");
    assert_eq!(folder.summary("--neurons 1 --stimulus in.txt")["inputs"][0].get("unread"), None);
    archive(&folder, "in.npz", |npz| {
        npz.add_array("stimulus", &Array1::from_elem(40, 0.5)).unwrap();
        npz.add_array("gain", &arr0(2.0)).unwrap();
    });
    assert_eq!(folder.summary("--neurons 1 --stimulus in.npz")["inputs"][0]["unread"], json!(["gain"]));
    archive(&folder, "in.npz", |npz| {
        npz.add_array("step", &array![3, 7]).unwrap();
        npz.add_array("neuron", &array![0, 0]).unwrap();
        npz.add_array("weight", &array![1.0, -1.0]).unwrap();
    });
    let output =
        folder.lif("run --device cpu --no-plot --neurons 1 --steps 9 --events in.npz").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("'weight' in it has a value for each event, and is not read; --events-weight"),
        "{said}"
    );
    // Also where the file says the unit of its times.
    folder.write("in.txt", "# by me\ntime_ms neuron\n0.1 0\n# trial 2\n0.2 0\n");
    let output = folder
        .lif("run --device cpu --json --no-plot --neurons 1 --steps 9 --events in.txt")
        .output()
        .unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["inputs"][0]["unread"], json!(["by me", "trial 2"]));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the numbers above and below the comment 'trial 2' in line 4"), "{said}");
    // What a run wrote is not doubted.
    folder
        .lif("run --device cpu --no-plot --neurons 3 --steps 900 --record spikes,rate,voltage")
        .assert()
        .success();
    let again = "run --device cpu --no-plot --neurons 3 --steps 900 --out again --events lif-out/spikes.npz";
    assert_eq!(String::from_utf8(folder.lif(again).output().unwrap().stderr).unwrap(), "");
    folder.write("still.txt", &"0.3\n".repeat(5000));
    archive(&folder, "in.npz", |npz| {
        npz.add_array("spike_times", &array![10.0, 20.0]).unwrap();
        npz.add_array("clusters", &array![0, 1]).unwrap();
    });
    let output = folder.lif("score --device cpu --stimulus still.txt --spikes in.npz").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("'clusters' in it has a value for each spike, and is not read; all are taken"),
        "{said}"
    );
}
