//! Checks that each kernel is used, and gives the bits of the definition with each set of instructions.

use lif_kernels::internals::{Input, Kernel, SpikeMemory, Synapse, compiled, kernel, normal_place};
use lif_kernels::{
    Arch, Drives, LANES, Lanes, NO_JUMPS, OfWord, Rows, SampleRows, Span, WORD, advance, is_plain,
};
use lif_model::{Coefficient, FASTEST_LEAK, Field, Options, Refractory, Reset, SpikeTest, random};

const RESETS: [Reset; 4] = [Reset::ToValue, Reset::Subtract, Reset::SubtractAhead, Reset::None];
const REFRACTORY: [Refractory; 3] = [Refractory::Frozen, Refractory::LeakOnly, Refractory::Silent];
const MEMORIES: [SpikeMemory; 3] = [SpikeMemory::History, SpikeMemory::Countdown, SpikeMemory::Both];
const INPUTS: [Input; 9] = [
    Input::Drives,
    Input::DrivesAndJumps,
    Input::Rows,
    Input::Synapse,
    Input::Synapses,
    Input::Cleared,
    Input::ClearedAndJumps,
    Input::Alpha,
    Input::Alphas,
];
const SYNAPSES: [Synapse; 6] =
    [Synapse::None, Synapse::One, Synapse::Two, Synapse::Cleared, Synapse::Alpha, Synapse::ClearedAlpha];
const EITHER: [bool; 2] = [false, true];

/// Returns all compiled kernels.
fn all() -> Vec<Kernel> {
    let mut found = Vec::new();
    let mut find = |kernel| {
        let kernel = compiled(kernel).expect("each has its type");
        if !found.contains(&kernel) {
            found.push(kernel);
        }
    };
    for memory in MEMORIES {
        for input in INPUTS {
            find(Kernel::Holding { memory, input });
        }
    }
    for refractory in REFRACTORY {
        for reset in RESETS {
            for synapse in SYNAPSES {
                find(Kernel::Rich { reset, refractory, synapse });
            }
        }
        for one in EITHER {
            for other in EITHER {
                for memory in MEMORIES {
                    find(Kernel::Plain { memory, subtracts: one, refractory, reads_rows: other });
                }
            }
        }
    }
    found
}

/// Returns a number from 0 up to 1 that looks random.
fn scattered(index: usize) -> f32 {
    ((index as u32).wrapping_mul(0x9E37_79B9) >> 8) as f32 / 16_777_216.0
}

/// The lengths of the refractory periods: below a word, at least a word, or both.
#[derive(Debug, Clone, Copy)]
enum Refractoriness {
    Short,
    Long,
    Mixed,
}

fn cells(options: Options, refractoriness: Refractoriness, can_freeze: bool) -> Lanes {
    let mut lanes = Lanes::empty();
    lanes.cells = LANES - 7;
    let of = |value: fn(usize) -> f32| std::array::from_fn(value);
    let cells = &mut lanes.coefficients;
    for coefficient in Coefficient::ALL.into_iter().filter(|coefficient| coefficient.is_used(options)) {
        cells[coefficient] = of(|lane| 0.2 + 0.6 * scattered(lane + 400));
    }
    cells[Coefficient::Leak] = if options.fast_decay {
        of(|lane| if lane % 2 == 0 { FASTEST_LEAK + 0.1 } else { 0.2 })
    } else {
        of(|lane| 0.1 + 0.2 * scattered(lane))
    };
    cells[Coefficient::Resistance] = of(|lane| 1.0 + 0.1 * scattered(lane + 500));
    cells[Coefficient::VRest] = of(|lane| -0.3 * scattered(lane + 200));
    cells[Coefficient::VThreshold] = of(|lane| 5.0 + scattered(lane + 300));
    cells[Coefficient::Reset] = of(|lane| -1.0 - (lane % 3) as f32);
    if options.bounded {
        cells[Coefficient::VLower] = of(|lane| -1.5 + scattered(lane));
    }
    if options.synapse {
        cells[Coefficient::SynapticFactor] = of(|lane| 0.8 + 0.2 * scattered(lane + 2));
    }
    if options.inhibition {
        cells[Coefficient::InhibitoryDecay] = of(|lane| 0.3 + 0.6 * scattered(lane + 600));
        cells[Coefficient::InhibitoryFactor] = of(|lane| 0.7 + 0.2 * scattered(lane + 3));
    }
    lanes[Field::Voltages] = of(|lane| 5.0 * scattered(lane + 100));
    if !can_freeze {
        // A negative zero, which adding 0 would change.
        lanes[Field::Voltages][3] = -0.0;
    }
    lanes.refractory_steps = std::array::from_fn(|lane| match refractoriness {
        Refractoriness::Short => [0, 1, 2, 31][lane % 4],
        Refractoriness::Long => [32, 33, 64, 65][lane % 4],
        Refractoriness::Mixed => [0, 2, 31, 32, 40][lane % 5],
    });
    lanes
}

