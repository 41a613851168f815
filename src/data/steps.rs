//! Steps in blocks of 32, the spikes of which are a word.

/// At most so many steps from this one on: those that end with a block of 32 where they reach the end of
/// one, so that each word is in one piece.
pub(crate) fn whole_words(first_step: u64, most: u64) -> u64 {
    let end = first_step + most;
    let aligned = end - end % 32;
    if aligned > first_step { aligned - first_step } else { most }
}

/// How many blocks of 32 steps a range of steps touches.
pub(crate) fn blocks(first_step: u64, steps: u64) -> usize {
    (((first_step % 32) + steps).div_ceil(32)) as usize
}
