//! [`SpikeMemory`]: how cells in the lanes remember their spikes and refractory periods, in as few registers as
//! possible.

use crate::{LANES, WORD};

/// How the refractory period and the spikes of the current word are stored. The fewer registers this takes, the
/// fewer values spill to memory in each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpikeMemory {
    /// The spikes of the last 32 steps, the latest in the lowest bit. This is enough for cells that are
    /// refractory for less than 32 steps.
    History,
    /// The refractory steps left. For cells that are refractory for 32 steps or more, a word has at most one spike,
    /// and the steps left also tell when it was.
    Countdown,
    /// Both the refractory steps left and the spikes of the word: for any cells.
    Both,
}

impl SpikeMemory {
    /// Returns the memory for cells with these refractory periods (`steps`) and refractory steps left.
    #[inline(always)]
    pub fn for_cells(steps: &[u32; LANES], left: &[u32; LANES]) -> Self {
        let (mut surplus, mut short, mut long) = (false, true, true);
        for (steps, left) in steps.iter().zip(left) {
            surplus |= left > steps;
            short &= (*steps as usize) < WORD;
            long &= *steps as usize >= WORD;
        }
        match (surplus, short, long) {
            (false, true, _) => Self::History,
            (false, _, true) => Self::Countdown,
            _ => Self::Both,
        }
    }

    /// Stores the refractory steps left of cells with these refractory periods (`steps`) in `kept`.
    #[inline(always)]
    pub fn keep(self, steps: &[u32; LANES], left: &[u32; LANES], kept: &mut [u32; LANES]) {
        *kept = *left;
        if self == Self::History {
            for lane in 0..LANES {
                // The history that a spike at that time would have left.
                let spike = 1 << (steps[lane].wrapping_sub(left[lane]) % WORD as u32);
                kept[lane] = if left[lane] > 0 { spike } else { 0 };
            }
        }
    }

    /// Returns in `left` the refractory steps left, from what is `kept`.
    #[inline(always)]
    pub fn left(self, steps: &[u32; LANES], kept: &[u32; LANES], left: &mut [u32; LANES]) {
        *left = *kept;
        if self == Self::History {
            for lane in 0..LANES {
                left[lane] = steps[lane].saturating_sub(kept[lane].trailing_zeros());
            }
        }
    }

    /// Computes from the refractory periods (`steps`) the coefficients that a step uses.
    #[inline(always)]
    pub fn coefficients(self, steps: &[u32; LANES], coefficients: &mut [u32; LANES]) {
        *coefficients = *steps;
        if self == Self::History {
            for steps in coefficients {
                *steps = (1 << (*steps % WORD as u32)) - 1;
            }
        }
    }

    /// Returns the spikes of the steps `from..to` of a word, from what is kept of a cell at the end of these steps.
    #[inline(always)]
    pub fn word(self, steps: u32, kept: u32, (from, to): (usize, usize)) -> u32 {
        let first = u32::MAX << from;
        match self {
            Self::Both => kept,
            Self::History => (kept.reverse_bits() >> (WORD - to)) & first,
            Self::Countdown => (1_u32 << (to - 1)).checked_shr(steps.wrapping_sub(kept)).unwrap_or(0) & first,
        }
    }
}
