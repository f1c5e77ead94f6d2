//! Sorting of a node's samples by one feature.

/// Below this many entries comparing beats counting.
const COUNTING_FROM: usize = 256;

/// Most bits of a key that one counting pass takes: its counters stay in the first-level cache.
const MAX_DIGIT_BITS: u32 = 11;

/// Sorts entries by their upper 32 bits, the key; equal keys end up in any, but always the same, order.
pub(super) struct KeySorter {
    other: Vec<u64>,
    counters: Vec<u32>,
}

impl KeySorter {
    pub(super) fn new() -> Self {
        Self {
            other: Vec::new(),
            counters: vec![0; 1 << MAX_DIGIT_BITS],
        }
    }

    /// Sorts `entries`, whose largest key is `max_key`.
    pub(super) fn sort(&mut self, entries: &mut Vec<u64>, max_key: u32) {
        if entries.len() < COUNTING_FROM {
            entries.sort_unstable();
            return;
        }
        // As few passes as possible, and the bits spread evenly over them.
        let bits = (u32::BITS - max_key.leading_zeros()).max(1);
        let digit_bits = bits.div_ceil(bits.div_ceil(MAX_DIGIT_BITS));
        self.other.resize(entries.len(), 0);
        let mut low = 0;
        while low < bits {
            self.pass(entries, 32 + low, digit_bits);
            std::mem::swap(entries, &mut self.other);
            low += digit_bits;
        }
    }

    /// Moves `entries` to `other`, stably ordered by `digit_bits` bits above bit `shift`.
    fn pass(&mut self, entries: &[u64], shift: u32, digit_bits: u32) {
        let mask = (1_u64 << digit_bits) - 1;
        let counters = &mut self.counters[..1 << digit_bits];
        counters.fill(0);
        for &entry in entries {
            counters[(entry >> shift & mask) as usize] += 1;
        }
        let mut start = 0;
        for counter in counters.iter_mut() {
            start += std::mem::replace(counter, start);
        }
        for &entry in entries {
            let place = &mut counters[(entry >> shift & mask) as usize];
            self.other[*place as usize] = entry;
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut state = 1_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        let mut sorter = KeySorter::new();
        for n in [0, 1, 2, COUNTING_FROM - 1, COUNTING_FROM, 5_000] {
            for max_key in [0, 1, 255, 2_047, 2_048, 15_551, 70_000, u32::MAX - 1] {
                let mut entries: Vec<u64> = (0..n)
                    .map(|_| u64::from(draw() % (max_key + 1)) << 32 | u64::from(draw()))
                    .collect();
                let mut expected = entries.clone();
                expected.sort_unstable_by_key(|entry| entry >> 32);
                sorter.sort(&mut entries, max_key);
                let keys =
                    |entries: &[u64]| entries.iter().map(|entry| entry >> 32).collect::<Vec<_>>();
                assert_eq!(
                    keys(&entries),
                    keys(&expected),
                    "{n} entries up to {max_key}"
                );
                entries.sort_unstable();
                expected.sort_unstable();
                assert_eq!(entries, expected, "an entry was lost");
            }
        }
    }
}
