//! The reader of settings files.
#![no_main]

macro_rules! of_the_command {
    ($($name:ident $path:literal)*) => {
        $(
            #[allow(dead_code, unused_imports, reason = "the command uses the rest of it")]
            #[path = $path]
            mod $name;
        )*
    };
}

of_the_command! {
    bound "../../src/bin/lif/bound.rs"
    budget "../../src/bin/lif/budget.rs"
    failure "../../src/bin/lif/failure.rs"
    layers "../../src/bin/lif/layers.rs"
    neurons "../../src/bin/lif/neurons.rs"
    presets "../../src/bin/lif/presets.rs"
    random_input "../../src/bin/lif/random_input.rs"
    record "../../src/bin/lif/record.rs"
    rules "../../src/bin/lif/rules.rs"
    figures "../../src/bin/lif/figures.rs"
    nir "../../src/bin/lif/nir.rs"
    numbers "../../src/bin/lif/numbers/mod.rs"
    settings "../../src/bin/lif/settings.rs"
    stimulus "../../src/bin/lif/stimulus/mod.rs"
    terminal "../../src/bin/lif/terminal.rs"
    spread "../../src/bin/lif/spread.rs"
    weight "../../src/bin/lif/weight.rs"
}

use settings::Settings;
use libfuzzer_sys::fuzz_target;
use lif::{Device, Population};

const NEURONS: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("lif-fuzz-{}.toml", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room");
    let asked = Settings { config: Some(path), ..Settings::default() };
    let Ok(mut settings) = layers::complete(&asked) else { return };
    // As checkpoints and summaries hold them, they come back as they were.
    settings.config = None;
    if let Ok(text) = toml::to_string(&settings) {
        let again = layers::parse(&text, "again").expect("just written");
        assert_eq!(again, settings);
    }
    let random: Vec<_> = settings.input.iter().map(|input| input.random(NEURONS)).collect();
    if let Some(record) = &settings.record {
        let _ = record.recording(NEURONS, 2, 1000);
    }
    let _ = neurons::initial_voltages(&settings, NEURONS, 2);
    let Ok(params) = neurons::params(&settings, NEURONS) else { return };
    if let Ok(mut population) = Population::new(params, NEURONS, 2, &Device::cpu()) {
        let _ = population.draws(&random);
    }
});
