//! The steps of samples with times: a sample is due in the first step at whose beginning its time has come.

use crate::numbers::Time;
use crate::numbers::time::{LITTLE, MOST_OF_OTHERS, TIME_TOLERANCE};

/// The largest correction for rounding, as a fraction of the shortest interval, unless all samples are at
/// beginnings of steps: rounding does not make a sample nearly as late as the next one.
const PART_OF_SHORTEST: f64 = 0.25;

/// The times of samples, compared with steps that count from the first sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    pub first: Time,
    pub last: Time,
    /// The last interval, ms, and the shortest one.
    pub before: Option<f64>,
    pub shortest: f64,
    /// A step, ms.
    dt: f64,
    /// Whether all times are at beginnings of different steps, within rounding; and the step of the last one.
    is_in_steps: bool,
    step: f64,
}

impl Schedule {
    pub fn new(first: Time, dt: f64) -> Self {
        Self { first, last: first, before: None, shortest: f64::INFINITY, dt, is_in_steps: true, step: 0.0 }
    }

    /// Adds the next time.
    pub fn add(&mut self, time: Time) {
        let before = time.ms_after(&self.last);
        self.before = Some(before);
        self.shortest = self.shortest.min(before);
        self.last = time;
        let (after, step) = (time.ms_after(&self.first), self.nearest_step(&time));
        let rounding = time.slack_after(&self.first, self.dt, [MOST_OF_OTHERS; 2]);
        self.is_in_steps &= (after - step * self.dt).abs() <= rounding && step > self.step;
        self.step = step;
    }

    fn nearest_step(&self, time: &Time) -> f64 {
        (time.ms_after(&self.first) / self.dt).round()
    }

