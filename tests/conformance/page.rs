//! Generates the second part of docs/conformance.md, and checks that it is current.

use crate::compare::{Comparison, NearTally};
use crate::networks;
use crate::pulses::{Row, THRESHOLDS};
use crate::reference::{INPUTS, Reference};
use lif::Preset;
use std::fmt::Write;
use std::path::PathBuf;

const START: &str = "<!-- What follows is written by `LIF_WRITE_PAGES=1 cargo test --test conformance`. -->";
const WRITE: &str = "LIF_WRITE_PAGES";

/// Compares the page with its expected content, or writes it if the environment variable [`WRITE`] is set.
pub fn check(
    compared: &[(Reference, Comparison)],
    near: &[(String, NearTally)],
    pulses: &[Row],
    networks: &[networks::Row],
) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (by_hand, generated) = page.split_once(START).expect("the page has its marker");
    let wanted = generated_part(compared, near, pulses, networks);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, format!("{by_hand}{START}{wanted}")).unwrap();
    } else {
        assert!(
            generated == wanted,
            "docs/conformance.md is not current; run {WRITE}=1 cargo test --test conformance, and look at what changed"
        );
    }
}

fn near_part(page: &mut String, near: &[(String, NearTally)]) {
    page.push_str(
        "\n### Just above the threshold\n\nA constant input of 1.0002 to 1.0007 of what just reaches the threshold, for 8,000 \
         steps: neurons creep towards it, so that rounding decides more often than anywhere else, and once it has, all \
         later spikes of that neuron differ. The margin is the largest distance to the threshold at which spikes differ \
         first, in the unit of the potentials and in parts of the distance from rest to the threshold. Nengo is not in \
         this list.\n\n\
         | preset | neurons | spikes there | neurons that differ | neuron-steps | margin | part |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (name, tally) in near {
        let [neurons, spikes, differing_neurons, differing] =
            [tally.neurons, tally.spikes, tally.differing_neurons, tally.differing].map(grouped);
        writeln!(
            page,
            "| {name} | {neurons} | {spikes} | {differing_neurons} | {differing} | {:.1e} | {:.1e} |",
            tally.margin, tally.part
        )
        .unwrap();
    }
}

fn pulses_part(page: &mut String, pulses: &[Row]) {
    page.push_str(
        "\n### One input of exactly the threshold\n\nNeurons at rest at 0 get one input that brings them to their threshold \
         exactly, where inputs are added as they are: how many do otherwise here, and how many spike there.\n\n| preset | neurons |",
    );
    for threshold in THRESHOLDS {
        write!(page, " threshold {threshold} |").unwrap();
    }
    writeln!(page, "\n| --- | --- |{}", " ---: |".repeat(THRESHOLDS.len())).unwrap();
    for row in pulses {
        write!(page, "| `{}` | {} of `{}` |", row.preset, row.neurons, row.varied).unwrap();
        for (there, differing) in row.spikes {
            write!(page, " {differing}; {there} spike there |").unwrap();
        }
        page.push('\n');
    }
}

