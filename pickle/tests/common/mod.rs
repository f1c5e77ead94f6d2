//! The stored pickles, and comparing a value with what NumPy says of it.

#![allow(dead_code, reason = "every test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use engram_pickle::{Kind, NdArray, Value, read};
use serde_json::Value as Json;

/// The folder of what `scripts/reference_pickles.py` wrote.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A stored pickle.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = fixtures().join(name).with_extension("pkl");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pickles in `folder` whose names start with `start`.
pub(crate) fn pickles(folder: &Path, start: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pkl"))
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(start)
        })
        .collect();
    paths.sort();
    paths
}

/// What NumPy says of the pickles in `folder`.
pub(crate) fn expected(folder: &Path) -> Json {
    serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

/// The 64 bits of a float, as the script writes them.
pub(crate) fn bits(value: f64) -> String {
    if value.is_nan() {
        "nan".to_owned()
    } else {
        (value.to_bits() as i64).to_string()
    }
}

/// Fails where `value`, which is found at `place`, is not what `expected` says.
pub(crate) fn assert_described(value: &Value, expected: &Json, place: &str) {
    if let Value::Array(array) = value {
        return assert_array(array, expected, place);
    }
    let Json::Object(tagged) = expected else {
        let equal = match (value, expected) {
            (Value::None, Json::Null) => true,
            (Value::Bool(value), Json::Bool(expected)) => value == expected,
            (value, Json::String(expected)) => value.as_str() == Some(expected),
            _ => false,
        };
        assert!(equal, "{place}: {value} and not {expected}");
        return;
    };
    let (tag, expected) = tagged.iter().next().unwrap();
    match (tag.as_str(), value) {
        ("int", Value::Int(value)) if expected == &value.to_string() => {}
        ("float", Value::Float(value)) if expected == &bits(*value) => {}
        ("bytes", Value::Bytes(bytes) | Value::Python2String(bytes)) => {
            let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(expected, &hexadecimal, "{place}");
        }
        ("list", Value::List(items))
        | ("tuple", Value::Tuple(items))
        | ("set", Value::Set(items)) => {
            assert_items(items, expected, place);
        }
        ("dict", Value::Dict(dict)) => {
            let expected = expected.as_array().unwrap();
            assert_eq!(dict.entries().len(), expected.len(), "{place}");
            for ((key, value), expected) in dict.entries().iter().zip(expected) {
                assert_described(key, &expected[0], place);
                assert_described(value, &expected[1], &format!("{place}/{key}"));
            }
        }
        ("dtype", Value::Dtype(dtype)) if expected == dtype.size() => {}
        _ => panic!("{place}: {value} and not {tagged:?}"),
    }
}

fn assert_items(items: &[Value], expected: &Json, place: &str) {
    let expected = expected.as_array().unwrap();
    assert_eq!(items.len(), expected.len(), "{place}");
    for (i, (item, expected)) in items.iter().zip(expected).enumerate() {
        assert_described(item, expected, &format!("{place}[{i}]"));
    }
}

fn assert_array(array: &NdArray, expected: &Json, place: &str) {
    assert_eq!(
        serde_json::json!(array.shape()),
        expected["shape"],
        "{place}"
    );
    let strings =
        |found: Vec<String>, expected: &Json| assert_eq!(Json::from(found), *expected, "{place}");
    match array.dtype().kind() {
        Kind::Float => strings(
            array.to_f64().unwrap().into_iter().map(bits).collect(),
            &expected["floats"],
        ),
        Kind::Uint if array.to_i64().is_err() => {
            // The greatest integers of 64 bits do not fit; as floats they do.
            let wanted: Vec<f64> = numbers(&expected["integers"]);
            assert_eq!(array.to_f64().unwrap(), wanted, "{place}");
        }
        Kind::Bool | Kind::Int | Kind::Uint => {
            let found = array.to_i64().unwrap();
            strings(
                found.iter().map(i64::to_string).collect(),
                &expected["integers"],
            );
            assert_eq!(
                array.to_f64().unwrap(),
                numbers(&expected["integers"]),
                "{place}"
            );
        }
        Kind::Text | Kind::Bytes => {
            let found = array.to_texts().unwrap();
            strings(
                found.iter().map(ToString::to_string).collect(),
                &expected["texts"],
            );
        }
        Kind::Object => {
            let found = array.to_values().unwrap();
            assert_items(&found, &expected["objects"], place);
        }
        Kind::Record(_) => {
            let fields = expected["fields"].as_object().unwrap();
            let mut names: Vec<&str> = array.field_names().collect();
            names.sort_unstable();
            assert!(
                names.iter().eq(fields.keys().collect::<Vec<_>>().iter()),
                "{place}: {names:?}"
            );
            for (name, expected) in fields {
                let field = array.field(name).unwrap();
                // In a record that holds objects, every field holds them.
                if let Ok(values) = field.to_values() {
                    let texts = expected
                        .get("texts")
                        .map(|texts| serde_json::json!({ "list": texts }));
                    match texts {
                        Some(texts) => assert_described(&Value::List(values.into()), &texts, place),
                        None => assert_array(&field, expected, &format!("{place}.{name}")),
                    }
                } else {
                    assert_array(&field, expected, &format!("{place}.{name}"));
                }
            }
        }
        Kind::Other(_) => {
            assert_eq!(expected["kept"], array.dtype().size(), "{place}");
            assert!(
                array.to_f64().is_err() && array.to_i64().is_err() && array.to_texts().is_err()
            );
        }
        kind => panic!(
            "{place}: {array} is of kind {}",
            std::any::type_name_of_val(kind)
        ),
    }
}

fn numbers(strings: &Json) -> Vec<f64> {
    let strings = strings.as_array().unwrap();
    strings
        .iter()
        .map(|number| number.as_str().unwrap().parse().unwrap())
        .collect()
}

/// The text of the error that a pickle is refused with.
pub(crate) fn refusal(pickle: &[u8]) -> String {
    match read(pickle.to_vec()) {
        Ok(value) => panic!("{value} was read"),
        Err(error) => error.to_string(),
    }
}
