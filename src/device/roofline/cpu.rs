//! Measures the roofline of the CPU: all threads copy, then all threads multiply and add.

use super::{Roofline, best_rate};
use crate::data::memory;
use crate::error::Result;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::hint::black_box;

/// Number of values that are copied; twice the bytes that most last-level caches have.
const VALUES: usize = 32 << 20;

/// Number of values that a thread copies at a time.
const PART: usize = 1 << 18;

/// Vectors that are advanced side by side: enough to keep both units of a core busy despite the latency of a
/// result, and few enough for the registers.
const CHAINS: usize = 12;

/// Rounds of one measured piece of arithmetic.
const ROUNDS: u32 = 1 << 16;

pub(super) fn measure() -> Result<Roofline> {
    let bytes = 2 * size_of::<f32>() as u64 * VALUES as u64;
    memory::require("the copy that measures the memory", bytes, "stop other programs")?;
    let source = vec![1.0_f32; VALUES];
    let mut target = vec![0.0_f32; VALUES];
    let copies = best_rate(|times| {
        for _ in 0..times {
            target
                .par_chunks_mut(PART)
                .zip(source.par_chunks(PART))
                .for_each(|(target, source)| target.copy_from_slice(black_box(source)));
        }
        Ok(())
    })?;

    let threads = rayon::current_num_threads();
    let lanes = Arch::new().dispatch(Lanes);
    let operations = 2 * CHAINS * lanes * ROUNDS as usize * threads;
    let pieces = best_rate(|times| {
        rayon::broadcast(|_| {
            for _ in 0..times {
                black_box(Arch::new().dispatch(MultiplyAndAdd { factor: black_box(0.5) }));
            }
        });
        Ok(())
    })?;
    Ok(Roofline {
        bytes_per_s: copies * bytes as f64,
        operations_per_s: pieces * operations as f64,
        dispatch_s: None,
    })
}

/// Number of values in a vector of this processor.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// `x * factor + 1` over and over, without contraction, which the model's products and sums must not have
/// either.
struct MultiplyAndAdd {
    factor: f32,
}

impl WithSimd for MultiplyAndAdd {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (factor, one) = (simd.splat_f32s(self.factor), simd.splat_f32s(1.0));
        let mut chains = [one; CHAINS];
        for _ in 0..ROUNDS {
            for x in &mut chains {
                *x = simd.add_f32s(simd.mul_f32s(*x, factor), one);
            }
        }
        let sum = chains.into_iter().fold(one, |sum, x| simd.add_f32s(sum, x));
        simd.reduce_sum_f32s(sum)
    }
}
