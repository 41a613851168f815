//! Inputs in blocks: results, errors and early stops.

use lif::{Background, Blocks, Device, Error, Input, Params, Population, Random, Recorded, Recording, Sink};
use ndarray::{Array2, ArrayD, Axis, arr1};
use std::ops::ControlFlow;

fn population() -> Population {
    Population::new(Params::default(), [3, 7], &Device::cpu()).expect("valid")
}

/// `[steps, n]`.
fn currents(steps: usize) -> Array2<f32> {
    Array2::from_shape_fn((steps, 7), |(step, neuron)| {
        0.4 + 0.1 * neuron as f32 + (step % 100) as f32 * 0.005
    })
}

/// The currents in blocks of these lengths.
fn cut(currents: &Array2<f32>, lengths: &[usize]) -> Vec<lif::Result<ArrayD<f32>>> {
    let mut first = 0;
    let block = |length: &usize| {
        first += length;
        Ok(currents.slice_axis(Axis(0), (first - length..first).into()).to_owned().into_dyn())
    };
    lengths.iter().map(block).collect()
}

fn noise() -> Random {
    Random::gaussian(0.0, 0.3)
}

fn ignore(_: Recorded) -> lif::Result<()> {
    Ok(())
}

#[test]
fn blocks_of_any_length_give_what_the_whole_gives() {
    let currents = currents(3000);
    let recording = Recording::none().spikes().counts().all_voltages(7);
    let mut whole = population();
    let expected =
        whole.run(3000, Input::sequence(&currents).and(noise())).record(&recording).go().expect("valid");
    for lengths in [&[3000][..], &[1, 31, 32, 33, 903, 2000], &[1500, 0, 1500], &[1; 3000]] {
        let mut events = expected.spikes.as_ref().expect("recorded").events();
        let mut values: Vec<f32> = Vec::new();
        let mut sink = |block: Recorded| {
            for event in block.spikes.expect("recorded").events() {
                assert_eq!(Some(event), events.next());
            }
            values.extend(block.voltages.expect("recorded").values());
            Ok(())
        };
        let mut parts = population();
        let blocks = Blocks::new(cut(&currents, lengths)).and(noise());
        let made = parts.run(3000, blocks).record(&recording).sink(&mut sink).go().expect("valid");
        assert_eq!((made.first_step, made.steps, made.counts), (0, 3000, expected.counts.clone()));
        assert_eq!(events.next(), None);
        assert!(values.iter().eq(expected.voltages.as_ref().expect("recorded").values().iter()));
        assert_eq!(parts.voltages(), whole.voltages());
    }
}

#[test]
fn wrong_streams_are_refused_with_the_place() {
    let currents = currents(100);
    let says = |blocks: Vec<lif::Result<ArrayD<f32>>>, made: u64, parts: &[&str]| {
        let mut population = population();
        let error =
            population.run(100, Blocks::new(blocks)).sink(&mut ignore).go().expect_err("wrong").to_string();
        parts.iter().for_each(|part| assert!(error.contains(part), "'{error}' does not say '{part}'"));
        assert_eq!(population.steps(), made);
    };
    says(cut(&currents, &[40, 50]), 90, &["length of the input", "90 steps", "must be 100 steps"]);
    says(
        cut(&currents, &[60, 40, 0]).into_iter().chain(cut(&currents, &[1])).collect(),
        100,
        &["at least 101"],
    );
    says(Vec::new(), 0, &["0 steps"]);
    let mut blocks = cut(&currents, &[30, 70]);
    blocks[1].as_mut().expect("there")[[5, 2]] = f32::NAN;
    says(blocks, 30, &["from step 30 on", "[5, 2]", "NaN"]);
    let mut blocks = cut(&currents, &[30, 70]);
    blocks[1] = Ok(Array2::zeros((70, 4)).into_dyn());
    says(blocks, 30, &["from step 30 on", "[70, 7]", "[70, 4]"]);
    let lost = Error::Sink { what: "x".to_owned(), reason: "the file is gone".to_owned() };
    says(vec![cut(&currents, &[30]).remove(0), Err(lost)], 30, &["the file is gone"]);
}

#[test]
fn a_stream_without_end_stops_where_the_sink_says() {
    struct Until(u64);
    impl Sink for Until {
        fn take(&mut self, _: Recorded) -> lif::Result<()> {
            Ok(())
        }
        fn progress(&mut self, made: u64) -> ControlFlow<()> {
            if made >= self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let endless = std::iter::repeat_with(|| Ok(arr1(&[0.5_f32; 50]).into_dyn()));
    let made = population().run(1 << 40, Blocks::new(endless)).sink(&mut Until(170)).go().expect("valid");
    assert_eq!(made.steps, 200);
    let mut background = Background::new(ignore);
    let some = cut(&currents(64), &[64]);
    let rate = Recording::none().rate();
    population().run(64, Blocks::new(some)).record(rate).sink(&mut background).go().expect("valid");
    assert!(background.finish().is_ok());
}

#[test]
fn a_block_of_more_steps_than_there_are_numbers_is_refused_with_the_right_one() {
    struct Long(u64);
    impl lif::InputBlock for Long {
        fn steps(&self) -> u64 {
            self.0
        }
        fn input(&self) -> Input<'_> {
            Input::constant(0.5)
        }
    }
    let blocks = [10, u64::MAX].map(|steps| Ok(Long(steps)));
    let result = population().run(100, Blocks::new(blocks)).sink(&mut ignore).go();
    let error = result.expect_err("too long").to_string();
    assert!(error.contains("at least 18446744073709551615 steps"), "{error}");
}

#[test]
fn blocks_are_recorded_as_a_whole_where_there_is_no_sink() {
    let currents = currents(200);
    let recording = Recording::none().spikes().rate().counts().all_voltages(7);
    let expected = population().run(200, Input::sequence(&currents)).record(&recording).go().expect("valid");
    for lengths in [&[200][..], &[1, 31, 32, 33, 103], &[45, 0, 155]] {
        let blocks = Blocks::new(cut(&currents, lengths));
        let recorded = population().run(200, blocks).record(&recording).go().expect("valid");
        assert_eq!(recorded, expected, "{lengths:?}");
    }
}

#[test]
fn an_observer_hears_of_blocks_and_sink_alike_and_may_end_the_run() {
    let mut heard = Vec::new();
    let mut recorded = 0;
    let mut sink = |block: Recorded| {
        recorded += block.steps;
        Ok(())
    };
    let observe = |made| {
        heard.push(made);
        if made >= 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let blocks = Blocks::new(cut(&currents(300), &[50; 6]));
    let rate = Recording::none().rate();
    let made =
        population().run(300, blocks).record(rate).observe(observe).sink(&mut sink).go().expect("valid");
    assert_eq!((made.steps, recorded, heard), (100, 100, vec![50, 100]));
}
