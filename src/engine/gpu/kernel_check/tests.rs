use super::*;
use crate::engine::gpu::batch_row::RowGroup;
use crate::engine::gpu::kernel::{NO_WORDS, WORDS_OF_ALL, WORDS_OF_CHOSEN};
use crate::model::{Coefficient, Refractory, Reset, SpikeTest, SynapseRule, SynapseShape};

/// A kernel that has little to do.
fn plain() -> Specialisation {
    Specialisation {
        workgroup: 64,
        options: Options::default(),
        sequence: false,
        voltages: false,
        noise: false,
        arriving: false,
        arriving_jumps: false,
        words: NO_WORDS,
        words_go_on: false,
        network: false,
        row_group: None,
        llvmpipe: false,
    }
}

/// A kernel with everything.
fn full() -> Specialisation {
    let options = Options {
        bounded: true,
        trace: TraceRule::Add,
        fast_decay: true,
        jumps: true,
        synapse: true,
        inhibition: true,
        ..Options::default()
    };
    Specialisation {
        options,
        network: true,
        row_group: None,
        sequence: true,
        voltages: true,
        noise: true,
        arriving: true,
        arriving_jumps: true,
        words: WORDS_OF_ALL,
        ..plain()
    }
}

fn outcome(case: &Case) -> Outcome {
    let mut model = CpuEngine::new(Arc::clone(&case.table), case.shape());
    if let Some(connections) = &case.connections {
        model.connect(connections).expect("valid");
    }
    case.outcome(CheckedEngine::Model(Box::new(model))).expect("valid")
}

#[test]
fn a_case_is_of_the_options_that_are_tried() {
    let possible = |options: &Options| !options.jumps && options.are_possible();
    for options in Options::every().filter(possible) {
        for key in [
            Specialisation { options, ..plain() },
            Specialisation { options: Options { jumps: true, ..options }, ..full() },
        ] {
            let case = Case::new(key).expect("valid");
            assert_eq!(case.table.options, options);
            assert_eq!(case.noise.is_some(), key.noise);
            case.driven(CALLS[1], |current| {
                assert_eq!(current.strides.step != 0, key.sequence);
                assert_eq!(current.spikes.len(), if key.arriving { 4 } else { 0 });
                Ok(())
            })
            .expect("valid");
        }
    }
}

#[test]
fn every_rule_and_every_part_of_the_input_shows() {
    let fast = Options { fast_decay: true, trace: TraceRule::Set, synapse: true, ..Options::default() };
    let inhibited = Options { inhibition: true, ..fast };
    let cleared = Options { synapse_rule: SynapseRule::Cleared, ..fast };
    let alpha = Options { synapse_shape: SynapseShape::Alpha, ..inhibited };
    let keys = [fast, inhibited, cleared, alpha].map(|options| Specialisation { options, ..plain() });
    for key in [plain(), full()].into_iter().chain(keys) {
        let case = Case::new(key).expect("valid");
        let right = outcome(&case);
        let differs = |what: &str, wrong: Outcome| {
            let same = |(name, bits)| right.iter().all(|(known, right)| known != name || right == bits);
            let same = wrong.iter().map(|(name, bits)| (name, bits)).all(same);
            assert!(!same, "{what} does not show: {key:?}");
        };
        let options = case.table.options;
        let other_rule = match options.synapse_rule {
            SynapseRule::Independent if options.synapse => SynapseRule::Cleared,
            _ => SynapseRule::Independent,
        };
        let wrong: [(&str, Options); 13] = [
            ("spike test", Options { spike_test: SpikeTest::AtOrAbove, ..options }),
            ("subtract", Options { reset: Reset::Subtract, ..options }),
            ("subtract ahead", Options { reset: Reset::SubtractAhead, ..options }),
            ("no reset", Options { reset: Reset::None, ..options }),
            ("leak only", Options { refractory: Refractory::LeakOnly, ..options }),
            ("silent", Options { refractory: Refractory::Silent, ..options }),
            ("bounded", Options { bounded: !options.bounded, ..options }),
            ("fast decay", Options { fast_decay: false, ..options }),
            (
                "trace",
                Options {
                    trace: if options.trace == TraceRule::Add { TraceRule::Set } else { options.trace },
                    ..options
                },
            ),
            ("synapse", Options { synapse: false, ..options }),
            ("inhibition", Options { inhibition: false, ..options }),
            ("synapse rule", Options { synapse_rule: other_rule, ..options }),
            // Without what a rise adds to a current, alpha currents decay as others do.
            ("synapse shape", Options { synapse_shape: SynapseShape::Exponential, ..options }),
        ];
        for (rule, wrong) in wrong.into_iter().filter(|(_, wrong)| *wrong != options) {
            // Without a lower bound the coefficient is -infinity, so that kernels need no other rule.
            let bound = |bound: u32| match (wrong.bounded, f32::from_bits(bound)) {
                (false, _) => f32::NEG_INFINITY.to_bits(),
                (true, own) if own.is_finite() => bound,
                (true, _) => (-61.0_f32).to_bits(),
            };
            let mut table = case.table.with(Coefficient::VLower, bound);
            table.options = wrong;
            let table = Arc::new(table);
            let key = Specialisation { options: Options { jumps: key.options.jumps, ..wrong }, ..key };
            differs(rule, outcome(&Case { key, table, ..case.clone() }));
        }
        let table = Arc::new(case.table.with(Coefficient::Leak, |bits| bits + 1));
        differs("leak", outcome(&Case { table, ..case.clone() }));
    }
    let right = outcome(&Case::new(full()).expect("valid"));
    for (part, key) in [
        ("sequence", Specialisation { sequence: false, ..full() }),
        ("noise", Specialisation { noise: false, ..full() }),
        ("network", Specialisation { network: false, ..full() }),
        ("arriving", Specialisation { arriving: false, ..full() }),
        ("arriving jumps", Specialisation { arriving_jumps: false, ..full() }),
    ] {
        // Both cases have the same sources.
        let case =
            Case { key: Specialisation { options: full().options, ..key }, ..Case::new(key).expect("valid") };
        assert!(outcome(&case) != right, "{part} does not show");
    }
}

