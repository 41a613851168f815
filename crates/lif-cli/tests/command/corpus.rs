//! The corpus of the fuzz targets: whatever a file contains, the command ends with a result or a message.

use super::{Folder, root};
use assert_cmd::Command;
use std::fs;

/// Few steps of few neurons, driven by events.
const EVENTS: &str = "run --device cpu --neurons 3 --batch 2 --steps 50 --record counts --no-plot --events";

/// The files for one reader, with their names.
fn corpus(reader: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz/corpus").join(reader);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect();
    assert!(!files.is_empty());
    files
}

/// Runs the command, and returns whether it succeeded. Anything but a result or a message fails.
fn ends_well(mut command: Command, file: &str) -> bool {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => true,
        Some(1 | 2) if said.lines().any(|line| line.starts_with("error: ")) => false,
        code => panic!("{file}: {code:?}, {said}"),
    }
}

#[test]
fn stimuli_of_any_content_end_well() {
    let folder = Folder::new();
    let mut results = [0, 0];
    for (file, bytes) in corpus("stimuli") {
        let Some((kind, bytes)) = bytes.split_first() else { continue };
        let name = format!("in.{}", ["npy", "npz", "txt"][usize::from(*kind) % 3]);
        fs::write(folder.path(&name), bytes).unwrap();
        let words = format!("--stimulus {name} --steps 5 --record counts --no-plot");
        results[usize::from(ends_well(folder.run(&words), &file))] += 1;
    }
    assert!(results.iter().all(|count| *count > 0), "{results:?}");
}

#[test]
fn recordings_of_any_content_end_well() {
    let folder = Folder::with_still();
    folder.write("events.txt", "3 0\n");
    let mut results = [[0, 0]; 3];
    for (file, bytes) in corpus("recordings") {
        let Some((kind, bytes)) = bytes.split_first() else { continue };
        let (kind, reader) = (usize::from(*kind) % 3, usize::from(*kind) / 3 % 3);
        let name = format!("in.{}", ["npy", "npz", "txt"][kind]);
        fs::write(folder.path(&name), bytes).unwrap();
        let words = match reader {
            0 => format!("score --device cpu --stimulus still.txt --spikes {name}"),
            1 => format!("{EVENTS} {name}"),
            _ => format!("{EVENTS} events.txt --events-matrix {name}"),
        };
        results[reader][usize::from(ends_well(folder.lif(&words), &file))] += 1;
    }
    assert!(results.as_flattened().iter().all(|count| *count > 0), "{results:?}");
}

#[test]
fn settings_of_any_content_end_well() {
    let folder = Folder::new();
    let mut results = [0, 0];
    for (file, bytes) in corpus("settings") {
        fs::write(folder.path("in.toml"), bytes).unwrap();
        let words =
            "--config in.toml --neurons 3 --batch 1 --steps 5 --record counts --out lif-out --no-plot";
        results[usize::from(ends_well(folder.run(words), &file))] += 1;
    }
    assert!(results.iter().all(|count| *count > 0), "{results:?}");
}

#[test]
fn networks_of_any_content_end_well() {
    let folder = Folder::new();
    let mut results = [[0, 0]; 2];
    for (file, bytes) in corpus("networks") {
        let Some((kind, bytes)) = bytes.split_first() else { continue };
        let name = format!("in.{}", ["toml", "csv", "npz", "h5", "parquet"][usize::from(*kind) % 5]);
        fs::write(folder.path(&name), bytes).unwrap();
        let list = format!(
            "[groups.a]\nsize = 40\n[[projections]]\nfrom = \"a\"\nto = \"a\"\nrule = {{ list = \"{name}\" }}\n\
             effect = \"jump\"\n"
        );
        folder.write("net.toml", &list);
        let is_list = kind % 5 > 0;
        let config = if is_list { "net.toml" } else { &name };
        let words = format!(
            "run --config {config} --device cpu --steps 5 --warmup 0 --record counts --out lif-out --no-plot"
        );
        results[usize::from(is_list)][usize::from(ends_well(folder.lif(&words), &file))] += 1;
    }
    assert!(results.as_flattened().iter().all(|count| *count > 0), "{results:?}");
}
