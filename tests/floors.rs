//! Checks the layers ("floors") of the library: a module imports only from its own floor and from lower ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the bottom up. Errors are the lowest.
const FLOORS: [&str; 9] =
    ["error", "model", "data", "experiment", "prepared", "engine", "device", "population", "fit"];

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| *floor == name)
}

/// Finds all source files except for those of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// Returns a file without comments and without its tests, which are at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a text");
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Returns the floor of each name that the root of the library re-exports.
fn handed_out(root: &Path) -> BTreeMap<String, String> {
    let text = code(&root.join("lib.rs"));
    let mut found = BTreeMap::new();
    for statement in text.split(';') {
        let Some((_, path)) = statement.split_once("pub use ") else { continue };
        let (floor, names) = path.split_once("::").unwrap_or((path, ""));
        for name in names.split(|sign: char| !sign.is_alphanumeric() && sign != '_') {
            found.insert(name.to_owned(), floor.to_owned());
        }
    }
    found
}

/// Returns the names that a file imports from the library: the first name after `crate::`, also within braces.
fn taken(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => {
                rest.split(|sign: char| !sign.is_alphanumeric() && sign != '_').next().unwrap_or_default()
            }
        };
        found.extend(
            names.split(',').map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()),
        );
    }
    found
}

#[test]
fn imports_go_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let handed_out = handed_out(&root);
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 100);
    let mut upward = BTreeSet::new();
    for path in files {
        let place = path.strip_prefix(&root).expect("below").to_string_lossy().replace('\\', "/");
        let own = place.split(['/', '.']).next().unwrap_or_default();
        if own == "lib" {
            continue;
        }
        let own = floor(own).unwrap_or_else(|| panic!("src/{place} is on no floor"));
        for name in taken(&code(&path)) {
            let above = handed_out.get(&name).unwrap_or(&name);
            if floor(above).is_some_and(|above| above > own) {
                upward.insert((place.clone(), name));
            }
        }
    }
    assert!(upward.is_empty(), "these take from a floor above: {upward:?}");
}
