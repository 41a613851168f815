//! Event files as people have them: each is read correctly, or refused with the place and the reason.

use super::Folder;
use super::stimulus_files::run;
use ndarray::Array2;
use ndarray_npy::write_npy;
use predicates::prelude::*;
use serde_json::json;

#[test]
fn events_are_read_by_the_names_of_their_columns() {
    let folder = Folder::new();
    folder.write("plain.txt", "30 0\n700 2\n");
    folder.write("comma.txt", "30,0\n700, 2\n");
    folder.write("turned.csv", "neuron,step\r\n0,30\r\n2,700\r\n");
    folder.write("times.txt", "time_ms neuron\n3 0\n70.0 2\n");
    folder.write("seconds.txt", "time (s);neuron\n0.003;0\n0.07;2\n");
    write_npy(folder.path("rows.npy"), &ndarray::array![[30, 0], [700, 2]]).unwrap();
    folder.archive_of("named.npz", &[("neuron", &[0.0, 2.0]), ("time_ms", &[3.0, 70.0])]);
    folder.archive("single", |npz| {
        npz.add_array("t", &ndarray::array![[3.0_f32], [70.0]]).unwrap();
        npz.add_array("neuron", &ndarray::array![[0_u16], [2]]).unwrap();
    });
    let words = "--steps 1000 --events-weight 11 --events";
    let expected = run(&folder, &format!("{words} plain.txt --neurons 3"));
    assert_eq!(expected.1["spikes"], 2);
    assert_eq!(expected.1["inputs"][0]["columns"], json!(["step", "neuron"]));
    assert_eq!(expected.1["inputs"][0]["to_step"], 700);
    for file in ["comma.txt", "turned.csv", "times.txt", "seconds.txt", "rows.npy", "named.npz", "single"] {
        let (said, summary) = run(&folder, &format!("{words} {file} --neurons 3"));
        assert_eq!((said.as_str(), &summary["spike_hash"]), ("", &expected.1["spike_hash"]), "{file}");
    }
    folder.write("mixed.txt", "10 1\n20 0 1\n30 2\n");
    folder.write("empty.txt", "# nothing\n");
    folder.write("thousands.txt", "1,000 2\n");
    folder.write("half.txt", "0.5 2\n");
    folder.write("large.txt", "5000000000 2\n");
    folder.write("unit.txt", "time_ms unit\n5 2\n");
    folder.write("step.txt", "step_ms neuron\n5 2\n");
    folder.write("index.txt", "index when\n5 2\n");
    folder.write("twice.txt", "step time_ms\n5 2\n");
    write_npy(folder.path("wide.npy"), &Array2::<f64>::zeros((7, 4))).unwrap();
    folder.archive_of("none.npz", &[("a", &[1.0, 2.0])]);
    folder.archive_of("dt.npz", &[("step", &[3.0]), ("neuron", &[0.0]), ("dt", &[0.5])]);
    folder.archive_of("time.npz", &[("step", &[3.0]), ("neuron", &[0.0]), ("time", &[1.5])]);
    folder.archive_of("unit.npz", &[("step_ms", &[3.0]), ("neuron", &[0.0])]);
    for (words, message) in [
        ("mixed.txt", "events mixed.txt:2: 3 numbers; expected 2, as in the lines before"),
        ("empty.txt", "events empty.txt: there is no event in it"),
        ("thousands.txt", "events thousands.txt:1: '1,000' seems to have a decimal comma"),
        (
            "half.txt",
            "events half.txt:1: the step is 0.5; it must be a whole number from 0 to 4294967295; times need",
        ),
        ("large.txt", "the step is 5000000000; it must be a whole number from 0 to 4294967295"),
        (
            "unit.txt",
            "events unit.txt:2: the columns are [\"time_ms\", \"unit\"]; expected step (or time), neuron",
        ),
        ("step.txt", "events step.txt:2: 'step_ms' has a unit, which only times have; call it `time_ms` if"),
        (
            "index.txt",
            "events index.txt:2: the columns are [\"index\", \"when\"]; expected step (or time), neuron, and batch \
             where there is one; known are step (steps, ",
        ),
        (
            "twice.txt",
            "events twice.txt:2: both 'step' and 'time_ms' say when events are; leave one of them out",
        ),
        ("wide.npy", "events wide.npy: it has shape [7, 4]; expected [events, 2 or 3]"),
        (
            "dt.npz",
            "events dt.npz: 'dt' in it says that its steps are 0.5 ms long, but those of this run are 0.1 ms; take \
             --dt 0.5, or save times",
        ),
        ("time.npz", "events time.npz: both 'step' and 'time' say when events are; leave one of them out"),
        ("unit.npz", "events unit.npz: 'step_ms' has a unit, which only times have"),
        ("none.npz", "expected arrays 'step' and 'neuron', and maybe 'batch'; found [\"a\"]"),
    ] {
        folder.refuses(&format!("run --device cpu --neurons 3 --steps 100 --events {words}"), 1, message);
    }
    let (said, _) = run(&folder, "--steps 100 --neurons 3 --events plain.txt");
    assert!(said.contains("until step 700; the run ends after 100 steps, before 1 of 2"), "{said}");
}

