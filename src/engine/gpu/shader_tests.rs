//! Tests that the shaders are valid, and that structs, bindings and constants are the same on the host.

use super::batch_row::{BATCH_ROW_BINDINGS, BATCH_ROW_SHADER, STORAGE_BUFFERS, TEAM};
use super::kernel::{self, Access, BINDINGS, BLOCK_SHADER, Block, Specialisation, WIDE_INTEGERS};
use super::network::{DELIVER_BINDINGS, DELIVER_SHADER, Delivery, SPIKES};
use super::projection::{PROJECTION_BINDINGS, PROJECTION_SHADER, Projection, STEPS};
use super::score::{Goal, SCORE_BINDINGS, SCORE_SHADER};
use super::self_check::{CHECK_BINDINGS, CHECK_SHADER, Case, Check, Outcome};
use super::synapses::{NONE, TABLE};
use crate::device::roofline::gpu as roofline;
use crate::model::decays::Decays;
use crate::model::score::CellScore;
use crate::model::{
    self, Coefficient, Field, Options, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape, TraceRule,
};
use crate::prepared::network::table::TARGET_BITS;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Literal, Module, StorageAccess, TypeInner};
use std::mem::offset_of;

/// Parsed and validated without any capability that an adapter could lack.
fn parse(source: &str) -> (Module, ModuleInfo) {
    parse_with(Capabilities::default(), source)
}

fn parse_with(capabilities: Capabilities, source: &str) -> (Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string(source)));
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string(source)));
    (module, info)
}

fn specialisation() -> Specialisation {
    Specialisation {
        workgroup: kernel::WORKGROUP,
        options: Options::default(),
        sequence: true,
        voltages: true,
        noise: true,
        arriving: true,
        arriving_jumps: true,
        words: kernel::WORDS_OF_ALL,
        words_go_on: true,
        network: true,
        row_group: None,
        llvmpipe: true,
    }
}

#[test]
fn the_model_is_valid_on_its_own() {
    parse(include_str!("../../../shaders/neuron.wgsl"));
}

/// The names of the functions in a text, in Rust or WGSL, without those of tests.
fn functions(text: &str) -> Vec<&str> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().map(str::trim_start).filter_map(|line| {
        ["pub fn ", "pub(crate) fn ", "pub const fn ", "fn "]
            .iter()
            .find_map(|start| line.strip_prefix(start))
    });
    lines.filter_map(|rest| rest.split(['(', '<']).next()).collect()
}

#[test]
fn twins_have_the_same_functions_in_the_same_order() {
    let neuron = functions(include_str!("../../../crates/lif-model/src/neuron.rs"));
    let shader = functions(include_str!("../../../shaders/neuron.wgsl"));
    // Functions that load and store cells are written out at the end of the shader; in Rust they are
    // generated from lists.
    assert_eq!(shader[..neuron.len()], neuron);
    for (shader, twin) in [
        (
            include_str!("../../../shaders/random.wgsl"),
            include_str!("../../../crates/lif-model/src/random.rs"),
        ),
        (include_str!("../../../shaders/score.wgsl"), include_str!("../../../crates/lif-model/src/score.rs")),
        (
            include_str!("../../../shaders/arrival.wgsl"),
            include_str!("../../../crates/lif-model/src/arrival.rs"),
        ),
    ] {
        let (shader, twin) = (functions(shader), functions(twin));
        let shared = |of: &[&str], other: &[&str]| -> Vec<String> {
            of.iter().filter(|name| other.contains(name)).map(|name| (*name).to_owned()).collect()
        };
        assert!(shared(&shader, &twin).len() >= twin.len().min(4), "{shader:?} {twin:?}");
        assert_eq!(shared(&shader, &twin), shared(&twin, &shader));
    }
}

#[test]
fn the_kernels_are_valid_with_their_constants() {
    parse(CHECK_SHADER);
    parse(roofline::SHADER);
    for shader in [BLOCK_SHADER, BATCH_ROW_SHADER] {
        parse_with(Capabilities::SHADER_INT64, &kernel::with_products(shader, WIDE_INTEGERS));
        let (module, info) = parse(shader);
        let mut constants = naga::back::PipelineConstants::default();
        constants
            .extend(specialisation().constants().into_iter().map(|(name, value)| (name.to_owned(), value)));
        naga::back::pipeline_constants::process_overrides(&module, &info, None, &constants).expect("valid");
    }
}

#[test]
fn every_override_is_set_and_every_constant_exists() {
    for shader in [BLOCK_SHADER, BATCH_ROW_SHADER] {
        let (module, _) = parse(shader);
        let mut overrides: Vec<_> =
            module.overrides.iter().filter_map(|(_, item)| item.name.clone()).collect();
        let mut constants: Vec<_> =
            specialisation().constants().iter().map(|(name, _)| (*name).to_owned()).collect();
        overrides.sort();
        constants.sort();
        assert_eq!(overrides, constants);
    }
}

