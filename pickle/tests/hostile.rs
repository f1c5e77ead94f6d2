//! Pickles that were made to do harm: each is an error that says what and where, and none costs much.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::refusal;
use engram_pickle::{Error, Value, read};

#[test]
fn functions_that_are_not_on_the_list_are_named_and_not_run() {
    for (pickle, named) in [
        (
            b"cos\nsystem\n(S'true'\ntR.".as_slice(),
            "`os.system` at byte 0",
        ),
        (
            b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
            "`builtins.eval` at byte 18",
        ),
        (
            b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.",
            "`__builtin__.eval` at byte 2",
        ),
        // A path through a module that is on the list.
        (
            b"\x80\x04\x8c\x05numpy\x8c\x0bos.system()\x93.",
            "`numpy.os.system()`",
        ),
        (
            b"\x80\x04\x8c\x05numpy\x8c\x1ccore.multiarray._reconstruct\x93.",
            "numpy",
        ),
        (b"(ios\nsystem\n.", "`os.system` at byte 1"),
        (b"(cposix\nsystem\no.", "`posix.system` at byte 1"),
        (
            b"cnumpy.ma.core\n_mareconstruct\n.",
            "`numpy.ma.core._mareconstruct`",
        ),
        (
            b"cpandas.core.frame\nDataFrame\n)\x81.",
            "`pandas.core.frame.DataFrame`",
        ),
        (b"cnumpy\nload\n.", "`numpy.load`"),
        (b"ccollections\ndefaultdict\n.", "`collections.defaultdict`"),
    ] {
        let text = refusal(pickle);
        assert!(text.contains(named), "{text}");
    }
    // The name is shortened, and what would move a terminal is escaped.
    let long = [b"c".as_slice(), &[b'x'; 5000], b"\n\x1b[2J\n."].concat();
    let text = refusal(&long);
    assert!(text.len() < 400 && !text.contains('\x1b'), "{text}");
}

#[test]
fn what_is_on_the_list_is_given_what_it_takes() {
    for (pickle, said) in [
        (
            b"ccollections\nOrderedDict\n(K\x05tR.".as_slice(),
            "a dict is made of 5",
        ),
        (
            b"ccollections\nOrderedDict\n(](K\x05etR.",
            "a dict has 5 in the place of a key and a value",
        ),
        (
            b"ccopy_reg\n_reconstructor\n(cnumpy\ndtype\nc__builtin__\nobject\nNtR.",
            "a class that holds no NumPy data",
        ),
        (
            b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.",
            "_codecs.encode with 2 arguments",
        ),
        (
            b"c_codecs\nencode\n(X\x03\x00\x00\x00\xe2\x82\xacX\x06\x00\x00\x00latin1tR.",
            "a character above 255",
        ),
        (
            b"c__builtin__\nset\n((lK\x01atR}b.",
            "set has as its state a dict of 0",
        ),
        (
            b"c__builtin__\nset\n(NNNNNNNNNtR.",
            "a function has 9 arguments",
        ),
        (
            b"ccollections\nOrderedDict\n)}K\x01K\x01s\x92.",
            "named arguments",
        ),
        (
            b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8tR.",
            "the dtype `f8` has no state",
        ),
    ] {
        let text = refusal(pickle);
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn classes_are_not_values() {
    for pickle in [b"cnumpy\nndarray\n.".as_slice(), b"]cnumpy\ndtype\na."] {
        assert!(refusal(pickle).contains("a function or class that stands where a value should"));
    }
}

#[test]
fn what_lies_outside_the_file_is_refused() {
    for (pickle, named) in [
        (b"Pid\n.".as_slice(), "persistent ids at byte 0"),
        (b"K\x01Q.", "persistent ids at byte 2"),
        (b"\x82\x01.", "codes of the extension registry at byte 0"),
        (
            b"\x83\x01\x00.",
            "codes of the extension registry at byte 0",
        ),
        (
            b"\x84\x01\x00\x00\x00.",
            "codes of the extension registry at byte 0",
        ),
        (b"\x80\x05\x97.", "out-of-band buffers at byte 2"),
        (b"\x80\x05C\x00\x98.", "out-of-band buffers at byte 4"),
    ] {
        let text = refusal(pickle);
        assert!(text.contains(named), "{text}");
    }
}

#[test]
fn lengths_that_the_file_does_not_have_are_refused() {
    for start in [
        b"X\xff\xff\xff\xff".as_slice(),
        b"B\xff\xff\xff\x7f",
        b"T\xff\xff\xff\x7f",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x96\x00\x00\x00\x00\x00\x00\x00\x80",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8a\xff",
        b"U\xff",
    ] {
        let error = read([start, b"abc."].concat()).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { position: 0, .. }),
            "{start:?}: {error}"
        );
    }
    for start in [b"NT\xff\xff\xff\xff".as_slice(), b"N\x8b\x00\x00\x00\x80"] {
        let error = read([start, b"abc."].concat()).unwrap_err();
        assert!(
            matches!(error, Error::Malformed { position: 1, .. }),
            "{start:?}: {error}"
        );
    }
}

