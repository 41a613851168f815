//! Numbers and their units, and the messages about refused ones.

use super::Folder;
use predicates::prelude::*;
use serde_json::{Value, json};

/// The message of a refusal, without `error: `.
fn refusal(folder: &Folder, words: &str) -> String {
    let output = folder.lif(words).assert().failure().stdout("").get_output().clone();
    let said = String::from_utf8(output.stderr).unwrap();
    said.strip_prefix("error: ").unwrap_or_else(|| panic!("{words}: {said}")).trim_end().to_owned()
}

/// Options, the same options with units and in other notations, and the settings that result from both.
const SAID: [(&str, &str, &str); 32] = [
    ("neurons", "20", "2e1"),
    ("batch", "2", "+2.0"),
    ("duration", "10", "0.01s"),
    ("dt", "0.1", "100us"),
    ("seed", "1000", "1_000"),
    ("tau-m", "10", "0.01s"),
    ("resistance", "20", "20MΩ"),
    ("v-rest", "-65", "-65mV"),
    ("v-reset", "-66:-65", "-0.066V:-65mV"),
    ("v-threshold", "-50", "−50mV"),
    ("t-ref", "1:2", "1000:2000us"),
    ("v-lower", "-80", "-80000uV"),
    ("trace", "add", "add"),
    ("tau-trace", "5", "5ms"),
    ("trace-scale", "1.5", "15e-1"),
    ("tau-syn", "5", "0.005 s"),
    ("tau-syn-inhibitory", "8", "0.008 s"),
    ("init-voltage", "-60", "-60mV"),
    ("current", "0.3", "300pA"),
    ("input", "gaussian:mean=0.3,sd=0.2:0.5", "gaussian:mean=300pA,sd=200:500pA"),
    ("stimulus", "in.txt", "in.txt"),
    ("stimulus-scale", "0.5", "500pA"),
    ("stimulus-offset", "-0.1", "-1e-10A"),
    ("stimulus-low-pass", "2", "2000µs"),
    ("stimulus-delay", "3", "3 ms"),
    ("stimulus-dt", "0.5", "500μs"),
    ("events", "events.txt", "events.txt"),
    ("events-weight", "0.3nA", "300pA"),
    ("memory-budget", "1000000000", "1e9"),
    ("checkpoint", "never.st", "never.st"),
    ("checkpoint-every", "1000", "1e3"),
    ("record", "spikes:0..10,voltage:3+7/5", "spikes:0..1e1,voltage:3+7/5"),
];

