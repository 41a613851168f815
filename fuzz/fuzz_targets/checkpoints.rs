//! Fuzzes the reader of checkpoints, with files as they are and with a matching checksum.
#![no_main]

#[path = "../seal.rs"]
mod seal;

use libfuzzer_sys::fuzz_target;
use lif::{Checkpoint, Device, Recording};

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("lif-fuzz-{}.safetensors", std::process::id()));
    for bytes in [bytes, &seal::sealed(bytes)] {
        std::fs::write(&path, bytes).expect("there is room");
        let Ok(checkpoint) = Checkpoint::open(&path) else { continue };
        let steps = checkpoint.steps();
        // A population that can be loaded can be run and saved again.
        if let Ok(mut population) = checkpoint.population(&Device::cpu()) {
            assert_eq!(population.steps(), steps);
            let _ = population.run(3, 0.5).record(Recording::none().spikes()).go();
            population.save(&path).expect("there is room");
            Checkpoint::open(&path).expect("just saved");
        }
    }
});
