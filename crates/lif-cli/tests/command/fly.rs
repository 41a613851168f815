//! The brain of the fruit fly, from files that are made up.

use super::Folder;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;

/// What `lif fly-files` writes beside the neurons.
const EDGES: &str = if cfg!(feature = "parquet") { "edges.parquet" } else { "edges.npz" };

/// A folder with a connectome of 277 neurons, and their ids.
fn small() -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let printed = folder.printed("fly-files --scale 0.002 --seed 3 --out .");
    assert!(printed.contains("277 neurons, in ./neurons.csv"), "{printed}");
    let neurons = fs::read_to_string(folder.path("neurons.csv")).unwrap();
    assert_eq!(neurons.lines().next(), Some(",Completed"));
    let ids = neurons.lines().skip(1).map(|line| line.trim_end_matches(",True").to_owned());
    let ids: Vec<String> = ids.collect();
    assert_eq!(ids.len(), 277);
    (folder, ids)
}

fn words(more: &str) -> String {
    format!(
        "run --network fly --neurons-file neurons.csv --edges {EDGES} --duration 400 --device cpu --json --no-plot {more}"
    )
}

/// The rate and the spikes of each neuron.
fn rates(folder: &Folder) -> HashMap<String, (f64, u64)> {
    let text = fs::read_to_string(folder.path("lif-out/rates.csv")).unwrap();
    assert_eq!(text.lines().next(), Some("id,group,rate_hz,rate_sd_hz,spikes"));
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!((fields.len(), fields[1]), (5, "fly"), "{line}");
        (fields[0].to_owned(), (fields[2].parse().unwrap(), fields[4].parse().unwrap()))
    };
    text.lines().skip(1).map(line).collect()
}

#[test]
fn activated_neurons_activate_others_and_silenced_ones_do_not() {
    let (folder, ids) = small();
    let activate = format!("--activate {},{}:200 --activate {}", ids[0], ids[150], ids[7]);
    let (summary, _) = folder.json(&words(&format!("{activate} --trials 5")));
    assert_eq!((&summary["neurons"], &summary["batch"]), (&json!(277), &json!(5)));
    let rates_of_all = rates(&folder);
    assert_eq!(rates_of_all.len(), 277);
    let of = |index: usize| rates_of_all[&ids[index]].0;
    // A spike from outside is far above the threshold; 5 trials of 0.4 s.
    for (index, rate) in [(0, 200.0), (150, 200.0), (7, 150.0)] {
        assert!((of(index) - rate).abs() < 60.0, "{index}: {}", of(index));
    }
    let spikes: u64 = rates_of_all.values().map(|(_, spikes)| spikes).sum();
    assert_eq!(json!(spikes), summary["spikes"]);
    let others = rates_of_all.iter().filter(|(id, _)| ![0, 7, 150].iter().any(|own| ids[*own] == **id));
    assert!(others.map(|(_, (_, spikes))| spikes).sum::<u64>() > 0, "others spike too");

    let silenced = format!("{activate} --silence {},{} --silence {}", ids[0], ids[150], ids[7]);
    let (silent, _) = folder.json(&words(&silenced));
    let rates_of_all = rates(&folder);
    let are_active: Vec<&String> =
        rates_of_all.iter().filter(|(_, (rate, _))| *rate > 0.0).map(|(id, _)| id).collect();
    assert_eq!(are_active.len(), 3, "{are_active:?}");
    assert!(silent["synapses"].as_u64() < summary["synapses"].as_u64());
    assert_eq!(summary["warmup_steps"], json!(0));
}

#[test]
fn the_written_network_repeats_the_run() {
    let (folder, ids) = small();
    folder.write("some.txt", &format!("{}\n{}\n", ids[3], ids[4]));
    folder.write("more.csv", &format!("root_id,type\n{},a\n", ids[5]));
    let options = format!("--activate some.txt --activate more.csv:80.5 --silence {}", ids[9]);
    let (first, _) = folder.json(&words(&format!("{options} --trials 2 --seed 5")));
    let network = fs::read_to_string(folder.path("lif-out/network.toml")).unwrap();
    assert!(network.contains("[groups.\"fly\".subsets.\"activated 1\"]"), "{network}");
    let repeated =
        folder.json("run --config lif-out/network.toml --out again --device cpu --json --no-plot").0;
    assert_eq!(repeated["spike_hash"], first["spike_hash"]);
    let (one, two) = ("lif-out/rates.csv", "again/rates.csv");
    assert_eq!(fs::read(folder.path(one)).unwrap(), fs::read(folder.path(two)).unwrap());
    let npz = folder.path("lif-out/spikes.npz");
    let mut npz = ndarray_npy::NpzReader::new(fs::File::open(npz).unwrap()).unwrap();
    let in_archive: ndarray::Array1<u64> = npz.by_name("ids").unwrap();
    assert_eq!(in_archive.iter().map(u64::to_string).collect::<Vec<_>>(), ids);
}

