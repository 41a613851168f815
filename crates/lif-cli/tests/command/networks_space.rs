//! Networks whose neurons have positions.

use super::{Folder, root};
use ndarray::{Array2, arr2};
use serde_json::json;
use std::fs;

/// A sheet of neurons that are connected to their neighbours, behind one group that drives it from a distance.
pub const SHEET: &str = r#"
[groups.sheet]
size = 16
current = 0.4
positions = { grid = [4, 4] }

[groups.cloud]
size = 40
positions = { uniform = [4, 4], origin = [1, 0] }

[[projections]]
from = "sheet"
to = "sheet"
rule = { by-distance = { step = { p = 1, radius = 1.5 } } }
effect = "jump"
weight = 0.5
autapses = false

[[projections]]
from = "cloud"
to = "sheet"
rule = { by-distance = { gaussian = { p = 0.5, sigma = 2 }, periodic = [4, 4] } }
effect = "jump"
weight = 1
delay = 0.5
velocity = 2
"#;

fn synapses(folder: &Folder, text: &str) -> u64 {
    folder.write("net.toml", text);
    let words = "run --config net.toml --duration 5 --warmup 0 --device cpu --json --no-plot --seed 3";
    folder.json(words).0["synapses"].as_u64().unwrap()
}

#[test]
fn neurons_of_a_grid_are_connected_to_those_within_a_radius() {
    let folder = Folder::new();
    let (sheet, _) = SHEET.split_once("[[projections]]\nfrom = \"cloud\"").unwrap();
    // Of 16 neurons, each to its neighbours, of which those at a border have fewer.
    assert_eq!(synapses(&folder, sheet), 84);
    let periodic = sheet.replace("radius = 1.5 }", "radius = 1.5 }, periodic = [4, 4]");
    assert_eq!(synapses(&folder, &periodic), 16 * 8);
    // Twice as far apart in one direction, and in three dimensions.
    let wide = sheet.replace("[4, 4] }", "[4, 4], extent = [8, 4] }");
    assert_eq!(synapses(&folder, &wide), 16 * 2 - 2 * 4);
    let deep = sheet.replace("[4, 4] }", "[2, 4, 2] }");
    assert_eq!(synapses(&folder, &deep), 2 * (8 + 12 + 8 + 2 * 6 + 2 * 4 + 2 * 6));
    let with_autapses = sheet.replace("autapses = false", "");
    assert_eq!(synapses(&folder, &with_autapses), 84 + 16);
    let in_all = synapses(&folder, SHEET) - 84;
    // Without borders, the mean probability is the same everywhere: about 0.36.
    assert!((180..280).contains(&in_all), "{in_all} of 640 pairs");
    let exponential = SHEET.replace("gaussian = { p = 0.5, sigma", "exponential = { p = [[0.9]], length");
    assert!(synapses(&folder, &exponential) > in_all + 84);
    // A seed of its own draws other positions and synapses.
    let other = synapses(&folder, &format!("{SHEET}\n[network]\nseed = 7\n"));
    assert_ne!(other, in_all + 84);
}

#[test]
fn a_delay_is_a_distance_over_a_velocity() {
    let folder = Folder::new();
    folder.write("one.csv", "x,y\n0,0\n");
    folder.write("three.csv", "x,y\n10,0\n20,0\n0,40\n");
    let text = r#"
duration = 40
warmup = 0
[groups.first]
size = 1
current = 0.6
positions = { file = "one.csv" }
[groups.second]
size = 3
positions = { file = "three.csv" }
[[projections]]
from = "first"
to = "second"
rule = "all-to-all"
effect = "jump"
weight = 20
delay = 0.5
velocity = 10
"#;
    let steps = |text: &str| {
        folder.write("net.toml", text);
        folder.json("run --config net.toml --device cpu --json --no-plot");
        folder.array::<u32>("step").into_raw_vec_and_offset().0
    };
    assert_eq!(steps(text), [179, 194, 204, 224]);
    // The smallest delay of a jump is one step.
    assert_eq!(steps(&text.replace("delay = 0.5\n", "")), [179, 190, 200, 220]);
    // The same positions as an array.
    let array: Array2<f32> = arr2(&[[10.0, 0.0, 0.0], [20.0, 0.0, 0.0], [0.0, 0.0, 40.0]]);
    ndarray_npy::write_npy(folder.path("three.npy"), &array).unwrap();
    assert_eq!(steps(&text.replace("three.csv", "three.npy")), [179, 194, 204, 224]);
    // A description in another folder finds the file.
    let (again, _) = folder.json("run --config lif-out/network.toml --device cpu --json --out again/b");
    assert_eq!(again["spikes"], json!(4));
    let written = fs::read_to_string(folder.path("again/b/network.toml")).unwrap();
    assert!(written.contains("three.npy") && written.contains("velocity = 10.0"), "{written}");
}

