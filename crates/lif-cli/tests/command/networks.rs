//! Networks: named ones and those of files, their results, and what is refused.

use super::{Folder, root};
use serde_json::{Value, json};
use std::fs;

/// A small network in which each kind of entry occurs.
pub const SMALL: &str = r#"
duration = 100
warmup = 20

[network]
dt = "0.1ms"
seed = 4
integrator = "exact"

[neurons]
tau_m = 20
resistance = 40
v-rest = -65
v-reset = -65
v-threshold = "-50mV"
t-ref = 2
tau-syn = 2

[groups.drivers]
size = 50
init-voltage = { uniform = [-65, -50] }
current = 0.5

[groups.followers]
size = 30
init_voltage = { normal = [-60, 3] }
poisson = { rate = 5e3, weight = "50pA", effect = "current" }

[groups.pair]
size = 50
poisson = [
    { rate = 100, weight = 0.5, effect = "jump" },
    { rate = 200, weight = 0.1, effect = "current" },
]

[[projections]]
from = "drivers"
to = ["followers", "drivers"]
rule = { fixed-indegree = [[10], [3]] }
effect = "current"
weight = { normal = [0.2, 0.02] }
delay = { uniform = [0.5, 2] }
autapses = false
multapses = false

[[projections]]
from = "drivers"
to = "pair"
rule = "one-to-one"
effect = "jump"
weight = 20
delay = 1.5

[[projections]]
from = "followers"
to = "followers"
rule = { pairwise = 0.1 }
effect = "jump"
weight = { negative-lognormal = [0, 0.5] }
"#;

fn group<'a>(summary: &'a Value, name: &str) -> &'a Value {
    summary["groups"].as_array().unwrap().iter().find(|group| group["name"] == name).unwrap()
}

#[test]
fn a_named_network_has_groups_with_statistics() {
    let folder = Folder::new();
    let words = "run --network brunel --scale 0.02 --duration 300 --warmup 100 --device cpu --json --seed 3";
    let (summary, said) = folder.json(words);
    assert_eq!(said, "");
    for (key, value) in [
        ("network", json!("brunel, regime c, scale 0.02")),
        ("neurons", json!(250)),
        ("batch", json!(1)),
        ("synapses", json!(312_500)),
        ("steps", json!(3000)),
        ("warmup_steps", json!(1000)),
        ("dt_ms", json!(0.1)),
        ("seed", json!(3)),
        ("interrupted", json!(false)),
    ] {
        assert_eq!(summary[key], value, "{key}");
    }
    for key in ["build_s", "wall_s", "real_time_factor", "events_per_s", "mean_rate_hz", "cv_isi"] {
        assert!(summary[key].as_f64().unwrap() > 0.0, "{key}");
    }
    let settings = &summary["settings"];
    assert_eq!(
        [&settings["regime"], &settings["g"], &settings["eta"]],
        [&json!("c"), &json!(5.0), &json!(2.0)]
    );
    let (e, i) = (group(&summary, "E"), group(&summary, "I"));
    assert_eq!(
        [&e["first"], &e["neurons"], &i["first"], &i["neurons"]],
        [0, 200, 200, 50].map(|n| json!(n)).each_ref()
    );
    let spikes = folder.array::<u32>("step");
    assert_eq!(summary["spikes"], json!(spikes.len()));
    assert!(spikes.iter().all(|step| *step < 3000) && spikes.iter().any(|step| *step < 100));
    let neurons = folder.array::<u32>("neuron");
    let of_e = neurons.iter().filter(|neuron| **neuron < 200).count();
    assert_eq!(e["spikes"], json!(of_e));
    let rate = e["rate"].as_f64().unwrap();
    assert!((rate - of_e as f64 / (200.0 * 0.3)).abs() < 1e-9);
    assert!((20.0..70.0).contains(&rate), "{rate}");
    assert!(e["cv"].as_f64().unwrap() > 0.1 && e["fano"].as_f64().unwrap() > 0.0);
    // The warm-up is in none of the results.
    assert_eq!(folder.array::<u32>("counts").sum() as usize, spikes.len());
    assert_eq!(folder.written(), ["network.toml", "raster.png", "spikes.npz", "summary.json"]);
    // Its description repeats the run.
    let (again, _) = folder.json("run --config lif-out/network.toml --device cpu --json --out again");
    for key in ["spike_hash", "groups", "synapses", "seed", "warmup_steps", "steps"] {
        assert_eq!(again[key], summary[key], "{key}");
    }
    folder.refuses(
        "run --config lif-out/network.toml --device cpu",
        2,
        "would be replaced by the network.toml",
    );
}

