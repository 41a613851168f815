//! Neurons with a single input that is exactly the threshold, in systems that add inputs without a factor.

use lif::{Device, Input, Population, Preset, Recording};
use ndarray::{Array1, Array2};

/// A set of neurons at rest at 0 with one parameter that differs between neurons.
struct Asked {
    preset: &'static str,
    set: &'static [(&'static str, f64)],
    words: &'static [(&'static str, &'static str)],
    threshold: &'static str,
    varied: (&'static str, f64, f64, usize),
    /// Whether the input causes a spike there, by the arithmetic of that system: a function of the parameter, the
    /// input and the threshold.
    there: fn(f32, f32, f32) -> bool,
    /// The largest number of neurons that may differ here, for each of [`THRESHOLDS`].
    most: [usize; THRESHOLDS.len()],
}

/// The thresholds, which are also the inputs.
pub const THRESHOLDS: [f64; 3] = [1.0, 0.75, 0.3];

const ASKED: [Asked; 4] = [
    Asked {
        preset: "bindsnet",
        set: &[("rest", 0.0), ("reset", 0.0)],
        words: &[],
        threshold: "thresh",
        varied: ("tc_decay", 1.0, 200.0, 200),
        there: |_, input, threshold| input >= threshold,
        most: [1, 19, 11],
    },
    Asked {
        preset: "snntorch-leaky",
        set: &[],
        words: &[],
        threshold: "threshold",
        varied: ("beta", 0.005, 0.999, 995),
        there: |_, input, threshold| input > threshold,
        most: [0, 156, 100],
    },
    Asked {
        preset: "snntorch-lapicque",
        set: &[],
        words: &[("reset_mechanism", "zero")],
        threshold: "threshold",
        varied: ("C", 2.0, 200.0, 199),
        there: |c, input, threshold| 1.0 / c * input > threshold,
        most: [0, 36, 4],
    },
    Asked {
        preset: "spikingjelly",
        set: &[],
        words: &[("decay_input", "false")],
        threshold: "v_threshold",
        varied: ("tau", 2.0, 200.0, 199),
        there: |_, input, threshold| input >= threshold,
        most: [0, 5, 4],
    },
];

/// The results for a set of neurons.
pub struct Row {
    pub preset: &'static str,
    /// The varied parameter and its range, as `tau=2:200`.
    pub varied: String,
    pub neurons: usize,
    /// For each threshold: the number of neurons that spike there, and the number that differ here.
    pub spikes: [(usize, usize); THRESHOLDS.len()],
}

pub fn rows() -> Vec<Row> {
    ASKED.iter().map(Asked::row).collect()
}

impl Asked {
    fn row(&self) -> Row {
        let (name, low, high, neurons) = self.varied;
        let spikes = THRESHOLDS.map(|threshold| self.spikes(threshold));
        for ((_, differing), most) in spikes.iter().zip(self.most) {
            assert!(*differing <= most, "{}: {differing} pulses decide otherwise than there", self.preset);
        }
        Row { preset: self.preset, varied: format!("{name}={low}:{high}"), neurons, spikes }
    }

    fn spikes(&self, threshold: f64) -> (usize, usize) {
        let (name, low, high, neurons) = self.varied;
        let varied = Array1::linspace(low, high, neurons);
        let preset = Preset::by_name(self.preset).unwrap();
        let preset = self.set.iter().fold(preset, |preset, (name, value)| preset.with(name, *value).unwrap());
        let preset = self.words.iter().fold(preset, |preset, (name, word)| preset.with(name, *word).unwrap());
        let preset = preset.with(self.threshold, threshold).unwrap().with(name, varied.clone()).unwrap();
        // Lapicque's input charges a capacitance; the other systems add the input to the potential.
        let pulse = |neuron: usize| (threshold * if name == "C" { varied[neuron] } else { 1.0 }) as f32;
        let at_the_second_step = |(step, neuron)| if step == 1 { pulse(neuron) } else { 0.0 };
        let input = Array2::from_shape_fn((4, neurons), at_the_second_step);
        let mut population = Population::new(preset.params().unwrap(), neurons, &Device::cpu()).unwrap();
        let recorded =
            population.run(4, Input::sequence(&input)).record(Recording::none().counts()).go().unwrap();
        let here = recorded.counts.unwrap();
        let there = |neuron: usize| (self.there)(varied[neuron] as f32, pulse(neuron), threshold as f32);
        let differing = (0..neurons).filter(|neuron| there(*neuron) != (here[[0, *neuron]] > 0)).count();
        ((0..neurons).filter(|neuron| there(*neuron)).count(), differing)
    }
}
