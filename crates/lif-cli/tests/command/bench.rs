//! `lif bench`: the cases that it measures, its report and its refusals. Speed is not tested here.

use super::Folder;
use predicates::prelude::*;
use serde_json::Value;

/// Arguments of a benchmark that takes no time.
const SMALL: &str = "bench --repeats 2 --steps 40 --neurons 30";

impl Folder {
    /// The objects that a small benchmark prints.
    fn benchmark(&self, words: &str) -> Vec<Value> {
        let output = self.lif(&format!("{SMALL} --json {words}")).assert().success().get_output().clone();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn the_help_names_all_restrictions_and_has_examples() {
    let mut expected =
        predicate::str::contains("Examples:").and(predicate::str::contains("lif bench --quick")).boxed();
    for part in [
        "--device",
        "--neurons",
        "--batch",
        "--steps",
        "--input",
        "--record",
        "--mode",
        "--repeats",
        "--quick",
        "--plot",
        "--json",
        "constant",
        "sequence",
        "streamed",
        "gaussian",
        "poisson",
        "voltage",
        "forward",
    ] {
        expected = expected.and(predicate::str::contains(part)).boxed();
    }
    Folder::new().lif("bench --help").assert().success().stdout(expected);
}

#[test]
fn each_case_on_each_device_is_one_json_object() {
    let folder = Folder::new();
    let objects = folder.benchmark(
        "--device reference --device cpu --batch 1,2 --input constant,streamed,poisson --record none,spikes \
         --mode run,forward",
    );
    assert_eq!(objects.len(), 3 * 2 * 2 * 2 * 2);
    let keys = [
        "engine",
        "device",
        "mode",
        "input",
        "record",
        "neurons",
        "batch",
        "steps",
        "dt_ms",
        "memory_bytes",
        "repeats",
        "seconds_median",
        "seconds_min",
        "seconds_max",
        "spread",
        "neuron_steps_per_s",
        "kernel_s",
        "bytes_per_neuron_step",
        "operations_per_neuron_step",
        "roofline",
        "roofline_percent",
        "ratio_to_cpu",
        "checked_steps",
        "spikes",
        "mean_rate_hz",
        "seed",
        "spike_hash",
        "version",
    ];
    for object in &objects {
        assert_eq!(object.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
        assert_eq!(
            (&object["neurons"], &object["steps"], &object["repeats"]),
            (&30.into(), &40.into(), &2.into())
        );
        let number = |key: &str| object[key].as_f64().unwrap();
        assert!(0.0 < number("seconds_min") && number("seconds_min") <= number("seconds_median"));
        assert!(number("seconds_median") <= number("seconds_max"));
        let cells = 30.0 * number("batch");
        let rate = number("neuron_steps_per_s") * number("seconds_median") / (cells * 40.0);
        assert!((rate - 1.0).abs() < 1e-6, "{object}");
        let roof = object["roofline"]["neuron_steps_per_s"].as_f64().unwrap();
        let percent = number("roofline_percent") * roof / number("neuron_steps_per_s");
        assert!((percent - 100.0).abs() < 1e-6, "{object}");
        assert_eq!(object["kernel_s"], Value::Null);
        assert!(number("bytes_per_neuron_step") > 0.0);
    }
    // Both devices of a case have the same spikes, and the CPU is compared with itself.
    for pair in objects.chunks(2) {
        let [reference, cpu] = pair else { unreachable!() };
        assert_eq!((&reference["engine"], &cpu["engine"]), (&"reference".into(), &"cpu".into()));
        for key in ["mode", "input", "record", "batch", "spikes", "spike_hash", "checked_steps"] {
            assert_eq!(reference[key], cpu[key], "{key}");
        }
        assert_eq!(cpu["ratio_to_cpu"], 1.0);
        let ratio =
            reference["neuron_steps_per_s"].as_f64().unwrap() / cpu["neuron_steps_per_s"].as_f64().unwrap();
        assert!((reference["ratio_to_cpu"].as_f64().unwrap() / ratio - 1.0).abs() < 1e-6);
    }
    assert!(objects.iter().any(|object| object["spikes"].as_u64().unwrap() > 0));
    // 24 bytes of state, and 4 bytes of constant input, read once in a call of 40 steps.
    let simplest = &objects[1];
    assert!((simplest["bytes_per_neuron_step"].as_f64().unwrap() - 28.0 / 40.0).abs() < 1e-9, "{simplest}");
}

#[test]
fn every_input_and_recording_gives_the_same_on_reference_and_cpu() {
    // A difference would be an error.
    let objects = Folder::new().benchmark(
        "--device reference --device cpu --input constant,sequence,streamed,gaussian,poisson \
         --record none,counts,spikes,voltage --mode run,forward --batch 2",
    );
    assert_eq!(objects.len(), 5 * 4 * 2 * 2);
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn adapters_take_part_without_being_named() {
    let objects = Folder::new().benchmark("--input gaussian --record spikes");
    let of_engine =
        |engine: &str| objects.iter().filter(|object| object["engine"] == engine).collect::<Vec<_>>();
    assert_eq!((of_engine("reference").len(), of_engine("cpu").len()), (1, 1));
    assert!(!of_engine("gpu").is_empty());
    for adapter in of_engine("gpu") {
        assert_eq!(adapter["spike_hash"], objects[0]["spike_hash"]);
        if adapter["device"].as_str().unwrap().contains("vulkan") {
            assert!(adapter["kernel_s"].as_f64().unwrap() < adapter["seconds_max"].as_f64().unwrap());
        }
    }
}

#[test]
fn the_table_fits_a_terminal_and_the_picture_is_drawn() {
    let folder = Folder::new();
    let text = folder.printed(
        "bench --repeats 1 --steps 10 --neurons 1e3,50 --device cpu --input sequence --plot speed.png",
    );
    assert!(text.contains("run, sequence input, nothing recorded"), "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.contains(" cpu ")).collect();
    assert!(rows.len() == 2 && rows[0].starts_with("1e3 ") && rows[1].starts_with("50 "), "{text}");
    let picture = std::fs::read(folder.path("speed.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_is() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("folder.png")).unwrap();
    for (words, code, message) in [
        ("--input sound", 2, "[possible values: constant, sequence, streamed, gaussian, poisson]"),
        ("--record rate", 2, "[possible values: none, counts, spikes, voltage]"),
        ("--mode walk", 2, "[possible values: run, forward]"),
        ("--steps 0", 2, "0 is not from 1 to 1000000000000000"),
        ("--neurons 0", 2, "0 is not from 1 to"),
        ("--neurons 10,-5", 2, "-5 is below 0"),
        ("--neurons 1.5", 2, "1.5 is no whole number"),
        ("--neurons 1e10", 2, "below 2^32 - 1"),
        ("--batch 0", 2, "0 is not from 1 to"),
        ("--batch many", 2, "'many' is not a number"),
        ("--repeats 0", 2, "0 is not from 1 to"),
        ("--device nothing-has-this-name", 2, "no device fits 'nothing-has-this-name'"),
        ("--plot speed.jpg", 2, "must end in .png"),
        ("--plot missing/speed.png", 1, "--plot missing/speed.png: cannot write it: "),
        ("--plot folder.png", 1, "it is a folder"),
    ] {
        let device = if words.contains("--device") { "" } else { "--device cpu" };
        folder.refuses(&format!("bench {device} {words}"), code, message);
    }
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn a_case_that_fits_no_memory_is_left_out_with_a_word() {
    Folder::new()
        .lif("bench --device cpu --neurons 4e9 --steps 1 --repeats 1")
        .assert()
        .code(1)
        .stdout(predicate::str::contains("PER S").not())
        .stderr(
            predicate::str::contains("warning: ")
                .and(predicate::str::contains("needed, but"))
                .and(predicate::str::contains("error: no case fitted into memory")),
        );
}

#[test]
fn networks_are_measured() {
    let folder = Folder::new();
    let output = folder.lif("bench --networks --quick --device cpu --json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |label: &str| lines.iter().filter(|line| line["label"] == label).collect::<Vec<_>>();
    let names: Vec<&str> = of("cpu").iter().map(|line| line["network"].as_str().unwrap()).collect();
    assert_eq!(names, ["one neuron", "cuba", "brunel c", "microcircuit dc", "microcircuit"]);
    let circuit = of("cpu")[4];
    assert_eq!(circuit["neurons"], 7718);
    for key in ["real_time_factor", "events_per_s", "build_s", "us_per_step"] {
        assert!(circuit[key].as_f64().unwrap() > 0.0, "{key}");
    }
    let bytes = circuit["bytes_per_synapse"].as_f64().unwrap();
    assert!((8.0..11.0).contains(&bytes), "{bytes}");
    folder.refuses("bench --networks --neurons 10", 2, "--neurons");
}
