//! Lists of synapses in the formats that other programs write.

use super::{Folder, root};
use serde_json::{Value, json};
use std::fs;

/// A network whose synapses are in this file of `tests/reference/lists`.
fn network(folder: &Folder, list: &str, more: &str) -> String {
    let path = root().join("tests/reference/lists").join(list);
    let text = format!(
        "duration = 50\nwarmup = 0\n[groups.fly]\nsize = 40\ncurrent = 0.6\ninit-voltage = {{ uniform = [-62, -53] }}\n[[projections]]\nfrom = \"fly\"\n\
         to = \"fly\"\nrule = {{ list = {} }}\neffect = \"jump\"\n{more}\n",
        json!(fs::canonicalize(path).unwrap())
    );
    folder.write("net.toml", &text);
    "run --config net.toml --device cpu --json --no-plot".to_owned()
}

fn run(list: &str, more: &str) -> Value {
    let folder = Folder::new();
    let words = network(&folder, list, more);
    folder.json(&words).0
}

/// The run of the text.
fn of_text() -> Value {
    run("fly.csv", "weight = 0.5\ndelay = 1.5")
}

#[test]
fn counts_are_multiplied_by_the_weight_of_one_synapse() {
    let counted = of_text();
    assert_eq!(counted["synapses"], json!(300));
    assert_ne!(run("fly.csv", "weight = 0.25\ndelay = 1.5")["spike_hash"], counted["spike_hash"]);
    // The same weights, each in its own line.
    let folder = Folder::new();
    let text = fs::read_to_string(root().join("tests/reference/lists/fly.csv")).unwrap();
    let weight = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        format!("{},{},{}\n", fields[2], fields[3], fields[6].parse::<f64>().unwrap() * 0.5)
    };
    let list: String = text.lines().skip(1).map(weight).collect();
    folder.write("weights.csv", &format!("pre,post,weight\n{list}"));
    let words = network(&folder, "fly.csv", "delay = 1.5");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    let rule = net.lines().find(|line| line.starts_with("rule")).unwrap();
    folder.write("net.toml", &net.replace(rule, "rule = { list = \"weights.csv\" }"));
    assert_eq!(folder.json(&words).0["spike_hash"], counted["spike_hash"]);
}

/// The path of a file in `tests/reference/lists`, in quotes.
fn given(name: &str) -> Value {
    json!(fs::canonicalize(root().join("tests/reference/lists").join(name)).unwrap())
}

/// The same network, whose neurons have ids.
fn with_ids(folder: &Folder, list: &str, by: &str) -> String {
    let words = network(folder, "fly.csv", "weight = 0.5\ndelay = 1.5");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    let net = net.replace("size = 40", &format!("ids = {}", given("neurons.csv")));
    folder.write("net.toml", &net.replace(&given("fly.csv").to_string(), &format!("{list}{by}")));
    words
}

#[test]
fn neurons_can_have_ids() {
    let counted = of_text();
    let folder = Folder::new();
    let text = fs::read_to_string(root().join("tests/reference/lists/fly.csv")).unwrap();
    let ids = |line: &str| line.split(',').take(2).map(str::to_owned).collect::<Vec<_>>();
    let ends: Vec<Vec<String>> = text.lines().skip(1).map(ids).collect();
    let counts = text.lines().skip(1).filter_map(|line| line.rsplit(',').next());
    let list: String =
        ends.iter().zip(counts).map(|(ends, count)| format!("{},{},{count}\n", ends[0], ends[1])).collect();
    folder.write("ids.csv", &format!("pre_root_id,post_root_id,syn_count\n{list}"));
    folder.write("plain.csv", &format!("source,target,count\n{list}"));
    for (list, by) in [
        (given("fly.csv").to_string(), ", by = \"id\""),
        (given("fly.csv").to_string(), ""),
        ("\"ids.csv\"".to_owned(), ""),
        ("\"plain.csv\"".to_owned(), ", by = \"id\""),
    ] {
        let words = with_ids(&folder, &list, by);
        assert_eq!(folder.json(&words).0["spike_hash"], counted["spike_hash"], "{list}{by}");
    }
    // They are in the results, and with the synapses.
    let neurons = fs::read_to_string(root().join("tests/reference/lists/neurons.csv")).unwrap();
    let own: Vec<u64> =
        neurons.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(folder.array::<u64>("ids").into_raw_vec_and_offset().0, own);
    let again = folder.json("run --config lif-out/network.toml --device cpu --json --no-plot --out again").0;
    assert_eq!(again["spike_hash"], counted["spike_hash"]);
    folder.printed("synapses --config net.toml --out synapses.csv");
    let written = fs::read_to_string(folder.path("synapses.csv")).unwrap();
    assert!(written.starts_with("source,target,weight,delay,source_id,target_id\n"), "{written}");
    let mut pairs: Vec<Vec<String>> =
        written.lines().skip(1).map(|line| line.split(',').skip(4).map(str::to_owned).collect()).collect();
    let mut expected = ends.clone();
    pairs.sort();
    expected.sort();
    assert_eq!(pairs, expected);
    folder.printed("synapses --config net.toml");
    let file = fs::File::open(folder.path("synapses.npz")).unwrap();
    let ids: ndarray::Array1<u64> = ndarray_npy::NpzReader::new(file).unwrap().by_name("source_id").unwrap();
    assert!(ids.len() == 300 && ids.iter().all(|id| own.contains(id)), "{ids}");
}