    /// Whether a sample is due at the beginning of a step.
    pub fn is_due(&self, time: &Time, step: u64, dt: f64) -> bool {
        let step = step as f64;
        if self.is_in_steps && dt == self.dt {
            return self.nearest_step(time) <= step;
        }
        let most = (PART_OF_SHORTEST * self.shortest).min(0.5 * dt);
        let rounding = time.slack_after(&self.first, dt, [LITTLE; 2]).min(most).max(TIME_TOLERANCE * dt);
        time.ms_after(&self.first) <= step * dt + rounding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::Precision;

    /// The sample of each step.
    fn samples_of_steps(times: &[Time], dt: f64, steps: u64) -> Vec<usize> {
        let mut schedule = Schedule::new(times[0], dt);
        times[1..].iter().for_each(|time| schedule.add(*time));
        let mut next = 0;
        let mut holds = |step| {
            next += times[next..].iter().take_while(|time| schedule.is_due(time, step, dt)).count();
            next - 1
        };
        (0..steps).map(&mut holds).collect()
    }

    fn text(time: i128, decimals: usize, unit: f64) -> Time {
        let digits = format!("{time:0width$}", width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        let text = if decimals == 0 { whole.to_owned() } else { format!("{whole}.{part}") };
        Time::new(text.parse().unwrap(), unit, Precision::of_text(&text))
    }

    /// Exact times in any notation: each step has the latest sample at its beginning.
    #[test]
    fn exact_times_hold_as_exact_arithmetic_says() {
        let mut tried = 0;
        for (unit, digits) in [(1.0, 0), (1e3, 3), (1e-3, -3)] {
            for decimals in 0..6_usize {
                // Times count in units of the last place, steps in ms times a power of ten that suits both.
                let per_ms = 10_i128.pow((decimals as i32 - digits).max(0) as u32) * 1000;
                let place = 10_i128.pow((digits - decimals as i32).max(0) as u32) * 1000;
                for dt in [1, 2, 5, 10, 20, 25, 30, 50, 100, 125, 300, 700, 1000, 2000, 3000, 10_000_i128] {
                    for spacing in [1, 2, 3, 4, 5, 7, 10, 25, 30, 100, 250, 1000_i128] {
                        for offset in [0, 1, 3, 10, 61, 1000, 2_000_000_i128] {
                            // Steps are multiples of the last place; the ratio of a step and a sample is not
                            // extreme.
                            let step = dt * per_ms / 1000;
                            let apart = spacing * place;
                            let is_exact = step * 1000 == dt * per_ms && step % place == 0;
                            if !is_exact || step > 200 * apart || apart > 200 * step {
                                continue;
                            }
                            let numbers: Vec<i128> = (0..300).map(|k| offset + k * spacing).collect();
                            let of = |time: fn(i128, usize, f64) -> Time| -> Vec<Time> {
                                numbers.iter().map(|number| time(*number, decimals, unit)).collect()
                            };
                            let written = of(text);
                            let double = of(|number, decimals, unit| {
                                let number = number as f64 / libm::exp10(decimals as f64);
                                Time::new(number, unit, Precision::Double)
                            });
                            let expected: Vec<usize> =
                                (0..100).map(|s| ((s * step / apart) as usize).min(299)).collect();
                            let dt = dt as f64 / 1000.0;
                            let case = format!(
                                "{decimals} decimals, dt {dt}, {spacing} apart from {offset}, {unit} ms"
                            );
                            assert_eq!(samples_of_steps(&written, dt, 100), expected, "text: {case}");
                            assert_eq!(samples_of_steps(&double, dt, 100), expected, "double: {case}");
                            if decimals == 0 {
                                let whole: Vec<Time> = numbers
                                    .iter()
                                    .map(|number| Time::new(*number as f64, unit, Precision::Place(0.5)))
                                    .collect();
                                assert_eq!(samples_of_steps(&whole, dt, 100), expected, "whole: {case}");
                            }
                            // Single precision has to distinguish the times.
                            if numbers[299] < 100_000 {
                                let single: Vec<Time> = numbers
                                    .iter()
                                    .map(|number| {
                                        let number = *number as f64 / libm::exp10(decimals as f64);
                                        Time::new((number as f32).into(), unit, Precision::Single)
                                    })
                                    .collect();
                                assert_eq!(samples_of_steps(&single, dt, 100), expected, "single: {case}");
                            }
                            tried += 1;
                        }
                    }
                }
            }
        }
        assert!(tried > 3000, "{tried}");
    }

    #[test]
    fn times_of_steps_that_were_rounded_fall_into_their_steps() {
        for (dt, decimals) in [(0.25, 1), (1.0 / 30.0, 2), (1.0 / 30.0, 4), (0.04096, 3), (1.0 / 24.0, 3)] {
            for offset in [0.0, 8.0 * dt, 1234.0 * dt] {
                let read = |text: &str| Time::new(text.parse().unwrap(), 1.0, Precision::of_text(text));
                let times: Vec<Time> =
                    (0..500).map(|k| read(&format!("{:.decimals$}", offset + f64::from(k) * dt))).collect();
                assert_eq!(
                    samples_of_steps(&times, dt, 500),
                    (0..500).collect::<Vec<_>>(),
                    "{dt} with {decimals} decimals"
                );
                let single: Vec<Time> = (0..500)
                    .map(|k| (offset + f64::from(k) * dt) as f32)
                    .map(|time| Time::new(time.into(), 1.0, Precision::Single))
                    .collect();
                assert_eq!(
                    samples_of_steps(&single, dt, 500),
                    (0..500).collect::<Vec<_>>(),
                    "{dt} in single precision"
                );
            }
        }
    }

    #[test]
    fn times_beside_steps_are_meant_as_they_are_written() {
        let double = |ms| Time::new(ms, 1.0, Precision::Double);
        let times: Vec<Time> = (0..100).map(|k| double(2e6 + f64::from(k) * 0.25)).collect();
        assert_eq!(samples_of_steps(&times, 1.0, 4), [0, 4, 8, 12]);
        // Microseconds since 1970, with steps so short that ms since 1970 in double precision do not
        // distinguish them.
        for precision in [Precision::Double, Precision::Place(0.5)] {
            for (dt, apart) in [(0.01, 10.0), (0.02, 20.0), (0.001, 1.0)] {
                let time = |k| Time::new(1_700_000_000_123_456.0 + f64::from(k) * apart, 1e-3, precision);
                let times: Vec<Time> = (0..100).map(time).collect();
                assert_eq!(
                    samples_of_steps(&times, dt, 100),
                    (0..100).collect::<Vec<_>>(),
                    "{dt}, {precision:?}"
                );
            }
        }
        // Nanoseconds since 1970, in ms.
        let times: Vec<Time> = (0..100).map(|k| double(1.7e12 + f64::from(k) * 0.1)).collect();
        assert_eq!(samples_of_steps(&times, 0.1, 100), (0..100).collect::<Vec<_>>());
    }
}
