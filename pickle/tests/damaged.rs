//! Pickles that were cut, changed or made up at random do no harm.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{fixture, fixtures, pickles};
use engram_pickle::{Error, PublishedDataset, read};
use proptest::prelude::*;

#[test]
fn every_truncation_is_refused() {
    for path in pickles(&fixtures(), "variant-") {
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            match read(whole[..end].to_vec()) {
                Err(Error::Truncated {
                    position,
                    end: said,
                    ..
                }) => assert!(position <= end && said == end),
                other => panic!("{}: the first {end} bytes: {other:?}", path.display()),
            }
        }
    }
}

/// Reads the file and everything in it that a reader of datasets would.
fn read_all(pickle: Vec<u8>) {
    let Ok(value) = read(pickle) else { return };
    let _ = PublishedDataset::try_new(&value);
    let Some(dict) = value.as_dict() else { return };
    for array in dict
        .entries()
        .iter()
        .filter_map(|(_, value)| value.as_array())
    {
        let _ = (
            array.to_f64(),
            array.to_i64(),
            array.to_texts(),
            array.to_values(),
        );
        for name in array.field_names() {
            let _ = array
                .field(name)
                .map(|field| (field.to_f64(), field.to_i64(), field.to_texts()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(bytes);
    }

    #[test]
    fn random_instructions_do_no_harm(
        codes in proptest::collection::vec(proptest::sample::select(b"N(0122]})tlde\x85\x86\x87asubRo\x81\x91\x8f\x90\x94q\x00h\x01K\x02.".to_vec()), 0..60)
    ) {
        read_all(codes);
    }

    #[test]
    fn random_changes_do_no_harm(
        file in proptest::sample::select(vec!["variant-text-labels", "variant-named-depths", "damaged-no-rule"]),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = fixture(file);
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        read_all(bytes);
    }

    #[test]
    fn random_splices_do_no_harm(
        from in any::<proptest::sample::Index>(),
        to in any::<proptest::sample::Index>(),
        at in any::<proptest::sample::Index>(),
    ) {
        let bytes = fixture("variant-text-labels");
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let part = &bytes[from.min(to)..from.max(to)];
        let at = at.index(bytes.len());
        read_all([&bytes[..at], part, &bytes[at..]].concat());
    }
}
