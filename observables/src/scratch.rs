//! Working memory that outlives a call.

/// Working memory for [`observe`](crate::observe): keep one a thread and no call allocates once the longest row has
/// been seen.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(crate) narrow: Vec<u32>,
    pub(crate) wide: Vec<u64>,
}

impl Scratch {
    /// Bytes that it holds: never more than the values of the longest row took.
    pub fn n_bytes(&self) -> usize {
        4 * self.narrow.capacity() + 8 * self.wide.capacity()
    }
}
