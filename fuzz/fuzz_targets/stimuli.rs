//! Fuzzes the readers of stimuli: the first byte chooses the extension of the file, the other bytes are the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lif_cli::fuzzing::{SampleOptions, Level, Stimulus, Transform};

const STEPS: u64 = 60;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let extension = ["npy", "npz", "txt"][usize::from(*kind) % 3];
    let path = std::env::temp_dir().join(format!("lif-fuzz-{}.{extension}", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room");
    let asked = SampleOptions { time_unit: None, interval: None, dt: 0.3 };
    let Ok(stimulus) = Stimulus::open(&path, &asked) else { return };
    let (n, batch) = stimulus.population();
    assert!(n != Some(0) && batch != Some(0));
    assert!(stimulus.length_ms() >= 0.0);
    assert!(!stimulus.understood().line().is_empty());
    for extreme in stimulus.extremes() {
        assert!(extreme.value.is_finite() && !stimulus.describe(extreme).is_empty());
    }
    let currents = |first: u64| -> Vec<u32> {
        let transform = Transform {
            level: Level::Raw,
            scale: 1.0,
            offset: 0.5,
            rectify: false,
            low_pass: Some(0.7),
            delay: 0.3,
        };
        let blocks = stimulus.currents(first..STEPS, 0.1, transform).expect("just read");
        blocks.flat_map(|block| block.expect("just read")).map(f32::to_bits).collect()
    };
    // The currents do not depend on the step from which reading begins.
    let whole = currents(0);
    let part = currents(STEPS / 2 + 1);
    assert!(whole.ends_with(&part) && !part.is_empty());
});
