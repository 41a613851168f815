//! `lif fit`: it finds a known neuron again, and its output can be used.

#![allow(clippy::disallowed_methods, reason = "what is expected here is so within a tolerance")]

#[cfg(unix)]
use super::processes::{begin_and_listen, interrupt, wait_for};
use super::{Folder, root};
use ndarray::Array1;
use ndarray_npy::write_npy;
use predicates::prelude::*;
use serde_json::Value;
use std::fs;

/// A folder with a sound of two seconds, and the spikes of a neuron that hears it 3 ms late.
fn folder() -> Folder {
    let folder = Folder::new();
    let mut state = 1_u32;
    let mut level = 0.0;
    let sound = (0..20_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        level += 0.02 * (f64::from(state) / 4_294_967_296.0 * 8.0 - 3.5 - level);
        level
    });
    write_npy(folder.path("sound.npy"), &Array1::from_iter(sound)).unwrap();
    folder
        .summary("--tau-m 7 --resistance 26 --t-ref 2.5 --stimulus sound.npy --stimulus-delay 3 --neurons 1");
    let steps = folder.array::<u32>("step");
    assert!((40..400).contains(&steps.len()), "{}", steps.len());
    let times: String = steps.iter().map(|step| format!("{}\n", (f64::from(*step) + 0.5) * 0.1)).collect();
    folder.write("spikes.txt", &times);
    fs::remove_dir_all(folder.path("lif-out")).unwrap();
    folder
}

const DATA: &str = "--stimulus sound.npy --spikes spikes.txt --quiet";
const VARY: &str =
    "--vary tau-m=2:30:log --vary resistance=5:100:log --vary t_ref=0:6 --vary stimulus-delay=0:8";

fn fit(folder: &Folder, words: &str) -> Value {
    let words = format!("fit --device cpu --json {DATA} {VARY} {words}");
    folder.json(&words).0
}

#[test]
fn a_neuron_is_found_again_and_its_settings_have_the_same_scores() {
    let folder = folder();
    let found = fit(&folder, "--candidates 200 --generations 25 --best 3");
    assert_eq!(folder.written(), ["fit.json", "fit.png", "neuron.toml"]);
    let best = &found["best"][0];
    let number = |name: &str| best[name].as_f64().unwrap();
    assert!(number("gamma_train") > 0.9 && number("gamma_heldout") > 0.85, "{best}");
    let parameter = |name: &str| best["parameters"][name].as_f64().unwrap();
    assert!((parameter("stimulus-delay") - 3.0).abs() < 1.5, "{best}");
    assert!((parameter("tau-m") / 7.0).ln().abs() < 0.7, "{best}");
    assert_eq!(found["best"].as_array().unwrap().len(), 3);
    assert_eq!(found["generations"].as_array().unwrap().len(), 26);

    let words = "score --device cpu --json --config lif-out/neuron.toml --spikes spikes.txt";
    for (part, name) in [("--to 1000", "train"), ("--from 1000", "heldout")] {
        let (score, _) = folder.json(&format!("{words} {part}"));
        assert_eq!(score["gamma"], best[format!("gamma_{name}")]);
        assert_eq!(score["scores"][0]["predicted"], best[format!("predicted_{name}")]);
        assert_eq!(score["scores"][0]["van_rossum"], best[format!("van_rossum_{name}")]);
    }
    folder.summary("--config lif-out/neuron.toml --neurons 1 --out run");
}

/// Two sounds, the second shorter, and the spikes of the same neuron for each.
fn folder_of_two() -> Folder {
    let folder = folder();
    let sound: Array1<f64> = ndarray_npy::read_npy(folder.path("sound.npy")).unwrap();
    let other: Array1<f64> = sound.iter().rev().copied().take(15_000).collect();
    write_npy(folder.path("other.npy"), &other).unwrap();
    folder
        .summary("--tau-m 7 --resistance 26 --t-ref 2.5 --stimulus other.npy --stimulus-delay 3 --neurons 1");
    let steps = folder.array::<u32>("step");
    let times: String = steps.iter().map(|step| format!("{}\n", (f64::from(*step) + 0.5) * 0.1)).collect();
    folder.write("others.txt", &times);
    fs::remove_dir_all(folder.path("lif-out")).unwrap();
    folder
}

