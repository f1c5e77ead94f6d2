//! Valid files with random changes, for the tests that no input does harm. Several crates' tests include this file.

use proptest::prelude::*;
use proptest::sample::Index;

/// What a number in a text becomes: the ends of what fits, and what is no number of the usual kind.
const NUMBERS: &[&str] = &[
    "",
    "0",
    "-1",
    "-0.0",
    "1.5",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "18446744073709551615",
    "99999999999999999999999",
    "1e308",
    "5e-324",
    "1e999",
    "inf",
    "nan",
    "[]",
    "777777777777",
];

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    /// From a place on, bytes become this one.
    Fill(Index, u8, usize),
    /// A piece goes.
    Cut(Index, Index),
    /// Everything from a place on goes.
    End(Index),
    /// Bytes come in.
    Insert(Index, Vec<u8>),
    /// A piece comes in at another place once more.
    Repeat(Index, Index, Index),
    /// The pieces before and after a place, between two others, change places.
    Swap(Index, Index, Index),
    /// A number in decimal becomes another one.
    Number(Index, &'static str),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index| index.index(bytes.len() + 1);
        let ordered = |mut places: Vec<usize>| {
            places.sort_unstable();
            places
        };
        match self {
            Self::Fill(start, byte, n) => {
                let start = place(start);
                let end = (start + n).min(bytes.len());
                bytes[start..end].fill(*byte);
            }
            Self::Cut(one, other) => {
                let ends = ordered(vec![place(one), place(other)]);
                bytes.drain(ends[0]..ends[1]);
            }
            Self::End(end) => bytes.truncate(place(end)),
            Self::Insert(at, piece) => {
                let at = place(at);
                bytes.splice(at..at, piece.iter().copied());
            }
            Self::Repeat(one, other, at) => {
                let ends = ordered(vec![place(one), place(other)]);
                let at = place(at);
                let piece = bytes[ends[0]..ends[1]].to_vec();
                bytes.splice(at..at, piece);
            }
            Self::Swap(one, two, three) => {
                let ends = ordered(vec![place(one), place(two), place(three)]);
                bytes[ends[0]..ends[2]].rotate_left(ends[1] - ends[0]);
            }
            Self::Number(which, number) => {
                let is_start = |place: &usize| {
                    bytes[*place].is_ascii_digit()
                        && (*place == 0 || !bytes[place - 1].is_ascii_digit())
                };
                let starts: Vec<usize> = (0..bytes.len()).filter(is_start).collect();
                if starts.is_empty() {
                    return;
                }
                let start = starts[which.index(starts.len())];
                let rest = &bytes[start..];
                let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                bytes.splice(start..start + length, number.bytes());
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    let piece = proptest::collection::vec(any::<u8>(), 1..12);
    prop_oneof![
        3 => (index(), any::<u8>(), 1..9_usize).prop_map(|(at, byte, n)| Change::Fill(at, byte, n)),
        1 => (index(), index()).prop_map(|(one, other)| Change::Cut(one, other)),
        1 => index().prop_map(Change::End),
        2 => (index(), piece).prop_map(|(at, piece)| Change::Insert(at, piece)),
        1 => (index(), index(), index()).prop_map(|(one, other, at)| Change::Repeat(one, other, at)),
        1 => (index(), index(), index()).prop_map(|(one, two, three)| Change::Swap(one, two, three)),
        6 => (index(), proptest::sample::select(NUMBERS))
            .prop_map(|(which, number)| Change::Number(which, number)),
    ]
}

/// One of `valid` with a few changes, or nothing but random bytes.
pub(crate) fn mutated(valid: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec(change(), 1..4);
    let changed = (proptest::sample::select(valid), changes).prop_map(|(mut bytes, changes)| {
        changes.iter().for_each(|change| change.apply(&mut bytes));
        bytes
    });
    prop_oneof![
        9 => changed,
        1 => proptest::collection::vec(any::<u8>(), 0..300),
    ]
}

/// So many cases, unless `PROPTEST_CASES` says another number.
pub(crate) fn cases(n: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases: n, ..config },
    }
}
