//! [`Queue`]: steps that were requested one by one and wait to be made together.

use crate::data::broadcast::PARALLEL;
use crate::experiment::input::{Input, InputShape, InputValuesKind, Tensor};
use crate::prepared::current::{Current, Strides, Values};
use crate::prepared::noise::Noise;
use rayon::prelude::*;
use std::sync::Arc;

/// The number of bytes of queued inputs above which waiting for more steps is not worth the memory.
const MOST_BYTES: usize = 64 << 20;

/// The number of steps that wait before they are made together: those of a word of spikes.
const QUEUED_STEPS: u64 = 32;

/// Steps with the same input wait longer, as they take no more memory: until there are this many steps,
const MOST_REPEATED: u64 = 1 << 12;

/// or this many steps times cells, half of the work of 32 steps of a million cells, and a word is complete.
const MOST_REPEATED_WORK: u64 = 1 << 24;

/// The largest number of bytes of queued inputs, if a step has `step_bytes`.
fn most_bytes(step_bytes: u64) -> u64 {
    step_bytes.saturating_mul(QUEUED_STEPS).min(step_bytes.saturating_add(MOST_BYTES as u64))
}

/// Queued steps, in runs that the engine can each make in one call.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The last run may have no steps; it then only remembers an input that may come again.
    runs: Vec<Run>,
    steps: u64,
    /// The values of all runs, one run after the other. The memory is reused after the steps
    /// are made: fresh memory costs more than the steps of a small population.
    values: Vec<f32>,
}

/// Steps whose inputs have the same shape.
#[derive(Debug)]
struct Run {
    steps: u64,
    values: RunValues,
    /// The shape of the input as the user gave it.
    shape: InputShape,
    strides: Strides,
    noise: Option<Arc<Noise>>,
}

#[derive(Debug)]
enum RunValues {
    Tensor(Tensor),
    /// The same values at each step: `length` values from `start` on.
    Same {
        start: usize,
        length: usize,
    },
    /// Values for each step, one step after the other: `length` values per step, from `start` on.
    Each {
        start: usize,
        length: usize,
    },
}

impl Queue {
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether the queued steps are to be made now, for a population of `cells` cells; `next` is the number of the next
    /// step.
    pub(crate) fn is_due(&self, next: u64, cells: usize) -> bool {
        let repeats = matches!(&self.runs[..], [run] if run.repeats());
        if !repeats && size_of_val(&self.values[..]) >= MOST_BYTES {
            return true;
        }
        let waits = repeats
            && self.steps < MOST_REPEATED
            && self.steps.saturating_mul(cells as u64) < MOST_REPEATED_WORK;
        next.is_multiple_of(QUEUED_STEPS) && !waits
    }

    /// Adds one step if its input is the same as the last, and draws nothing at random. Such an input has been checked
    /// before.
    pub(crate) fn repeat(&mut self, input: &Input<'_>) -> bool {
        let Some(last) = self.runs.last_mut() else { return false };
        if !input.is_current_alone() || last.noise.is_some() || last.shape != input.shape() {
            return false;
        }
        let same = match (input.source(), &last.values) {
            (InputValuesKind::Tensor(tensor), RunValues::Tensor(last)) => last.is(tensor),
            (InputValuesKind::Number(value), _) => last.has(&[*value], &self.values),
            (InputValuesKind::Array(view), _) => {
                view.as_slice().is_some_and(|values| last.has(values, &self.values))
            }
            _ => false,
        };
        if same {
            last.steps += 1;
            self.steps += 1;
        }
        same
    }

