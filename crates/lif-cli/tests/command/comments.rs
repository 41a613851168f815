//! Comments that are understood in part: the rest is listed, with a warning if it may describe the numbers.

use super::Folder;
use serde_json::{Value, json};

/// Only a note in the summary, without a warning.
const LISTED: &str = "";

/// Writes a stimulus, spikes or events to `in.txt` and reads it. Returns standard error and the comments that
/// were not read.
fn read(folder: &Folder, kind: &str, text: &str) -> (String, Value) {
    folder.write("in.txt", text);
    let words = match kind {
        "stimulus" => "run --device cpu --json --no-plot --neurons 1 --stimulus in.txt",
        "spikes" => "score --device cpu --json --stimulus still.txt --spikes in.txt",
        _ => "run --device cpu --json --no-plot --neurons 9 --steps 900 --events in.txt",
    };
    let output = folder.lif(words).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let inputs = report["inputs"].as_array().cloned().unwrap_or_default();
    let of_it =
        inputs.iter().find(|input| input["file"].as_str().is_some_and(|file| file.ends_with("in.txt")));
    let unread = of_it.map_or(Value::Null, |of_it| of_it.get("unread").cloned().unwrap_or(json!([])));
    (String::from_utf8(output.stderr).unwrap(), unread)
}

#[test]
fn what_is_left_of_a_comment_is_listed_and_told() {
    let folder = Folder::with_still();
    let (one, events) = ("5\n6\n7\n", "3 1\n7 2\n");
    let told = "may say what the numbers are, and is not read";
    for (kind, comment, rows, message) in [
        ("events", "dt = 0.1 ms; neurons from 1", events, told),
        ("events", "sampling rate 10 kHz; unit, sample", events, told),
        ("events", "dt = 0.1 ms, Matlab indices (1..9)", events, told),
        ("events", "dt=0.1ms, step 0 is at 500 ms", events, told),
        ("events", "dt = 0.1 ms, first step is 1", events, told),
        ("events", "dt = 0.1 ms, steps counted in tens", events, told),
        ("spikes", "interspike intervals of cell 3 in ms", one, told),
        ("spikes", "spike times in ms relative to stimulus offset", one, told),
        ("spikes", "spike times in ms before stimulus end", one, told),
        ("spikes", "spike times in ms of two cells", one, LISTED),
        ("spikes", "spike times in ms multiplied with ten", one, told),
        ("stimulus", "sampling rate: 10 kHz, gain 20", one, told),
        ("stimulus", "sampling rate: 10 kHz, downsampled by 5", one, told),
        ("stimulus", "fs = 10000 Hz, t0 = 5 s", one, LISTED),
        ("stimulus", "dt = 0.1 ms, reversed", one, told),
        ("stimulus", "dt = 0.1 ms, cell 3", one, LISTED),
    ] {
        let (said, unread) = read(&folder, kind, &format!("# {comment}\n{rows}"));
        assert_eq!(unread, json!([comment]), "{kind}: {said}");
        if message == LISTED {
            assert_eq!(said, "", "{kind} {comment}");
        } else {
            assert!(said.contains(&format!("the comment '{comment}' {message}")), "{kind}: {said}");
        }
    }
    // An option for the interval overrules the comment, which is then listed.
    folder.write("in.txt", &format!("# dt = 0.5 ms, I (nA)\n{one}"));
    let summary = folder.summary("--neurons 1 --stimulus in.txt --stimulus-dt 0.1");
    assert_eq!(summary["inputs"][0]["unread"], json!(["dt = 0.5 ms, I (nA)"]));
    for (kind, text) in [
        ("stimulus", "# dt = 0.1 ms\n5\n6\n"),
        ("stimulus", "# The sampling rate is 10 kHz (dt = 0.1 ms).\n5\n6\n"),
        ("stimulus", "# dt = 0.1 ms, values in nA\n5\n6\n"),
        ("stimulus", "# dt = 0.1 ms, I (nA)\n5\n6\n"),
        ("stimulus", "# time in ms and current in nA\n0 5\n1 6\n"),
        ("stimulus", "# Time (ms)\n# Current (nA)\n0 5\n1 6\n"),
        ("stimulus", "0 5\n1 6\n# time in ms\n"),
        ("stimulus", "time since onset (ms),I\n0,5\n1,6\n"),
        ("spikes", "# spike times in ms\n10\n20\n"),
        ("spikes", "# spikes\n# Units: ms\n10\n20\n"),
        ("events", "# dt = 0.1 ms\n3 1\n"),
        ("events", "# dt = 0.1 ms, step, neuron\n3 1\n"),
        ("events", "# dt = 0.1 ms, neuron, step\n1 3\n"),
    ] {
        assert_eq!(read(&folder, kind, text), (String::new(), json!([])), "{text:?}");
    }
}

