//! Translates the shaders for Vulkan, Metal and DirectX, on machines that have none of these: each entry
//! point, with each pair of values of its overrides at least once.

use super::batch_row::BATCH_ROW_SHADER;
use super::kernel::{self, BLOCK_SHADER, WIDE_INTEGERS};
use super::network::DELIVER_SHADER;
use super::projection::PROJECTION_SHADER;
use super::score::SCORE_SHADER;
use super::self_check::CHECK_SHADER;
use crate::device::roofline::gpu as roofline;
use crate::model::Options;
use naga::back::{PipelineConstants, hlsl, msl, pipeline_constants::process_overrides, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ShaderStage};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;

const YES_OR_NO: &[f64] = &[0.0, 1.0];

/// The values that each override can have, except for those of the rules.
const VALUES: [(&str, &[f64]); 11] = [
    ("WORKGROUP", &[32.0, 64.0, 128.0, 256.0]),
    ("ABREAST", &[1.0, 4.0]),
    ("SEQUENCE", YES_OR_NO),
    ("VOLTAGES", YES_OR_NO),
    ("NOISE", YES_OR_NO),
    ("ARRIVING", YES_OR_NO),
    ("ARRIVING_JUMPS", YES_OR_NO),
    ("WORDS", &[0.0, 1.0, 2.0]),
    ("WORDS_GO_ON", YES_OR_NO),
    ("NETWORK", YES_OR_NO),
    ("DISTANCES", YES_OR_NO),
];

/// Chooses rows of values, one for each override, such that each pair of values of two overrides is in at
/// least one row. Values are given as indices; `counts` is the number of values of each override.
fn all_pairs(counts: &[usize]) -> Vec<Vec<usize>> {
    let mut missing = HashSet::new();
    for (one, &values) in counts.iter().enumerate() {
        for (other, &others) in counts.iter().enumerate().skip(one + 1) {
            missing.extend((0..values).flat_map(|a| (0..others).map(move |b| ((one, a), (other, b)))));
        }
    }
    let mut rows = Vec::new();
    while let Some(&((one, a), (other, b))) = missing.iter().min() {
        let mut row = vec![None; counts.len()];
        (row[one], row[other]) = (Some(a), Some(b));
        for place in 0..counts.len() {
            // The value that makes most of the missing pairs.
            let made = |value: usize| {
                let with = |(index, chosen): (usize, &Option<usize>)| {
                    let chosen = chosen.filter(|_| index != place)?;
                    let pair = [(index, chosen), (place, value)];
                    missing.contains(&(pair[0].min(pair[1]), pair[0].max(pair[1]))).then_some(())
                };
                row.iter().enumerate().filter_map(with).count()
            };
            let best = row[place].or_else(|| (0..counts[place]).rev().max_by_key(|value| made(*value)));
            row[place] = best;
        }
        let row: Vec<usize> = row.into_iter().flatten().collect();
        missing.retain(|((one, a), (other, b))| row[*one] != *a || row[*other] != *b);
        rows.push(row);
    }
    if rows.is_empty() {
        // With one override or none there are no pairs.
        rows.extend((0..counts.first().copied().unwrap_or(1)).map(|value| vec![value; counts.len()]));
    }
    rows
}

/// The shader with 64-bit integers, which are an extension of wgpu to WGSL.
const WIDE: &str = "wide_block";

