//! Steps that were asked for one by one and wait to be made together.

use crate::input::{Current, Strides, Tensor, Values};
use crate::noise::Noise;
use std::sync::Arc;

/// Bytes of queued inputs after which waiting for more steps is not worth the memory.
const MOST_BYTES: usize = 64 << 20;

/// Steps that wait before they are made together; a word of spikes.
pub(crate) const QUEUED_STEPS: u64 = 32;

/// Bytes of queued inputs at the most, where each step has as many as this.
pub(crate) fn most_bytes(step_bytes: u64) -> u64 {
    step_bytes.saturating_mul(QUEUED_STEPS).min(step_bytes.saturating_add(MOST_BYTES as u64))
}

/// Queued steps, in runs that the engine can make in one call.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    runs: Vec<Run>,
    steps: u64,
    bytes: usize,
}

/// Steps whose inputs have the same shape.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) steps: u64,
    values: RunValues,
    strides: Strides,
    noise: Option<Arc<Noise>>,
}

#[derive(Debug)]
enum RunValues {
    Tensor(Tensor),
    /// The same values at each step.
    Same(Vec<f32>),
    /// The values of one step after those of the other.
    Each(Vec<f32>),
}

impl Queue {
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether the queue holds as much as is worth waiting for.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES
    }

    /// Adds one step.
    pub(crate) fn push(&mut self, current: &Current<'_>) {
        // The population hands out the same noise as long as its sources stay the same.
        let same_noise = self.runs.last().is_some_and(|run| match (&run.noise, &current.noise) {
            (None, None) => true,
            (Some(last), Some(noise)) => Arc::ptr_eq(last, noise),
            _ => false,
        });
        let last = self.runs.last_mut().filter(|run| same_noise && run.strides == current.strides);
        let grown = match (&current.values, last) {
            (_, None) => None,
            (Values::Tensor(tensor), Some(last)) => last.push_tensor(tensor),
            (Values::Host(values), Some(last)) => last.push_values(values),
        };
        self.bytes += grown.unwrap_or_else(|| self.start(current));
        self.steps += 1;
    }

    /// Starts another run and returns its bytes.
    fn start(&mut self, current: &Current<'_>) -> usize {
        let (values, bytes) = match &current.values {
            Values::Tensor(tensor) => (RunValues::Tensor((*tensor).clone()), 0),
            Values::Host(values) => (RunValues::Same(values.to_vec()), size_of_val(&values[..])),
        };
        let noise = current.noise.clone();
        self.runs.push(Run { steps: 1, values, strides: current.strides, noise });
        bytes
    }

    /// Takes everything out.
    pub(crate) fn drain(&mut self) -> Vec<Run> {
        std::mem::take(self).runs
    }
}

impl Run {
    /// Adds a step, where it is driven by the same tensor, and returns the bytes that it takes.
    fn push_tensor(&mut self, tensor: &Tensor) -> Option<usize> {
        let same = matches!(&self.values, RunValues::Tensor(last) if last.is(tensor));
        self.steps += u64::from(same);
        same.then_some(0)
    }

    /// Adds a step, where as many values drive it, and returns the bytes that it takes. Whoever
    /// passes the same values at each step gets the speed of a constant input.
    fn push_values(&mut self, values: &[f32]) -> Option<usize> {
        let steps = self.steps as usize;
        let bytes = match &mut self.values {
            RunValues::Same(last) if *last == values => 0,
            RunValues::Same(last) if last.len() == values.len() => {
                let mut each = last.repeat(steps);
                each.extend_from_slice(values);
                self.values = RunValues::Each(each);
                size_of_val(values) * steps
            }
            RunValues::Each(each) if each.len() == values.len() * steps => {
                each.extend_from_slice(values);
                size_of_val(values)
            }
            _ => return None,
        };
        self.steps += 1;
        Some(bytes)
    }

    pub(crate) fn current(&self) -> Current<'_> {
        let (values, step) = match &self.values {
            RunValues::Tensor(tensor) => (Values::Tensor(tensor), 0),
            RunValues::Same(values) => (Values::Host(values.into()), 0),
            RunValues::Each(values) => (Values::Host(values.into()), values.len() / self.steps as usize),
        };
        let strides = Strides { step, ..self.strides };
        Current { values, strides, noise: self.noise.clone(), spikes: Vec::new(), offset: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Bounds;
    use crate::{Device, Input};
    use ndarray::{Array1, arr1};

    fn queue(inputs: &[Array1<f32>]) -> Vec<(u64, Vec<f32>, Strides)> {
        let mut queue = Queue::default();
        let bounds = Bounds { resistance: 1.0, synaptic_gain: 1.0 };
        for input in inputs {
            queue.push(
                &Current::new(Input::constant(input), 1, (2, 3), bounds, None, &Device::cpu())
                    .expect("valid"),
            );
        }
        assert_eq!(queue.steps(), inputs.len() as u64);
        let runs = queue.drain();
        assert_eq!(queue.steps(), 0);
        runs.iter()
            .map(|run| match run.current() {
                Current { values: Values::Host(values), strides, .. } => {
                    (run.steps, values.to_vec(), strides)
                }
                other => panic!("{other:?}"),
            })
            .collect()
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
}
