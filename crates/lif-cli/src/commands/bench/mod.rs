//! `lif bench`: how fast each device of this machine is, and how fast it could be.

mod agreement;
mod case;
mod cost;
mod measurement;
mod networks;
mod options;
mod participant;
mod picture;
mod reference;
mod report;
mod runner;
mod simulated;
mod statistics;
mod table;
mod workload;

pub use options::BenchOptions;

use crate::failure::Failure;
use crate::process::interrupt::{self, INTERRUPTED};
use crate::terminal;
use crate::terminal::progress;
use case::Case;
use indicatif::ProgressBar;
use measurement::Procedure;
use participant::Participant;
use picture::PictureFile;
use report::Report;
use std::process::ExitCode;
use std::time::Duration;
use workload::{Sequences, Workload};

/// Measures, and prints the results.
pub fn bench(options: &BenchOptions) -> Result<ExitCode, Failure> {
    if options.networks {
        return networks::bench(options);
    }
    let cases = case::chosen(options);
    for case in &cases {
        // Impossible sizes are refused before anything is measured.
        workload::check(*case)?;
    }
    let picture = options.plot.as_deref().map(PictureFile::prepare).transpose()?;
    let participants = participant::open(options)?;
    interrupt::listen()?;
    let procedure = Procedure {
        repeats: options.repeats.unwrap_or(if options.quick { 3 } else { 5 }),
        steps: options.steps,
        duration: Duration::from_millis(if options.quick { 30 } else { 100 }),
        sequences: if options.quick { Sequences::Short } else { Sequences::Long },
    };
    let taking_part: Vec<(Case, Vec<&Participant>)> = cases
        .into_iter()
        .map(|case| {
            let takes_part = |participant: &&Participant| !participant.is_slow() || case.suits_slow(options);
            (case, participants.iter().filter(takes_part).collect())
        })
        .collect();
    let measurements: u64 =
        taking_part.iter().map(|(_, participants)| participants.len() as u64 * (procedure.repeats + 1)).sum();
    let bar = progress::measurements(measurements);
    let mut output = Output { json: options.json, bar: &bar, kind: None };
    output.begin(&participants)?;
    let mut reports = Vec::new();
    let mut measure_all = || -> Result<(), Failure> {
        for (case, participants) in taking_part.iter().take_while(|_| !interrupt::is_requested()) {
            let measured = measure(*case, participants, procedure, &bar)?;
            output.show(&measured)?;
            reports.extend(measured);
        }
        Ok(())
    };
    let result = measure_all();
    bar.finish_and_clear();
    result?;
    output.end()?;
    let drawn = picture.map(|picture| picture.draw(&reports)).transpose()?.flatten();
    if let Some(path) = drawn.filter(|_| !options.json) {
        terminal::print(&format!("\npicture: {}", path.display()))?;
    }
    if interrupt::is_requested() {
        terminal::complain("interrupted; what was measured until then is above");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if reports.is_empty() {
        return Err(Failure::fault("no case fitted into memory; take fewer --neurons"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures a case, unless its population or its input does not fit into memory.
fn measure(
    case: Case,
    participants: &[&Participant],
    procedure: Procedure,
    bar: &ProgressBar,
) -> Result<Vec<Report>, Failure> {
    let mut with_room = Vec::new();
    // Check before the input is made, which takes memory and time.
    for participant in participants {
        match participant.require_memory(case) {
            Ok(()) => with_room.push(*participant),
            Err(error @ lif::Error::TooLarge { .. }) => {
                measurement::leave_out(case, participant, &error, procedure, bar);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if with_room.is_empty() {
        return Ok(Vec::new());
    }
    match Workload::new(case, procedure.steps, procedure.sequences) {
        Ok(workload) => Ok(report::reports(&measurement::measure(&workload, &with_room, procedure, bar)?)),
        Err(error @ lif::Error::TooLarge { .. }) => {
            bar.suspend(|| log::warn!("without {case}: {error}"));
            bar.inc(with_room.len() as u64 * (procedure.repeats + 1));
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// Prints each case as soon as it is measured.
struct Output<'a> {
    json: bool,
    bar: &'a ProgressBar,
    /// The kind of the last row.
    kind: Option<case::CaseKind>,
}

impl Output<'_> {
    fn begin(&self, participants: &[Participant]) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.print(&table::legend(participants)) }
    }

    fn show(&mut self, reports: &[Report]) -> Result<(), Failure> {
        for report in reports {
            if self.json {
                let line =
                    serde_json::to_string(report).map_err(|error| Failure::fault(error.to_string()))?;
                self.print(&line)?;
                continue;
            }
            let kind = report.case.kind;
            if self.kind != Some(kind) {
                self.print(&table::heading(kind))?;
                self.kind = Some(kind);
            }
            self.print(&table::row(report))?;
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Failure> {
        if self.json || self.kind.is_none() { Ok(()) } else { self.print(table::NOTES) }
    }

    fn print(&self, text: &str) -> Result<(), Failure> {
        self.bar.suspend(|| terminal::print(text))
    }
}
