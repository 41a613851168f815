//! Which predicted spikes coincide with recorded ones.

/// The spikes of one cell so far, against one train.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Matching {
    /// The first recorded spike that a later predicted one may coincide with.
    next: u32,
    pub(super) predicted: u32,
    pub(super) coincidences: u32,
}

impl Matching {
    /// Takes the next predicted spike. It coincides with the earliest recorded spike that is within the
    /// window and coincides with no other yet. As all windows are of one length, no other choice
    /// would give more coincidences in all.
    pub(super) fn add(&mut self, step: u64, recorded: &[u64], window: u64) {
        self.predicted += 1;
        let mut next = self.next as usize;
        while recorded.get(next).is_some_and(|spike| spike + window < step) {
            next += 1;
        }
        if recorded.get(next).is_some_and(|spike| *spike <= step + window) {
            self.coincidences += 1;
            next += 1;
        }
        self.next = next as u32;
    }
}
