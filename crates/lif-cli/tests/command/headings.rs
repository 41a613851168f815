//! Names and comments above the numbers that give columns, units and intervals.

use super::Folder;
use serde_json::json;

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
        let (said, summary) = folder.stimulated("in.txt");
        assert_eq!(said, "", "{heading}");
        assert_eq!(summary["inputs"][0]["columns"], json!(columns), "{heading}");
        assert_eq!(summary["inputs"][0]["to_ms"], 2.0, "{heading}");
    }
    folder.write("in.txt", "time,current\ns,nA\n0,0.5\n0.001,1\n");
    assert_eq!(folder.stimulated("in.txt").1["inputs"][0]["to_ms"], 1.0);
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
        // Either the comment names the columns, or it is listed.
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
            assert_eq!(folder.stimulated(&format!("in.txt {words}")).0, "", "{comment}: {words}");
        }
    }
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
        let (said, _) = folder.stimulated("in.txt");
        assert!(said.contains(&message), "{name}: {said}");
    }
    for name in ["I (nanoampere)", "I (nA)", "current_nA", "I", "I (1)"] {
        folder.write("in.txt", &format!("t_ms,{name}\n0,0.5\n1,0.25\n"));
        assert_eq!(folder.stimulated("in.txt").0, "", "{name}");
    }
}