/// Returns the refractory steps left; half of the cells are refractory.
fn left(lanes: &Lanes) -> [u32; LANES] {
    std::array::from_fn(|lane| lanes.refractory_steps[lane] * (lane as u32 % 2))
}

/// All observable results of cells after some steps, floats as their bits.
#[derive(Debug, PartialEq)]
struct Seen {
    v: Vec<u32>,
    trace: Vec<u32>,
    synaptic: Vec<u32>,
    inhibitory: Vec<u32>,
    rises: [Vec<u32>; 2],
    left: Vec<u32>,
    counts: Vec<u32>,
    last: Vec<u32>,
    words: Vec<Vec<u32>>,
    samples: Vec<Vec<u32>>,
}

/// Makes steps that begin and end inside words, with rows of input if `reads_rows`.
fn run(instructions: Arch, options: Options, lanes: &mut Lanes, reads_rows: bool) -> Seen {
    let rows: Vec<f32> = (0..3 * WORD * LANES).map(|index| 12.0 * scattered(index)).collect();
    let drives: OfWord =
        std::array::from_fn(|step| std::array::from_fn(|lane| 12.0 * scattered(step * LANES + lane)));
    // To some lanes so little that the alpha current that it causes becomes 0 at each step.
    let little = |lane| if lane % 8 == 7 { 1.5e-30 } else { 0.7 };
    let arriving: OfWord = std::array::from_fn(|step| {
        std::array::from_fn(|lane| if step % 5 == 0 { little(lane) } else { 0.0 })
    });
    let inhibitory: OfWord = std::array::from_fn(|step| [if step % 6 == 0 { -0.9 } else { 0.0 }; LANES]);
    let jumps: OfWord = std::array::from_fn(|step| [if step % 7 == 0 { 0.4 } else { 0.0 }; LANES]);
    lanes.begin(options, &left(lanes));
    let mut words = vec![vec![0; LANES]; 3];
    let mut samples = [[0.0; LANES]; 9];
    let spans = [(5, 27, false), (0, 9, false), (9, 23, false), (0, 11, true)];
    for (word, (first, steps, is_last)) in [0, 1, 1, 2].into_iter().zip(spans) {
        let drives = Drives {
            constant: false,
            drives: &drives,
            arriving: &arriving,
            inhibitory: &inhibitory,
            jumps: if options.jumps { &jumps } else { &NO_JUMPS },
            rows: reads_rows.then_some(Rows { currents: &rows[word * LANES..], stride: LANES }),
        };
        let mut rows: Vec<&mut [u32]> = words[word..].iter_mut().map(Vec::as_mut_slice).collect();
        let span = Span { first, begun: if word == 0 { 5 } else { 0 }, steps, is_last };
        let sampled = SampleRows { wait: 2, every: 3, rows: &mut samples };
        advance(instructions, options, lanes, drives, span, (&mut rows, 0), sampled);
    }
    let cells = lanes.cells;
    let bits = |values: &[f32; LANES]| values[..cells].iter().map(|value| value.to_bits()).collect();
    let mut left = [0; LANES];
    lanes.left(&mut left);
    Seen {
        v: bits(&lanes[Field::Voltages]),
        trace: bits(&lanes[Field::Traces]),
        synaptic: bits(&lanes[Field::SynapticCurrents]),
        inhibitory: bits(&lanes[Field::InhibitoryCurrents]),
        rises: [bits(&lanes[Field::SynapticRises]), bits(&lanes[Field::InhibitoryRises])],
        left: left[..cells].to_vec(),
        counts: lanes.counts[..cells].to_vec(),
        last: lanes.spiked_last[..cells].to_vec(),
        words: words.iter().map(|word| word[..cells].to_vec()).collect(),
        samples: samples.iter().map(bits).collect(),
    }
}