#[test]
fn values_are_limited() {
    let many = [b"N0".repeat((1 << 23) + 1), b"N.".to_vec()].concat();
    assert!(refusal(&many).contains("the pickle has more than 8388608 values at byte 16777216"));
}

#[test]
fn deep_nesting_is_refused_without_deep_recursion() {
    let n = 1_000_000;
    for pickle in [
        [b"]".repeat(n), b"a".repeat(n - 1), b".".to_vec()].concat(),
        [b"N".to_vec(), b"\x85".repeat(n), b".".to_vec()].concat(),
        [b"(".repeat(n), b"t".repeat(n), b".".to_vec()].concat(),
        [b"(".repeat(n), b"d".repeat(n), b".".to_vec()].concat(),
    ] {
        assert!(matches!(
            read(pickle),
            Err(Error::Limit { .. } | Error::Malformed { .. })
        ));
    }
    // What is allowed can be dropped.
    let allowed = [b"N".to_vec(), b"\x85".repeat(128), b".".to_vec()].concat();
    assert!(read(allowed).is_ok());
    let nested = [b"N".to_vec(), b"\x85".repeat(129), b".".to_vec()].concat();
    assert!(refusal(&nested).contains("more than 128 levels of nested values at byte 129"));
}

#[test]
fn shared_values_are_not_written_out() {
    // Every list holds the one before it ten times: 10^100 texts.
    let mut laughs = b"\x80\x02X\x03\x00\x00\x00hahq\x00".to_vec();
    for level in 0..100_u8 {
        laughs.extend([b']', b'(']);
        for _ in 0..10 {
            laughs.extend([b'h', level]);
        }
        laughs.extend([b'e', b'q', level + 1]);
    }
    laughs.push(b'.');
    let value = read(laughs).unwrap();
    assert_eq!(value.to_string(), "a list of 10");
    assert_eq!(format!("{value:?}"), "a list of 10");

    // A text of a megabyte is turned to bytes a hundred thousand times, and each is an array.
    let text = "é".repeat(1 << 19);
    let mut pickle = b"c_codecs\nencode\nq\x00X".to_vec();
    pickle.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    pickle.extend(text.as_bytes());
    pickle.extend(b"q\x01X\x06\x00\x00\x00latin1q\x02](");
    pickle.extend(b"h\x00h\x01h\x02\x86R".repeat(100_000));
    pickle.extend(b"e.");
    let value = read(pickle).unwrap();
    assert_eq!(value.as_items().unwrap().len(), 100_000);
    assert!(
        matches!(&value.as_items().unwrap()[99_999], Value::Bytes(bytes) if bytes.len() == 1 << 19)
    );
}

