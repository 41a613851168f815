//! Checks that a device computes the same scores as the CPU, before it scores for the first time: with words
//! in which cells spike at all positions within a word, seldom and often.

use super::Gpu;
use super::score::DeviceScores;
use crate::error::{Error, Result};
use crate::experiment::target::Target;
use crate::model::score::CellScore;
use crate::prepared::scoring::Scoring;
use std::sync::atomic::{AtomicBool, Ordering};

const CELLS: usize = 40;

/// The first step of the check and the step after its last, neither at the end of a word; the last gap
/// between spikes is longer than one table of decays.
const STEPS: (u64, u64) = (5, 9001);

/// Which of the kernels, without and with distances, have passed the check.
#[derive(Debug, Default)]
pub(super) struct ScoreChecks([AtomicBool; 2]);

/// Refuses a device whose kernel for these scores computes something else than the CPU does.
pub(super) fn check(gpu: &Gpu, scoring: &Scoring) -> Result<()> {
    let has_distances = scoring.targets.iter().any(|target| target.goal.decays.is_some());
    let checked = &gpu.score_checks.0[usize::from(has_distances)];
    if checked.load(Ordering::Relaxed) {
        return Ok(());
    }
    let words = words();
    let start = start(has_distances)?;
    let (first, end) = STEPS;
    let mut expected = start.clone();
    expected.take(first, end - first, &words);
    expected.catch_up(end);
    let found = on_device(gpu, start, &words)?;
    let scores = |scoring: &Scoring| -> Vec<CellScore> {
        scoring.targets.iter().flat_map(|target| target.scores.clone()).collect()
    };
    let (found, expected) = (scores(&found), scores(&expected));
    if let Some(index) = (0..expected.len()).find(|&index| found.get(index) != expected.get(index)) {
        let difference = format!(
            "a score ({index}) has {} where the CPU finds {}",
            found.get(index).map_or_else(|| "nothing".to_owned(), ToString::to_string),
            expected[index]
        );
        return Err(Error::SelfCheck { adapter: gpu.context.info.name.clone(), difference });
    }
    checked.store(true, Ordering::Relaxed);
    Ok(())
}

/// Scores of cells before any spike, against a target from the middle on and one over all steps.
fn start(has_distances: bool) -> Result<Scoring> {
    let (_, end) = STEPS;
    let recorded = |every: u64| (0..end).filter(move |step| step * step % every < 3);
    let targets = vec![Target::new(recorded(97), 1200..8900)?, Target::new(recorded(331), 0..end)?];
    let mut scoring = Scoring::new(CELLS.into(), &targets, 6);
    scoring.delays = (0..CELLS as u32).map(|cell| cell * 11 % 70).collect();
    if has_distances {
        scoring.measure_distances(137.3);
    }
    Ok(scoring)
}

/// The words of the cells from the first step on; no cell spikes for long, and then once more.
fn words() -> Vec<u32> {
    let (first, end) = STEPS;
    let blocks = crate::data::steps::blocks(first, end - first);
    let word = |block: usize, cell: usize| {
        let drawn = ((block * CELLS + cell) as u32 + 1).wrapping_mul(0x9e37_79b9);
        let thin = drawn.rotate_left(7) & drawn.rotate_left(19) & drawn.rotate_left(25);
        match block {
            0 => u32::MAX << first,
            1..130 if cell.is_multiple_of(3) => thin,
            1..130 if cell % 3 == 1 => thin & drawn.rotate_left(13),
            278 => drawn,
            _ => 0,
        }
    };
    (0..blocks).flat_map(|block| (0..CELLS).map(move |cell| word(block, cell))).collect()
}

fn on_device(gpu: &Gpu, start: Scoring, words: &[u32]) -> Result<Scoring> {
    let (first, end) = STEPS;
    let stage = "checking the scores";
    let context = &gpu.context;
    let words = gpu.upload("the words", bytemuck::cast_slice(words))?;
    let scores = DeviceScores::new(gpu, start)?;
    let bindings = scores.bind(gpu, &words)?;
    let (submission, readbacks) = context.scoped(stage, || {
        let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            scores.record(gpu, &mut pass, &bindings, (first, end - first));
        }
        let read = |(buffer, bytes)| context.read_back(&mut encoder, &[(buffer, 0, bytes)]);
        let readbacks: Vec<_> = scores.buffers().map(read).collect();
        (context.queue.submit([encoder.finish()]), readbacks)
    })?;
    context.wait(&submission, stage)?;
    let take = |readback| context.take_readback(readback, stage, bytemuck::pod_collect_to_vec::<u8, u32>);
    let read = readbacks.into_iter().map(take).collect::<Result<Vec<_>>>()?;
    scores.finish(context, &read)
}
