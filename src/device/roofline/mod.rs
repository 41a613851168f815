//! Measures the roofline of a device: how fast its memory and its arithmetic are at best (Williams, Waterman
//! & Patterson 2009, Commun. ACM 52(4):65).

mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;

use crate::device::{Backend, Device};
use crate::error::{Argument, Error, Result};
use std::time::{Duration, Instant};

/// How fast a device copies its memory and how fast it multiplies and adds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Roofline {
    /// Bytes per second that a copy loads and stores, both counted, between parts of the device's memory that
    /// are larger than most caches. Data in caches can be faster.
    pub bytes_per_s: f64,
    /// Multiplications and additions of `f32` per second, if all threads do nothing else.
    pub operations_per_s: f64,
    /// The time (s) of a dispatch on a GPU that waits for the one before, in a long chain of them. Each block of steps of
    /// a large network takes two. `None` on the CPU.
    pub dispatch_s: Option<f64>,
}

impl Roofline {
    /// The least time (s) in which a device moves this many bytes and makes this many operations: the longer
    /// of both times, as it can do both at once.
    ///
    /// ```
    /// # fn least(roofline: &lif::Roofline) {
    /// // One neuron-step with its input from memory: 4 bytes and 12 operations.
    /// println!("at most {:.1e} neuron-steps per second", 1.0 / roofline.least_seconds(4.0, 12.0));
    /// # }
    /// ```
    #[must_use]
    pub fn least_seconds(&self, bytes: f64, operations: f64) -> f64 {
        (bytes / self.bytes_per_s).max(operations / self.operations_per_s)
    }
}

impl Device {
    /// Measures the roofline of the device, in some tenths of a second.
    ///
    /// # Errors
    ///
    /// Too little memory, faults of the device, and [`Error::OutOfRange`] for
    /// [several](Self::several) devices, which have a roofline each.
    pub fn measure_roofline(&self) -> Result<Roofline> {
        match &self.backend {
            Backend::Cpu => cpu::measure(),
            #[cfg(feature = "gpu")]
            Backend::Gpu(gpu) => gpu::measure(&gpu.context),
            #[cfg(not(feature = "gpu"))]
            Backend::Gpu(gpu) => match **gpu {},
            Backend::Several(_) => {
                let error = Error::out_of_range("the device to measure", "a list", "a single device");
                Err(error.about(Argument::Device))
            }
        }
    }
}

/// The least duration of a measurement: long enough that its start does not matter.
const LEAST: Duration = Duration::from_millis(15);

/// Number of measurements, the best of which counts.
const REPEATS: usize = 4;

/// How often per second `work` does its task; it is called with the number of repetitions.
fn best_rate(mut work: impl FnMut(u32) -> Result<()>) -> Result<f64> {
    let mut time = |times: u32| -> Result<Duration> {
        let start = Instant::now();
        work(times)?;
        Ok(start.elapsed())
    };
    let mut times = 1;
    // The first call touches memory for the first time, and triggers late compilation.
    time(times)?;
    let mut best = time(times)?;
    while best < LEAST && times < 1 << 20 {
        times *= 2;
        best = time(times)?;
    }
    for _ in 1..REPEATS {
        best = best.min(time(times)?);
    }
    Ok(f64::from(times) / best.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_of_both_bounds() {
        let roofline = Roofline { bytes_per_s: 10.0, operations_per_s: 100.0, dispatch_s: None };
        assert_eq!(roofline.least_seconds(20.0, 100.0), 2.0);
        assert_eq!(roofline.least_seconds(20.0, 300.0), 3.0);
    }

    #[test]
    fn the_rate_is_that_of_the_best_of_several_long_enough() {
        let mut asked = Vec::new();
        let nap = Duration::from_millis(4);
        let rate = best_rate(|times| {
            asked.push(times);
            std::thread::sleep(nap * times);
            Ok(())
        });
        // A sleep may last longer than requested, on a busy machine much longer, but never shorter.
        let rate = rate.expect("nothing fails");
        assert!(rate > 0.0 && rate <= 1.0 / nap.as_secs_f64(), "{rate}");
        assert_eq!(asked[..2], [1, 1]);
        let last = &asked[asked.len() - REPEATS..];
        assert!(last.iter().all(|times| *times == last[0]) && last[0] <= 4, "{asked:?}");
    }
}