#[test]
fn its_synapses_have_the_ids_of_its_neurons() {
    let (folder, ids) = small();
    folder.printed(&format!(
        "synapses --network fly --neurons-file neurons.csv --edges {EDGES} --out synapses.csv"
    ));
    let text = fs::read_to_string(folder.path("synapses.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("source,target,weight,delay,source_id,target_id"));
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    let (source, target): (usize, usize) = (first[0].parse().unwrap(), first[1].parse().unwrap());
    assert_eq!((first[4], first[5]), (&*ids[source], &*ids[target]));
    let count = first[2].parse::<f64>().unwrap() / 0.275;
    assert!((count - count.round()).abs() < 1e-5 && first[3] == "1.8", "{first:?}");
}

#[test]
fn threads_checkpoints_and_recordings_change_no_spike() {
    let (folder, ids) = small();
    let options = format!("--activate {}:300 --seed 2", ids[2]);
    let hash = |more: &str| folder.json(&words(&format!("{options} {more}"))).0["spike_hash"].clone();
    let plain = hash("");
    // Neurons whose membrane potentials are recorded do not rest.
    for more in [
        "--threads 1",
        "--record spikes,voltage:0..277",
        "--checkpoint fly.safetensors --checkpoint-every 700",
    ] {
        assert_eq!(hash(more), plain, "{more}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let (folder, ids) = small();
    let some = |option: &str| folder.stderr(&words(option));
    for (option, reason) in [
        ("--activate 12", ": there is no neuron 12 in "),
        ("--silence 1,2", ": there is no neuron 1 in "),
        ("--activate nowhere.txt", "nowhere.txt: it is neither a list of ids nor a file"),
        ("--scale 0.5", "the files of the fly say how large it is"),
        ("--g 3", "g is of the network brunel, and this is fly"),
    ] {
        let said = some(option);
        assert!(said.contains(reason), "{option}: {said}");
    }
    let twice = some(&format!("--activate {0} --activate {0}:20", ids[1]));
    assert!(twice.contains(&format!("neuron {} is activated twice", ids[1])), "{twice}");
    let said = folder.stderr(&format!("run --network fly --activate {}", ids[0]));
    assert!(said.contains("the network fly needs --neurons-file and --edges"), "{said}");
    let said = folder.stderr("run --network cuba --silence 3");
    assert!(said.contains("silence is of the network fly, and this is cuba"), "{said}");
    let said = folder.stderr("run --network fly --neurons-file neurons.csv --edges neurons.csv");
    assert!(said.contains("neurons.csv: it must have columns with the names source and target"), "{said}");
    folder.write("edges.csv", "Presynaptic_Index,Postsynaptic_Index\n0,1\n");
    let said = folder.stderr("run --network fly --neurons-file neurons.csv --edges edges.csv");
    assert!(said.contains("it must have a column with the counts of synapses"), "{said}");
    let said = folder.stderr(&words("--activate 1:-5"));
    assert!(said.contains("the rate is -5; it must be 0 Hz or more"), "{said}");
    assert!(folder.stderr("fly-files --scale 0").contains("scale is 0; it must be from 0.001 to 30"));
}

#[test]
fn subsets_have_what_they_say() {
    let folder = Folder::new();
    let network = |subset: &str| {
        format!(
            "duration = 100\nwarmup = 0\n[groups.cells]\nsize = 10\ncurrent = 0\n[groups.cells.subsets.some]\n{subset}\n"
        )
    };
    let run = |subset: &str| {
        folder.write("net.toml", &network(subset));
        folder.json("run --config net.toml --device cpu --json --no-plot").0
    };
    // The interval of 1 nA: 119 steps, and without a refractory period 69 and more.
    let spikes = |summary: &Value| summary["spikes"].as_u64().unwrap();
    let plain = run("neurons = [2, 5, 7]\ncurrent = 1");
    assert_eq!(spikes(&plain), 3 * (1000 / 119));
    let fast = run("neurons = [2, 5, 7]\ncurrent = 1\nt-ref = 0");
    assert_eq!(spikes(&fast), 3 * (1000 / 70));
    assert_eq!(spikes(&run("neurons = []\ncurrent = 1")), 0);
    for (subset, reason) in [
        (
            "neurons = [2, 10]",
            "net.toml:7: groups.cells.subsets.some: neurons = 10: the neurons of group cells are 0 to 9",
        ),
        ("neurons = [2, 2]", "neuron 2 is in a subset already"),
        ("current = 1", "neurons is missing"),
        ("neurons = 3", "it must be a list of neurons"),
        ("neurons = [3]\ntau-syn = 2", "it has a tau-syn, and its group has none; give that one, too"),
        (
            "neurons = [3]\npositions = { grid = [1, 1], extent = [1, 1] }",
            "positions are those of a whole group",
        ),
        ("neurons = [3]\npreset = \"nest\"", "a preset is of a whole group"),
        ("neurons = [3]\ncolour = 1", "no such key"),
    ] {
        folder.write("net.toml", &network(subset));
        let said = folder.stderr("run --config net.toml --device cpu --no-plot");
        assert!(said.contains(reason), "{subset}: {said}");
    }
}
