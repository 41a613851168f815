//! `lif bench`: how fast each device of this machine is, and how fast it could be.

mod agreement;
mod case;
mod contestant;
mod measurement;
mod options;
mod picture;
mod reference;
mod report;
mod runner;
mod simulated;
mod statistics;
mod table;
mod traffic;
mod workload;

pub use options::BenchOptions;

use crate::failure::Failure;
use crate::process::interrupt::{self, INTERRUPTED};
use crate::terminal;
use crate::terminal::progress;
use case::Case;
use contestant::Contestant;
use indicatif::ProgressBar;
use measurement::Manner;
use picture::PictureFile;
use report::Report;
use std::process::ExitCode;
use std::time::Duration;
use workload::{Sequences, Workload};

/// Measures, and says what came out.
pub fn bench(options: &BenchOptions) -> Result<ExitCode, Failure> {
    let cases = case::chosen(options);
    for case in &cases {
        // What cannot be is said before anything is measured.
        workload::check(*case)?;
    }
    let picture = options.plot.as_deref().map(PictureFile::prepare).transpose()?;
    let contestants = contestant::open(options)?;
    interrupt::listen()?;
    let manner = Manner {
        repeats: options.repeats.unwrap_or(if options.quick { 3 } else { 5 }),
        steps: options.steps,
        duration: Duration::from_millis(if options.quick { 30 } else { 100 }),
        sequences: if options.quick { Sequences::Short } else { Sequences::Long },
    };
    let taking_part: Vec<(Case, Vec<&Contestant>)> = cases
        .into_iter()
        .map(|case| {
            let takes_part = |contestant: &&Contestant| !contestant.is_slow() || case.suits_slow(options);
            (case, contestants.iter().filter(takes_part).collect())
        })
        .collect();
    let measurements: u64 =
        taking_part.iter().map(|(_, contestants)| contestants.len() as u64 * (manner.repeats + 1)).sum();
    let bar = progress::measurements(measurements);
    let mut output = Output { json: options.json, bar: &bar, kind: None };
    output.begin(&contestants)?;
    let mut reports = Vec::new();
    let mut measure_all = || -> Result<(), Failure> {
        for (case, contestants) in taking_part.iter().take_while(|_| !interrupt::asked()) {
            let measured = measure(*case, contestants, manner, &bar)?;
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
    if interrupt::asked() {
        terminal::complain("interrupted; what was measured until then is above");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if reports.is_empty() {
        return Err(Failure::fault("no case fitted into memory; take fewer --neurons"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures a case, unless its population or its input fits no memory.
fn measure(
    case: Case,
    contestants: &[&Contestant],
    manner: Manner,
    bar: &ProgressBar,
) -> Result<Vec<Report>, Failure> {
    let mut with_room = Vec::new();
    // The input takes memory and time, so they are asked before it is made.
    for contestant in contestants {
        match contestant.require_memory(case) {
            Ok(()) => with_room.push(*contestant),
            Err(error @ lif::Error::TooLarge { .. }) => {
                measurement::leave_out(case, contestant, &error, manner, bar);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if with_room.is_empty() {
        return Ok(Vec::new());
    }
    match Workload::new(case, manner.steps, manner.sequences) {
        Ok(workload) => Ok(report::reports(&measurement::measure(&workload, &with_room, manner, bar)?)),
        Err(error @ lif::Error::TooLarge { .. }) => {
            bar.suspend(|| log::warn!("without {case}: {error}"));
            bar.inc(with_room.len() as u64 * (manner.repeats + 1));
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// What is printed while cases come to their end.
struct Output<'a> {
    json: bool,
    bar: &'a ProgressBar,
    /// Of the last row.
    kind: Option<case::CaseKind>,
}

impl Output<'_> {
    fn begin(&self, contestants: &[Contestant]) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.print(&table::legend(contestants)) }
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