#[test]
fn comments_that_agree_in_part_are_refused_for_the_rest() {
    let folder = Folder::with_still();
    for (kind, comment, message) in [
        ("events", "dt = 0.1 ms; columns: neuron, step", "may name the columns, of which not all are known"),
        ("events", "dt=0.1, neuron first", "may name the columns, of which not all are known"),
        ("events", "dt = 0.1 ms, id of the neuron then its step", "may name the columns in another order"),
    ] {
        let (said, _) = read(&folder, kind, &format!("# {comment}\n3 1\n7 2\n"));
        assert!(said.contains(&format!("the comment '{comment}' {message}")), "{said}");
    }
    for comment in ["interspike intervals in ms", "ISIs (ms)", "times between spikes, intervals in ms"] {
        let (said, _) = read(&folder, "spikes", &format!("# {comment}\n10\n20\n"));
        assert!(said.contains(&format!("'{comment}' in it names times between spikes")), "{comment}: {said}");
    }
}

#[test]
fn comments_with_units_are_lines_of_names() {
    let folder = Folder::new();
    let rows = "0.1 0\n0.9 5\n1.4 20\n";
    for comment in [
        "I_nA t_ms",
        "current (nA), time (ms)",
        "current (nA)\ttime (ms)",
        "nA, ms",
        "I_nA t_s",
        "current in nA and time in ms",
        "I t\n# nA ms",
        "columns: current, time",
        "nA s",
        "current and time",
        "I_nA | t_ms",
        "I_nA t_ms\n# recorded by me",
        "Current (nA)\n# Time (ms)",
    ] {
        for option in ["", " --stimulus-time-unit s"] {
            folder.write("in.txt", &format!("# {comment}\n{rows}"));
            let output = folder.run(&format!("--no-plot --stimulus in.txt{option}")).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success(), "{comment}{option}");
            let is_told = said.contains("times have to come first") || said.contains("time-unit says");
            assert!(is_told, "{comment}{option}: {said}");
        }
    }
    for (comment, columns, to_ms, unit) in [
        ("t_ms,I_nA", ["t_ms", "I_nA"], 2.0, ""),
        ("t_s,I_nA", ["t_s", "I_nA"], 2000.0, ""),
        ("time (ms), current (nA)", ["time (ms)", "current (nA)"], 2.0, ""),
        ("Time [s], Current [A]", ["Time [s]", "Current [A]"], 2000.0, "A"),
        ("time_s current_nA", ["time_s", "current_nA"], 2000.0, ""),
        ("time_ms I_A", ["time_ms", "I_A"], 2.0, "A"),
        ("time (ms), V (mV)", ["time (ms)", "V (mV)"], 2.0, "mV"),
        ("time (ms), level (dB)", ["time (ms)", "level (dB)"], 2.0, "dB"),
        ("time (ms), rate (Hz)", ["time (ms)", "rate (Hz)"], 2.0, "Hz"),
        ("time (ms), g (nS)", ["time (ms)", "g (nS)"], 2.0, "nS"),
        ("t I\n# ms pA", ["t (ms)", "I (pA)"], 2.0, "pA"),
    ] {
        folder.write("in.txt", &format!("# {comment}\n0 0.5\n1 0.25\n2 0\n"));
        let output = folder.run("--json --no-plot --stimulus in.txt --steps 5").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        let of_it = &summary["inputs"][0];
        assert_eq!((&of_it["columns"], &of_it["to_ms"]), (&json!(columns), &json!(to_ms)), "{comment}");
        assert_eq!(of_it.get("unread"), None, "{comment}");
        let message = format!("its values are in {unit} by their name, and taken as nA");
        assert!(if unit.is_empty() { said.is_empty() } else { said.contains(&message) }, "{comment}: {said}");
    }
    // A comment that may give the other order causes a warning, also if an option gives the unit.
    let turned = "current of cell 3 in nA, then the time in ms";
    folder.write("in.txt", &format!("# {turned}\n0 0.5\n1 0.25\n2 0\n"));
    let output = folder.run("--json --no-plot --stimulus in.txt --stimulus-time-unit ms").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!("the comment '{turned}' may name the columns in another order")),
        "{said}"
    );
    // So is a comment below the numbers.
    let (said, unread) = read(&folder, "stimulus", "0 5\n1 6\n# I_nA t_ms\n");
    assert!(said.contains("the comment 'I_nA t_ms' may name the columns in another order"), "{said}");
    assert_eq!(unread, json!(["I_nA t_ms"]));
    // Prose with a unit does not name columns.
    for comment in ["Ornstein-Uhlenbeck current (nA)", "Stimulus: OU noise, tau = 5 ms"] {
        let (said, unread) = read(&folder, "stimulus", &format!("# {comment}\n0 0.5\n1 0.25\n"));
        assert_eq!((said.as_str(), unread), ("", json!([comment])));
    }
    // Another comment may follow the names.
    folder.write("in.txt", "# t_s,I_nA\n# recorded by me\n0 0.5\n0.001 0.25\n");
    let of_it = folder.summary("--neurons 1 --stimulus in.txt --steps 5")["inputs"][0].clone();
    assert_eq!((&of_it["columns"], &of_it["to_ms"]), (&json!(["t_s", "I_nA"]), &json!(1.0)));
    assert_eq!(of_it["unread"], json!(["recorded by me"]));
    // A unit of values next to a comment that is understood.
    for (text, unit) in [
        ("# sampling rate: 10 kHz, values in A\n5\n6\n", "A"),
        ("# dt = 0.1 ms, values in mV\n5\n6\n", "mV"),
        ("# units: mV\n5\n6\n", "mV"),
        ("# time in ms, current in mV\ntime_ms,I\n0,5\n1,6\n", "mV"),
    ] {
        let (said, unread) = read(&folder, "stimulus", text);
        let message = format!("its values are in {unit} by a comment, and taken as nA");
        assert!(said.contains(&message) && unread != json!([]), "{text:?}: {said}");
    }
}

