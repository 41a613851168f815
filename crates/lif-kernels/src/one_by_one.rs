//! Steps cells one after the other by the definition itself, on processors without vector instructions that `pulp`
//! knows. One body of code serves all rules.

use crate::lanes::LaneCoefficients;
use crate::vector::Advance;
use crate::{LANES, WORD};
use lif_model::{Coefficient, Coefficients, Field, Options, SpikeTest, State};

impl Advance<'_, '_> {
    #[inline(never)]
    pub(crate) fn one_by_one(&mut self) {
        let mut left = [0; LANES];
        self.lanes.left(&mut left);
        for (lane, left) in left.iter_mut().enumerate().take(self.lanes.cells) {
            self.one(lane, left);
        }
        self.lanes.keep(&left);
    }

    fn one(&mut self, lane: usize, left: &mut u32) {
        let Self { lanes, drives, span, words, column, samples, .. } = self;
        // The thresholds have been lowered for this test; see `LaneCoefficients::adapt`.
        let options = Options { spike_test: SpikeTest::Above, ..self.options };
        let cell = lanes.coefficients.of(lane, lanes.refractory_steps[lane]);
        let mut state = State { refractory: *left, spike: lanes.spiked_last[lane] == 1, ..State::default() };
        for field in Field::of(options) {
            *state.get_mut(field) = lanes[field][lane];
        }
        let mut word = lanes.partial_word[lane];
        let (mut wait, mut sample, mut row) = (samples.wait, 0, 0);
        for step in 0..span.steps {
            let place = (span.first + step) % WORD;
            let (arriving, inhibitory) = (drives.arriving[place][lane], drives.inhibitory[place][lane]);
            let drive = match &drives.rows {
                Some(rows) => lif_model::drive(cell.resistance, rows.currents[step * rows.stride + lane]),
                None => {
                    let input = drives.drives[if drives.constant { 0 } else { place }][lane];
                    if options.has_synaptic_currents() {
                        state = lif_model::receive(options, state, arriving, inhibitory);
                        let current = lif_model::total_current(options, cell, state, input);
                        lif_model::drive(cell.resistance, current)
                    } else {
                        input
                    }
                }
            };
            let before = state;
            state = lif_model::update(options, cell, state, drive, drives.jumps[place][lane]);
            state = lif_model::receive_late(options, before, state, arriving, inhibitory);
            state = lif_model::settle(options, cell, state, place as u32);
            word |= u32::from(state.spike) << place;
            wait -= 1;
            if wait == 0 {
                samples.rows[sample][lane] = state.v;
                sample += 1;
                wait = samples.every;
            }
            if place == WORD - 1 || (span.is_last && step == span.steps - 1) {
                lanes.counts[lane] = lanes.counts[lane].wrapping_add(word.count_ones());
                if let Some(word_of_lane) = words.get_mut(row).and_then(|row| row.get_mut(*column + lane)) {
                    *word_of_lane = word;
                }
                (word, row) = (0, row + 1);
            }
        }
        for field in Field::of(options) {
            lanes[field][lane] = state.get(field);
        }
        lanes.partial_word[lane] = word;
        lanes.spiked_last[lane] = u32::from(state.spike);
        *left = state.refractory;
    }
}

impl LaneCoefficients {
    fn of(&self, lane: usize, refractory_steps: u32) -> Coefficients {
        let mut words = Coefficient::ALL.map(|coefficient| self[coefficient][lane].to_bits());
        words[Coefficient::RefractorySteps as usize] = refractory_steps;
        Coefficients::from_words(words)
    }
}