/// Name and offset of each member of a struct of the shader, and the size of the struct.
fn layout(module: &Module, name: &str) -> (Vec<(String, usize)>, usize) {
    let inner =
        module.types.iter().find(|(_, item)| item.name.as_deref() == Some(name)).map(|(_, item)| &item.inner);
    let Some(TypeInner::Struct { members, span }) = inner else {
        panic!("no struct {name}");
    };
    let members =
        members.iter().map(|member| (member.name.clone().unwrap_or_default(), member.offset as usize));
    (members.collect(), *span as usize)
}

macro_rules! assert_layout {
    ($module:expr, $name:ident { $($member:ident),* $(,)? }) => {
        let members = vec![$((stringify!($member).to_owned(), offset_of!($name, $member))),*];
        assert_eq!(layout($module, stringify!($name)), (members, size_of::<$name>()));
    };
}

#[test]
fn structs_have_the_same_layout_on_both_sides() {
    let (block, _) = parse(BLOCK_SHADER);
    assert_layout!(
        &block,
        Block {
            cells,
            neurons,
            grid_width,
            first_step,
            steps,
            current_offset,
            current_step,
            current_row,
            current_neuron,
            word_cells,
            word_places,
            word_neurons,
            voltage_places,
            voltage_neurons,
            voltage_offset,
            voltage_cells,
            voltage_every,
            voltage_wait,
            sources,
            source_places,
            normal_table,
            seed_low,
            seed_high,
            group_low,
            group_high,
            first_cell_low,
            first_cell_high,
            arriving_jumps,
            word_start,
            sums_made_place,
            sums_made,
            arriving_inhibitory,
            rows,
            arrival_start,
            channels,
            jump_channels,
            inhibitory_channels,
            units,
            ring_steps,
            ring_place,
            list,
            list_start,
            blocks_of_word,
            most_spikes,
            tables,
            unused_0,
            unused_1,
            unused_2,
            spread,
        }
    );
    let (check, _) = parse(CHECK_SHADER);
    assert_layout!(&check, Check { cells, steps, unused_0, unused_1 });
    assert_layout!(&check, Case { options, v, jump, arriving, inhibitory, coefficients });
    assert_layout!(&check, Outcome { v, refractory, trace, spikes, path });
    let (projection, _) = parse(PROJECTION_SHADER);
    assert_layout!(
        &projection,
        Projection {
            cells,
            neurons,
            grid_width,
            steps,
            first_bit,
            word_offset,
            word_block,
            word_row,
            first_train,
            end_train,
            own_train,
            weight_offset,
            weight_train,
            weight_row,
            weight_neuron,
            sums,
            goes_on,
            sums_made_place,
            most_sums_made,
            inhibitory_sums,
        }
    );
    let (deliver, _) = parse(DELIVER_SHADER);
    assert_layout!(
        &deliver,
        Delivery { list, list_start, most_spikes, neurons, cells, channels, ring_steps, tables }
    );
    let (score, _) = parse(SCORE_SHADER);
    assert_layout!(
        &score,
        Goal {
            cells,
            first_cell,
            grid_width,
            words,
            word_cells,
            first,
            end,
            length,
            window,
            spikes,
            low,
            high,
            high_count,
            delayed,
            unused_0,
            unused_1,
        }
    );
    assert_layout!(&score, CellScore { next, predicted, coincidences, next_jump, at, level, sum, lost });
}

#[test]
fn bindings_are_the_same_on_both_sides() {
    for (source, table) in [
        (BLOCK_SHADER, &BINDINGS[..]),
        (CHECK_SHADER, &CHECK_BINDINGS[..]),
        (PROJECTION_SHADER, &PROJECTION_BINDINGS[..]),
        (DELIVER_SHADER, &DELIVER_BINDINGS[..]),
        (BATCH_ROW_SHADER, &BATCH_ROW_BINDINGS[..]),
        (SCORE_SHADER, &SCORE_BINDINGS[..]),
        (roofline::SHADER, &roofline::BINDINGS[..]),
    ] {
        let (module, _) = parse(source);
        let mut found: Vec<_> = module
            .global_variables
            .iter()
            .filter(|(_, variable)| {
                !matches!(variable.space, AddressSpace::Private | AddressSpace::WorkGroup)
            })
            .map(|(_, variable)| {
                let binding = variable.binding.expect("every variable has a binding");
                assert_eq!(binding.group, 0);
                let access = match variable.space {
                    AddressSpace::Uniform => Access::Uniform,
                    AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => {
                        Access::ReadWrite
                    }
                    AddressSpace::Storage { .. } => Access::Read,
                    other => panic!("{other:?}"),
                };
                (binding.binding, variable.name.clone().unwrap_or_default(), access)
            })
            .collect();
        found.sort_by_key(|(binding, ..)| *binding);
        let expected: Vec<_> = (0..)
            .zip(table)
            .map(|(number, (name, access))| {
                // The shader does not say where in a buffer a uniform is.
                let access = if *access == Access::UniformAt { Access::Uniform } else { *access };
                (number, (*name).to_owned(), access)
            })
            .collect();
        assert_eq!(found, expected);
    }
}

