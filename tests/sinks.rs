//! Recordings that are handed to sinks in blocks: results, errors, memory and early stops.

use lif::{Background, Device, Error, Params, Population, Recorded, Recording, Sink};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn population(n: usize) -> Population {
    Population::new(Params::default(), [2, n], &Device::cpu()).expect("valid")
}

fn bytes(block: &Recorded) -> usize {
    let words = block.spikes.as_ref().map_or(0, |raster| raster.words().len());
    let rate = block.rate.as_ref().map_or(0, ndarray::Array2::len);
    let voltages = block.voltages.as_ref().map_or(0, |voltages| voltages.values().len());
    4 * (words + rate + voltages)
}

#[test]
fn blocks_put_together_are_the_recording_and_never_large() {
    let recording = Recording::none().spikes().rate().counts().voltages(0..40, 3);
    let (n, steps) = (2000, 300_000);
    let mut whole = population(n);
    whole.run(5, 0.7).go().expect("valid");
    let expected = whole.run(steps, 0.7).record(&recording).go().expect("valid");
    assert!(bytes(&expected) > 150 << 20);

    let mut events = expected.spikes.as_ref().expect("recorded").events();
    let rate = expected.rate.as_ref().expect("recorded");
    let voltages = expected.voltages.as_ref().expect("recorded");
    let (mut next, mut sample, mut largest, mut blocks) = (5, 0, 0, 0);
    let mut parts = population(n);
    parts.run(5, 0.7).go().expect("valid");
    let mut sink = |block: Recorded| {
        assert_eq!(block.first_step, next);
        assert!(block.counts.is_none() && block.steps > 0);
        largest = largest.max(bytes(&block));
        blocks += 1;
        let from = (next - 5) as usize;
        next += block.steps;
        for event in block.spikes.as_ref().expect("recorded").events() {
            assert_eq!(Some(event), events.next());
        }
        let part = rate.slice(ndarray::s![from..from + block.steps as usize, ..]);
        assert_eq!(block.rate.expect("recorded"), part);
        let own = block.voltages.expect("recorded");
        let samples = own.steps.len();
        assert_eq!(own.steps, voltages.steps[sample..sample + samples]);
        assert_eq!(own.values(), voltages.values().slice(ndarray::s![sample..sample + samples, .., ..]));
        sample += samples;
        Ok(())
    };
    let rest = parts.run(steps, 0.7).record(&recording).sink(&mut sink).go().expect("valid");
    assert_eq!(events.next(), None);
    assert_eq!((rest.first_step, rest.steps, next), (5, steps, steps + 5));
    assert_eq!(rest.counts, expected.counts);
    assert!(rest.spikes.is_none() && rest.rate.is_none() && rest.voltages.is_none());
    assert!(largest <= 40 << 20 && blocks >= 5, "{largest} bytes, {blocks} blocks");
    assert_eq!(parts.voltages(), whole.voltages());
}

/// A single row may be larger than a usual block; each block then has one row.
#[test]
fn blocks_of_many_cells_have_one_row() {
    let all = Recording::none().spikes().all_voltages(1);
    for (shape, recording, row) in [
        ((3_000_000, 1), &all, 8 * 3_000_000),
        // With many batch rows of one neuron, rates are larger than spikes.
        ((1, 3_000_000), &Recording::none().rate(), 4 * 3_000_000),
    ] {
        let run = |device: &Device, mut take: Box<dyn FnMut(&Recorded) + '_>| {
            let mut population =
                Population::new(Params::default(), [shape.1, shape.0], device).expect("valid");
            population.run(29, 0.9).go().expect("valid");
            let mut sink = |block: Recorded| {
                take(&block);
                Ok(())
            };
            population.run(40, 0.9).record(recording).sink(&mut sink).go().expect("valid");
        };
        let both = Device::several(&[Device::cpu(), Device::cpu()]).expect("valid");
        let (mut steps, mut largest) = (0, 0);
        for device in [Device::cpu(), both] {
            run(
                &device,
                Box::new(|block| {
                    steps += block.steps;
                    largest = largest.max(bytes(block));
                }),
            );
        }
        assert_eq!(steps, 80);
        // A block is complete at 8 MiB; a piece can add 64 MiB of spikes and 64 MiB of potentials.
        assert!(largest <= row.max(136 << 20), "{largest} bytes, {row} in a row");
    }
}

