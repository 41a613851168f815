//! Blocks of 32 steps: the spikes of a cell in one block are one word.

/// Returns how many of the next `most` steps to make at once: up to the last end of a block of 32 among them, so that
/// no word is split, or all of them if no block ends there.
pub(crate) fn whole_words(first_step: u64, most: u64) -> u64 {
    let end = first_step + most;
    let aligned = end - end % 32;
    if aligned > first_step { aligned - first_step } else { most }
}

/// Returns the number of blocks of 32 steps that a range of steps touches.
pub(crate) fn blocks(first_step: u64, steps: u64) -> usize {
    (((first_step % 32) + steps).div_ceil(32)) as usize
}