/// Eight is the limit that every adapter has. The kernel of batch rows is used where there are more.
#[test]
fn no_kernel_binds_more_than_eight_storage_buffers() {
    let storage = |bindings: &[(&str, Access)]| {
        bindings.iter().filter(|(_, access)| matches!(access, Access::Read | Access::ReadWrite)).count()
    };
    assert!(storage(&BINDINGS) <= 8, "{}", storage(&BINDINGS));
    assert_eq!(storage(&BATCH_ROW_BINDINGS), STORAGE_BUFFERS as usize);
}

#[test]
fn constants_are_the_same_on_both_sides() {
    let (block, _) = parse(BLOCK_SHADER);
    let (projection, _) = parse(PROJECTION_SHADER);
    let expected = [
        ("SMALLEST_STATE", f64::from(model::SMALLEST_STATE)),
        ("SMALLEST_PARAMETER", f64::from(model::SMALLEST_PARAMETER)),
        ("FASTEST_LEAK", f64::from(model::FASTEST_LEAK)),
        ("ABOVE", f64::from(SpikeTest::Above as u32)),
        ("AT_OR_ABOVE", f64::from(SpikeTest::AtOrAbove as u32)),
        ("TO_VALUE", f64::from(Reset::ToValue as u32)),
        ("SUBTRACT", f64::from(Reset::Subtract as u32)),
        ("NO_RESET", f64::from(Reset::None as u32)),
        ("SUBTRACT_AHEAD", f64::from(Reset::SubtractAhead as u32)),
        ("FROZEN", f64::from(Refractory::Frozen as u32)),
        ("LEAK_ONLY", f64::from(Refractory::LeakOnly as u32)),
        ("SILENT", f64::from(Refractory::Silent as u32)),
        ("OFF", f64::from(TraceRule::Off as u32)),
        ("ADD", f64::from(TraceRule::Add as u32)),
        ("SET", f64::from(TraceRule::Set as u32)),
        ("INDEPENDENT", f64::from(SynapseRule::Independent as u32)),
        ("CLEARED", f64::from(SynapseRule::Cleared as u32)),
        ("EXPONENTIAL", f64::from(SynapseShape::Exponential as u32)),
        ("ALPHA", f64::from(SynapseShape::Alpha as u32)),
        ("OPTIONS", Options::COUNT as f64),
        ("COEFFICIENTS", Coefficient::COUNT as f64),
        ("FIELDS", Field::COUNT as f64),
        ("SPIKE_FLAG", f64::from(crate::engine::SPIKE_FLAG)),
        ("NOT_RECORDED", f64::from(kernel::NOT_RECORDED)),
        ("NO_WORDS", f64::from(kernel::NO_WORDS)),
        ("WORDS_OF_ALL", f64::from(kernel::WORDS_OF_ALL)),
        ("WORDS_OF_CHOSEN", f64::from(kernel::WORDS_OF_CHOSEN)),
    ];
    for (name, value) in expected {
        assert_eq!(constant(&block, name), value, "{name}");
    }
    assert_eq!(constant(&projection, "STEPS"), f64::from(STEPS));
    let (deliver, _) = parse(DELIVER_SHADER);
    assert_eq!(constant(&deliver, "TABLE"), TABLE as f64);
    assert_eq!(constant(&deliver, "NONE"), f64::from(NONE));
    assert_eq!(constant(&deliver, "TARGET_BITS"), f64::from(TARGET_BITS));
    assert_eq!(constant(&block, "SPIKES"), SPIKES as f64);
    let (batch_row, _) = parse(BATCH_ROW_SHADER);
    assert_eq!(constant(&batch_row, "TEAM"), f64::from(TEAM));
    let (score, _) = parse(SCORE_SHADER);
    assert_eq!(constant(&score, "LOW"), f64::from(Decays::LOW));
    assert_eq!(constant(&score, "BEFORE"), f64::from(CellScore::BEFORE));
    let (module, _) = parse(roofline::SHADER);
    for (name, value) in
        [("WORKGROUP", roofline::WORKGROUP), ("COPIED", roofline::COPIED), ("ROUNDS", roofline::ROUNDS)]
    {
        assert_eq!(constant(&module, name), f64::from(value), "{name}");
    }
}

fn constant(module: &Module, name: &str) -> f64 {
    let found = module.constants.iter().find(|(_, item)| item.name.as_deref() == Some(name));
    let (_, item) = found.unwrap_or_else(|| panic!("no constant {name}"));
    match module.global_expressions[item.init] {
        naga::Expression::Literal(Literal::U32(value)) => f64::from(value),
        naga::Expression::Literal(Literal::F32(value)) => f64::from(value),
        ref other => panic!("{name}: {other:?}"),
    }
}