#[test]
fn the_first_failure_of_a_sink_ends_the_run_and_is_returned() {
    let full = || Error::Sink { what: "x".to_owned(), reason: "no space".to_owned() };
    let mut taken = 0;
    let mut sink = |_: Recorded| {
        taken += 1;
        if taken == 2 { Err(full()) } else { Ok(()) }
    };
    let mut population = population(20_000);
    let recording = Recording::none().spikes();
    let result = population.run(200_000, 1.0).record(&recording).sink(&mut sink).go();
    assert_eq!(result, Err(full()));
    assert_eq!(taken, 2);
    assert!(population.steps() < 200_000);
    // The population still has a valid state.
    assert!(population.run(1, 1.0).go().is_ok());

    let mut behind = Background::new(move |_: Recorded| Err(full()));
    let result = population.run(200_000, 1.0).record(&recording).sink(&mut behind).go();
    assert_eq!(result, Err(full()));
    assert!(behind.finish().is_err());
}

#[test]
fn a_slow_sink_holds_the_run_back() {
    let waiting = Arc::new(AtomicUsize::new(0));
    struct Counting<S>(S, Arc<AtomicUsize>, usize);
    impl<S: Sink> Sink for Counting<S> {
        fn take(&mut self, block: Recorded) -> lif::Result<()> {
            self.2 = self.2.max(self.1.fetch_add(1, Ordering::SeqCst));
            self.0.take(block)
        }
    }
    let taken = Arc::clone(&waiting);
    let slow = Background::new(move |_: Recorded| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        taken.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    });
    let mut sink = Counting(slow, waiting, 0);
    population(20_000)
        .run(30_000, 1.0)
        .record(Recording::none().spikes())
        .sink(&mut sink)
        .go()
        .expect("valid");
    assert!(sink.2 <= 1, "{} blocks beside the new one", sink.2);
    assert!(sink.0.finish().is_ok());
}

#[test]
fn a_sink_may_stop_the_run_between_pieces() {
    struct Impatient(u64);
    impl Sink for Impatient {
        fn take(&mut self, block: Recorded) -> lif::Result<()> {
            self.0 += block.steps;
            Ok(())
        }
        fn progress(&mut self, made: u64) -> ControlFlow<()> {
            if made >= 10_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let mut sink = Impatient(0);
    let mut population = population(10);
    let made =
        population.run(1_000_000, 1.0).record(Recording::none().rate()).sink(&mut sink).go().expect("valid");
    assert_eq!((made.steps, made.steps), (sink.0, population.steps()));
    assert!((10_000..1_000_000).contains(&made.steps));
}

/// A sink that stores its progress reports, and may end the run.
struct Told {
    made: Vec<u64>,
    blocks: usize,
    until: u64,
}

impl Sink for Told {
    fn take(&mut self, _: Recorded) -> lif::Result<()> {
        self.blocks += 1;
        Ok(())
    }
    fn progress(&mut self, made: u64) -> ControlFlow<()> {
        self.made.push(made);
        if made >= self.until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_sink_in_the_background_hears_of_progress_and_may_stop_the_run() {
    let recording = Recording::none().rate();
    let behind = |until| Background::new(Told { made: Vec::new(), blocks: 0, until });
    let mut sink = behind(u64::MAX);
    population(10).run(100_000, 1.0).record(&recording).sink(&mut sink).go().expect("valid");
    let told = sink.finish().expect("nothing failed");
    assert!(told.made.is_sorted() && told.made.last() == Some(&100_000), "{:?}", told.made);
    assert!(told.blocks > 0);

    let mut sink = behind(10_000);
    let mut population = population(1000);
    let made = population.run(1 << 40, 1.0).record(&recording).sink(&mut sink).go().expect("valid");
    assert!(made.steps >= 10_000 && made.steps < 1 << 40, "{}", made.steps);
    assert_eq!(population.steps(), made.steps);
    assert!(sink.finish().expect("nothing failed").made.iter().any(|made| *made >= 10_000));
}
