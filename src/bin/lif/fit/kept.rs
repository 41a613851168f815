//! A search on disk, so that it can go on after whatever ended it.

use super::evolution::{Evolution, Generation};
use crate::claim;
use crate::failure::Failure;
use crate::partials;
use crate::reading;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// The longest of what a file holds beside its candidates: the history of all generations, and the aim.
const OTHERS: u64 = 1 << 30;

/// Numbers by their bits, so that none is rounded.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    /// What the search is for.
    search: String,
    places: Vec<Vec<u64>>,
    scores: Vec<u64>,
    history: Vec<(u64, u64)>,
}

/// Writes a search, in place of what was there.
pub fn save(path: &Path, search: &str, evolution: &Evolution) -> Result<(), Failure> {
    let bits = |values: &Vec<f64>| values.iter().map(|value| value.to_bits()).collect();
    let file = File {
        search: search.to_owned(),
        places: evolution.places.iter().map(bits).collect(),
        scores: bits(&evolution.scores),
        history: evolution
            .history
            .iter()
            .map(|generation| (generation.best.to_bits(), generation.median.to_bits()))
            .collect(),
    };
    let text = serde_json::to_string(&file).map_err(|error| Failure::fault(error.to_string()))?;
    let partial = claim::partial(path);
    let written = partials::create_anew(&partial)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&partial, path));
    written.map_err(|error| {
        // It may not even be there.
        let _ = std::fs::remove_file(&partial);
        Failure::fault(format!("cannot write {}: {error}", path.display()))
    })
}

/// Reads a search, where there is one, that is for the same.
pub fn read(
    path: &Path,
    search: &str,
    (seed, candidates, dimensions): (u64, usize, usize),
) -> Result<Option<Evolution>, Failure> {
    let refusal = |reason: &str| Failure::fault(format!("checkpoint {}: {reason}", path.display()));
    // No number takes more than 20 digits and a comma, and the names and the aim are short beside them.
    let most = (candidates as u64).saturating_mul(dimensions as u64 + 1).saturating_mul(24) + OTHERS;
    let text = match reading::text(path, most) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| refusal(&error.to_string()))?,
    };
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
        return Err(refusal("it is damaged"));
    }
    let generation = |(best, median): &(u64, u64)| Generation {
        best: f64::from_bits(*best),
        median: f64::from_bits(*median),
    };
    Ok(Some(Evolution::kept(seed, places, scores, file.history.iter().map(generation).collect())))
}