#[test]
fn recordings_of_several_stimuli_are_fitted_together() {
    let folder = folder_of_two();
    let data = "--stimulus sound.npy --stimulus other.npy --spikes spikes.txt --spikes others.txt,others.txt";
    let words = format!("--quiet --json {data} --candidates 150 --generations 15 --seed 2");
    let run = |words: &str| -> Value { folder.json(words).0 };
    let found = run(&format!("fit --device cpu {words} {VARY}"));
    assert_eq!(folder.written(), ["fit.json", "fit.png", "neuron.toml"]);
    let best = &found["best"][0];
    assert!(best["gamma_train"].as_f64().unwrap() > 0.85, "{best}");
    let files = |of: &Value| [of["stimulus"].clone(), of["recording"].clone()];
    let recordings = best["recordings"].as_array().unwrap();
    assert_eq!(files(&recordings[0]), ["sound.npy", "spikes.txt"]);
    assert_eq!(
        [1, 2].map(|index| files(&recordings[index])),
        [["other.npy", "others.txt"], ["other.npy", "others.txt"]]
    );
    assert!(recordings.iter().all(|of| of["gamma_train"].as_f64().unwrap() > 0.8), "{best}");
    let windows = found["stimuli"].as_array().unwrap();
    assert_eq!((&windows[0]["split_ms"], &windows[0]["to_ms"]), (&1000.0.into(), &2000.0.into()));
    assert_eq!((&windows[1]["split_ms"], &windows[1]["to_ms"]), (&750.0.into(), &1500.0.into()));

    // The scores equal those of `lif score` for each stimulus. The neuron has the first stimulus, so that it
    // can be run.
    let score = "score --device cpu --json --config lif-out/neuron.toml";
    let all = run(&format!("{score} {data} --to 750"));
    assert_eq!(all["scores"][1]["stimulus"], "other.npy");
    assert_eq!(all["scores"][1]["predicted"], recordings[1]["predicted_train"]);
    assert_eq!(all["scores"][1]["van_rossum"], recordings[1]["van_rossum_train"]);
    let first = run(&format!("{score} --spikes spikes.txt --to 1000"));
    assert_eq!(first["gamma"], recordings[0]["gamma_train"]);
    folder.summary("--config lif-out/neuron.toml --neurons 1 --out run");
    folder.write("both.toml", "stimulus = [\"sound.npy\", \"other.npy\"]\nresistance = 26\n");
    let listed = run("score --device cpu --json --config both.toml --spikes spikes.txt --spikes others.txt");
    assert_eq!(listed["scores"].as_array().unwrap().len(), 2);

    let table = format!("fit --device cpu --quiet {data} --candidates 150 --generations 12 --no-plot");
    let lines = predicate::str::contains("750 to 1500 ms of other.npy")
        .and(predicate::str::contains("the best by recording"));
    folder.lif(&table).assert().success().stdout(lines);
    // The longer sound has spikes after the end of the shorter one.
    let swapped = "--stimulus other.npy --stimulus sound.npy --spikes spikes.txt --spikes others.txt";
    folder.refuses(&format!("{score} {swapped}"), 1, "spikes spikes.txt:");
    folder.refuses(
        "run --stimulus sound.npy --stimulus other.npy",
        2,
        "there are several stimuli; a run plays one",
    );
}