#[test]
fn what_is_made_of_other_values_is_counted() {
    // The same ten thousand pairs make a thousand dicts.
    let mut pickle = b"ccollections\nOrderedDict\nq\x00](".to_vec();
    pickle.extend(b"K\x01K\x02\x86".repeat(10_000));
    pickle.extend(b"eq\x01](");
    pickle.extend(b"h\x00h\x01\x85R".repeat(1_000));
    pickle.extend(b"e.");
    assert!(
        refusal(&pickle).contains("more fields and entries are made than the pickle has values")
    );
}

#[test]
fn values_that_contain_themselves_are_refused() {
    for (pickle, position) in [
        (b"]q\x00h\x00a.".as_slice(), 0),
        (b"}q\x00K\x01h\x00s.", 0),
        (b"]q\x00(h\x00ta.", 0),
    ] {
        match read(pickle.to_vec()) {
            Err(Error::Cycle { position: found }) => assert_eq!(found, position),
            other => panic!("{other:?}"),
        }
    }
    // An array that is its own state.
    let pickle = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btRq\x00(K\x01h\x00tb.";
    assert!(matches!(read(pickle.to_vec()), Err(Error::Cycle { .. })));
}

#[test]
fn numbers_are_bounded() {
    let long = |n: u8| [&[0x8a, n][..], &vec![0x7f; usize::from(n)], b"."].concat();
    assert!(matches!(read(long(16)), Ok(Value::Int(_))));
    assert!(refusal(&long(17)).contains("an integer of more than 128 bits"));
    assert!(matches!(read(b"\x8a\x00.".to_vec()), Ok(Value::Int(0))));
    let digits = [b"NL".as_slice(), &[b'9'; 100_000], b"L\n."].concat();
    assert!(refusal(&digits).len() < 400);
    assert!(refusal(b"NFone\n.").contains("the float `one`"));
}

#[test]
fn programs_that_no_pickler_writes_are_refused() {
    for pickle in [
        b".".as_slice(),
        b"0.",
        b"1.",
        b"2.",
        b"a.",
        b"N(a.",
        b"]N(a.",
        b"](.",
        b"N(\x85.",
        b"e.",
        b"K\x01K\x02a.",
        b"NNs.",
        b"}(Nu.",
        b"(Nd.",
        b"h\x00.",
        b"g99\n.",
        b"\x94.",
        b"NR.",
        b"NNR.",
        b"cnumpy\ndtype\nNR.",
        b"(o.",
        b"NNb.",
        b"]Nb.",
        b"NN\x93.",
        b"\x85.",
        b"(N\x86.",
        b"\x80\x06N.",
        b"\xff.",
        b"X\x01\x00\x00\x00\xff.",
        b"V\\ud800\n.",
        b"S'a\n.",
    ] {
        let error = read(pickle.to_vec()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Malformed { .. } | Error::Unsupported { .. } | Error::NotAPickle { .. }
            ),
            "{pickle:?}: {error}"
        );
    }
}

#[test]
fn other_files_are_recognised() {
    assert_eq!(
        refusal(b"\x1f\x8b\x08\x00"),
        "the file is a gzip archive and not a pickle; unpack it with `gunzip`"
    );
    let npz = [b"PK\x03\x04".as_slice(), &[0; 22], b"\x05\x00\x14\x00a.npy"].concat();
    for (file, is, advice) in [
        (
            b"<!DOCTYPE html>".as_slice(),
            "a web page",
            "fetch the file itself",
        ),
        (b"PAR1\x15\x04", "a Parquet file", "read it with pandas"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "pickle the arrays"),
        (b"PK\x03\x04\x14\x00", "a zip archive", "`unzip`"),
        (&npz, "a NumPy .npz archive", "pickle a dict of the arrays"),
        (b"run_id,epoch\n1,2\n", "a text", "`pickle.dump`"),
        (b"{\"X\": [1, 2]}", "a text", "`pickle.dump`"),
        (b"checkpoint,epoch\n1,2\n", "a text", "`pickle.dump`"),
        (b"\xff\xd8\xff\xe0", "something else", "fetch it again"),
    ] {
        let said = refusal(file);
        assert!(
            said.starts_with(&format!("the file is {is} and not a pickle; "))
                && said.contains(advice),
            "{said}"
        );
    }
}
