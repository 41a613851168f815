//! Fuzzes the reader of settings files.
#![no_main]

use lif_cli::fuzzing::{Settings, layers, neurons};
use libfuzzer_sys::fuzz_target;
use lif::{Device, Population};

const NEURONS: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("lif-fuzz-{}.toml", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room");
    let asked = Settings { config: Some(path), ..Settings::default() };
    let Ok(mut settings) = layers::complete(&asked) else { return };
    // Settings come back unchanged from text, the form in which checkpoints and summaries contain them.
    settings.config = None;
    if let Ok(text) = toml::to_string(&settings) {
        let again = layers::parse(&text, "again").expect("just written");
        assert_eq!(again, settings);
    }
    let random: Vec<_> = settings.input.iter().map(|input| input.random(NEURONS)).collect();
    if let Some(record) = &settings.record {
        let _ = record.recording([2, NEURONS].into(), 1000);
    }
    let _ = neurons::initial_voltages(&settings, [2, NEURONS].into());
    let Ok(params) = neurons::params(&settings, NEURONS) else { return };
    if let Ok(mut population) = Population::new(params, [2, NEURONS], &Device::cpu()) {
        let _ = population.draws(&random);
    }
});