#[test]
fn numbers_are_the_same_however_they_are_written_and_wherever() {
    let folder = Folder::new();
    folder.write("in.txt", "1\n2\n3\n4\n");
    folder.write("events.txt", "3 1\n5 2\n7 3\n");
    let run = |said: Vec<String>| -> Value {
        let mut command = folder.run("--json --no-plot");
        let output = command.args(&said).assert().success().get_output().clone();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let option = |name: &str, value: &str| format!("--{name}={value}");
    let plain = run(SAID.iter().map(|(name, plain, _)| option(name, plain)).collect());
    assert!(plain["spikes"].as_u64().unwrap() > 0);
    let mut settings = plain["settings"].clone();
    settings["record"] = json!("spikes:0..1e1,voltage:3+7/5");
    let with_units = run(SAID.iter().map(|(name, _, other)| option(name, other)).collect());
    assert_eq!(with_units["settings"], settings);
    assert_eq!(with_units["spike_hash"], plain["spike_hash"]);

    // A settings file has quantities with units as strings, and numbers as numbers.
    let quoted: Vec<String> = SAID.iter().map(|(name, _, other)| format!("{name} = \"{other}\"")).collect();
    folder.write("units.toml", &quoted.join("\n"));
    let from_file = run(vec!["--config=units.toml".to_owned()]);
    assert_eq!(from_file["spike_hash"], plain["spike_hash"]);
    assert_eq!(from_file["settings"]["current"], plain["settings"]["current"]);
    let numbers: Vec<String> = SAID
        .iter()
        .map(|(name, plain, _)| match plain.parse::<f64>() {
            Ok(_) => format!("{} = {plain}", name.replace('-', "_")),
            Err(_) => format!("{name} = \"{plain}\""),
        })
        .collect();
    folder.write("numbers.toml", &numbers.join("\n"));
    assert_eq!(run(vec!["--config=numbers.toml".to_owned()])["spike_hash"], plain["spike_hash"]);
}

/// Every option of a quantity accepts its unit, and refuses another with a message.
#[test]
fn options_of_quantities_know_their_units() {
    let folder = Folder::new();
    for (command, options) in [
        (
            "run",
            "dt duration tau-m t-ref tau-trace tau-syn tau-syn-inhibitory stimulus-low-pass stimulus-delay stimulus-dt",
        ),
        ("score", "window tau-distance from to"),
        ("fit", "split window"),
    ] {
        for option in options.split(' ') {
            let said = refusal(
                &folder,
                &format!("{command} --spikes x --{option} 5mV").replace("run --spikes x", "run"),
            );
            let expected = format!("invalid value '5mV' for '--{option} <");
            assert!(said.starts_with(&expected), "{said}");
            assert!(
                said.contains("'5mV' is a potential, not a time; write the number alone, which is in ms"),
                "{said}"
            );
        }
    }
    for (words, reason) in [
        (
            "run --v-rest 5ms",
            "'5ms' is a time, not a potential; write the number alone, which is in mV, or as 5mV",
        ),
        ("run --resistance 5nF", "'5nF' is a capacitance, not a resistance"),
        ("run --tau-m 5mS", "'mS' is no unit; write ms or Ms"),
        ("run --tau-m 5apples", "'apples' is no unit that is known here"),
        ("run --trace-scale 5mV", "'5mV' is a potential, but this is a number without a unit"),
        ("run --neurons 5s", "'5s' is a time, but this is a count"),
        ("run --steps 1.5", "1.5 is no whole number"),
        ("run --dt 1:2", "this takes one number, not a range"),
        ("run --tau-m 5ms:10", "write LO:HIms, with the unit after both"),
        ("run --current 0,5", "write a decimal point"),
        ("run --events-weight 5ms", "'5ms' is neither a potential, as 0.5mV, nor a current, as 0.3nA"),
        ("run --input gaussian:sd=5nF,mean=x", "mean: 'x' is not a number"),
        ("run --record voltage:0..1.5", "'1.5' is not the number of a neuron"),
        ("fit --spikes x --vary tau-m=5mV:10mV", "'5mV' is a potential, not a time"),
        ("fit --spikes x --candidates 7", "7 is not from 8 to 10000000"),
        ("fit --spikes x --generations -1", "-1 is below 0"),
        ("bench --neurons 1.5", "1.5 is no whole number"),
        ("bench --steps 0", "0 is not from 1 to 1000000000000000"),
    ] {
        let said = refusal(&folder, words);
        assert!(said.contains(reason), "{words}: {said}");
    }
    // With the preset, the quantity is known.
    for (words, reason) in [
        ("--current 5mV", "--current 5mV: '5mV' cannot be brought to nA, in which the preset origin has it"),
        ("--init-voltage 5nA", "--init-voltage 5nA: '5nA' cannot be brought to mV"),
        ("--input gaussian:sd=5ms", "--input gaussian:sd=5ms: '5ms' cannot be brought to nA"),
        (
            "--preset norse --current 5nA",
            "'5nA' has a unit, but the numbers of the preset norse have none; write 5",
        ),
        ("--preset brian2 --init-voltage 1mV", "but the numbers of the preset brian2 have none"),
        (
            "--preset norse --input poisson:rate=5,weight=3nA",
            "write 3current for a current, or 3 for what moves",
        ),
    ] {
        let said = refusal(&folder, &format!("run --device cpu --neurons 3 --steps 3 {words}"));
        assert!(said.contains(reason), "{words}: {said}");
    }
}

#[test]
fn inputs_come_into_the_units_of_a_preset() {
    let folder = Folder::new();
    let nest = |words: &str| folder.summary(&format!("--neurons 5 --duration 200 --preset nest:{words}"));
    let here = nest("tau_m=20,C_m=250 --current 300:500 --init-voltage -60");
    let there = nest("tau_m=0.02s,C_m=0.25nF --current 0.3:0.5nA --init-voltage -0.06V");
    assert!(here["spikes"].as_u64().unwrap() > 0);
    assert_eq!(here["spike_hash"], there["spike_hash"]);
    assert_eq!(here["settings"], there["settings"]);

    folder.write("events.txt", "0 0\n10 0\n20 0\n");
    let events =
        |weight: &str| nest(&format!("tau_m=20 --events events.txt --current 370 --events-weight {weight}"));
    assert_eq!(events("3nA")["spike_hash"], events("3000pA")["spike_hash"]);
    assert_eq!(events("3nA")["settings"]["events-weight"], "3000pA");
    assert_eq!(events("3000current")["spike_hash"], events("3nA")["spike_hash"]);
    assert_ne!(events("3nA")["spike_hash"], events("3")["spike_hash"]);
    // A jump is a potential there, too.
    assert_eq!(events("30mV")["spike_hash"], events("30")["spike_hash"]);
    // The settings in a summary repeat the run.
    assert_eq!(folder.repeated(&events("3nA"))["spike_hash"], events("3nA")["spike_hash"]);
}

#[test]
fn a_refused_value_is_told_with_who_said_it_and_in_which_words() {
    let folder = Folder::new();
    folder.write("in.txt", "1\n2\n");
    for (words, message) in [
        ("--neurons 0", "--neurons 0: neurons is 0"),
        ("--dt -100us", "--dt -100us: dt is -0.1 ms; it must be above 0"),
        ("--tau-m -10:10", "--tau-m -10:10: tau_m is -10 for neuron 0; it must be above 0 ms"),
        ("--dt 1 --tau-m 0.25", "--dt 1, --tau-m 0.25: dt / tau_m is 4; it must be at most 2"),
        ("--dt 12 --tau-m 100", "--dt 12: t_ref is 5; it must be 0 or at least half of dt (12 ms)"),
        ("--duration 1e30", "--duration 1e30: "),
        ("--current 1e18 --resistance 1e18", "--resistance 1e18, --current 1e18: resistance x input"),
        ("--input gaussian:sd=-1 --current 5", "--input gaussian:sd=-1: the sd of the Gaussian input is -1"),
        ("--device nothing-has-this-name", "--device nothing-has-this-name: no device fits"),
        ("--v-reset -50 --t-ref 0", "--v-reset -50: v_reset is -50; it must be at most v_threshold"),
        ("--stimulus in.txt --current 0.1:0.2", "--current 0.1:0.2: a current of 0.1:0.2 cannot go with"),
        ("--stimulus-scale 2", "--stimulus-scale 2: stimulus-scale needs a stimulus"),
    ] {
        let device = if words.contains("--device") { "" } else { "--device cpu " };
        let said = refusal(&folder, &format!("run --no-plot {device}{words}"));
        assert!(said.starts_with(message), "{words}: {said}");
    }
    for (text, message) in [
        ("# mine\nneurons = -3", "bad.toml:2: neurons = -3: -3 is below 0"),
        ("neurons = 1.5", "bad.toml:1: neurons = 1.5: 1.5 is no whole number"),
        ("neurons = 0", "bad.toml:1: neurons = 0: neurons is 0; it must be at least 1"),
        ("dt = 0.1\ntau_m = [1, 2]", "bad.toml:2: tau_m = [1, 2]: it must be a number or text in quotes"),
        ("tau_m = \"-1:x\"", "bad.toml:1: tau_m = \"-1:x\": 'x' is not a number"),
        ("\n\ntau-m = 0 # slow", "bad.toml:3: tau-m = 0: tau_m is 0; it must be above 0 ms"),
        (
            "record = \"spikes:99\"\nneurons = 9",
            "bad.toml:1: record = \"spikes:99\", bad.toml:2: neurons = 9: there is no",
        ),
        ("json = 1", "bad.toml:1: json = 1: it must be true or false"),
        ("trace = \"yes\"", "bad.toml:1: trace = \"yes\": it must be one of none, add, set"),
    ] {
        folder.write("bad.toml", text);
        let said = refusal(&folder, "run --config bad.toml --device cpu --steps 3 --no-plot");
        assert!(said.starts_with(message), "{text}: {said}");
    }
    // The option overrules the file, and is shown.
    folder.write("bad.toml", "tau-m = 0");
    let said = refusal(&folder, "run --config bad.toml --tau-m -1 --device cpu");
    assert!(said.starts_with("--tau-m -1: tau_m is -1"), "{said}");
}

#[test]
fn scores_and_fits_tell_what_was_said_too() {
    let folder = Folder::new();
    let samples: String =
        (0..400).map(|sample| format!("{}\n", 0.4 + f64::from(sample % 40) / 100.0)).collect();
    folder.write("in.txt", &samples);
    folder.write("spikes.txt", "5\n20\n30\n");
    for (words, message) in [
        ("score --from 30 --to 10ms", "--from 30, --to 10ms: from is 30 ms and to 10 ms"),
        ("score --tau-distance 0", "--tau-distance 0: tau-distance is 0 ms"),
        ("score --tau-m 5:10", "--tau-m 5:10: tau-m is a range; one neuron is compared"),
        ("score --preset nest:tau_m=5:10", "--preset nest:tau_m=5:10: tau_m is a range"),
        ("score --input gaussian:sd=1:2", "--input gaussian:sd=1:2"),
        ("fit --split 500", "--split 500: split is 500 ms"),
        (
            "fit --vary tau-m=0.01:5 --vary resistance=1:2",
            "--vary tau-m=0.01:5 --vary resistance=1:2: dt / tau_m is 10",
        ),
        ("fit --vary t-ref=-1:5", "--vary t-ref=-1:5: t_ref is -1 for neuron 0"),
        ("fit --preset nest", "--preset nest: the preset nest has its own names"),
    ] {
        let said =
            refusal(&folder, &format!("{words} --stimulus in.txt --spikes spikes.txt --device cpu --quiet"));
        assert!(said.starts_with(message), "{words}: {said}");
    }
    for (words, message) in [
        ("fi --v-lower -70:-60", "--v-lower -70:-60: v-lower is a range; a curve is that of one neuron"),
        ("fi --preset nest:V_th=-55:-50", "--preset nest:V_th=-55:-50: V_th is a range"),
    ] {
        let said = refusal(&folder, words);
        assert!(said.starts_with(message), "{words}: {said}");
    }
    // With units.
    folder
        .lif("score --stimulus in.txt --spikes spikes.txt --device cpu --from 1000us --to 0.04s --window 2ms")
        .assert()
        .success()
        .stdout(predicate::str::contains("scored       1 to 40 ms"));
}

#[test]
fn presets_tell_of_themselves_in_their_own_words() {
    let folder = Folder::new();
    for (words, message) in [
        ("nest --dt 0.2", "write --preset nest:resolution=VALUE, in ms"),
        ("nest --resistance 40", "write --preset nest:C_m=VALUE, in pF"),
        ("nest --tau-m 40", "write --preset nest:tau_m=VALUE, in ms"),
        ("nengo --dt 0.2", "write --preset nengo:dt=VALUE, in s"),
        ("norse --tau-m 5", "write --preset norse:tau_mem_inv=VALUE, in 1/s"),
        ("snntorch-leaky --tau-m 5", "write --preset snntorch-leaky:beta=VALUE"),
        (
            "snntorch-leaky --dt 5",
            "none of them sets this; there are beta, threshold, reset_mechanism, reset_delay",
        ),
        ("brian2 --integrator euler", "write --preset brian2:method=VALUE"),
        (
            "norse:dt=0.05",
            "--preset norse:dt=0.05: dt tau_mem_inv is 5; it must be at most 2 with forward Euler, which is \
            unstable beyond; take a shorter dt",
        ),
        (
            "brian2:method=euler,dt=25",
            "dt / tau is 2.5; it must be at most 2 with forward Euler, which is unstable beyond; \
            take a shorter dt or method=exact",
        ),
        (
            "bindsnet:lbound=-50",
            "lbound is -50 mV; it must be below thresh, or a neuron could spike at every step",
        ),
        (
            "brian2:v_reset=2",
            "v_reset is 2; it must be at most v_th where there is no refractory period, or a neuron could spike at \
            every step; if that is meant, add --allow-constant-firing",
        ),
        (
            "snntorch-leaky:threshold=-0.5,reset_delay=false",
            "threshold is -0.5; it must be at least 0 where there is no refractory period, or a neuron could spike",
        ),
        (
            "snntorch-leaky:threshold=-0.5,reset_mechanism=zero",
            "threshold is -0.5; it must be at least 0 where",
        ),
        ("spikingjelly:v_threshold=0,v_reset=none", "v_threshold is 0; it must be above 0 where"),
        ("spikingjelly:v_threshold=0", "v_reset is 0; it must be below v_threshold where"),
        (
            "snntorch-leaky:beta=1e-30",
            "beta is 1e-30; it must be at least 0.001 with reset_mechanism=subtract",
        ),
        (
            "snntorch-leaky:beta=1e-45",
            "beta is 1e-45; it must be at least 0.001 with reset_mechanism=subtract",
        ),
        ("snntorch-leaky:beta=0.001,threshold=1e18", "threshold / what a step leaves is "),
        ("bindsnet:reset=-50.1", "reset is -50.1; it must be"),
        ("synapticflow:reset_pot=-50.1,threshold=-50.3", "reset_pot is -50.1; it must be"),
        ("genn:Vreset=-50.1,Vthresh=-50.1", "Vreset is -50.1; it must be"),
        ("nengo:min_voltage=0.5", "min_voltage is 0.5; it must be 0 or less; -inf is no bound"),
        ("nengo:min_voltage=none", "min_voltage is 'none'; it must be a number"),
        ("nest:V_min=-inf", "V_min is -inf mV; it must be a finite number"),
        ("nest:resolution=0.0009999999", "resolution is 0.0009999999 ms; it must be a multiple of 0.001 ms"),
        ("nest:resolution=0.1000000001", "it must be a multiple of 0.001 ms"),
        (
            "brian2:tau=0",
            "tau is 0 ms; it must be above 0: at 0 the equation divides by it, and with less a membrane potential runs",
        ),
        ("norse:tau_mem_inv=1e-9", "dt tau_mem_inv is 1e-12; it must be at least 1e-9"),
        ("nest:C_m=1e-30", "tau_m / C_m is "),
        ("nest:tau_m=5nA", "tau_m: '5nA' is a current, not a time"),
        ("nest:C_m=0pF", "C_m is 0 pF; it must be above 0"),
        ("nengo:tau_ref=5000", "tau_ref is "),
    ] {
        let said =
            refusal(&folder, &format!("run --device cpu --neurons 3 --steps 3 --no-plot --preset {words}"));
        assert!(said.contains(message), "{words}: {said}");
        let ours = ["v_threshold", "tau_m is", "t_ref is", "v_lower", "allow_constant_firing"];
        // These have some of the same names.
        let shared = words.starts_with("nest") || words.starts_with("spikingjelly");
        assert!(shared || ours.iter().all(|ours| !said.contains(ours)), "{words}: {said}");
    }
}

#[test]
fn constant_firing_is_allowed_in_a_preset_too() {
    let folder = Folder::new();
    let run = "--neurons 3 --steps 5 --preset brian2:v_reset=2 --init-voltage 5 --current 0";
    folder.run(run).assert().code(2).stderr(predicate::str::contains("add --allow-constant-firing"));
    assert_eq!(folder.summary(&format!("{run} --allow-constant-firing"))["spikes"], 15);
}

#[test]
fn a_warning_is_said_once_and_in_the_names_of_the_preset() {
    let folder = Folder::new();
    folder.write("in.txt", &"0.5\n0.7\n".repeat(400));
    folder.write("spikes.txt", "20\n50\n");
    let fit = "fit --stimulus in.txt --spikes spikes.txt --candidates 8 --generations 3 --best 2 --no-plot \
               --vary tau-m=0.06:0.09 --vary resistance=10:20 --device cpu";
    for (words, warning) in [
        ("run --device cpu --neurons 3 --steps 3 --tau-m 0.09 --no-plot", "dt / tau_m is 1.111"),
        (
            "run --device cpu --neurons 3 --steps 3 --preset norse:dt=0.015 --no-plot",
            "dt tau_mem_inv is 1.500",
        ),
        (fit, "dt / tau_m is 1.6"),
    ] {
        let output = folder.lif(words).assert().success().get_output().clone();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.matches("warning: ").count(), 1, "{words}: {said}");
        assert!(said.starts_with(&format!("warning: {warning}")), "{said}");
    }
}