    /// Adds step `number`, whose input has this shape. Returns `false` and adds nothing if the input is a new one
    /// while more than a word of steps waits for the last: these must be made first. Memory that is reserved for
    /// future steps has at most `room` bytes.
    pub(crate) fn push(
        &mut self,
        current: &Current<'_>,
        shape: InputShape,
        number: u64,
        room: Option<u64>,
    ) -> bool {
        // The population reuses the prepared noise as long as its sources are the same.
        let same_noise = self.runs.last().is_some_and(|run| match (&run.noise, &current.noise) {
            (None, None) => true,
            (Some(last), Some(noise)) => Arc::ptr_eq(last, noise),
            _ => false,
        });
        let fits_word = self.steps <= number % QUEUED_STEPS;
        let last = self.runs.last_mut().filter(|run| same_noise && run.strides == current.strides);
        let added = match (last, &current.values) {
            (None, _) => false,
            (Some(last), Values::Tensor(tensor)) => last.push_tensor(tensor),
            (Some(last), Values::Host(values)) if fits_word => {
                last.push_values(values, &mut self.values, room)
            }
            (Some(last), Values::Host(values)) => last.push_same(values, &self.values),
        };
        match self.runs.last_mut() {
            Some(last) if added => last.shape = shape,
            _ if !fits_word => return false,
            _ => self.start(current, shape),
        }
        self.steps += 1;
        true
    }

    /// Starts a new run.
    fn start(&mut self, current: &Current<'_>, shape: InputShape) {
        if self.steps == 0 {
            self.forget();
        }
        let values = match &current.values {
            Values::Tensor(tensor) => RunValues::Tensor((*tensor).clone()),
            Values::Host(values) => {
                let start = self.values.len();
                append(&mut self.values, values);
                RunValues::Same { start, length: values.len() }
            }
        };
        let noise = current.noise.clone();
        self.runs.push(Run { steps: 1, values, shape, strides: current.strides, noise });
    }

    /// Returns the number of steps of each run, and their input.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u64, Current<'_>)> {
        let runs = self.runs.iter().filter(|run| run.steps > 0);
        runs.map(|run| (run.steps, run.current(&self.values)))
    }

    /// Forgets all steps, but not the last input if it may come again.
    pub(crate) fn clear(&mut self) {
        self.steps = 0;
        let last = self.runs.pop();
        self.runs.clear();
        match last {
            Some(Run { values: RunValues::Same { start, length }, shape, strides, noise, .. }) => {
                self.values.copy_within(start..start + length, 0);
                self.values.truncate(length);
                let values = RunValues::Same { start: 0, length };
                self.runs.push(Run { steps: 0, values, shape, strides, noise });
            }
            _ => self.values.clear(),
        }
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        self.runs.clear();
        self.values.clear();
        self.steps = 0;
    }
}

impl Run {
    /// Whether all its steps have the same input.
    fn repeats(&self) -> bool {
        !matches!(self.values, RunValues::Each { .. })
    }

    /// Whether each step has these values.
    fn has(&self, values: &[f32], queued: &[f32]) -> bool {
        match self.values {
            RunValues::Same { start, length } => same_bits(&queued[start..start + length], values),
            RunValues::Tensor(_) | RunValues::Each { .. } => false,
        }
    }

    /// Adds a step if it is driven by the same tensor.
    fn push_tensor(&mut self, tensor: &Tensor) -> bool {
        let same = matches!(&self.values, RunValues::Tensor(last) if last.is(tensor));
        self.steps += u64::from(same);
        same
    }

    /// Adds a step if it has the same values.
    fn push_same(&mut self, values: &[f32], queued: &[f32]) -> bool {
        let same = self.has(values, queued);
        self.steps += u64::from(same);
        same
    }

    /// Adds a step to the run at the end of the queued values, if it has the same number of values. If the values are
    /// the same at each step, the run has the speed of a constant input.
    fn push_values(&mut self, values: &[f32], queued: &mut Vec<f32>, room: Option<u64>) -> bool {
        match self.values {
            RunValues::Same { start, length } if length == values.len() => {
                if !same_bits(&queued[start..], values) {
                    if self.steps == 0 {
                        return false;
                    }
                    let most = most_bytes(size_of_val(values) as u64).min(room.unwrap_or(u64::MAX));
                    let most = most as usize / size_of::<f32>();
                    queued.reserve_exact((start + most).saturating_sub(queued.len()));
                    for _ in 1..self.steps {
                        queued.extend_from_within(start..start + length);
                    }
                    append(queued, values);
                    self.values = RunValues::Each { start, length };
                }
            }
            RunValues::Each { length, .. } if length == values.len() => append(queued, values),
            _ => return false,
        }
        self.steps += 1;
        true
    }