/// Returns the instruction sets of this processor.
fn available() -> Vec<Arch> {
    let mut available = vec![Arch::new()];
    #[cfg(target_arch = "x86_64")]
    available.extend(lif_kernels::internals::V3::try_new().map(Arch::V3));
    available
}

#[test]
fn each_kernel_is_reached_and_gives_the_bits_of_the_definition() {
    let mut spikes = 0;
    for instructions in available() {
        let mut reached = Vec::new();
        // A bound and fast decay are compiled together.
        for options in Options::every().filter(|options| options.bounded == options.fast_decay) {
            spikes += compare(instructions, options, &mut reached);
        }
        for kernel in all() {
            assert!(reached.contains(&kernel), "{kernel:?} serves no cells");
        }
        assert_eq!(reached.len(), all().len());
    }
    assert!(spikes > 100_000, "{spikes}");
}

/// Compares cells that need each kind of memory with the definition; returns the number of spikes.
fn compare(instructions: Arch, options: Options, reached: &mut Vec<Kernel>) -> u32 {
    let mut spikes = 0;
    for refractoriness in [Refractoriness::Short, Refractoriness::Long, Refractoriness::Mixed] {
        for can_freeze in EITHER {
            for reads_rows in EITHER {
                if reads_rows && !is_plain(options) {
                    continue;
                }
                let mut lanes = cells(options, refractoriness, can_freeze);
                let of = |instructions| {
                    run(instructions, options, &mut cells(options, refractoriness, can_freeze), reads_rows)
                };
                let (found, expected) = (of(instructions), of(Arch::Scalar));
                let compared = format!("{options:?}, {refractoriness:?}, {can_freeze}, {reads_rows}");
                assert!(found == expected, "{instructions:?}: {compared}");
                lanes.begin(options, &left(&lanes));
                let kernel = compiled(kernel(options, &lanes, reads_rows)).expect("each has its type");
                if !reached.contains(&kernel) {
                    reached.push(kernel);
                }
                spikes += expected.counts.iter().sum::<u32>();
            }
        }
    }
    spikes
}

#[test]
fn steps_left_survive_being_kept() {
    for steps in [0, 1, 5, 31, 32, 40] {
        for left in 0..=steps {
            let memory = SpikeMemory::for_cells(&[steps; LANES], &[left; LANES]);
            assert_ne!(memory, SpikeMemory::Both);
            let (mut kept, mut found) = ([0; LANES], [0; LANES]);
            memory.keep(&[steps; LANES], &[left; LANES], &mut kept);
            memory.left(&[steps; LANES], &kept, &mut found);
            assert_eq!(found, [left; LANES], "{left} of {steps}");
        }
    }
}

#[test]
fn places_in_the_table_are_those_of_the_definition() {
    let around_powers = (0..32).flat_map(|bit| (0..32).map(move |other| (1_u32 << bit) ^ (1 << other)));
    let scattered = (0..100_000_u32).map(|index| index.wrapping_mul(0x9E37_79B9) >> (index % 32));
    let ends = (0..33).map(|zeros| u32::MAX.checked_shr(zeros).unwrap_or(0));
    for word in around_powers.chain(scattered).chain(ends) {
        assert_eq!(normal_place(word), random::normal_place(word), "{word:#x}");
    }
}

#[test]
fn thresholds_in_lanes_are_normal_numbers() {
    let mut lanes = Lanes::empty();
    let thresholds = [0.0_f32, -0.0, 1e-20, -1e-20, 1e-30, 1.0, -52.0];
    lanes.coefficients[Coefficient::VThreshold][..thresholds.len()].copy_from_slice(&thresholds);
    lanes.begin(Options { spike_test: SpikeTest::AtOrAbove, ..Options::default() }, &[0; LANES]);
    for (threshold, above) in thresholds.iter().zip(lanes.coefficients[Coefficient::VThreshold]) {
        assert!(above.is_normal(), "{above:e}");
        let close = above >= threshold.next_down() - f32::MIN_POSITIVE;
        assert!(*threshold > above && close, "{threshold:e}");
    }
}
