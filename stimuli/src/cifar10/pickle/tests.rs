use std::io::Cursor;

use proptest::prelude::*;

use super::super::{N_CLASSES, python};
use super::*;
use crate::section::Section;

const N: usize = 2;

/// What NumPy 2.4 writes before and after the pixels of two images with labels 3 and 9, under Python 3.
const PROTOCOLS: [(&[u8], &[u8]); 4] = [
    (
        b"\x80\x03}q\x00(X\x06\x00\x00\x00labelsq\x01]q\x02(K\x03K\x09eX\x04\x00\x00\x00dataq\x03cnumpy._core.multiarray\n_reconstruct\nq\x04cnumpy\nndarray\nq\x05K\x00\x85q\x06C\x01bq\x07\x87q\x08Rq\x09(K\x01K\x02M\x00\x0c\x86q\ncnumpy\ndtype\nq\x0bX\x02\x00\x00\x00u1q\x0c\x89\x88\x87q\x0dRq\x0e(K\x03X\x01\x00\x00\x00|q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x10b\x89B\x00\x18\x00\x00",
        b"q\x11tq\x12bu.",
    ),
    (
        b"\x80\x04\x95\xab\x18\x00\x00\x00\x00\x00\x00}\x94(\x8c\x06labels\x94]\x94(K\x03K\x09e\x8c\x04data\x94\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x02M\x00\x0c\x86\x94h\x07\x8c\x05dtype\x94\x93\x94\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94b\x89B\x00\x18\x00\x00",
        b"\x94t\x94bu.",
    ),
    (
        b"\x80\x05\x95\x93\x18\x00\x00\x00\x00\x00\x00}\x94(\x8c\x06labels\x94]\x94(K\x03K\x09e\x8c\x04data\x94\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\x94\x93\x94(\x96\x00\x18\x00\x00\x00\x00\x00\x00",
        b"\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x02M\x00\x0c\x86\x94\x8c\x01C\x94t\x94R\x94u.",
    ),
    (
        b"\x80\x05\x95\x8f\x18\x00\x00\x00\x00\x00\x00}\x94(\x8c\x06labels\x94]\x94(K\x03K\x09e\x8c\x04data\x94\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\x94\x93\x94(B\x00\x18\x00\x00",
        b"\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x02M\x00\x0c\x86\x94\x8c\x01C\x94t\x94R\x94u.",
    ),
];

fn read_bytes(bytes: &[u8]) -> std::result::Result<Pickle, String> {
    read(Cursor::new(bytes), bytes.len() as u64).map_err(|failure| match failure {
        Failure::Refused(reason) => reason,
        Failure::Io(error) => error.to_string(),
    })
}

#[test]
fn pickles_of_python_3_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data_batch_1");
    let pixels: Vec<u8> = (0..6144).map(|place| (place % 255) as u8).collect();
    for (before, after) in PROTOCOLS {
        std::fs::write(&path, [before, &pixels, after].concat()).unwrap();
        let batch = python::read(Section::open(&path).unwrap(), N).unwrap();
        assert_eq!(batch.labels, [3, 9]);
        assert!(batch.labels.iter().all(|&label| label < N_CLASSES));
        assert_eq!((batch.first, batch.stride), (before.len() as u64, 3072));
    }
}

#[test]
fn what_a_pickle_may_not_do_is_refused_by_name() {
    for (bytes, part) in [
        // What `pickle.dumps` makes of an object whose `__reduce__` is (os.system, ("true",)).
        (&b"\x80\x04\x95\x1f\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94."[..], "`posix.system`"),
        (b"\x80\x02cos\nsystem\nq\x00X\x04\0\0\0trueq\x01\x85q\x02Rq\x03.", "`os.system`"),
        (b"\x80\x02c_codecs\nencode\n.", "`_codecs.encode`"),
        (b"cos\nsystem\n(S'true'\ntR.", "`os.system`"),
        (b"(ios\nsystem\n.", "instruction 0x69 at byte 1"),
        (b"\x80\x02\x82\x01.", "instruction 0x82"),
        (b"\x80\x01N.", "protocol 1"),
        (b"\x80\x06N.", "protocol 6"),
        (b"\x80\x02K\x01)R.", "calls what is no function"),
        (b"\x80\x02K\x01Nb.", "gives a state"),
        (b"\x80\x02h\x05.", "not stored"),
        (b"\x80\x02t.", "not begun"),
        (b"\x80\x02.", "not there"),
        (b"\x80\x02(K\x01(0.", "not there"),
        (b"\x80\x02NNa.", "no list"),
        (b"\x80\x02NNNs.", "no dictionary"),
        (b"\x80\x02\x8a\x0900000000", "64 bits"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "cut"),
        (b"\x80\x02cnumpy", "without an end"),
        (b"", "cut"),
    ] {
        let error = read_bytes(bytes).unwrap_err();
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn numbers_are_read_with_their_signs() {
    for (bytes, expected) in [
        (&b"K\xff."[..], 255),
        (b"M\xff\xff.", 65_535),
        (b"J\xfe\xff\xff\xff.", -2),
        (b"\x8a\x00.", 0),
        (b"\x8a\x01\xff.", -1),
        (b"\x8a\x02\xe8\x03.", 1000),
        (b"\x8a\x08\0\0\0\0\0\0\0\x80.", i64::MIN),
    ] {
        let pickle = read_bytes(bytes).unwrap();
        assert_eq!(pickle.value(pickle.root), &Value::Integer(expected));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn no_change_makes_it_panic(place in 0usize..220, byte in any::<u8>(), which in 0usize..4) {
        let (before, after) = PROTOCOLS[which];
        let mut bytes = [before, after].concat();
        let place = place % bytes.len();
        bytes[place] = byte;
        let _ = read_bytes(&bytes);
    }
}
