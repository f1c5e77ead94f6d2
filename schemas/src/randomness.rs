//! How a random choice follows from a seed.
//!
//! Every random choice depends on (purpose, seed, identity of the thing) and on nothing else: not on a thread, a batch,
//! a partition count or an order of work. The three are hashed to the key of a ChaCha8 stream, whose output is specified
//! and equal on every platform.

pub use chacha20::ChaCha8Rng;
use rand::SeedableRng;
use sha2::{Digest, Sha256};

/// The generator for one purpose: `seed` is the user's, `identity` says which of the things it is about (a layer's
/// index, an epoch, a tree).
pub fn generator(purpose: &str, seed: u64, identity: u64) -> ChaCha8Rng {
    generator_for(purpose, seed, &identity.to_le_bytes())
}

/// As [`generator`], for things whose identity is more than a number.
pub fn generator_for(purpose: &str, seed: u64, identity: &[u8]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update((purpose.len() as u64).to_le_bytes());
    hash.update(purpose);
    hash.update(seed.to_le_bytes());
    hash.update(identity);
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// Number of units that a fraction of `n` are: the fraction of them, rounded up, and at least one. A product that misses
/// a whole number by rounding alone counts as that number.
pub fn n_chosen(fraction: f64, n: usize) -> usize {
    let share = (fraction * n as f64) * (1.0 - 1e-12);
    (share.ceil() as usize).clamp(1.min(n), n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_are_fixed_and_distinct() {
        let first = |purpose, seed, identity| generator(purpose, seed, identity).next_u64();
        assert_eq!(first("weights", 1, 0), first("weights", 1, 0));
        let all = [
            first("weights", 1, 0),
            first("weights", 1, 1),
            first("weights", 2, 0),
            first("order", 1, 0),
        ];
        assert_eq!(
            all.iter().collect::<std::collections::BTreeSet<_>>().len(),
            4
        );
        // A changed stream would change every dataset that was ever made.
        assert_eq!(first("weights", 0, 0), EXPECTED);
    }

    const EXPECTED: u64 = 9_911_610_100_774_401_635;
}