fn networks_part(page: &mut String, networks: &[networks::Row]) {
    page.push_str(
        "\n### Networks of NEST and Brian2\n\n\
         Random lists of synapses, with excitation and inhibition and with delays from the shortest possible one to 20 \
         ms. Each neuron has a constant current, a threshold and a start potential of its own. Networks have 5 to 500 \
         neurons, most of them fewer than 60, and last 100 to 300 ms. Equal are networks with the same spikes to the \
         end.\n\n\
         | there | run | networks | neurons | synapses | autapses | repeated pairs | spikes there | equal | \
         equal in double precision |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in networks {
        write!(page, "| {} | {} |", row.kind.title(), row.packages).unwrap();
        let networks::Row {
            networks,
            cells,
            synapses,
            autapses,
            multapses,
            spikes,
            equal,
            exactly_equal,
            ..
        } = *row;
        for number in [networks, cells, synapses, autapses, multapses, spikes, equal, exactly_equal] {
            write!(page, " {} |", grouped(number)).unwrap();
        }
        page.push('\n');
    }
    page.push_str(
        "\nThe last column is a simulation of the same networks with plain loops in double precision, which is part of \
         the test.",
    );
    for row in networks.iter().filter(|row| row.equal_but_lost != row.equal) {
        write!(
            page,
            " For {}, it leaves out the jumps that are lost there; if it does not, its spikes are those here in {} of \
             {} networks.",
            row.kind.title(),
            row.equal_but_lost,
            row.networks
        )
        .unwrap();
    }
    page.push_str(
        "\n\nRounding at the threshold explains the other differences. After the first one, all later spikes of a \
         network can differ. The margin is how far the neuron is above its threshold in double precision in the first \
         step that differs.\n\n\
         | there | network | neuron | step | of | margin (mV) |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in networks {
        for difference in &row.differences {
            let networks::Difference { index, step, steps, .. } = difference;
            for (neuron, margin) in &difference.neurons {
                writeln!(
                    page,
                    "| {} | {index} | {neuron} | {step} | {steps} | {margin:+.1e} |",
                    row.kind.title()
                )
                .unwrap();
            }
        }
    }
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn generated_part(
    compared: &[(Reference, Comparison)],
    near: &[(String, NearTally)],
    pulses: &[Row],
    networks: &[networks::Row],
) -> String {
    let mut page = String::from("\n\n## The comparison\n\n");
    page.push_str(
        "Neuron-steps with a spike here or there but not in both, of the spikes there. Where spikes differ, they do \
         so from some step on; the table after this one says where that is.\n\n",
    );
    writeln!(page, "| preset | run | neuron-steps | {} |", INPUTS.join(" | ")).unwrap();
    writeln!(page, "| --- | --- | ---: |{}", " ---: |".repeat(INPUTS.len())).unwrap();
    for (reference, comparison) in compared {
        let steps = comparison.tallies.iter().map(|tally| tally.neuron_steps).sum();
        let run = if reference.packages.is_empty() { "emulated" } else { &reference.packages };
        write!(page, "| `{}` | {run} | {} |", reference.system, grouped(steps)).unwrap();
        for tally in &comparison.tallies {
            write!(page, " {} of {} |", grouped(tally.differing), grouped(tally.spikes)).unwrap();
        }
        page.push('\n');
    }
    page.push_str("\n### Where rounding decides\n\n");
    page.push_str(
        "Each neuron whose spikes differ, the step from which on they do, and how far above its threshold it is here in \
         that step, before it is reset. Nengo is not in this list: its spikes fall between steps.\n\n",
    );
    page.push_str(
        "| preset | parameters | input | neuron | step | margin |\n| --- | --- | --- | ---: | ---: | ---: |\n",
    );
    for (reference, comparison) in compared.iter().filter(|(reference, _)| reference.system != crate::NENGO) {
        for difference in &comparison.differences {
            let margin = difference.margin;
            let parameters = &reference.cases[difference.case].parameters;
            writeln!(
                page,
                "| `{}` | `{parameters}` | {} | {} | {} | {margin:+.1e} |",
                reference.system, INPUTS[difference.input], difference.neuron, difference.step,
            )
            .unwrap();
        }
    }
    near_part(&mut page, near);
    pulses_part(&mut page, pulses);
    for (_, comparison) in compared.iter().filter(|(reference, _)| reference.system == crate::NENGO) {
        let longer: Vec<f64> = comparison.intervals.iter().flatten().copied().collect();
        let mean = longer.iter().sum::<f64>() / longer.len() as f64;
        let (low, high) = longer
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), steps| (low.min(*steps), high.max(*steps)));
        writeln!(
            page,
            "\n### Nengo\n\nWith constant inputs, the mean interval of a neuron is longer here by {low:.2} to {high:.2} steps, \
             {mean:.2} on average."
        )
        .unwrap();
    }
    networks_part(&mut page, networks);
    page.push_str("\n### What was run\n\n| preset | parameters of each case | date |\n| --- | --- | --- |\n");
    for (reference, _) in compared {
        let cases: Vec<String> = reference
            .cases
            .iter()
            .map(|case| {
                if case.parameters.is_empty() {
                    "defaults".to_owned()
                } else {
                    format!("`{}`", case.parameters)
                }
            })
            .collect();
        writeln!(page, "| `{}` | {} | {} |", reference.system, cases.join("; "), reference.date).unwrap();
    }
    page.push('\n');
    for (reference, _) in compared.iter().filter(|(reference, _)| !reference.note.is_empty()) {
        writeln!(page, "- `{}`: {}", reference.system, reference.note).unwrap();
    }
    page.push_str("\n## The parameters of each preset\n\n| preset | input | parameters and defaults |\n| --- | --- | --- |\n");
    for name in Preset::names() {
        let preset = Preset::by_name(name).unwrap();
        let parameters: Vec<String> = preset
            .parameters()
            .map(|(name, default, unit)| {
                format!("`{name}={default}`{}{unit}", if unit.is_empty() { "" } else { " " })
            })
            .collect();
        writeln!(page, "| `{name}` | {} | {} |", preset.input_unit(), parameters.join(", ")).unwrap();
    }
    page
}
