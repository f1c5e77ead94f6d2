//! Pickles of every protocol, by NumPy 1, NumPy 2 and Python 2, hold what NumPy says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{assert_described, expected, fixture, fixtures, pickles};
use engram_pickle::{Error, Kind, Value, read, read_first};

fn assert_all(folder: &Path, start: &str) -> usize {
    let expected = expected(folder);
    let paths = pickles(folder, start);
    for path in &paths {
        let value = read(std::fs::read(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_described(
            &value,
            &expected["cases"],
            path.file_stem().unwrap().to_str().unwrap(),
        );
    }
    paths.len()
}

#[test]
fn stored_pickles_hold_what_numpy_says() {
    assert_eq!(assert_all(&fixtures(), "numpy1-"), 6);
    assert_eq!(assert_all(&fixtures(), "numpy2-"), 6);
    assert_eq!(assert_all(&fixtures(), "python2-"), 3);
}

/// Skipped without the environment that `make python` makes, unless `ENGRAM_REQUIRE_PYTHON=1` asks for a failure.
#[test]
fn pickles_of_the_installed_numpy_hold_what_it_says() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = env::var_os("ENGRAM_PYTHON_DIR").map_or_else(|| ".python".into(), PathBuf::from);
    let python = repository.join(folder).join("bin/python");
    if !python.is_file() {
        assert!(
            env::var_os("ENGRAM_REQUIRE_PYTHON").is_none(),
            "run `make python`"
        );
        eprintln!("SKIPPED: there is no {}", python.display());
        return;
    }
    let written = tempfile::tempdir().unwrap();
    let status = Command::new(python)
        .arg(repository.join("scripts/reference_pickles.py"))
        .arg(written.path())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(assert_all(written.path(), "numpy"), 6);
}

/// Instructions that the stored pickles do not have.
#[test]
fn every_way_to_make_a_container_is_understood() {
    for (pickle, said) in [
        (
            b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nset\n(lK\x01atR."
                .as_slice(),
            "a set of 1",
        ),
        (
            b"ccopy_reg\n_reconstructor\n(c__builtin__\ndict\nc__builtin__\ndict\n(dtR.",
            "a dict of 0",
        ),
        (b"(icollections\nOrderedDict\n.", "a dict of 0"),
        (b"(ccollections\nOrderedDict\no.", "a dict of 0"),
        (
            b"ccollections\nOrderedDict\n)}\x92K\x01K\x02s.",
            "a dict of 1",
        ),
        (
            b"ccollections\nOrderedDict\n](](K\x01K\x02ee\x85R.",
            "a dict of 1",
        ),
        (
            b"cbuiltins\nbytearray\n(X\x02\x00\x00\x00\xc3\xa9X\x07\x00\x00\x00latin-1tR.",
            "1 bytes",
        ),
        (b"c__builtin__\nbytes\n)R.", "0 bytes"),
        (b"(K\x01K\x021N.", "None"),
        (b"K\x0120.", "1"),
        (b"(0N.", "None"),
        (b"Np99\n0g99\n.", "None"),
        (b"Nr\x00\x01\x00\x000j\x00\x01\x00\x00.", "None"),
        (b"Finf\n.", "inf"),
        (b"\x8b\x02\x00\x00\x00\x00\xff.", "-256"),
    ] {
        match read(pickle) {
            Ok(value) => assert_eq!(value.to_string(), said),
            Err(error) => panic!("{said}: {error}"),
        }
    }
}

#[test]
fn arrays_are_views_of_the_file() {
    let file = bytes::Bytes::from(fixture("numpy2-protocol5"));
    let value = read(file.clone()).unwrap();
    let array = value
        .as_dict()
        .and_then(|cases| {
            cases
                .get("arrays")?
                .as_dict()?
                .get("C order")?
                .as_array()
                .cloned()
        })
        .unwrap();
    assert_eq!(array.to_f64().unwrap()[23], 23.0);
    assert!(matches!(array.dtype().kind(), Kind::Float));
    // As many owners as the file and the value have: none of them copied it.
    drop(value);
    drop(array);
    assert!(file.is_unique());
}

#[test]
fn several_values_in_a_file_are_read_one_by_one() {
    let file = [b"K\x01.".as_slice(), b"K\x02."].concat();
    assert!(matches!(
        read(file.clone()),
        Err(Error::Trailing {
            position: 3,
            n_bytes: 3
        })
    ));
    let (first, end) = read_first(file.clone()).unwrap();
    assert!(matches!((first, end), (Value::Int(1), 3)));
    assert!(matches!(read(file[end..].to_vec()), Ok(Value::Int(2))));
}

#[test]
fn what_cannot_be_converted_is_said() {
    let value = read(fixture("numpy1-protocol4")).unwrap();
    let cases = value.as_dict().unwrap();
    let array = |group, name| {
        cases
            .get(group)
            .unwrap()
            .as_dict()
            .unwrap()
            .get(name)
            .unwrap()
            .as_array()
            .unwrap()
            .clone()
    };
    for (error, text) in [
        (
            array("kept", "dates").to_f64().unwrap_err(),
            "an array of <M8 cannot be read as floats: dates and durations are not read",
        ),
        (
            array("arrays", "integer <u8").to_i64().unwrap_err(),
            "an array of <u8 cannot be read as integers: item 3 is something else, or out of range",
        ),
        (
            array("arrays", "mixed objects").to_texts().unwrap_err(),
            "an array of |O cannot be read as texts: item 0 is something else, or out of range",
        ),
        (
            array("records", "plain").to_f64().unwrap_err(),
            "an array of records (i, f, t, b) cannot be read as floats: it has fields, which are read one by one",
        ),
        (
            array("records", "plain").field("rule").unwrap_err(),
            "there is no field `rule` in an array of records (i, f, t, b)",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
