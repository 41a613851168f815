use super::*;
use crate::engine::SpikeRequest;
use crate::engine::cpu::CpuEngine;
use crate::experiment::input::Input;
use crate::prepared::coefficients::Table;
use crate::prepared::current::FromHost;
use crate::{Params, Scorer, Target};
use std::sync::atomic::{AtomicUsize, Ordering};

const N: usize = 40;

/// A CPU engine that fails at the method that a test names, and counts the engines that are scoring.
#[derive(Debug)]
struct Double {
    engine: CpuEngine,
    fails: &'static str,
    scored: Arc<AtomicUsize>,
    has_scores: bool,
}

impl Double {
    fn act<T>(&mut self, name: &str, act: impl FnOnce(&mut CpuEngine) -> Result<T>) -> Result<T> {
        if self.fails == name { Err(refusal()) } else { act(&mut self.engine) }
    }

    fn note_scores(&mut self, has_scores: bool) {
        match (self.has_scores, has_scores) {
            (false, true) => self.scored.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.scored.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        self.has_scores = has_scores;
    }
}

fn refusal() -> Error {
    Error::out_of_range("it", 3, "less")
}

impl Engine for Double {
    fn prepare(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
    ) -> Result<()> {
        self.act("prepare", |engine| engine.prepare(first_step, steps, current, request))
    }

    fn advance(
        &mut self,
        first_step: u64,
        steps: u64,
        current: &Current<'_>,
        request: Option<&Request>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64> {
        self.act("advance", |engine| engine.advance(first_step, steps, current, request, receiver))
    }

    fn start_scoring(&mut self, scoring: Scoring) -> Result<()> {
        self.act("start", |engine| engine.start_scoring(scoring))?;
        self.note_scores(true);
        Ok(())
    }

    fn finish_scoring(&mut self) -> Result<Option<Scoring>> {
        self.note_scores(false);
        let scoring = self.engine.finish_scoring();
        self.act("finish", |_| scoring)
    }

    fn abandon_scoring(&mut self) {
        self.note_scores(false);
        self.engine.abandon_scoring();
    }

    fn read(&mut self, field: Field) -> Result<Vec<f32>> {
        self.engine.read(field)
    }

    fn write(&mut self, field: Field, values: &[f32]) -> Result<()> {
        self.engine.write(field, values)
    }

    fn read_counter(&mut self, counter: Counter) -> Result<Vec<u32>> {
        self.engine.read_counter(counter)
    }

    fn write_counter(&mut self, counter: Counter, values: &[u32]) -> Result<()> {
        self.engine.write_counter(counter, values)
    }

    fn set_next_step(&mut self, next_step: u64) -> Result<()> {
        self.engine.set_next_step(next_step)
    }

    fn clear_counts(&mut self) -> Result<()> {
        self.engine.clear_counts()
    }

    fn reset(&mut self, start: &[f32]) -> Result<()> {
        self.engine.reset(start)
    }

    fn synapses(&self) -> u64 {
        self.engine.synapses()
    }

    fn deliver(&mut self, spikes: &[OutsideSpike]) -> Result<()> {
        self.engine.deliver(spikes)
    }

    fn read_arriving(&mut self, next_step: u64) -> Result<Vec<i32>> {
        self.engine.read_arriving(next_step)
    }

    fn write_arriving(&mut self, next_step: u64, sums: &[i32]) -> Result<()> {
        self.engine.write_arriving(next_step, sums)
    }

    fn work(&mut self) -> Result<WorkDone> {
        self.engine.work()
    }
}

/// Two devices with two slabs each, of which the last slab fails, and the number of slabs that are
/// scoring.
fn slabs(fails: &'static str) -> (SlabEngine, Table, Arc<AtomicUsize>) {
    let scored = Arc::new(AtomicUsize::new(0));
    let table = Table::new(&Params::default(), N.into()).expect("valid");
    let part = |index: usize| {
        let slab = Slab { rows: 0..1, neurons: index * N / 4..(index + 1) * N / 4 };
        let engine = Double {
            engine: CpuEngine::new(Arc::new(table.part(&slab)), slab.shape()),
            fails: if index == 3 { fails } else { "" },
            scored: Arc::clone(&scored),
            has_scores: false,
        };
        SlabPart::new(slab, Box::new(engine))
    };
    let devices = [[part(0), part(1)], [part(2), part(3)]];
    let devices = devices.map(|parts| DeviceSlabs { parts: parts.into(), waits: true }).into();
    (SlabEngine::new(N.into(), devices, None), table, scored)
}

fn advance(engine: &mut SlabEngine, table: &Table, request: Option<Request>) -> Result<u64> {
    let current = Current::new(Input::constant(1.0), 200, N.into(), table.bounds, None, &FromHost)?;
    let mut go_on = |_: Piece<'_>| ControlFlow::Continue(());
    engine.advance(0, 200, &current, request.as_ref(), &mut go_on)
}

#[test]
fn a_refusal_of_one_slab_is_one_of_all_and_changes_none() {
    let (mut engine, table, _) = slabs("prepare");
    let before = engine.read(Field::Voltages).expect("there");
    let all = Request { spikes: SpikeRequest::All, voltages: None };
    for request in [None, Some(all), Some(Request::default())] {
        assert_eq!(advance(&mut engine, &table, request), Err(refusal()));
        assert_eq!(engine.read(Field::Voltages).as_ref(), Ok(&before));
    }
    assert_eq!(engine.work().map(|work| work.cell_blocks), Ok(0));
    // Once other slabs have advanced, it is a fault.
    let (mut engine, table, _) = slabs("advance");
    let error = advance(&mut engine, &table, None).expect_err("it fails");
    assert!(error.is_fault() && error.to_string().contains("it is 3"), "{error}");
    assert!(engine.read_counter(Counter::Spikes).expect("there").iter().sum::<u32>() > 0);
}

#[test]
fn scores_that_cannot_begin_or_end_stay_on_no_device() {
    let target = Target::new([20], 0..100).expect("valid");
    let scoring = Scorer::new(N, vec![target], 3).expect("valid").scoring;
    let (mut engine, _, scored) = slabs("start");
    assert_eq!(engine.start_scoring(scoring.clone()), Err(refusal()));
    assert_eq!(scored.load(Ordering::Relaxed), 0);
    assert!(engine.finish_scoring().expect("nothing to fail").is_none());

    let (mut engine, _, scored) = slabs("finish");
    engine.start_scoring(scoring).expect("begun");
    assert_eq!(scored.load(Ordering::Relaxed), 4);
    assert_eq!(engine.finish_scoring().map(|_| ()), Err(refusal()));
    assert_eq!(scored.load(Ordering::Relaxed), 0);
}
