//! Fuzzes the readers of recorded spikes, events and weight matrices: the first byte chooses the reader and the
//! extension of the file, the other bytes are the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lif_cli::fuzzing::recorded::{self, Timeline};
use lif_cli::fuzzing::{Spread, Time, Trains, Unit, Weight};

const STEPS: u64 = 5000;
const NEURONS: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let extension = ["npy", "npz", "txt"][usize::from(*kind) % 3];
    let file = |name: &str| std::env::temp_dir().join(format!("lif-fuzz-{}-{name}", std::process::id()));
    let path = file(&format!("in.{extension}"));
    std::fs::write(&path, bytes).expect("there is room");
    let weight = Weight::new(Spread::Number(0.5), Unit::Millivolt);
    match usize::from(*kind) / 3 % 3 {
        0 => {
            let timeline = Timeline { unit: None, start: Time::ZERO, steps: STEPS, dt: 0.1 };
            let Ok(recorded) = recorded::read(&path, &timeline) else { return };
            assert!(!recorded.steps.is_empty() && recorded.steps.iter().all(|step| *step < STEPS));
            assert!(!recorded.understood.line().is_empty());
        }
        1 => {
            let Ok(trains) = Trains::open(&path, None, weight, [2, NEURONS].into(), (STEPS, 0.1)) else { return };
            trains.raster(0..64).expect("just read");
            assert!(trains.understood.iter().all(|of| !of.line().is_empty()));
        }
        _ => {
            let events = file("events.txt");
            std::fs::write(&events, "3 0\n").expect("there is room");
            let trains = Trains::open(&events, Some(&path), weight, [2, NEURONS].into(), (STEPS, 0.1));
            assert!(trains.is_err() || trains.is_ok_and(|trains| trains.understood.len() == 2));
        }
    }
});