#[test]
fn a_search_goes_on_from_its_checkpoint_as_if_it_had_not_been_ended() {
    let folder = folder();
    let whole = fit(&folder, "--candidates 40 --generations 6 --seed 3");
    fit(&folder, "--candidates 40 --generations 2 --seed 3 --checkpoint search.json");
    let rest = fit(&folder, "--candidates 40 --generations 6 --seed 3 --checkpoint search.json");
    assert_eq!(rest["best"], whole["best"]);
    assert_eq!(rest["generations"], whole["generations"]);
    assert_ne!(fit(&folder, "--candidates 40 --generations 6 --seed 4")["best"], whole["best"]);
    folder
        .lif(&format!("fit --device cpu {DATA} {VARY} --candidates 50 --checkpoint search.json"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("checkpoint search.json: it is of another search"));
}

#[test]
fn a_search_that_was_kept_is_taken_up_as_it_was_or_not_at_all() {
    let folder = folder();
    let words = "--candidates 10 --generations 1 --no-plot --checkpoint search.json";
    let whole = fit(&folder, words);
    let kept = fs::read_to_string(folder.path("search.json")).unwrap();
    let refused = |text: &str, message: &str| {
        folder.write("search.json", text);
        let message = format!("checkpoint search.json: {message}");
        folder.refuses(&format!("fit --device cpu {DATA} {VARY} {words}"), 1, &message);
    };
    let scores = kept.find("\"scores\":[").unwrap() + "\"scores\":[".len();
    let end = scores + kept[scores..].find(',').unwrap();
    // 0, 1, infinite, no number.
    for score in ["0", "4607182418800017408", "9218868437227405312", "9221120237041090560"] {
        refused(
            &format!("{}{score}{}", &kept[..scores], &kept[end..]),
            "it is damaged: its bytes do not fit",
        );
    }
    for length in [0, 5, 15, 30, kept.len() / 2, kept.len() - 1] {
        refused(&kept[..length], "it is damaged");
    }
    refused("{\"places\":[]}", "it is not one of lif fit");
    folder.write("search.json", &kept);
    assert_eq!(fit(&folder, words)["best"], whole["best"]);
}

#[test]
fn a_search_does_not_replace_what_it_reads() {
    let folder = folder();
    let words = "fit --device cpu --candidates 8 --generations 0 --stimulus";
    for (name, from) in [("fit.json", "spikes.txt"), ("fit.png", "spikes.txt"), ("neuron.toml", "")] {
        fs::create_dir_all(folder.path("out")).unwrap();
        let path = format!("out/{name}");
        let (option, words) = match from {
            "" => {
                folder.write(&path, "dt = 0.1\n");
                ("config", format!("{words} sound.npy --spikes spikes.txt --config {path}"))
            }
            from => {
                fs::copy(folder.path(from), folder.path(&path)).unwrap();
                ("spikes", format!("{words} sound.npy --spikes {path}"))
            }
        };
        let before = fs::read(folder.path(&path)).unwrap();
        let message = format!("the {option} {path} would be replaced by the {name} of this run");
        folder.refuses(&format!("{words} --out out"), 2, &message);
        assert_eq!(fs::read(folder.path(&path)).unwrap(), before);
        fs::remove_dir_all(folder.path("out")).unwrap();
    }
    // A file that a settings file names is an input, too.
    folder.write("fit.toml", "stimulus = \"sound.npy\"\n");
    fs::create_dir(folder.path("out")).unwrap();
    fs::rename(folder.path("sound.npy"), folder.path("out/fit.json")).unwrap();
    folder.write("fit.toml", "stimulus = \"out/fit.json\"\n");
    folder.refuses(
        "fit --device cpu --candidates 8 --generations 0 --spikes spikes.txt --config fit.toml --out out",
        2,
        "would be replaced by the fit.json of this run",
    );
}

#[test]
fn a_search_for_the_neuron_of_another_graph_is_another() {
    use lif::Params;
    use lif::nir::{Neurons, write};
    let folder = folder();
    let graph = |params: Params| {
        write(folder.path("neuron.nir"), "neuron", &Neurons::from_params(&params, 1).unwrap()).unwrap();
    };
    let words = format!(
        "fit --device cpu {DATA} --candidates 10 --generations 1 --no-plot --checkpoint search.json --nir neuron.nir \
         --dt 0.1 --t-ref 2 --reset to-value --vary stimulus-delay=0:5"
    );
    graph(Params::default());
    folder.lif(&words).assert().success();
    graph(Params { v_threshold: (-50.0).into(), ..Params::default() });
    folder.refuses(&words, 1, "checkpoint search.json: it is of another search");
    graph(Params::default());
    folder.lif(&words).assert().success();
}

#[test]
fn the_objectives_differ_and_the_defaults_fit_any_stimulus() {
    let folder = folder();
    for objective in ["gamma", "gamma-count", "van-rossum"] {
        let words = format!(
            "fit --device cpu {DATA} --candidates 150 --generations 12 --objective {objective} --no-plot"
        );
        folder.lif(&words).assert().success().stdout(predicate::str::contains("held out"));
        assert_eq!(folder.written(), ["fit.json", "neuron.toml"]);
        let found: Value =
            serde_json::from_slice(&fs::read(folder.path("lif-out/fit.json")).unwrap()).unwrap();
        assert!(found["best"][0]["gamma_train"].as_f64().unwrap() > 0.5, "{objective}: {}", found["best"][0]);
    }
}

#[cfg(not(skip_gpu_tests))]
#[test]
fn a_search_is_the_same_on_an_adapter() {
    let folder = folder();
    let words = "--candidates 40 --generations 3 --objective van-rossum";
    let expected = fit(&folder, words);
    let words = format!("fit --device software --json {DATA} {VARY} {words}");
    let (found, _) = folder.json(&words);
    assert_ne!(found["device"], expected["device"]);
    assert_eq!((&found["best"], &found["generations"]), (&expected["best"], &expected["generations"]));
}

/// A neuron that spikes without a stimulus also spikes before a delayed one.
#[test]
fn a_neuron_that_does_not_rest_has_the_scores_of_a_run() {
    let folder = Folder::new();
    folder.write("silence.txt", &"0\n".repeat(600));
    folder.write("steps.txt", &["0.3\n", "1.1\n", "0\n"].map(|value| value.repeat(200)).concat());
    folder.write("spikes.txt", "25\n35\n45\n");
    for neuron in ["--stimulus silence.txt --v-rest -45", "--stimulus steps.txt --v-lower -58 --tau-m 6"] {
        let words = format!(
            "fit --device cpu --json --no-plot --spikes spikes.txt {neuron} --vary stimulus-delay=5:20 --candidates 50 \
             --generations 2 --split 30 --best 3"
        );
        let (found, _) = folder.json(&words);
        let gammas: Vec<f64> = found["best"]
            .as_array()
            .unwrap()
            .iter()
            .map(|best| best["gamma_train"].as_f64().unwrap())
            .collect();
        assert!(gammas.is_sorted_by(|one, other| one >= other), "{gammas:?}");
        for (part, name) in [("--to 30", "train"), ("--from 30", "heldout")] {
            let score =
                format!("score --device cpu --json --config lif-out/neuron.toml --spikes spikes.txt {part}");
            let (score, _) = folder.json(&score);
            for key in ["gamma", "predicted", "coincidences", "van_rossum"] {
                assert_eq!(
                    found["best"][0][format!("{key}_{name}")],
                    score["scores"][0][key],
                    "{key} {name} {neuron}"
                );
            }
        }
    }
}

#[test]
fn a_neuron_that_could_spike_at_every_step_can_be_run() {
    let folder = folder();
    let words = "--vary v-threshold=-70:-64 --t-ref 0 --candidates 50 --generations 2";
    folder.lif(&format!("fit --device cpu --no-plot {DATA} {words}")).assert().success();
    let neuron = fs::read_to_string(folder.path("lif-out/neuron.toml")).unwrap();
    assert!(neuron.contains("allow-constant-firing = true"), "{neuron}");
    folder.summary("--config lif-out/neuron.toml --out run");
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let folder = folder();
    folder.write("noisy.toml", "input = [\"gaussian:mean=0,sd=1\"]\n");
    folder.run("--neurons 1 --steps 10 --no-plot --write-nir --out graph").assert().success();
    fs::rename(folder.path("graph/neurons.nir"), folder.path("neurons.nir")).unwrap();
    write_npy(folder.path("still.npy"), &Array1::from_elem(20_000, 1.0)).unwrap();
    for (words, message) in [
        ("--vary tau-m=5:2", "the lower bound of tau_m is 5; it must be below the upper bound 2"),
        ("--vary tau-m=0:2:log", "must be above 0 on a logarithmic scale"),
        ("--vary stimulus-delay=-1:2", "a stimulus cannot come early"),
        ("--vary colour=1:2", "'colour' cannot be varied; there are tau-m, resistance"),
        ("--vary tau-m=1", "must be NAME=LO:HI"),
        ("--vary tau-m=1:2 --vary tau_m=1:3", "tau-m is varied twice"),
        ("--vary tau-m=0:2", "tau_m is"),
        ("--split 0", "split is 0 ms; it must lie between from and to, 0 and 2000 ms"),
        ("--split 2000", "split is 2000 ms"),
        ("--candidates 3", "3 is not from 8 to 10000000"),
        ("--neurons 3", "lif fit has no use for --neurons"),
        ("--config noisy.toml", "the settings have input"),
        ("--preset nest", "the preset nest has its own names of parameters"),
        ("--stimulus-scale 2", "the bounds are yours to say"),
        ("--stimulus still.npy", "the stimulus does not change"),
        (
            "--nir neurons.nir --dt 0.1 --t-ref 2 --reset to-value --vary tau-m=2:9",
            "tau-m is said by the NIR graph; with --nir only t-ref and stimulus-delay can be varied",
        ),
        ("--stimulus sound.npy --stimulus sound.npy", "2 stimuli need as many --spikes, and there are 1"),
    ] {
        let stimulus = if words.contains("--stimulus ") { "" } else { "--stimulus sound.npy" };
        folder.refuses(&format!("fit --device cpu {stimulus} --spikes spikes.txt {words}"), 2, message);
        assert!(!folder.path("lif-out").exists(), "{words}");
    }
}

/// The commands of the tutorial, with a small search.
#[test]
fn the_tutorial_runs_in_small_and_predicts_what_was_held_out() {
    let root = root();
    let folder = Folder::new();
    fs::create_dir_all(folder.path("data/grasshopper")).unwrap();
    for name in ["data/grasshopper/stimulus.npz", "data/grasshopper/spike_times_ms.txt"] {
        fs::copy(root.join(name), folder.path(name)).unwrap();
    }
    let text = fs::read_to_string(root.join("docs/fitting.md")).unwrap().replace("\\\n", "");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert_eq!(commands.len(), 4);
    for command in commands {
        let words = command.strip_prefix("lif ").unwrap();
        let small = if words.starts_with("fit ") { "--candidates 200 --generations 12" } else { "" };
        // No warning: nothing in these experiments is doubtful.
        folder.lif(&format!("{words} --device cpu {small}")).assert().success().stderr("");
    }
    let found: Value = serde_json::from_slice(&fs::read(folder.path("lif-out/fit.json")).unwrap()).unwrap();
    let held_out = found["best"][0]["gamma_heldout"].as_f64().unwrap();
    assert!(held_out > 0.6, "{held_out}");
}

/// A search that is interrupted after its first generation.
#[cfg(unix)]
fn interrupted(folder: &Folder, generations: u32) -> std::process::Child {
    let words = format!("fit --device cpu {DATA} --generations {generations} --checkpoint search.json");
    let child = begin_and_listen(folder, words.split(' '));
    wait_for(&folder.path("search.json"));
    interrupt(&child);
    child
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_best() {
    let folder = folder();
    let mut child = interrupted(&folder, 1_000_000);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(folder.written(), ["fit.json", "fit.png", "neuron.toml"]);
    let found: Value = serde_json::from_slice(&fs::read(folder.path("lif-out/fit.json")).unwrap()).unwrap();
    assert_eq!(found["interrupted"], true);
}

/// An interrupt after the last generation does not shorten the search.
#[cfg(unix)]
#[test]
fn a_search_that_is_interrupted_at_its_end_is_complete() {
    let folder = folder();
    let child = interrupted(&folder, 0);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !said.contains("interrupted after"), "{said}");
    let found: Value = serde_json::from_slice(&fs::read(folder.path("lif-out/fit.json")).unwrap()).unwrap();
    assert_eq!(found["interrupted"], false);
}

#[cfg(unix)]
#[test]
fn a_checkpoint_can_be_read_by_whoever_reads_the_results_and_is_no_other_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let words = "--candidates 8 --generations 1 --no-plot --checkpoint search.json";
    fit(&folder, words);
    let mode = |name| fs::metadata(folder.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("search.json"), mode("lif-out/fit.json"));
    assert!(!folder.path("search.json.lock").exists() && !folder.path("search.json.partial").exists());
    let before = fs::read(folder.path("spikes.txt")).unwrap();
    for (checkpoint, message) in [
        ("lif-out/fit.json", "is a result in the output folder"),
        ("lif-out/NEURON.toml", "is a result in the output folder"),
        ("spikes.txt", "is the spikes spikes.txt"),
        ("./sound.npy", "is the stimulus sound.npy"),
    ] {
        let words =
            format!("fit --device cpu {DATA} --candidates 8 --generations 1 --checkpoint {checkpoint}");
        folder.refuses(&words, 2, message);
    }
    assert_eq!(fs::read(folder.path("spikes.txt")).unwrap(), before);
}
