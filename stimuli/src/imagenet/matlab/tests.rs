use proptest::prelude::*;

use super::*;

const META: &[u8] = include_bytes!("../../../fixtures/meta.mat");
const PLAIN: &[u8] = include_bytes!("../../../fixtures/meta_plain.mat");

#[test]
fn numbers_mean_class_folders() {
    let expected = [(1, "n01443537"), (3, "n01440764"), (1001, "n00000001")];
    let expected = expected.map(|(number, folder)| (number, folder.to_owned()));
    assert_eq!(classes(META).unwrap(), BTreeMap::from(expected));
    let expected = BTreeMap::from([(3, "n01440764".to_owned())]);
    assert_eq!(classes(PLAIN).unwrap(), expected);
}

#[test]
fn other_and_cut_files_are_refused() {
    assert!(classes(b"").unwrap_err().contains("MATLAB 5.0"));
    assert!(classes(&META[..128]).unwrap_err().contains("no structures"));
    for bytes in [META, PLAIN] {
        for length in 129..bytes.len() {
            let found = classes(&bytes[..length]);
            assert!(
                found.is_err(),
                "{length} bytes of {}: {found:?}",
                bytes.len()
            );
        }
    }
}

proptest! {
    #[test]
    fn no_change_makes_it_panic(place in 128usize..368, byte in any::<u8>()) {
        let mut bytes = PLAIN.to_vec();
        bytes[place] = byte;
        let _ = classes(&bytes);
    }
}