#[test]
fn the_number_of_threads_and_blocks_changes_nothing() {
    let folder = Folder::new();
    let hash =
        |words: &str| folder.json(&format!("{words} --device cpu --json --no-plot")).0["spike_hash"].clone();
    for network in
        ["brunel --scale 0.2 --duration 50 --warmup 20", "microcircuit --scale 0.05 --duration 50 --warmup 0"]
    {
        let one = hash(&format!("run --network {network} --threads 1"));
        assert_eq!(hash(&format!("run --network {network} --threads 2")), one);
        assert_eq!(hash(&format!("run --network {network} --threads 2 --record rate")), one);
        assert_ne!(hash(&format!("run --network {network} --seed 1")), one);
    }
}

#[test]
fn an_example_is_the_network_of_its_name() {
    let folder = Folder::new();
    let example = root().join("examples/brunel.toml");
    let end = "--duration 20 --warmup 10 --device cpu --json --no-plot";
    let (described, _) = folder.json(&format!("run --config {} {end}", example.display()));
    let (named, _) = folder.json(&format!("run --network brunel {end}"));
    assert_eq!(described["spike_hash"], named["spike_hash"]);
    assert!(named["spikes"].as_u64().unwrap() > 1000);
}

#[test]
fn a_file_describes_a_network() {
    let folder = Folder::new();
    folder.write("net.toml", SMALL);
    let (summary, said) = folder.json("run --config net.toml --device cpu --json");
    assert_eq!(said, "");
    assert_eq!(summary["network"], "net.toml");
    let drawn = summary["synapses"].as_u64().unwrap() - (30 * 10 + 50 * 3 + 50);
    assert!((50..150).contains(&drawn), "{drawn} of 900 pairs with a probability of 0.1");
    let names: Vec<&str> =
        summary["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["drivers", "followers", "pair"]);
    assert_eq!(group(&summary, "pair")["first"], json!(80));
    // One for one, each driver makes its partner spike 1.5 ms later.
    let (steps, neurons) = (folder.array::<u32>("step"), folder.array::<u32>("neuron"));
    let all: Vec<(u32, u32)> = steps.iter().copied().zip(neurons.iter().copied()).collect();
    let drivers = || all.iter().filter(|(step, neuron)| *neuron < 50 && *step < 980);
    let followed = drivers().filter(|(step, neuron)| all.contains(&(step + 15, neuron + 80))).count();
    assert!(
        drivers().count() > 50 && followed * 10 > drivers().count() * 9,
        "{followed} of {}",
        drivers().count()
    );
    // Options win over the file.
    let words = "run --config net.toml --device cpu --json --duration 50 --batch 2 --record spikes:0..50";
    let (summary, _) = folder.json(words);
    assert_eq!([&summary["steps"], &summary["batch"]], [&json!(500), &json!(2)]);
    assert!(folder.array::<u32>("neuron").iter().all(|neuron| *neuron < 50));
    assert!(summary["spikes"].as_u64().unwrap() as usize > folder.array::<u32>("neuron").len());
}

/// The network that is written has them too, and repeats the run.
#[test]
fn alpha_currents_are_a_line_in_the_file() {
    let folder = Folder::new();
    let run = |file: &str| {
        folder.json(&format!("run --config {file} --device cpu --no-plot --json")).0["spike_hash"].clone()
    };
    folder.write("net.toml", SMALL);
    let exponential = run("net.toml");
    folder.write("net.toml", &SMALL.replacen("[neurons]", "synapse-shape = \"alpha\"\n[neurons]", 1));
    let alpha = run("net.toml");
    assert_ne!(alpha, exponential);
    let written = fs::read_to_string(folder.path("lif-out/network.toml")).unwrap();
    assert!(written.contains("synapse-shape = \"alpha\""), "{written}");
    folder.write("again.toml", &written);
    assert_eq!(run("again.toml"), alpha);
}

#[test]
fn the_table_fits_into_a_terminal() {
    let folder = Folder::new();
    let table =
        folder.printed("run --network microcircuit --scale 0.02 --duration 50 --warmup 10 --device cpu");
    for line in [
        "network      microcircuit, scale 0.02",
        "of warm-up",
        "times the simulated time",
        "synaptic events/s",
    ] {
        assert!(table.contains(line), "{line}: {table}");
    }
    assert!(table.lines().any(|line| line.starts_with("group ") && line.ends_with("Fano")), "{table}");
    assert_eq!(table.lines().filter(|line| line.starts_with('L')).count(), 8);
    assert!(fs::read(folder.path("lif-out/raster.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_line_and_key() {
    let folder = Folder::new();
    for (from, to, message) in [
        ("size = 50", "size = 0", "net.toml:20: groups.drivers: size = 0: it must be at least 1"),
        ("size = 50\ninit-voltage", "init-voltage", "net.toml:19: groups.drivers: size is missing"),
        (
            "tau_m = 20",
            "tau_x = 20",
            "net.toml:11: neurons: tau_x = 20: no such key; there are preset, tau-m, resistance, ",
        ),
        (
            "tau_m = 20",
            "tau-m = \"20mV\"",
            "net.toml:11: neurons: tau-m = \"20mV\": '20mV' is a potential, not a time",
        ),
        ("tau_m = 20", "tau-m = 20\ntau_m = 20", "net.toml:12: neurons: tau_m = 20: tau-m is there twice"),
        ("to = \"pair\"", "to = \"pairs\"", "there is no group 'pairs'; there are drivers, followers, pair"),
        ("\"one-to-one\"", "\"one\"", "it must be one of { fixed-indegree = N }"),
        ("[[10], [3]]", "[10, 3]", "a matrix with 2 rows (for the groups in to) of 1 number ("),
        ("pairwise = 0.1", "pairwise = 1.1", "pairwise = 1.1: it must be from 0 to 1"),
        ("weight = 20\n", "", "projections: weight is missing"),
        ("weight = 20\n", "weight = { normal = [1] }\n", "it must be a list of two numbers"),
        ("weight = 20\n", "weight = \"20nA\"\n", "'20nA' is a current, not a potential"),
        (
            "effect = \"jump\"\nweight = 20",
            "effect = \"kick\"\nweight = 20",
            "it must be \"jump\", of mV, or \"current\", of nA",
        ),
        ("seed = 4", "seed = 4\nsteps = 3", "network: steps = 3: no such key; there are dt, seed"),
        ("integrator = \"exact\"", "integrator = \"best\"", "it must be one of euler, exact"),
        ("integrator = \"exact\"", "synapse-shape = \"round\"", "it must be one of exponential, alpha"),
        ("duration = 100", "duration = 100\nstimulus = \"x\"", "a network has no use for stimulus"),
        (
            "fixed-indegree = [[10], [3]]",
            "fixed-indegree = [[60], [3]]",
            "net.toml:36: projections: the in-degree from drivers to followers is 60",
        ),
        ("tau-syn = 2\n", "tau-syn-inhibitory = 3\n", "net.toml: tau_syn is none; it must be set"),
        ("[groups.pair]", "[[groups]]", "net.toml"),
        ("v-reset = -65", "v-reset = -65\ncolour = 1", "no such key"),
    ] {
        assert!(SMALL.contains(from), "{from}");
        folder.write("net.toml", &SMALL.replacen(from, to, 1));
        let output = folder.lif("run --config net.toml --device cpu --no-plot").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{from} -> {to}");
        assert!(said.starts_with("error: ") && said.contains(message), "{from} -> {to}: {said}");
        assert!(!folder.path("lif-out").exists());
    }
}

#[test]
fn options_of_networks_and_of_neurons_are_kept_apart() {
    let folder = Folder::new();
    for (words, message) in [
        ("run --scale 2", "--scale 2: scale is of networks: add --network NAME"),
        ("run --warmup 2", "warmup is of networks"),
        ("run --network brunel --tau-m 3", "--tau-m 3: a network has no use for tau-m"),
        ("run --network brunel --neurons 3", "a network has no use for neurons"),
        ("run --network brunel --checkpoint-every 5", "checkpoint-every needs a file: add --checkpoint FILE"),
        ("run --network brunel --resume x", "--network cannot go with --resume"),
        (
            "run --network brunel --drive dc",
            "--drive dc: drive is of the network microcircuit, and this is brunel",
        ),
        ("run --network brunel --scale 0", "--scale 0: scale is 0; it must be from 0.0001 to 1000"),
        ("run --network brunel --warmup -1", "warmup is -1 ms; it must be 0 or more"),
        ("run --network brunel --eta -1", "eta is -1; it must be 0 or more"),
        ("run --network brunel --batch 0", "batch is 0; it must be at least 1"),
        ("run --network none", "fly; one of your own is a file: --config FILE"),
        ("run --network my.toml", "no network has this name; there are brunel, "),
        ("synapses --network my.toml", "one of your own is a file: --config my.toml"),
        ("fi --network brunel", "lif fi has no use for --network"),
    ] {
        folder.refuses(words, 2, message);
    }
    folder.refuses("run --network brunel --memory-budget 1MiB", 1, "the memory budget is 1.00 MiB");
    folder.write("net.toml", SMALL);
    folder.refuses("run --config net.toml --network brunel", 2, "there are two networks");
    folder.refuses("run --config net.toml --scale 2", 2, "the file says all of this one");
    folder.write("large.toml", "[groups.a]\nsize = 100\ntau-m = 5\n[groups.b]\nsize = 4_000_000_000\n");
    folder.refuses("run --config large.toml --device cpu", 1, "the network: ");
    folder.write("named.toml", "network = \"brunel\"\nscale = 0.02\nduration = 10\nwarmup = 0\n");
    let (summary, _) = folder.json("run --config named.toml --device cpu --json --no-plot");
    assert_eq!(summary["neurons"], json!(250));
    folder.write("wrong.toml", "scale = 0.02\n");
    folder.refuses("run --config wrong.toml", 2, "wrong.toml:1: scale = 0.02: scale is of networks");
}

/// Two groups of three neurons; the first spikes, and the synapses of a list pass the spikes on.
pub const LISTED: &str = r#"
duration = 100
warmup = 0

[groups.first]
size = 3
current = 0.7

[groups.second]
size = 3

[[projections]]
from = "first"
to = "second"
rule = { list = "synapses.csv" }
effect = "jump"
"#;

#[test]
fn synapses_can_be_listed_in_a_file() {
    let folder = Folder::new();
    let run = |words: &str| {
        let (summary, _) =
            folder.json(&format!("run --config net.toml --device cpu --json --no-plot --out {words}"));
        summary
    };
    folder.write("net.toml", LISTED);
    folder.write("synapses.csv", "source,target,weight,delay\n0,2,20,1.5\n1,0,20,3\n1,0,0,3\n");
    let listed = run("a");
    assert_eq!(listed["synapses"], json!(3));
    let spikes = |name: &str| group(&listed, name)["spikes"].as_u64().unwrap();
    assert!(spikes("first") >= 9 && spikes("second") * 3 == spikes("first") * 2, "{listed}");
    // The same as an archive, with the weight and the delay of all in the description.
    let mut archive = ndarray_npy::NpzWriter::new(fs::File::create(folder.path("synapses.npz")).unwrap());
    archive.add_array("pre", &ndarray::arr1(&[0_i64, 1, 1])).unwrap();
    archive.add_array("post", &ndarray::arr1(&[2_i32, 0, 0])).unwrap();
    archive.add_array("weights", &ndarray::arr1(&[20.0_f64, 20.0, 0.0])).unwrap();
    archive.add_array("delay", &ndarray::arr1(&[1.5_f32, 3.0, 3.0])).unwrap();
    archive.finish().unwrap();
    folder.write("net.toml", &LISTED.replace("synapses.csv", "synapses.npz"));
    assert_eq!(run("b")["spike_hash"], listed["spike_hash"]);
    folder.write("synapses.tsv", "target\tnote\tsource\n2\tx\t0\n0\ty\t1\n");
    let same = LISTED.replace("synapses.csv\" }", "synapses.tsv\" }\nweight = 20\ndelay = 1.5\nunit = 0.5");
    folder.write("net.toml", &same);
    let summary = run("c");
    assert_eq!(summary["groups"][1]["spikes"], listed["groups"][1]["spikes"]);
    assert_ne!(summary["spike_hash"], listed["spike_hash"]);
    // The description in the folder of the run finds the list again.
    let (again, _) = folder.json("run --config c/network.toml --device cpu --json --no-plot --out d");
    assert_eq!(again["spike_hash"], summary["spike_hash"]);
    let written = fs::read_to_string(folder.path("c/network.toml")).unwrap();
    assert!(written.contains("synapses.tsv\" }") && written.contains("unit = 0.5"), "{written}");
}

#[test]
fn what_is_wrong_in_a_list_is_told_with_the_description_and_the_line() {
    let folder = Folder::new();
    let good = "source,target,weight\n0,2,20\n";
    for (list, more, message) in [
        (good, "weight = 3\n", "the list has a weight for each synapse; leave this out"),
        ("source,target\n0,2\n", "", "weight is missing"),
        ("source,target,weight\n0,2\n", "", "line 2: it has fewer than the 3 columns of the heading"),
        ("source,target,weight\n0,3,1\n", "", "the target of synapse 0 from first to second is 3"),
        ("source,target,weight\n0,2,nan\n", "", "from first to second: NaN at index 0"),
        ("source,target,weight,delay\n0,2,1,0\n", "", "the delays from first to second is 0 ms"),
        (
            "a,b\n0,2\n",
            "weight = 1\n",
            "it must have columns with the names source and target; it has 'a', 'b'",
        ),
        ("pre,post,count\n0,2,7\n", "", "weight is missing"),
        (
            "pre,post,count\n0,2,7\n",
            "weight = { normal = [1, 1] }\n",
            "the weight is that of one synapse, a number",
        ),
        (good, "unit = 0.3\nmultapses = false\n", ""),
    ] {
        folder.write("net.toml", &format!("{LISTED}{more}"));
        folder.write("synapses.csv", list);
        let output = folder.lif("run --config net.toml --device cpu --no-plot --out x").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        if message.is_empty() {
            assert!(output.status.success(), "{said}");
        } else {
            assert!(!output.status.success() && said.contains(message), "{list}{more}: {said}");
            assert!(said.contains("net.toml:"), "{said}");
        }
    }
    folder.write("net.toml", &LISTED.replace("synapses.csv", "none.csv"));
    folder.refuses("run --config net.toml", 2, "none.csv");
    folder.write("net.toml", &LISTED.replace("to = \"second\"", "to = [\"second\", \"first\"]"));
    folder.refuses("run --config net.toml", 2, "a list is of one group and another");
}

#[test]
fn the_synapses_of_a_network_are_written_as_a_list() {
    let folder = Folder::new();
    let table = folder.printed("synapses --network brunel --scale 0.02 --seed 3");
    assert!(table.contains("312,500 synapses") && table.contains("E 0..200"), "{table}");
    let mut archive =
        ndarray_npy::NpzReader::new(fs::File::open(folder.path("synapses.npz")).unwrap()).unwrap();
    let targets: ndarray::Array1<u32> = archive.by_name("target").unwrap();
    let weights: ndarray::Array1<f32> = archive.by_name("weight").unwrap();
    let sources: ndarray::Array1<u32> = archive.by_name("source").unwrap();
    assert!(sources.as_slice().unwrap().is_sorted() && targets.len() == 312_500);
    assert_eq!(targets.iter().filter(|target| **target == 7).count(), 1250);
    assert_eq!(weights.iter().filter(|weight| **weight == -0.5).count(), 250 * 250);
    // As text, the list describes the same network.
    folder.write(
        "net.toml",
        &LISTED.replace("{ list = \"synapses.csv\" }", "{ fixed-indegree = 2 }\nweight = 9"),
    );
    folder.printed("synapses --config net.toml --out synapses.csv");
    let text = fs::read_to_string(folder.path("synapses.csv")).unwrap();
    assert!(text.starts_with("source,target,weight,delay\n") && text.lines().count() == 7, "{text}");
    assert!(text.lines().skip(1).all(|line| line.ends_with(",9,0.1")), "{text}");
    for (words, message) in [
        ("synapses", "there is no network"),
        ("synapses --config net.toml --network brunel", "there are two networks"),
        ("synapses --network brunel --drive dc", "drive is of the network microcircuit"),
        ("synapses --network brunel --scale 0.01 --out none/x.npz", "none/x.npz"),
    ] {
        let output = folder.lif(words).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(message), "{words}: {said}");
    }
}
