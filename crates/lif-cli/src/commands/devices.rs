//! `lif devices`: what this machine can run on.

use crate::failure::Failure;
use crate::terminal;
use crate::terminal::figures::{bytes, short};
use clap::Args;
use lif::{AdapterDescription, Device, adapter_restrictions, adapters, check_adapters};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

const HOW_TO_GET_ONE: &str = "\
No GPU adapter was found; the CPU engine is always there (--device cpu). For a
GPU, install its Vulkan driver. For a software adapter to test with (--device
software), install Mesa's lavapipe: on Debian and Ubuntu the packages
mesa-vulkan-drivers and libvulkan1.";

/// Width of the names, so that a row has 80 columns.
const NAME_WIDTH: usize = 32;

/// The options of `lif devices`.
#[derive(Debug, Args)]
pub struct DevicesOptions {
    /// Print a JSON array
    ///
    /// With one object for the CPU and one for each adapter, and nothing else on standard output.
    #[arg(long)]
    pub json: bool,
    /// Compare each adapter with the model, bit by bit
    ///
    /// Some small populations are stepped on it and compared with the model. The exit code is 1 if one differs.
    #[arg(long)]
    pub check: bool,
}

/// An adapter; if it was checked, the outcome and how long the check took.
struct Row {
    adapter: AdapterDescription,
    check: Option<(lif::Result<()>, Duration)>,
}

/// Lists the devices, and checks them if asked.
pub fn devices(options: &DevicesOptions) -> Result<ExitCode, Failure> {
    let rows: Vec<Row> = if options.check {
        check_adapters()
            .into_iter()
            .map(|(adapter, outcome, duration)| Row { adapter, check: Some((outcome, duration)) })
            .collect()
    } else {
        adapters().into_iter().map(|adapter| Row { adapter, check: None }).collect()
    };
    terminal::print(&if options.json { as_json(&rows) } else { as_table(&rows) })?;
    let failed = rows.iter().any(|row| matches!(row.check, Some((Err(_), _))));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn as_table(rows: &[Row]) -> String {
    let mut table = String::new();
    let mut line = |text: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}", text.trim_end());
    };
    let columns = |name: &str, backend: &str, kind: &str, buffer: &str, binding: &str| {
        format!("{name:<NAME_WIDTH$} {backend:<7} {kind:<14} {buffer:>11} {binding:>11}")
    };
    line(columns("DEVICE", "BACKEND", "KIND", "MAX BUFFER", "MAX BINDING"));
    line(columns(&Device::cpu().name(), "cpu", "CPU engine", "", ""));
    for Row { adapter, check } in rows {
        let limits = [adapter.largest_buffer, adapter.largest_binding].map(bytes);
        let values = |name: &str| columns(name, &adapter.backend, &adapter.kind, &limits[0], &limits[1]);
        if adapter.name.chars().count() > NAME_WIDTH {
            line(adapter.name.clone());
            line(values(""));
        } else {
            line(values(&adapter.name));
        }
        if !adapter.driver.is_empty() {
            line(format!("  driver: {}", adapter.driver));
        }
        match check {
            None => {}
            Some((Ok(()), duration)) => {
                line(format!("  check: passed in {} s", short(duration.as_secs_f64())))
            }
            Some((Err(error), duration)) => {
                line(format!("  check: FAILED after {} s: {error}", short(duration.as_secs_f64())))
            }
        }
    }
    match (rows, adapter_restrictions()) {
        ([], None) => line(format!("\n{HOW_TO_GET_ONE}")),
        ([], Some(set)) => line(format!(
            "\nNo GPU adapter was found with {set},\nwhich may hide those that there are; the CPU engine is \
             always there (--device cpu)."
        )),
        (_, Some(set)) => line(format!("\nwith {set};\nother adapters are not shown")),
        (_, None) => {}
    }
    table.trim_end().to_owned()
}

fn as_json(rows: &[Row]) -> String {
    let cpu = json!({"engine": "cpu", "name": Device::cpu().name()});
    let adapters = rows.iter().map(|Row { adapter, check }| {
        let mut entry = Map::new();
        entry.insert("engine".to_owned(), "gpu".into());
        entry.insert("name".to_owned(), adapter.name.clone().into());
        entry.insert("backend".to_owned(), adapter.backend.clone().into());
        entry.insert("kind".to_owned(), adapter.kind.clone().into());
        entry.insert("driver".to_owned(), adapter.driver.clone().into());
        entry.insert("is_software".to_owned(), adapter.is_software.into());
        entry.insert("largest_buffer".to_owned(), adapter.largest_buffer.into());
        entry.insert("largest_binding".to_owned(), adapter.largest_binding.into());
        if let Some((outcome, duration)) = check {
            let outcome = outcome.as_ref().map_or_else(ToString::to_string, |()| "passed".to_owned());
            entry.insert("check".to_owned(), outcome.into());
            entry.insert("check_s".to_owned(), duration.as_secs_f64().into());
        }
        Value::Object(entry)
    });
    let entries: Vec<Value> = std::iter::once(cpu).chain(adapters).collect();
    format!("{:#}", Value::Array(entries))
}
