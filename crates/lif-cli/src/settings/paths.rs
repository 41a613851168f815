//! Stimulus files in a settings file: one path, or a list.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the name of a file, or a list of names")]
enum OneOrSeveral {
    One(PathBuf),
    Several(Vec<PathBuf>),
}

/// Reads a path or a list.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(match OneOrSeveral::deserialize(deserializer)? {
        OneOrSeveral::One(path) => vec![path],
        OneOrSeveral::Several(paths) => paths,
    })
}

/// Writes a single path without a list.
pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    match paths {
        [path] => path.serialize(serializer),
        paths => paths.serialize(serializer),
    }
}