#[test]
fn what_lasts_or_counts_backwards_is_no_time() {
    let folder = Folder::new();
    let (said, _) = read(&folder, "stimulus", "time_ms,duration_ms\n1 5\n2 6\n");
    assert!(said.contains("the second column is 'duration_ms', and there is no column of values"), "{said}");
    for name in [
        "duration_ms",
        "width (ms)",
        "length_ms",
        "period_ms",
        "step duration (ms)",
        "interval (ms)",
        "time before end (ms)",
        "t_end_ms",
    ] {
        for mark in ["", "# "] {
            let text = format!("{mark}{name}, amplitude (nA)\n1 5\n2 6\n");
            let (said, _) = read(&folder, "stimulus", &text);
            let message = format!("the first column is '{name}', which is not a name of times");
            assert!(said.contains(&message), "{text:?}: {said}");
        }
    }
}

#[test]
fn what_may_be_no_list_of_times_is_told() {
    let folder = Folder::with_still();
    for name in [
        "neuron",
        "trial",
        "cluster_id",
        "counts",
        "amplitude",
        "spike_counts",
        "time since last spike (ms)",
        "x",
    ] {
        let (said, _) = read(&folder, "spikes", &format!("{name}\n10\n20\n"));
        let message = format!("'{name}' in it is not called as times of spikes are, and is taken for them");
        assert!(said.contains(&message), "{name}: {said}");
    }
    for name in ["t", "time_ms", "spikes", "spike_times", "onset_ms", "Spike times of neuron (ms)"] {
        assert_eq!(read(&folder, "spikes", &format!("{name}\n10\n20\n")).0, "", "{name}");
    }
    // Sweeps, as gnuplot writes them.
    let sweeps =
        "the numbers above and below the 2 blank lines before line 5 are taken together, as one list";
    assert!(read(&folder, "stimulus", "5\n6\n\n\n7\n8\n").0.contains(sweeps));
    assert_eq!(read(&folder, "stimulus", "\n\n5\n\n6\n\n7\n\n\n").0, "");
}