#[test]
fn presets_are_listed_with_units_and_defaults() {
    let folder = Folder::new();
    let said = |words: &str| {
        let output =
            folder.lif(words).env("COLUMNS", "80").assert().success().stderr("").get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    };
    let nest = said("presets nest");
    assert!(nest.lines().any(|line| line.split_whitespace().eq(["C_m", "250", "pF"])), "{nest}");
    assert_eq!(said("run --preset nest:help"), nest);
    assert_eq!(said("run --preset help"), said("presets"));
    for words in ["presets", "run --help", "fi --help", "score --help"] {
        let listed = said(words);
        assert!(
            listed.contains("C_m=250 pF, tau_m=10 ms") && listed.contains("tau-m=3 ms"),
            "{words}: {listed}"
        );
        assert!(listed.lines().all(|line| line.chars().count() <= 80), "{words}: {listed}");
    }
    let json: Value = serde_json::from_str(&said("presets snntorch-leaky --json")).unwrap();
    assert_eq!(json[0]["parameters"][2]["words"], json!(["subtract", "zero", "none"]));
    folder.refuses("presets nes", 2, "there is no preset 'nes'; there are: origin");
    folder.write("help.toml", "preset = \"help\"");
    folder.refuses("run --config help.toml", 2, "help.toml:1: preset = \"help\": help is no preset");
}

