// The files of the command that read what users write, for the targets: they have no package of their own.

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
    amount "../src/bin/lif/amount.rs"
    bound "../src/bin/lif/bound.rs"
    budget "../src/bin/lif/budget.rs"
    doubts "../src/bin/lif/doubts.rs"
    failure "../src/bin/lif/failure.rs"
    figures "../src/bin/lif/figures.rs"
    layers "../src/bin/lif/layers.rs"
    listing "../src/bin/lif/listing.rs"
    memory "../src/bin/lif/memory.rs"
    neurons "../src/bin/lif/neurons.rs"
    nir "../src/bin/lif/nir.rs"
    numbers "../src/bin/lif/numbers/mod.rs"
    presets "../src/bin/lif/presets.rs"
    quantity "../src/bin/lif/quantity.rs"
    random_input "../src/bin/lif/random_input.rs"
    reading "../src/bin/lif/reading.rs"
    record "../src/bin/lif/record.rs"
    recorded "../src/bin/lif/recorded.rs"
    rules "../src/bin/lif/rules.rs"
    settings "../src/bin/lif/settings.rs"
    spread "../src/bin/lif/spread.rs"
    stimulus "../src/bin/lif/stimulus/mod.rs"
    terminal "../src/bin/lif/terminal.rs"
    trains "../src/bin/lif/trains/mod.rs"
    weight "../src/bin/lif/weight.rs"
    words "../src/bin/lif/words.rs"
}
