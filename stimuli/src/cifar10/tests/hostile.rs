//! Files of CIFAR-10 that were cut, changed or made up at random do no harm.

use proptest::prelude::*;

use super::*;
use crate::mutation::{cases, mutated};

/// Opens the files and reads all their images, where that can be done.
fn read(data: &Path) {
    let Ok(cifar) = Cifar10::with(data, N) else {
        return;
    };
    for set in [Set::Train, Set::Validation] {
        for index in 0..cifar.n_examples(set) {
            if let Ok((picture, class)) = cifar.picture(set, index) {
                assert_eq!(picture.pixels.len(), IMAGE);
                assert!(class < usize::from(N_CLASSES));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_binary_file_does_harm(bytes in mutated(vec![binary(2)])) {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), &files(binary, ".bin"));
        write(folder.path(), "data_batch_3.bin", bytes);
        read(folder.path());
    }

    #[test]
    fn no_pickle_does_harm(bytes in mutated(vec![python(2)])) {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), &files(python, ""));
        write(folder.path(), "data_batch_3", bytes);
        read(folder.path());
    }

    #[test]
    fn no_archive_does_harm(
        bytes in mutated(vec![
            archive("cifar-10-batches-bin/", &files(binary, ".bin")),
            archive("cifar-10-batches-py/", &files(python, "")),
            compressed(&archive("", &files(python, ""))),
        ])
    ) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "cifar-10-python.tar.gz", bytes);
        read(folder.path());
    }

    #[test]
    fn no_compressed_archive_does_harm(bytes in mutated(vec![archive("", &files(python, ""))])) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "cifar-10-python.tar.gz", compressed(&bytes));
        read(folder.path());
    }
}
