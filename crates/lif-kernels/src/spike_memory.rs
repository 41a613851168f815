//! What cells in the lanes remember of their spikes, in as few registers as will do.

use crate::{LANES, WORD};

/// How the refractory period and the spikes of a word are kept. The fewer registers this takes, the
/// fewer values spill to memory in each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpikeMemory {
    /// The spikes of the last 32 steps, the latest in the lowest bit: all that cells need which are
    /// refractory for less than 32 steps.
    History,
    /// The steps left. They tell also when in a word the spike was, where there is at most one, as
    /// cells are refractory for 32 steps or more.
    Countdown,
    /// Both the steps left and the word: for any cells.
    Both,
}

impl SpikeMemory {
    /// What serves cells with so many refractory steps, of which so many are left.
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

    /// What is kept of cells with so many refractory steps, of which so many are left.
    #[inline(always)]
    pub fn keep(self, steps: &[u32; LANES], left: &[u32; LANES], kept: &mut [u32; LANES]) {
        *kept = *left;
        if self == Self::History {
            for lane in 0..LANES {
                // As a spike at that time would have left it.
                let spike = 1 << (steps[lane].wrapping_sub(left[lane]) % WORD as u32);
                kept[lane] = if left[lane] > 0 { spike } else { 0 };
            }
        }
    }

    /// The steps left of cells.
    #[inline(always)]
    pub fn left(self, steps: &[u32; LANES], kept: &[u32; LANES], left: &mut [u32; LANES]) {
        *left = *kept;
        if self == Self::History {
            for lane in 0..LANES {
                left[lane] = steps[lane].saturating_sub(kept[lane].trailing_zeros());
            }
        }
    }

    /// What a step needs to know of the refractory steps of cells.
    #[inline(always)]
    pub fn coefficients(self, steps: &[u32; LANES], coefficients: &mut [u32; LANES]) {
        *coefficients = *steps;
        if self == Self::History {
            for steps in coefficients {
                *steps = (1 << (*steps % WORD as u32)) - 1;
            }
        }
    }

    /// The spikes of the steps `from..to` of a word, from what is kept of a cell at the end of these.
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
