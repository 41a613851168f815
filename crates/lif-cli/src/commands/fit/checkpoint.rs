//! The checkpoint of a search, from which it can go on.

use crate::failure::Failure;
use crate::files::claim;
use crate::files::partials;
use crate::files::text;
use crc32fast::Hasher;
use lif::fit::{Evolution, Generation};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// The largest size of the rest of a file: the history of all generations, and what the search is for.
const OTHERS: u64 = 1 << 30;

/// The beginning of a file, before the digits of its checksum. The checksum is the CRC-32 of the file with
/// zeros for these digits.
const BEFORE_CHECKSUM: &str = "{\"checksum\":\"";
const NO_CHECKSUM: &str = "00000000";

const DAMAGED: &str = "it is damaged: its bytes do not fit its checksum (it may have been cut short or changed); \
                       remove it, and begin anew";

/// Numbers as their bits, so that none is rounded.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    /// First, so that its place is known.
    checksum: String,
    /// The identity of the search.
    search: String,
    places: Vec<Vec<u64>>,
    scores: Vec<u64>,
    history: Vec<(u64, u64)>,
}

/// Writes a search in place of the earlier file.
pub fn save(path: &Path, search: &str, evolution: &Evolution) -> Result<(), Failure> {
    let bits = |values: &Vec<f64>| values.iter().map(|value| value.to_bits()).collect();
    let file = File {
        checksum: NO_CHECKSUM.to_owned(),
        search: search.to_owned(),
        places: evolution.places.iter().map(bits).collect(),
        scores: bits(&evolution.scores),
        history: evolution
            .history
            .iter()
            .map(|generation| (generation.best.to_bits(), generation.median.to_bits()))
            .collect(),
    };
    let mut text = serde_json::to_string(&file).map_err(|error| Failure::fault(error.to_string()))?;
    if let Some((digits, checksum)) = checksum(&text) {
        text.replace_range(digits, &checksum);
    }
    let partial = claim::partial(path);
    let written = partials::create_anew(&partial)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&partial, path));
    written.map_err(|error| {
        // It may not exist.
        let _ = std::fs::remove_file(&partial);
        Failure::fault(format!("cannot write {}: {error}", path.display()))
    })
}

/// The place of the digits of the checksum in a text, and what they should be; `None` if the text is no
/// checkpoint.
fn checksum(text: &str) -> Option<(Range<usize>, String)> {
    let digits = BEFORE_CHECKSUM.len()..BEFORE_CHECKSUM.len() + NO_CHECKSUM.len();
    let rest = text.strip_prefix(BEFORE_CHECKSUM)?.get(NO_CHECKSUM.len()..)?;
    let mut hasher = Hasher::new();
    [BEFORE_CHECKSUM, NO_CHECKSUM, rest].iter().for_each(|part| hasher.update(part.as_bytes()));
    Some((digits, format!("{:08x}", hasher.finalize())))
}

/// Reads a checkpoint, where there is one; it must be of the same search.
pub fn read(
    path: &Path,
    search: &str,
    (seed, candidates, dimensions): (u64, usize, usize),
) -> Result<Option<Evolution>, Failure> {
    let refusal = |reason: &str| Failure::fault(format!("checkpoint {}: {reason}", path.display()));
    // A number takes at most 20 digits and a comma; the rest is short.
    let most = (candidates as u64).saturating_mul(dimensions as u64 + 1).saturating_mul(24) + OTHERS;
    let text = match text::read(path, most) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| refusal(&error.to_string()))?,
    };
    let Some((digits, checksum)) = checksum(&text) else {
        let is_cut_short = text.starts_with(BEFORE_CHECKSUM) || BEFORE_CHECKSUM.starts_with(&text);
        return Err(refusal(if is_cut_short { DAMAGED } else { "it is not one of lif fit" }));
    };
    if text[digits] != checksum {
        return Err(refusal(DAMAGED));
    }
    let file: File = serde_json::from_str(&text).map_err(|_| refusal("it is not one of lif fit"))?;
    if file.search != search {
        return Err(refusal(
            "it is of another search; take another file, or the options that it was made with",
        ));
    }
    let values = |bits: &Vec<u64>| bits.iter().map(|bits| f64::from_bits(*bits)).collect::<Vec<f64>>();
    let places: Vec<Vec<f64>> = file.places.iter().map(values).collect();
    let scores = values(&file.scores);
    let is_whole = places.len() == candidates
        && scores.len() == candidates
        && places
            .iter()
            .all(|place| place.len() == dimensions && place.iter().all(|x| (0.0..=1.0).contains(x)));
    if !is_whole {
        return Err(refusal(DAMAGED));
    }
    let generation = |(best, median): &(u64, u64)| Generation {
        best: f64::from_bits(*best),
        median: f64::from_bits(*median),
    };
    Ok(Some(Evolution::restored(seed, places, scores, file.history.iter().map(generation).collect())))
}
