//! Networks whose groups are presets, and whose neurons hear noise.

use super::Folder;
use serde_json::json;
use std::fs;

const RUN: &str = "run --config net.toml --device cpu --json --no-plot --duration 200 --warmup 0 --seed 2";

/// The spikes of the last run.
fn spikes(folder: &Folder) -> Vec<(u32, u32)> {
    let (steps, neurons) = (folder.array::<u32>("step"), folder.array::<u32>("neuron"));
    steps.into_iter().zip(neurons).collect()
}

#[test]
fn a_group_has_the_neurons_and_the_rules_of_a_preset() {
    let folder = Folder::new();
    for (preset, current, ours, potential) in [
        ("nest", "600", "\"600pA\"", "-70"),
        ("nest:tau_m=20,t_ref=3,V_min=-75", "0.9nA", "0.9", "-70"),
        ("nest-psc-exp", "600", "\"600pA\"", "-70"),
        ("receptor", "0.3", "0.3", "-65"),
        ("normalised", "1.3", "1.3", "0"),
        ("bindsnet", "20", "20", "-65"),
    ] {
        let words = format!("--duration 200 --neurons 1 --current={current} --init-voltage={potential}");
        folder.lif(&format!("run --preset {preset} {words} --device cpu --no-plot")).assert().success();
        let expected = spikes(&folder);
        assert!(expected.len() > 3, "{preset}: {expected:?}");
        for (in_all, in_group) in [
            (format!("preset = \"{preset}\""), String::new()),
            (String::new(), format!("preset = \"{preset}\"")),
        ] {
            folder.write(
                "net.toml",
                &format!("[neurons]\n{in_all}\n[groups.a]\nsize = 1\n{in_group}\ncurrent = {ours}\n"),
            );
            folder.json(RUN);
            assert_eq!(spikes(&folder), expected, "{preset}");
        }
    }
    let written = fs::read_to_string(folder.path("lif-out/network.toml")).unwrap();
    assert!(written.contains("dt = 1.0\n"), "{written}");
}

#[test]
fn keys_change_single_parameters_of_a_preset() {
    let folder = Folder::new();
    let text = "[neurons]\npreset = \"nest\"\nt-ref = 4\n[groups.a]\nsize = 1\ntau-m = 15\n[groups.b]\nsize = 1\npreset = \"nest:V_th=-50\"\n";
    folder.write("net.toml", text);
    folder.json(RUN);
    let written = fs::read_to_string(folder.path("lif-out/network.toml")).unwrap();
    let (a, b) = written.split_once("[groups.\"b\"]").unwrap();
    for part in [
        "integrator = \"exact\"",
        "spike-test = \"at-or-above\"",
        "tau-m = 15.0",
        "t-ref = 4.0",
        "resistance = 40.0",
    ] {
        assert!(a.contains(part), "{part}: {written}");
    }
    // A preset in a group takes the place of all that all groups have.
    assert!(b.contains("t-ref = 2.0") && b.contains("v-threshold = -50.0"), "{written}");
    // What [network] says wins.
    folder.write(
        "net.toml",
        &text
            .replace("\"nest:V_th=-50\"", "\"brian2\"")
            .replace("[neurons]", "[network]\nspike-test = \"above\"\n[neurons]"),
    );
    folder.json(RUN);
}

#[test]
fn noise_drives_the_groups_that_have_it() {
    let folder = Folder::new();
    let run = |noise: &str| {
        folder.write("net.toml", &format!("[groups.still]\nsize = 5\n[groups.moved]\nsize = 20\n{noise}\n"));
        let (summary, _) = folder.json(RUN);
        assert_eq!(summary["groups"][0]["spikes"], json!(0));
        (summary["groups"][1]["spikes"].as_u64().unwrap(), spikes(&folder))
    };
    let current = run("current = 0.75");
    assert!(current.0 > 100);
    assert_eq!(run("noise = { gaussian = [\"750pA\", 0] }"), current);
    assert_eq!(run("noise = [{ white-noise = [0.5, 0] }, { gaussian = [0.25, 0] }]"), current);
    assert_eq!(run("noise = { gaussian = [0, 0] }").0, 0);
    for noise in ["{ gaussian = [0.4, 1] }", "{ white-noise = [0.4, 0.4] }", "{ uniform = [-1, 1.9] }"] {
        let (count, all) = run(&format!("noise = {noise}"));
        assert!(count > 20 && all != current.1, "{noise}: {count}");
        let (again, _) =
            folder.json("run --config lif-out/network.toml --device cpu --json --no-plot --out again");
        assert_eq!(again["spikes"], json!(count));
    }
}

#[test]
fn what_is_wrong_with_a_preset_or_noise_is_told_with_line_and_key() {
    let folder = Folder::new();
    let noise =
        "it must be { gaussian = [mean, sd] }, { white-noise = [mean, sigma] } or { uniform = [low, high] }";
    for (keys, message) in [
        (
            "preset = \"nests\"",
            "net.toml:3: groups.a: preset = \"nests\": there is no preset 'nests'; there are: origin, ",
        ),
        ("preset = 3", "preset = 3: it must be text in quotes"),
        ("preset = \"help\"", "help is no preset"),
        ("preset = \"nest:tau_m=1:2\"", "tau_m is a range, and all neurons of a group have the same"),
        ("preset = \"nest:tau_m=0\"", "tau_m is 0 ms; it must be above 0"),
        ("preset = \"bindsnet:traces=true\"", "it keeps a trace of spikes, which networks do not have"),
        (
            "preset = \"nest\"\n[groups.b]\nsize = 1\npreset = \"brian2\"",
            "net.toml:6: groups.b: preset = \"brian2\": its spike-test is above, and that of net.toml:3: groups.a: preset = \
             \"nest\" is at-or-above; all groups share it: write spike-test in [network]",
        ),
        ("noise = 3", noise),
        ("noise = { pink = [1, 2] }", noise),
        ("noise = { gaussian = 3 }", "gaussian = 3: it must be a list of two numbers"),
        ("noise = { gaussian = [1, -1] }", "the second number must be at least 0"),
        ("noise = { uniform = [1, -1] }", "the second number must be at least the lowest"),
        ("noise = { gaussian = [\"1mV\", 1] }", "'1mV' is a potential, not a current"),
        ("noise = { white-noise = [1, \"1nA\"] }", "'1nA' is a current, but this is a number without a unit"),
    ] {
        folder.write("net.toml", &format!("[groups.a]\nsize = 1\n{keys}\n"));
        folder.refuses("run --config net.toml --device cpu --no-plot", 2, message);
    }
}