#[test]
fn numbers_and_signs_in_comments_are_listed() {
    let folder = Folder::with_still();
    let one = "5\n6\n7\n";
    for comment in
        ["1", "+ 1000", "*0.1", "\u{d7} 10", "(2, 2)", "-1", "50 %", "\u{bd}", "-I", "-I (nA)", "|I|", "I%"]
    {
        let (said, unread) = read(&folder, "stimulus", &format!("# {comment}\n{one}"));
        assert_eq!((said.as_str(), unread), ("", json!([comment])), "{comment}");
        let (said, unread) = read(&folder, "stimulus", &format!("5\n6 # {comment}\n"));
        assert_eq!((said.as_str(), unread), ("", json!([comment])), "{comment}");
    }
    for comment in ["dt > 0.1", "dt \u{2260} 0.1"] {
        let (said, unread) = read(&folder, "stimulus", &format!("# {comment}\n{one}"));
        let told = format!("the comment '{comment}' may say what the numbers are, and is not read");
        assert!(said.contains(&told) && unread == json!([comment]), "{comment}: {said}");
    }
    let events = read(&folder, "events", "# -step neuron\n3 1\n");
    assert!(events.0.contains("may name the columns, of which not all are known"), "{}", events.0);
    assert_eq!(read(&folder, "events", "3 1\n7 2 # -0.5\n").1, json!(["-0.5"]));
    assert_eq!(read(&folder, "spikes", "120 # 1\n130\n").1, json!(["1"]));
    // Lines of decoration say nothing.
    assert_eq!(read(&folder, "stimulus", "# ----\n#\n# ====\n5\n6\n#\n"), (String::new(), json!([])));
}

#[test]
fn comments_without_words_divide_numbers() {
    let folder = Folder::with_still();
    for (comment, said) in [
        ("# 2", "comment '2'"),
        ("# ------", "comment '------'"),
        ("#", "empty comment"),
        ("# \n", "empty comment"),
    ] {
        let message =
            format!("the numbers above and below the {said} in line 3 are taken together, as one list");
        for (kind, above, below) in
            [("stimulus", "5\n6", "7"), ("spikes", "5\n6", "7"), ("events", "1 2\n3 4", "5 6")]
        {
            let (told, _) = read(&folder, kind, &format!("{above}\n{comment}\n{below}\n"));
            assert!(told.contains(&message), "{kind} {comment}: {told}");
        }
    }
    let (told, unread) = read(&folder, "spikes", "# 1\n5\n6\n# 2\n15\n");
    assert!(told.contains("the comment '2' in line 4"), "{told}");
    assert_eq!(unread, json!(["1", "2"]));
}

#[test]
fn comments_that_name_other_columns_than_there_are_are_refused() {
    let folder = Folder::new();
    for (comment, rows, count) in [
        ("step neuron", "3 0 1\n7 0 2\n", "names 2 columns, but there are 3"),
        ("step, batch, neuron", "3 1\n7 2\n", "names 3 columns, but there are 2"),
        ("dt = 0.1 ms, step neuron", "3 0 1\n", "names 2 columns, but there are 3"),
    ] {
        let (said, _) = read(&folder, "events", &format!("# {comment}\n{rows}"));
        assert!(said.contains(&format!("the comment '{comment}' {count}")), "{said}");
    }
}

#[test]
fn lines_that_say_what_something_is_are_comments() {
    let folder = Folder::with_still();
    for line in ["fs=1000", "dt=1", "dt=1ms", "fs:1000"] {
        let (said, _) = read(&folder, "stimulus", &format!("{line}\n5\n6\n"));
        let message = format!("the comment '{line}' may say that there is a sample every 1 ms");
        assert!(said.contains(&message), "{line}: {said}");
    }
    assert_eq!(read(&folder, "stimulus", "dt=0.1\n5\n6\n"), (String::new(), json!([])));
    assert_eq!(read(&folder, "stimulus", "t0=500\n5\n6\n").1, json!(["t0=500"]));
    assert_eq!(read(&folder, "spikes", "t0=500\n5\n6\n").1, json!(["t0=500"]));
    // A count names nothing.
    for comment in ["per ms", "each ms", "every ms"] {
        let (said, unread) = read(&folder, "stimulus", &format!("# {comment}\n5\n6\n"));
        assert!(said.contains(&format!("the comment '{comment}' may say")), "{comment}: {said}");
        assert_eq!(unread, json!([comment]));
    }
}