#[test]
fn what_is_wrong_with_ids_is_told_with_id_file_and_line() {
    let folder = Folder::new();
    folder.write("unknown.csv", "pre_root_id,post_root_id,count\n720575940618139911,720575940618139912,1\n");
    folder.write("plain.csv", "source,target,count\n720575940618139911,720575940618139911,1\n");
    for (list, by, message) in [
        (
            "unknown.csv",
            "",
            "line 2: 'post_root_id': no neuron of the group fly has the id 720575940618139912;",
        ),
        ("plain.csv", "", "for ids write { list = FILE, by = \"id\" }"),
        ("plain.csv", ", by = \"name\"", "it must be one of number, id"),
    ] {
        let words = with_ids(&folder, &format!("\"{list}\""), by);
        folder.refuses(&words, 2, message);
    }
    let words = with_ids(&folder, "\"unknown.csv\"", "");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    let ids = format!("ids = {}", given("neurons.csv"));
    for (instead, message) in [
        ("size = 40".to_owned(), "the group fly has none; give it ids = FILE"),
        (format!("{ids}\nsize = 41"), "the file has ids of 40 neurons; leave this out"),
        (format!("ids = {{ file = {}, column = \"id\" }}", given("neurons.csv")), "it has no column 'id'"),
        ("ids = \"none.csv\"".to_owned(), "none.csv"),
        (String::new(), "size is missing"),
    ] {
        folder.write("net.toml", &net.replace(&ids, &instead));
        folder.refuses(&words, 2, message);
    }
}

#[test]
fn synapses_between_the_same_neurons_are_counted() {
    let folder = Folder::new();
    let words = network(&folder, "fly.csv", "weight = 1");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    folder.write("net.toml", &net.replace(&given("fly.csv").to_string(), "\"pairs.csv\""));
    folder.write("pairs.csv", "pre,post\n1,2\n1,2\n3,1\n1,2\n");
    assert_eq!(folder.json(&words).0["repeated_synapses"], json!(2));
    let table = folder.printed(&words.replace(" --json", ""));
    assert!(table.contains("4 (2 between the same neurons as another)"), "{table}");
}

/// A run whose rule has more keys.
fn with_rule(folder: &Folder, list: &str, keys: &str, more: &str) -> String {
    let words = network(folder, list, more);
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    let name = given(list).to_string();
    folder.write("net.toml", &net.replace(&name, &format!("{name}{keys}")));
    words
}

#[test]
fn sonata_files_are_the_same_lists() {
    let text = of_text();
    let folder = Folder::new();
    for (list, keys) in [
        ("one.h5", ""),
        ("edges.h5", ", population = \"own\""),
        ("edges.h5", ", population = \"grouped\""),
        ("edges.h5", ", population = \"own\", weight-unit = \"1mV\", by = \"number\""),
    ] {
        let read = folder.json(&with_rule(&folder, list, keys, "")).0;
        assert_eq!(read["synapses"], json!(300), "{list}{keys}");
        assert_eq!(read["spike_hash"], text["spike_hash"], "{list}{keys}");
    }
    // What is written has the keys, too.
    let again = folder.json("run --config lif-out/network.toml --device cpu --json --no-plot --out again").0;
    assert_eq!(again["spike_hash"], text["spike_hash"]);
    // Weights of types: those of the list, as it has the same numbers.
    folder.write("types.csv", "edge_type_id model syn_weight delay\n101 x -0.5 1.5\n100 y 0.5 1.5\n");
    let typed = with_rule(&folder, "edges.h5", ", population = \"typed\", types = \"types.csv\"", "");
    let typed = folder.json(&typed).0;
    let signs = fs::read_to_string(root().join("tests/reference/lists/fly.csv")).unwrap();
    let signs = signs.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let list: String = signs.map(|fields| format!("{},{},{}\n", fields[2], fields[3], fields[5])).collect();
    folder.write("signs.csv", &format!("pre,post,count\n{list}"));
    let words = network(&folder, "fly.csv", "weight = 0.5\ndelay = 1.5");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    folder.write("net.toml", &net.replace(&given("fly.csv").to_string(), "\"signs.csv\""));
    assert_eq!(typed["spike_hash"], folder.json(&words).0["spike_hash"]);
    assert_ne!(typed["spike_hash"], text["spike_hash"]);
}