#[test]
fn what_is_recorded_is_there() {
    let recorded = |key| {
        let mut outcome = outcome(&Case::new(key).expect("valid"));
        (outcome.remove(0).1, outcome.remove(0).1)
    };
    let (words, voltages) = recorded(full());
    let set = |words: &[u32]| words.iter().map(|word| word.count_ones()).sum::<u32>();
    assert!(words.len() == 3 * 74 && set(&words) > 200, "{}", set(&words));
    assert_eq!(voltages.len(), 4 * 2 * 22);
    let (words, voltages) = recorded(Specialisation { words: WORDS_OF_CHOSEN, voltages: false, ..full() });
    assert!(words.len() == 3 * 8 && set(&words) > 5 && voltages.is_empty(), "{}", set(&words));
    let (words, voltages) = recorded(plain());
    assert!(words.is_empty() && voltages.is_empty());
    // Four cells side by side.
    let (words, _) = recorded(Specialisation { words: WORDS_OF_ALL, llvmpipe: true, ..plain() });
    assert_eq!(words.len(), 3 * 202);
}

/// Networks of any size can be advanced block by block, and as whole batch rows where they are small.
#[test]
#[cfg_attr(skip_gpu_tests, ignore = "no adapter is asked for")]
fn both_ways_of_advancing_a_network_give_the_bits_of_the_model() {
    crate::engine::gpu::fault_tests::with_context(|context| {
        let llvmpipe = context.is_llvmpipe();
        let most = context.limits.max_compute_invocations_per_workgroup;
        let gpu =
            Arc::new(Gpu::new(context, crate::engine::gpu::MOST_STEPS_OF_A_DISPATCH).expect("a device"));
        let small = Some(RowGroup { workgroup: 32, abreast: 1 });
        // SwiftShader needs a minute to compile a kernel for several cells.
        let large = RowGroup { workgroup: most, abreast: if llvmpipe { 4 } else { 1 } };
        let connected = Specialisation { network: true, words: WORDS_OF_CHOSEN, ..plain() };
        for (row_group, key) in
            [(None, full()), (small, full()), (small, connected), (Some(large), connected)]
        {
            let workgroup = row_group.map_or(64, |row| row.workgroup);
            let key =
                Specialisation { workgroup, row_group, words_go_on: row_group.is_none(), llvmpipe, ..key };
            let kernel = gpu.kernels.get(&gpu.context, key).expect("compiled");
            check(&gpu, key, &kernel).expect("right");
        }
    });
}

/// The first check of a kernel includes what a driver compiles at first use, which is then done.
#[test]
#[ignore = "a measurement, to be run alone and with --release --nocapture"]
fn how_long_a_check_takes() {
    crate::engine::gpu::fault_tests::with_context(|context| {
        let llvmpipe = context.is_llvmpipe();
        let gpu =
            Arc::new(Gpu::new(context, crate::engine::gpu::MOST_STEPS_OF_A_DISPATCH).expect("a device"));
        let sequence = Specialisation { sequence: true, words: WORDS_OF_ALL, ..plain() };
        let noise = Specialisation { noise: true, ..plain() };
        let go_on = Specialisation { words_go_on: true, ..sequence };
        for key in [plain(), sequence, go_on, noise, full()] {
            let key = Specialisation { llvmpipe, ..key };
            let begun = Instant::now();
            let kernel = gpu.kernels.get(&gpu.context, key).expect("compiled");
            let compiled = begun.elapsed();
            let mut times: Vec<_> = (0..20)
                .map(|_| {
                    let begun = Instant::now();
                    check(&gpu, key, &kernel).expect("right");
                    begun.elapsed()
                })
                .collect();
            let first = times.remove(0);
            times.sort();
            println!(
                "compiled in {compiled:?}, first check {first:?}, others {:?} to {:?}: {key:?}",
                times[0], times[18]
            );
        }
    });
}