/// The complete shaders, as devices get them.
fn sources() -> [(&'static str, String); 8] {
    [
        ("block", BLOCK_SHADER.to_owned()),
        (WIDE, kernel::with_products(BLOCK_SHADER, WIDE_INTEGERS)),
        ("batch_row", BATCH_ROW_SHADER.to_owned()),
        ("check", CHECK_SHADER.to_owned()),
        ("projection", PROJECTION_SHADER.to_owned()),
        ("deliver", DELIVER_SHADER.to_owned()),
        ("score", SCORE_SHADER.to_owned()),
        ("roofline", roofline::SHADER.to_owned()),
    ]
}

fn parse(source: &str) -> (Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(source).expect("valid");
    let info =
        Validator::new(ValidationFlags::all(), Capabilities::SHADER_INT64).validate(&module).expect("valid");
    (module, info)
}

/// The values for the overrides of a module.
fn choices(module: &Module) -> Vec<PipelineConstants> {
    let names = module.overrides.iter().filter_map(|(_, item)| item.name.clone());
    let rules = Options::values().map(|(name, count)| (name, (0..count).map(|value| value as f64).collect()));
    let known: Vec<(&str, Vec<f64>)> =
        VALUES.into_iter().map(|(name, values)| (name, values.to_vec())).chain(rules).collect();
    let values = |name: String| known.iter().find(|(known, _)| *known == name);
    let overrides: Vec<_> = names.map(|name| values(name).expect("the test knows its values")).collect();
    let counts: Vec<usize> = overrides.iter().map(|(_, values)| values.len()).collect();
    let constants = |row: Vec<usize>| {
        let mut constants = PipelineConstants::default();
        constants.extend(
            overrides.iter().zip(row).map(|((name, values), value)| ((*name).to_owned(), values[value])),
        );
        constants
    };
    all_pairs(&counts).into_iter().map(constants).collect()
}

#[test]
fn each_pair_of_values_is_tried() {
    let counts = [4, 2, 3, 1, 2];
    let rows = all_pairs(&counts);
    for (one, other) in (0..5).flat_map(|one| (one + 1..5).map(move |other| (one, other))) {
        let pairs: HashSet<_> = rows.iter().map(|row| (row[one], row[other])).collect();
        assert_eq!(pairs.len(), counts[one] * counts[other], "{one} {other}");
    }
    assert!(rows.len() <= 16, "{}", rows.len());
}

/// Writes the shaders and the values of their overrides for another compiler of WGSL;
/// `tests/second-compiler.sh` names the folder.
#[test]
fn shaders_are_written_for_another_compiler() {
    let scratch = tempfile::tempdir().expect("room");
    let folder = std::env::var_os("LIF_WRITE_SHADERS");
    let folder = folder.as_deref().map_or(scratch.path(), Path::new);
    for (name, source) in sources().into_iter().filter(|(name, _)| *name != WIDE) {
        let (module, _) = parse(&source);
        let entry_points: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        let constants: Vec<BTreeMap<_, _>> =
            choices(&module).into_iter().map(|row| row.into_iter().collect()).collect();
        let text = serde_json::json!({
            "name": name,
            "code": source,
            "entry_points": entry_points,
            "constants": constants,
        });
        std::fs::write(folder.join(format!("{name}.json")), text.to_string()).expect("room");
    }
    assert_eq!(std::fs::read_dir(folder).expect("there").count(), sources().len() - 1);
}

#[test]
fn all_entry_points_are_translated_for_vulkan_metal_and_directx() {
    let has_validator = Command::new("spirv-val").arg("--version").output().is_ok();
    let folder = tempfile::tempdir().expect("room");
    let mut files = Vec::new();
    for (_, source) in sources() {
        let (module, info) = parse(&source);
        for constants in choices(&module) {
            let (module, info) = process_overrides(&module, &info, None, &constants).expect("valid");
            for entry in &module.entry_points {
                let name = entry.name.as_str();
                let stage = (ShaderStage::Compute, name.to_owned());
                let options = spv::PipelineOptions { shader_stage: stage.0, entry_point: name.to_owned() };
                let words = spv::write_vec(&module, &info, &spv::Options::default(), Some(&options));
                let words = words.unwrap_or_else(|error| panic!("{name} for Vulkan: {error}: {constants:?}"));
                if has_validator {
                    let file = folder.path().join(format!("{}.spv", files.len()));
                    std::fs::write(&file, bytemuck::cast_slice(&words)).expect("room");
                    files.push(file);
                }

                let options = msl::PipelineOptions { entry_point: Some(stage.clone()), ..Default::default() };
                let version = msl::Options { lang_version: (2, 4), ..Default::default() };
                let text = msl::write_string(&module, &info, &version, &options);
                text.unwrap_or_else(|error| panic!("{name} for Metal: {error}: {constants:?}"));

                let options = hlsl::PipelineOptions { entry_point: Some(stage) };
                let model = hlsl::Options { shader_model: hlsl::ShaderModel::V6_0, ..Default::default() };
                let mut text = String::new();
                let written = hlsl::Writer::new(&mut text, &model, &options).write(&module, &info, None);
                written.unwrap_or_else(|error| panic!("{name} for DirectX: {error}: {constants:?}"));
            }
        }
    }
    for file in files {
        let output =
            Command::new("spirv-val").args(["--target-env", "vulkan1.1"]).arg(&file).output().expect("there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
