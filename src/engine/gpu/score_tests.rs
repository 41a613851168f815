//! Tests scores on the device.

use super::fault_tests::with_context;
use super::score::{SCORE_SHADER, ScoreKernels};
use super::{Gpu, GpuEngine, MOST_STEPS_OF_A_DISPATCH, score_check};
use crate::engine::{Engine, Request, SpikeRequest};
use crate::experiment::input::Input;
use crate::prepared::coefficients::Table;
use crate::prepared::current::{Current, FromHost};
use crate::{Error, Params, Scorer, Target};
use std::ops::ControlFlow;
use std::sync::Arc;

const N: usize = 40;

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn nothing_is_read_back_but_the_number_of_the_step_and_the_scores() {
    with_context(|context| {
        let gpu = Arc::new(Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("a device"));
        let table = Table::new(&Params::default(), N.into()).expect("valid");
        let mut engine = GpuEngine::new(&gpu, &table, N.into()).expect("built");
        let target = Target::new([100, 900], 0..20_000).expect("valid");
        let scorer = Scorer::new(N, vec![target], 20).and_then(|scorer| scorer.with_distances(200.0));
        let scorer = scorer.expect("valid");
        let current = Current::new(Input::constant(1.0), 20_000, N.into(), table.bounds, None, &FromHost);
        let current = current.expect("valid");
        let request = Request { spikes: SpikeRequest::Scored, voltages: None };
        engine.start_scoring(scorer.scoring.clone()).expect("brought there");
        let mut take = |piece: crate::engine::Piece<'_>| {
            assert!(piece.words.is_empty() && piece.voltages.is_empty());
            ControlFlow::Continue(())
        };
        assert_eq!(engine.advance(0, 20_000, &current, Some(&request), &mut take), Ok(20_000));
        // The checks of scores and of the kernel have freed their staging buffers. The words would be 100,000
        // bytes.
        assert_eq!(gpu.context.most_read_back(), 4);
        let scored = engine.finish_scoring().expect("read back").expect("there");
        assert_eq!(gpu.context.most_read_back(), 4 + (N as u64 + 1) * 32);
        assert_ne!(scored.targets[0].scores, scorer.scoring.targets[0].scores);
    });
}

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn a_driver_that_scores_otherwise_is_refused() {
    with_context(|context| {
        let target = || Target::new([100, 900], 0..20_000).expect("valid");
        let without = Scorer::new(N, vec![target()], 20).expect("valid");
        let with = Scorer::new(N, vec![target()], 20).and_then(|scorer| scorer.with_distances(200.0));
        let with = with.expect("valid");
        let mut gpu = Gpu::new(context, MOST_STEPS_OF_A_DISPATCH).expect("a device");
        for scorer in [&without, &with] {
            score_check::check(&gpu, &scorer.scoring).expect("the driver is right");
        }
        for (right, wrong) in [
            ("<= step + goal.window", "< step + goal.window"),
            ("+ goal.window >= step", "+ goal.window > step"),
            ("score.next += 1u;\n        }\n    }\n    if", "}\n    }\n    if"),
            ("late = delays[cell]", "late = delays[cell] + 1u"),
            ("if (spike >= end)", "if (spike > end)"),
            ("step < goal.length", "step <= goal.length"),
            ("rounded(low.x * high.x)", "rounded(low.x * high.x * 1.0000002)"),
            ("rounded(square * high.y)", "square"),
            ("score.lost = rounded(rounded(sum - score.sum) - more)", "score.lost = 0.0"),
        ] {
            assert!(SCORE_SHADER.contains(right), "{right}");
            gpu.score_kernels = ScoreKernels::new(SCORE_SHADER.replace(right, wrong));
            gpu.score_checks = Default::default();
            match score_check::check(&gpu, &with.scoring) {
                Err(Error::SelfCheck { difference, .. }) => {
                    assert!(difference.contains("where the CPU finds"), "{difference}")
                }
                other => panic!("'{wrong}' passed: {other:?}"),
            }
        }
    });
}