#[test]
fn what_is_wrong_with_positions_and_distances_is_told_with_line_and_key() {
    let folder = Folder::new();
    folder.write("few.csv", "1 2\n3 4\n");
    folder.write("many.csv", &"1,2\n".repeat(41));
    folder.write("odd.csv", &"1,2\nx,4\n".repeat(20));
    ndarray_npy::write_npy(folder.path("flat.npy"), &ndarray::arr1(&[1.0; 40])).unwrap();
    let cloud = "{ uniform = [4, 4], origin = [1, 0] }";
    for (from, to, message) in [
        (
            "[4, 4] }\n\n",
            "[4, 5] }\n\n",
            "net.toml:5: groups.sheet.positions: grid = [4, 5]: the group has 16",
        ),
        ("[4, 4] }\n\n", "[4.5, 4] }\n\n", "the numbers must be whole"),
        ("[4, 4] }\n\n", "[4, 4, 1, 1] }\n\n", "it must be a list of one, two or three numbers"),
        (
            "[4, 4] }\n\n",
            "[4, 4], extent = [-1] }\n\n",
            "extent = [-1]: -1 is no length; it must be 0 or more",
        ),
        (cloud, "[1, 2]", "it must be { grid = [COLUMNS, ROWS], extent"),
        (cloud, "{ uniform = [4, 4], extent = [1] }", "it must be { grid"),
        (
            cloud,
            "{ uniform = [4, 4], size = [1] }",
            "no such key; there are grid, uniform, file, extent, origin",
        ),
        (cloud, "{ file = \"few.csv\" }", "few.csv\": it has 2 positions; the group has 40 neurons"),
        (cloud, "{ file = \"many.csv\" }", "it has more than 40 positions"),
        (cloud, "{ file = \"odd.csv\" }", "odd.csv\": line 2: "),
        (cloud, "{ file = \"flat.npy\" }", "it has shape [40]; it must be [N, 2] or [N, 3]"),
        (cloud, "{ file = \"none.csv\" }", "none.csv"),
        (
            "positions = { grid = [4, 4] }",
            "",
            "net.toml:11: projections: the synapses depend on distance, and group sheet has no positions",
        ),
        ("radius = 1.5", "radius = 0", "radius = 0: it must be above 0"),
        ("radius = 1.5", "sigma = 1", "radius is missing"),
        ("p = 1,", "p = 2,", "p = 2: it must be from 0 to 1"),
        ("step = { p = 1, radius = 1.5 }", "periodic = [1]", "it must have one of gaussian = { p = P"),
        ("step =", "disc =", "no such key; there are periodic, gaussian, exponential, step"),
        ("velocity = 2", "velocity = 0", "velocity = 0: it must be above 0"),
        ("delay = 0.5", "delay = { uniform = [1, 2] }", "with a velocity the delay must be a number"),
        ("delay = 0.5", "delay = 0", "net.toml:"),
    ] {
        assert!(SHEET.contains(from), "{from}");
        folder.write("net.toml", &SHEET.replacen(from, to, 1));
        folder.refuses("run --config net.toml --device cpu --no-plot", 2, message);
        assert!(!folder.path("lif-out").exists());
    }
}

#[test]
fn each_example_of_a_network_runs() {
    let folder = Folder::new();
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        // The microcircuit is large, and the same as the network of its name.
        let is_network =
            |text: &str| text.contains("[[projections]]") && !path.ends_with("microcircuit.toml");
        if path.extension().is_some_and(|end| end == "toml")
            && is_network(&fs::read_to_string(&path).unwrap())
        {
            let words = "--duration 30 --warmup 0 --device cpu --json";
            let (summary, said) = folder.json(&format!("run --config {} {words}", path.display()));
            assert!(said.is_empty() && summary["spikes"].as_u64().unwrap() > 0, "{}: {said}", path.display());
        }
    }
}
