//! Runs of which only scores come back.

use super::Population;
use crate::data::memory;
use crate::engine::{Piece, Wanted, Words};
use crate::error::Result;
use crate::experiment::input::Input;
use crate::population::scorer::Scorer;
use std::ops::ControlFlow;

impl Population {
    /// Makes `steps` steps, and scores the spikes of all neurons where they are made: on a GPU a kernel
    /// looks at them, and only the scores are read back, at the end. Returns the number of steps made.
    ///
    /// Several calls go on with the same scores, however the run is cut into them. Steps are numbered from
    /// 0 since the population was built or reset. Those that a target compares have to be scored all, each once: after
    /// steps that were made by other calls, [`Scorer::skip_to`] says that they count as silent.
    ///
    /// ```
    /// use lif::{Device, Input, Params, Population, Scorer, Target};
    /// use ndarray::Array1;
    ///
    /// let params = Params { resistance: Array1::linspace(5.0_f32, 60.0, 200).into(), ..Params::default() };
    /// let mut population = Population::new(params, 200, 1, &Device::auto())?;
    /// let current = Array1::from_shape_fn(2000, |step| 0.6 + 0.5 * (step as f32 * 0.013).sin());
    /// let recorded = Target::new([150, 160, 640, 1130, 1600], 0..2000)?;
    /// let mut scorer = Scorer::new((1, 200), vec![recorded], 20)?.with_distances(100.0)?;
    /// population.run_scored(2000, Input::sequence(&current), &mut scorer)?;
    /// assert_eq!(scorer.tallies(0).count(), 200);
    /// assert!(scorer.distances(0).all(f64::is_finite));
    /// # Ok::<(), lif::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and [`Error::Shape`](crate::Error::Shape) for a scorer of another shape,
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for one that has scored these steps already or lacks some before
    /// them. After any error the scores are those before the call.
    pub fn run_scored<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        scorer: &mut Scorer,
    ) -> Result<u64> {
        self.run_scored_observed(steps, input, scorer, |_| ControlFlow::Continue(()))
    }

    /// As [`run_scored`](Self::run_scored), telling `observe` after each block of steps how many were made,
    /// and stopping when it breaks. What was made until then is scored.
    ///
    /// # Errors
    ///
    /// As [`run_scored`](Self::run_scored).
    pub fn run_scored_observed<'a>(
        &mut self,
        steps: u64,
        input: impl Into<Input<'a>>,
        scorer: &mut Scorer,
        mut observe: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<u64> {
        self.check_state()?;
        self.check_steps(steps)?;
        let shape = (self.batch, self.n);
        scorer.check(shape)?;
        if steps > 0 {
            scorer.expect(self.steps)?;
        }
        let input: Input<'_> = input.into();
        let (size, noise) = self.measure(&input)?;
        let scores = scorer.memory_needed(&self.device, steps);
        self.require(&size, steps, &scores, "the population and its scores", |device, cells| {
            device.memory_of_scores_there(&scorer.scoring, cells, steps)
        })?;
        let current = self.check_input(input, steps, noise)?;
        memory::require("the scores", self.device.on_this_machine(&scores), "take fewer neurons or targets")?;
        self.flush()?;
        if steps == 0 {
            return Ok(0);
        }
        let first_step = self.steps;
        let mut scoring = scorer.scoring.clone();
        scoring.catch_up(first_step);
        let result = self.engine.start_scoring(scoring);
        self.note(result)?;
        let wanted = Wanted { words: Words::Scored, voltages: None };
        // Holds where a panic of the observer ends the run between two blocks.
        self.fault = Some("a run was left by a panic".to_owned());
        let mut made = 0;
        let mut take = |piece: Piece<'_>| {
            made += piece.steps;
            observe(made)
        };
        let result = self.engine.advance(first_step, steps, &current, Some(&wanted), &mut take);
        self.fault = None;
        if result.is_err() {
            self.engine.abandon_scoring();
        }
        let made = self.note(result)?;
        self.steps += made;
        let result = self.engine.finish_scoring();
        if let Some(scoring) = self.note(result)? {
            scorer.put(scoring, self.steps);
        }
        Ok(made)
    }
}