    fn current<'a>(&'a self, queued: &'a [f32]) -> Current<'a> {
        let (values, step) = match &self.values {
            RunValues::Tensor(tensor) => (Values::Tensor(tensor), 0),
            RunValues::Same { start, length } => (host(queued, *start, *length), 0),
            RunValues::Each { start, length } => {
                (host(queued, *start, length * self.steps as usize), *length)
            }
        };
        let strides = Strides { step, ..self.strides };
        Current { values, strides, noise: self.noise.clone(), spikes: Vec::new(), offset: 0 }
    }
}

fn host(queued: &[f32], start: usize, length: usize) -> Values<'_> {
    Values::Host(queued[start..start + length].into())
}

/// Appends values, on all cores if there are many.
fn append(queued: &mut Vec<f32>, values: &[f32]) {
    if values.len() > PARALLEL {
        queued.par_extend(values);
    } else {
        queued.extend_from_slice(values);
    }
}

/// Compares bits; as bytes, as these are compared many at a time.
fn same_bits(one: &[f32], other: &[f32]) -> bool {
    bytemuck::cast_slice::<_, u8>(one) == bytemuck::cast_slice::<_, u8>(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::shape::Shape;
    use crate::prepared::current::Bounds;
    use crate::{Device, Input};
    use ndarray::{Array1, arr1};

    fn push(queue: &mut Queue, input: Input<'_>, population: Shape, number: u64) {
        let bounds = Bounds { resistance: 1.0, synaptic_gain: 1.0 };
        let shape = input.shape();
        let current = Current::new(input, 1, population, bounds, None, &Device::cpu()).expect("valid");
        assert!(queue.push(&current, shape, number, None));
    }

    fn queue(inputs: &[Array1<f32>]) -> Vec<(u64, Vec<f32>, Strides)> {
        let mut queue = Queue::default();
        for input in inputs {
            let number = queue.steps();
            push(&mut queue, Input::constant(input), [2, 3].into(), number);
        }
        assert_eq!(queue.steps(), inputs.len() as u64);
        let runs = queue
            .runs()
            .map(|(steps, current)| match current {
                Current { values: Values::Host(values), strides, .. } => (steps, values.to_vec(), strides),
                other => panic!("{other:?}"),
            })
            .collect();
        queue.clear();
        assert_eq!((queue.steps(), queue.runs().count()), (0, 0));
        runs
    }

    #[test]
    fn equal_inputs_are_kept_once() {
        let input = arr1(&[1.0, 2.0, 3.0]);
        let strides = Strides { step: 0, row: 0, neuron: 1 };
        assert_eq!(queue(&[input.clone(), input.clone(), input.clone()]), [(3, input.to_vec(), strides)]);
    }

    #[test]
    fn inputs_that_change_become_a_sequence() {
        let strides = Strides { step: 1, row: 0, neuron: 0 };
        let inputs = [5.0, 5.0, 5.0, 6.0, 5.0].map(|value| arr1(&[value]));
        assert_eq!(queue(&inputs), [(5, vec![5.0, 5.0, 5.0, 6.0, 5.0], strides)]);
        let queued = queue(&[0.0, -0.0].map(|value| arr1(&[value])));
        assert_eq!(queued[0].1.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), [0, 1 << 31]);
    }

    #[test]
    fn inputs_of_another_shape_start_another_run() {
        let one = Strides::default();
        let each = Strides { step: 0, row: 0, neuron: 1 };
        let inputs = [arr1(&[1.0]), arr1(&[1.0, 2.0, 3.0]), arr1(&[1.0])];
        assert_eq!(
            queue(&inputs),
            [(1, vec![1.0], one), (1, vec![1.0, 2.0, 3.0], each), (1, vec![1.0], one)]
        );
    }

    #[test]
    fn memory_is_used_again_and_as_much_as_accounted_for() {
        let mut queue = Queue::default();
        let mut places = Vec::new();
        for block in 0..3 {
            for step in 0..QUEUED_STEPS as usize {
                let input = Array1::from_elem(300, (block + step) as f32);
                push(&mut queue, Input::constant(&input), 300.into(), step as u64);
            }
            places.push(queue.values.as_ptr());
            queue.clear();
        }
        assert_eq!(places, [places[0]; 3]);
        assert_eq!(queue.values.capacity() as u64 * 4, most_bytes(300 * 4));
    }
}
