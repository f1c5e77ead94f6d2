//! Arrays and dtypes that NumPy never writes, and that would have a reader allocate, or read, what is not there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::refusal;
use engram_pickle::read;

/// The start of a pickle of an array with the dtype `<f8`, whose shape and data follow.
fn array_state(shape: &[u8], code: &str, data: &[u8]) -> Vec<u8> {
    let mut pickle =
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01".to_vec();
    pickle.extend(shape);
    pickle.extend(format!("cnumpy\ndtype\n(V{code}\nI00\nI01\ntR(K\x03V<\nNNN").into_bytes());
    pickle.extend(b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89");
    pickle.extend(data);
    pickle.extend(b"tb.");
    pickle
}

#[test]
fn arrays_have_the_bytes_of_their_shape() {
    let eight = b"C\x08\x00\x00\x00\x00\x00\x00\xf0?";
    let value = read(array_state(b"(K\x01t", "f8", eight)).unwrap();
    assert_eq!(value.as_array().unwrap().to_f64().unwrap(), [1.0]);
    let huge = b"(\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft";
    let huge_twice =
        b"(\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft";
    for (shape, code, data, said) in [
        (
            b"(K\x02t".as_slice(),
            "f8",
            eight.as_slice(),
            "8 bytes an item, has 8 bytes",
        ),
        (b"(K\x00t", "f8", eight, "has 8 bytes"),
        (huge, "f8", eight, "has 8 bytes"),
        (huge_twice, "f8", eight, "an array has the shape"),
        (
            b"(J\xff\xff\xff\xfft",
            "f8",
            eight,
            "an array's length is -1",
        ),
        (b"(t", "O8", eight, "has 8 bytes"),
        (b"(K\x01t", "f8", b"]Na", "as floats"),
        (b"(K\x02t", "f8", b"]Na", "has 1 values"),
        (b"(K\x01t", "S0", b"C\x00", "there is no dtype `S0`"),
        (b"(K\x01t", "q9", eight, "there is no dtype `q9`"),
        (b"(K\x01t", "f3", eight, "an array of"),
        (b"N", "f8", eight, "an array's shape is no tuple"),
    ] {
        let text = match read(array_state(shape, code, data)) {
            Ok(value) => value.as_array().unwrap().to_f64().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(text.contains(said), "{text}");
    }
    // A hundred axes.
    let many = [b"(".as_slice(), &b"K\x01".repeat(100), b"t"].concat();
    assert!(refusal(&array_state(&many, "f8", eight)).contains("100 dimensions"));
    // No items, and axes whose product fits nowhere.
    let empty = [b"(K\x00".as_slice(), &huge_twice[1..]].concat();
    let value = read(array_state(&empty, "f8", b"C\x00")).unwrap();
    assert!(value.as_array().unwrap().is_empty());
    assert!(value.as_array().unwrap().to_f64().unwrap().is_empty());
}

/// A dtype with `fields`: their names, dtypes and offsets.
fn records(fields: &[(&str, Vec<u8>, u8)], size: u8) -> Vec<u8> {
    let mut pickle = b"cnumpy\ndtype\n(VV\nI00\nI01\ntR(K\x03V|\nN(".to_vec();
    for (name, ..) in fields {
        pickle.extend(format!("V{name}\n").into_bytes());
    }
    pickle.extend(b"t}(");
    for (name, dtype, offset) in fields {
        let entry = [
            format!("V{name}\n(").as_bytes(),
            dtype,
            &[b'K', *offset],
            b"t",
        ]
        .concat();
        pickle.extend(entry);
    }
    pickle.extend([b"uK".as_slice(), &[size], b"K\x01K\x00tb"].concat());
    pickle
}

/// A dtype without fields.
fn dtype(code: &str, size: &[u8]) -> Vec<u8> {
    let start = format!("cnumpy\ndtype\n(V{code}\nI00\nI01\ntR(K\x03V<\nNNN");
    [start.as_bytes(), size, b"K\x01K\x00tb"].concat()
}

#[test]
fn fields_lie_in_their_records_and_apart() {
    let double = || dtype("f8", b"J\xff\xff\xff\xff");
    let nothing = || dtype("S0", b"K\x00");
    let read_dtype = |pickle: Vec<u8>| read([pickle, b".".to_vec()].concat());
    let two = records(&[("a", double(), 0), ("b", double(), 8)], 16);
    assert_eq!(
        read_dtype(two).unwrap().to_string(),
        "the dtype records (a, b)"
    );
    for (fields, size, said) in [
        (
            vec![("a", double(), 4)],
            8,
            "the dtype's field \"a\" does not lie within its 8 bytes",
        ),
        (vec![("a", nothing(), 0)], 8, "does not lie within"),
        (
            vec![("a", double(), 0), ("b", double(), 0)],
            8,
            "a dtype of 8 bytes has fields of 16",
        ),
    ] {
        let text = read_dtype(records(&fields, size)).unwrap_err().to_string();
        assert!(text.contains(said), "{text}");
    }
    // Fields that no name leads to.
    let mut unnamed = records(&[("a", double(), 0)], 8);
    let name = unnamed
        .windows(4)
        .position(|part| part == b"(Va\n")
        .unwrap();
    unnamed.drain(name + 1..name + 4);
    let text = read_dtype(unnamed).unwrap_err().to_string();
    assert!(text.contains("a dtype with 0 fields describes 1"), "{text}");
}

#[test]
fn items_without_bytes_are_not_many() {
    let array = |shape: &[u8]| {
        let start =
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01"
                .as_slice();
        read([start, shape, &dtype("U0", b"K\x00"), b"\x89C\x00tb."].concat())
    };
    assert_eq!(array(b"(t").unwrap().to_text().unwrap(), "");
    assert!(array(b"(\x8a\x05\x00\x00\x00\x00\x10t").is_err());
    assert!(array(b"(K\x02t").is_err());
}

#[test]
fn fields_of_shared_records_are_counted() {
    let names: Vec<String> = (0..100).map(|i| format!("field{i}")).collect();
    let object = || dtype("O8", b"J\xff\xff\xff\xff");

    let byte = || dtype("u1", b"J\xff\xff\xff\xff");
    let fields: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (name.as_str(), byte(), i as u8))
        .collect();
    let described = records(&fields, 255);
    // The state is between the call and its use.
    let state = described
        .windows(3)
        .position(|part| part == b"R(K")
        .unwrap()
        + 1;
    let mut pickle = described[state..described.len() - 1].to_vec();
    pickle.extend(b"q\x00](");
    pickle.extend(b"cnumpy\ndtype\n(VV\nI00\nI01\ntRh\x00b".repeat(1_000));
    pickle.extend(b"e.");
    assert!(
        refusal(&pickle).contains("more fields and entries are made than the pickle has values")
    );

    // One record of ten objects, ten thousand times.
    let fields: Vec<_> = names
        .iter()
        .take(10)
        .enumerate()
        .map(|(i, name)| (name.as_str(), object(), 8 * i as u8))
        .collect();
    let mut pickle = b"(NNNNNNNNNNtq\x00cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01(M\x10\x27t".to_vec();
    pickle.extend(records(&fields, 80));
    pickle.extend(b"\x89](");
    pickle.extend(b"h\x00".repeat(10_000));
    pickle.extend(b"etb.");
    assert!(
        refusal(&pickle).contains("more fields and entries are made than the pickle has values")
    );
}