#[test]
fn what_is_wrong_in_a_sonata_file_is_told() {
    let folder = Folder::new();
    let types = given("edge_types.csv");
    for (list, keys, message) in [
        (
            "edges.h5",
            "",
            "several populations of edges; name one with { list = FILE, population = NAME }: 'grouped', 'own', 'typed'",
        ),
        (
            "edges.h5",
            ", population = \"x\"",
            "it has no population 'x' of edges; there are 'grouped', 'own', 'typed'",
        ),
        ("edges.h5", ", population = \"typed\"", "weight is missing"),
        ("fly.csv", ", population = \"own\"", "only a SONATA file, which is HDF5, has a population"),
        ("fly.csv", ", weight-unit = 2", "it has no weights, which could have a unit"),
        ("one.h5", ", unit = 2", "no such key; there are list, by, population, types, weight-unit"),
        (
            "edges.h5",
            &format!(", population = \"typed\", types = {types}"),
            "has no 'delay', and neither has its type 101 in",
        ),
        ("edges.h5", ", population = \"typed\", types = \"none.csv\"", "none.csv"),
    ] {
        folder.refuses(&with_rule(&folder, list, keys, ""), 2, message);
    }
    let bytes = fs::read(root().join("tests/reference/lists/one.h5")).unwrap();
    let words = network(&folder, "one.h5", "");
    let net = fs::read_to_string(folder.path("net.toml")).unwrap();
    folder.write("net.toml", &net.replace(&given("one.h5").to_string(), "\"cut.h5\""));
    for length in [8, 2000, bytes.len() / 2] {
        fs::write(folder.path("cut.h5"), &bytes[..length]).unwrap();
        folder.refuses(&words, 2, "cut.h5");
    }
    let nir = fs::read(root().join("fuzz/corpus/nir/cuba.nir")).unwrap();
    fs::write(folder.path("cut.h5"), nir).unwrap();
    folder.refuses(&words, 2, "it has no group 'edges', so it is no SONATA file of edges");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_files_are_the_same_lists() {
    let text = of_text();
    for (list, more) in
        [("fly.parquet", "weight = 0.5\ndelay = 1.5"), ("zstd.parquet", ""), ("gzip.parquet", "")]
    {
        let read = run(list, more);
        assert_eq!(read["synapses"], json!(300), "{list}");
        assert_eq!(read["spike_hash"], text["spike_hash"], "{list}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn faults_of_parquet_files_are_named_with_their_row() {
    let folder = Folder::new();
    let words = network(&folder, "missing.parquet", "");
    folder.refuses(&words, 2, "'source': row 1 has no value");
    let bytes = fs::read(root().join("tests/reference/lists/fly.parquet")).unwrap();
    for length in [9, 1000, bytes.len() - 9] {
        fs::write(folder.path("cut.parquet"), &bytes[..length]).unwrap();
        let net = fs::read_to_string(folder.path("net.toml")).unwrap();
        let rule = net.lines().find(|line| line.starts_with("rule")).unwrap();
        folder.write("cut.toml", &net.replace(rule, "rule = { list = \"cut.parquet\" }"));
        folder.refuses("run --config cut.toml", 2, "not a Parquet file that can be read");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_files_are_refused_with_what_to_do() {
    let folder = Folder::new();
    let words = network(&folder, "fly.parquet", "weight = 0.5");
    folder.refuses(&words, 2, "--features parquet, or convert the file in Python: import pandas;");
}

#[test]
fn parquet_files_that_are_no_lists_are_named() {
    let folder = Folder::new();
    let stimulus = root().join("tests/reference/lists/fly.parquet");
    folder.refuses(
        &format!("run --device cpu --stimulus {}", stimulus.display()),
        1,
        "a Parquet file, which only lists of synapses can be",
    );
}