#[test]
fn common_options_have_short_names() {
    let folder = Folder::new();
    folder.write("run.toml", "steps = 3\n");
    folder
        .run("-n 1e1 -q -o here -c run.toml")
        .assert()
        .success()
        .stdout(predicate::str::contains("10 neurons"));
    assert!(folder.path("here/summary.json").exists());
    folder
        .lif("fi -n 5 --device cpu --no-plot")
        .assert()
        .success()
        .stdout(predicate::str::contains("5 currents"));
}

#[test]
fn a_unit_after_a_blank_is_told_how_to_write() {
    let folder = Folder::new();
    for words in ["run --current 300 pA", "run --dt 0.1 ms", "fi --current 0.5 0.8"] {
        folder.refuses(words, 2, "A value is one word: write 300pA for 300 pA, and 0.5:0.8 for a range.");
    }
    folder.lif("run --version").assert().success().stdout(predicate::str::starts_with("lif-run "));
}

#[test]
fn a_current_that_seems_to_be_in_another_unit_is_doubted() {
    let folder = Folder::new();
    let said = "warning: a current of 400 nA is 800 times what just reaches the threshold; if it is in pA, write 400pA";
    let run = |words: &str| folder.run(&format!("-n 2 --steps 10 --no-plot {words}")).assert().success();
    run("--current 150:400").stderr(predicate::str::contains(said));
    run("--current 1.5:4").stderr("");
    run("--current 0.5MA")
        .stderr(predicate::str::contains("is 1,000,000,000,000,000 times what just reaches"));
    run("--preset nest --current 150:400").stderr("");
}

