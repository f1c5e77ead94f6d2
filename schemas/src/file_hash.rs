//! The hash that a run's file carries of itself: what becomes of its bytes after they were written shows.
//!
//! It stands in the file's metadata, and is that of the whole file with zeros in its own place.

use sha2::{Digest, Sha256};

/// Key of the hash in a Parquet file's metadata.
pub const FILE_HASH_KEY: &str = "engram.file_sha256";

/// What stands in the hash's place while the file is hashed: as many zeros as it has digits.
pub const PLACEHOLDER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileHash {
    /// What was written.
    Right,
    /// Something else.
    Wrong,
    /// A file without a hash, from before there was one.
    Missing,
}

/// Puts the hash of a file in the place of the [`PLACEHOLDER`] that was written as the value of [`FILE_HASH_KEY`]. A file
/// without one stays as it is.
pub fn seal(file: &mut [u8]) {
    let Some(place) = place(file) else { return };
    let hash = hexadecimal(Sha256::digest(&*file).as_slice());
    file[place..place + hash.len()].copy_from_slice(hash.as_bytes());
}

/// Compares a file with the hash in it.
pub fn check(file: &[u8]) -> FileHash {
    let Some(place) = place(file) else {
        return FileHash::Missing;
    };
    let end = place + PLACEHOLDER.len();
    let mut hash = Sha256::new();
    hash.update(&file[..place]);
    hash.update(PLACEHOLDER);
    hash.update(&file[end..]);
    let is_right = hexadecimal(hash.finalize().as_slice()).as_bytes() == &file[place..end];
    if is_right {
        FileHash::Right
    } else {
        FileHash::Wrong
    }
}

/// Where the hash is: behind its key and what Parquet writes between a key and its value, the field's type and the length.
fn place(file: &[u8]) -> Option<usize> {
    const BETWEEN: usize = 2;
    let key = FILE_HASH_KEY.as_bytes();
    // The metadata are at the end of a file, and behind them only what a reader needs to find them.
    let start = file.windows(key.len()).rposition(|window| window == key)?;
    let place = start + key.len() + BETWEEN;
    let length = usize::from(*file.get(place - 1)?);
    (length == PLACEHOLDER.len() && place + length <= file.len()).then_some(place)
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = b"PAR1 some rows ".to_vec();
        file.extend(FILE_HASH_KEY.as_bytes());
        file.extend([0x18, PLACEHOLDER.len() as u8]);
        file.extend(PLACEHOLDER.as_bytes());
        file.extend(b" more metadata PAR1");
        file
    }

    #[test]
    fn every_changed_bit_shows() {
        let mut file = file();
        assert_eq!(check(&file), FileHash::Wrong);
        seal(&mut file);
        assert_eq!(check(&file), FileHash::Right);
        for place in 0..file.len() {
            for bit in 0..8 {
                file[place] ^= 1 << bit;
                assert_ne!(check(&file), FileHash::Right, "byte {place}, bit {bit}");
                file[place] ^= 1 << bit;
            }
        }
        for end in 0..file.len() {
            assert_ne!(check(&file[..end]), FileHash::Right, "cut at {end}");
        }
    }

    #[test]
    fn a_file_without_a_hash_is_left_alone() {
        let mut file = b"PAR1 rows PAR1".to_vec();
        seal(&mut file);
        assert_eq!(file, b"PAR1 rows PAR1");
        assert_eq!(check(&file), FileHash::Missing);
    }
}
