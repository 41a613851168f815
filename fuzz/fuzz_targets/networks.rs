//! Fuzzes the readers of networks: the first byte chooses a description or a list of synapses in one of its formats, the
//! other bytes are the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lif_cli::fuzzing::{Columns, network};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let extension = ["toml", "csv", "npz", "h5", "parquet"][usize::from(*kind) % 5];
    let path = std::env::temp_dir().join(format!("lif-fuzz-{}.{extension}", std::process::id()));
    if extension == "toml" {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let name = path.display().to_string();
        let Ok(description) = network(text, &name) else { return };
        // What is written, as runs do, describes a network.
        network(&description.written(&[]), &name).expect("just written");
        return;
    }
    std::fs::write(&path, bytes).expect("there is room");
    let Ok(mut columns) = Columns::open(&path) else { return };
    for place in 0..columns.names().len() {
        let (mut whole, mut all): (Vec<u64>, Vec<f64>) = Default::default();
        if columns.read(&mut [(place, &mut whole)]).is_ok() {
            columns.read(&mut [(place, &mut all)]).expect("just read");
            // Whole numbers are the same in double precision, but for rounding.
            assert_eq!(whole.len(), all.len());
            assert!(whole.iter().zip(&all).all(|(whole, all)| *whole as f64 == *all));
        }
    }
});