#[test]
fn a_current_with_which_no_neuron_spikes_is_told() {
    let folder = Folder::new();
    let run = |words: &str| folder.run(&format!("-n 3 --steps 10 --no-plot {words}")).assert().success();
    let said = |current: &str, least: &str| {
        format!(
            "warning: no neuron that starts at rest reaches its threshold with a current of {current}; take more than \
             {least}\n"
        )
    };
    run("--current 300pA").stderr(said("0.3 nA", "0.5 nA"));
    run("--current 0.2:0.45 --resistance 18:22").stderr(said("0.45 nA", "0.45455 nA"));
    run("--preset nest --current 100").stderr(said("100 pA", "375 pA"));
    // One of them does, or something else drives them.
    for words in ["--current 0.2:0.51", "--current 0.3 --input poisson:rate=900,weight=0.5"] {
        run(words).stderr("");
    }
}

#[test]
fn steps_too_short_for_single_precision_are_told() {
    let folder = Folder::new();
    let said = |words: &str| folder.stderr(words);
    for words in [
        "run --device cpu -n 1 --no-plot --record none --steps 9 --tau-m 1e4",
        "run --device cpu -n 1 --no-plot --record none --steps 9 --tau-m 100 --dt 0.001",
        "fi --device cpu -n 5 --no-plot --tau-m 100 --dt 0.001 --t-ref 0 --duration 20",
    ] {
        let message = "single precision loses changes of the membrane potential: it may stop ";
        assert!(said(words).contains(message), "{words}: {}", said(words));
        assert_eq!(said(&format!("{words} --v-reference=-62")), "", "{words}");
    }
    assert_eq!(said("run --device cpu -n 1 --no-plot --record none --steps 9 --tau-m 20 --dt 0.01"), "");
}
