//! The files that fuzzing found worth keeping: whatever is in them, the command ends with a result or
//! with a message.

use super::Folder;
use std::fs;
use std::path::Path;

/// The files for one reader, with their names.
fn corpus(reader: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(reader);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect();
    assert!(!files.is_empty());
    files
}

/// Runs, and says whether that went well; anything but a result or a message fails.
fn ends_well(folder: &Folder, words: &str, file: &str) -> bool {
    let output = folder.run(words).output().unwrap();
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
        results[usize::from(ends_well(&folder, &words, &file))] += 1;
    }
    assert!(results.iter().all(|count| *count > 0), "{results:?}");
}

#[test]
fn settings_of_any_content_end_well() {
    let folder = Folder::new();
    let mut results = [0, 0];
    for (file, bytes) in corpus("settings") {
        fs::write(folder.path("in.toml"), bytes).unwrap();
        let words =
            "--config in.toml --neurons 3 --batch 1 --steps 5 --record counts --out lif-out --no-plot";
        results[usize::from(ends_well(&folder, words, &file))] += 1;
    }
    assert!(results.iter().all(|count| *count > 0), "{results:?}");
}
