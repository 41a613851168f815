//! Text in a file that is not read: it is listed, with a warning if it may describe the numbers.

use super::Folder;
use ndarray::{Array1, arr0, array};
use predicates::prelude::*;
use serde_json::json;

#[test]
fn what_a_text_says_and_nobody_reads_is_told() {
    let folder = Folder::with_still();
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
        // Columns that are not times, or not values.
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
        // Comments further down.
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
        let said = folder.stderr_of(kind, &format!("{comments}{rows}"));
        assert!(said.contains(message), "{kind} {comments:?}: {said}");
    }
    // No warning about a text that is understood, or that says nothing of the numbers.
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
        assert_eq!(folder.stderr_of(kind, text), "", "{text:?}");
    }
    folder.write("in.txt", "# 2 kHz\n5\n6\n");
    assert_eq!(folder.stimulated("in.txt --stimulus-dt 0.5").0, "");
}

#[test]
fn arrays_of_an_archive_that_may_say_more_are_told() {
    let folder = Folder::with_still();
    let values = Array1::from_elem(40, 0.5);
    for key in ["sr", "rate", "stimulus_dt", "tvec", "units", "resolution", "samplefreq"] {
        folder.archive("in.npz", |npz| {
            npz.add_array("stimulus", &values).unwrap();
            npz.add_array(key, &arr0(2.0)).unwrap();
        });
        let message = format!("'{key}' in it may say what the numbers are, and is not read");
        assert!(folder.stimulated("in.npz").0.contains(&message), "{key}");
        // An option about times does not answer a question about units.
        let is_told = !folder.stimulated("in.npz --stimulus-dt 0.1").0.is_empty();
        assert_eq!(is_told, key == "units", "{key}");
    }
    let said = |words: &str| folder.stderr(words);
    folder.archive("in.npz", |npz| {
        npz.add_array("times", &array![10.0, 20.0]).unwrap();
        npz.add_array("senders", &array![1, 2]).unwrap();
    });
    let score = "score --device cpu --stimulus still.txt --spikes in.npz";
    assert!(
        said(score).contains("'senders' in it has 2 values, so that 'times' may hold the spikes of several")
    );
    folder.archive("in.npz", |npz| {
        npz.add_array("spike_times", &array![10.0, 20.0]).unwrap();
        npz.add_array("sampling_rate", &arr0(10_000.0)).unwrap();
    });
    assert!(said(score).contains("'sampling_rate' in it may say what the numbers are, and is not read"));
    folder.archive("in.npz", |npz| {
        npz.add_array("times", &array![3.0, 7.0]).unwrap();
        npz.add_array("senders", &array![1, 2]).unwrap();
        npz.add_array("offsets", &array![0.0, 0.0]).unwrap();
    });
    let run = "run --device cpu --no-plot --neurons 9 --steps 900 --events in.npz";
    assert!(
        said(run)
            .contains("'offsets' in it may say what the numbers are, and is not read; the times are taken")
    );
    // Times do not need the length of a step.
    for key in ["fs", "dt", "sampling_rate", "rate"] {
        folder.archive("in.npz", |npz| {
            npz.add_array("times", &array![3.0, 7.0]).unwrap();
            npz.add_array("senders", &array![1, 2]).unwrap();
            npz.add_array(key, &arr0(10_000.0)).unwrap();
        });
        assert!(said(run).contains(&format!("'{key}' in it may say what the numbers are, and is not read")));
        let summary = folder.summary("--neurons 9 --steps 900 --events in.npz");
        assert_eq!(summary["inputs"][0]["unread"], json!([key]));
    }
}

/// The rest of a file is listed in the summary, so that nobody thinks it was read.
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
    folder.archive("in.npz", |npz| {
        npz.add_array("stimulus", &Array1::from_elem(40, 0.5)).unwrap();
        npz.add_array("gain", &arr0(2.0)).unwrap();
    });
    assert_eq!(folder.summary("--neurons 1 --stimulus in.npz")["inputs"][0]["unread"], json!(["gain"]));
    folder.archive("in.npz", |npz| {
        npz.add_array("step", &array![3, 7]).unwrap();
        npz.add_array("neuron", &array![0, 0]).unwrap();
        npz.add_array("weight", &array![1.0, -1.0]).unwrap();
    });
    let said = folder.stderr("run --device cpu --no-plot --neurons 1 --steps 9 --events in.npz");
    assert!(
        said.contains("'weight' in it has a value for each event, and is not read; --events-weight"),
        "{said}"
    );
    // Also if the file gives the unit of its times.
    folder.write("in.txt", "# by me\ntime_ms neuron\n0.1 0\n# trial 2\n0.2 0\n");
    let (summary, said) =
        folder.json("run --device cpu --json --no-plot --neurons 1 --steps 9 --events in.txt");
    assert_eq!(summary["inputs"][0]["unread"], json!(["by me", "trial 2"]));
    assert!(said.contains("the numbers above and below the comment 'trial 2' in line 4"), "{said}");
    // The output of a run is not doubted.
    folder
        .lif("run --device cpu --no-plot --neurons 3 --steps 900 --record spikes,rate,voltage")
        .assert()
        .success();
    let again = "run --device cpu --no-plot --neurons 3 --steps 900 --out again --events lif-out/spikes.npz";
    assert_eq!(folder.stderr(again), "");
    folder.write("still.txt", &"0.3\n".repeat(5000));
    folder.archive("in.npz", |npz| {
        npz.add_array("spike_times", &array![10.0, 20.0]).unwrap();
        npz.add_array("clusters", &array![0, 1]).unwrap();
    });
    let said = folder.stderr("score --device cpu --stimulus still.txt --spikes in.npz");
    assert!(
        said.contains("'clusters' in it has a value for each spike, and is not read; all are taken"),
        "{said}"
    );
}
