//! Scores are made on the device.

use super::fault_tests::with_context;
use super::{Gpu, GpuEngine, MOST_STEPS};
use crate::coefficients::Table;
use crate::engine::{Engine, Wanted, Words};
use crate::input::{Current, Input};
use crate::{Device, Params, Scorer, Target};
use std::ops::ControlFlow;
use std::sync::Arc;

const N: usize = 40;

#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn nothing_is_read_back_but_the_number_of_the_step_and_the_scores() {
    with_context(|context| {
        let gpu = Arc::new(Gpu::new(context, MOST_STEPS).expect("a device"));
        let table = Table::new(&Params::default(), (1, N)).expect("valid");
        let mut engine = GpuEngine::new(&gpu, &table, (1, N)).expect("built");
        let target = Target::new([100, 900], 0..20_000).expect("valid");
        let scorer = Scorer::new((1, N), vec![target], 20).and_then(|scorer| scorer.with_distances(200.0));
        let scorer = scorer.expect("valid");
        let current = Current::new(Input::constant(1.0), 20_000, (1, N), table.bounds, None, &Device::cpu());
        let current = current.expect("valid");
        let wanted = Wanted { words: Words::Scored, voltages: None };
        engine.start_scoring(scorer.scoring.clone()).expect("brought there");
        let mut take = |piece: crate::engine::Piece<'_>| {
            assert!(piece.words.is_empty() && piece.voltages.is_empty());
            ControlFlow::Continue(())
        };
        assert_eq!(engine.advance(0, 20_000, &current, Some(&wanted), &mut take), Ok(20_000));
        assert_eq!(gpu.context.most_read_back(), 4);
        let scored = engine.finish_scoring().expect("read back").expect("there");
        assert_eq!(gpu.context.most_read_back(), 4 + N as u64 * 32);
        assert_ne!(scored.targets[0].scores, scorer.scoring.targets[0].scores);
    });
}