#[test]
fn text_and_archives_know_the_same_names_of_events() {
    let folder = Folder::new();
    let words = "--neurons 3 --batch 2 --steps 200 --events-weight 11 --events";
    folder.write("two.txt", "3 1 2\n90 1 2\n");
    let expected = run(&folder, &format!("{words} two.txt")).1;
    assert_eq!(expected["spikes"], 2);
    let is_expected = |file: &str| {
        let (said, summary) = run(&folder, &format!("{words} {file}"));
        assert_eq!(
            (said.as_str(), &summary["spike_hash"]),
            ("", &expected["spike_hash"]),
            "{file}: {summary}"
        );
    };
    for ([when, row, neuron], unit) in [
        (["step", "batch_row", "neuron"], 1.0),
        (["Steps", "batch", "neuron_id"], 1.0),
        (["time_us", "row", "neuron_idx"], 100.0),
        (["spike_time", "batch_index", "cell"], 0.1),
        (["t", "batch", "id"], 0.1),
    ] {
        let [first, second] = [3.0 * unit, 90.0 * unit];
        folder.write("named.txt", &format!("{neuron},{row},{when}\n2,1,{first}\n2,1,{second}\n"));
        let arrays =
            [(when, &[first, second][..]), (row, &[1.0; 2]), (neuron, &[2.0; 2]), ("counts", &[7.0; 3])];
        folder.archive_of("named.npz", &arrays);
        is_expected("named.txt");
        is_expected("named.npz");
    }
    // Steps as long as those of the run; and times, which do not depend on the length of a step.
    let (rows, neurons): (&[f64], &[f64]) = (&[1.0; 2], &[2.0; 2]);
    let steps = [("step", &[3.0, 90.0][..]), ("batch", rows), ("neuron", neurons), ("fs", &[10_000.0])];
    folder.archive_of("steps.npz", &steps);
    is_expected("steps.npz");
    folder.archive_of(
        "times.npz",
        &[("t_ms", &[0.3, 9.0]), ("batch", rows), ("neuron", neurons), ("dt", &[0.5])],
    );
    is_expected("times.npz");
    // Names in a comment, as the header of numpy.savetxt.
    for heading in ["neuron batch step", "neuron,batch,step"] {
        folder.write("comment.txt", &format!("# spikes\n# {heading}\n2 1 3\n2 1 90\n"));
        is_expected("comment.txt");
    }
    folder.write("remark.txt", "# recorded by me\n3 1 2\n90 1 2\n");
    is_expected("remark.txt");
    // Two columns, whose names give the order.
    folder.write("turned.txt", "neuron_idx,spike_time\n0,3\n1,4\n");
    let turned = run(&folder, "--neurons 3 --steps 200 --events turned.txt").1["inputs"][0].clone();
    assert_eq!((&turned["from_ms"], &turned["to_ms"]), (&json!(3.0), &json!(4.0)));
    folder
        .run(&format!("{words} turned.txt --no-plot"))
        .assert()
        .success()
        .stdout(predicate::str::contains("all are of batch row 0 and drive all 2 batch rows"));
}

#[test]
fn times_of_events_are_told_as_on_the_clock_of_the_file() {
    let folder = Folder::new();
    folder.write("late.txt", "time_ms neuron\n1.92 1\n0.37 0\n");
    folder.archive_of("late.npz", &[("t_s", &[0.00192, 0.00037]), ("neuron", &[1.0, 0.0])]);
    for file in ["late.txt", "late.npz"] {
        let of = run(&folder, &format!("--steps 100 --events {file}")).1["inputs"][0].clone();
        assert_eq!((&of["from_ms"], &of["to_ms"]), (&json!(0.37), &json!(1.92)), "{file}");
    }
}

#[test]
fn a_matrix_is_known_by_what_is_in_it() {
    let folder = Folder::new();
    folder.write("events.txt", "3 0\n3 1\n");
    write_npy(folder.path("weights"), &Array2::from_elem((2, 3), 6.0)).unwrap();
    let words = "--neurons 3 --steps 100 --events events.txt --events-matrix";
    let (said, summary) = run(&folder, &format!("{words} weights"));
    assert_eq!((said.as_str(), &summary["spikes"]), ("", &3.into()));
    let of = &summary["inputs"][1];
    assert_eq!((&of["option"], &of["shape"]), (&"events-matrix".into(), &json!([2, 3])));
    folder.write("text.txt", "1 2 3\n");
    write_npy(folder.path("large.npy"), &ndarray::array![[1.0, 2.0, 3.0], [1.0, 1e39, 2.0]]).unwrap();
    for (file, message) in [
        ("text.txt", "matrix of weights text.txt: it is text; it must be a .npy or .npz file of numpy"),
        ("large.npy", "matrix of weights large.npy: the weight at [1, 1] is 1e39, multiplied with 1"),
    ] {
        folder.refuses(&format!("run --device cpu {words} {file}"), 1, message);
    }
}
