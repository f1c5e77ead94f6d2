//! Files that are taken for pickles: what they are, and what to do with them.

use crate::Error;

/// How files start, what they are then, and what to do.
const STARTS: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "a gzip archive", "unpack it with `gunzip`"),
    (b"BZh", "a bzip2 archive", "unpack it with `bunzip2`"),
    (b"\xfd7zXZ", "an xz archive", "unpack it with `unxz`"),
    (
        b"\x28\xb5\x2f\xfd",
        "a zstd archive",
        "unpack it with `unzstd`",
    ),
    (b"PK\x03\x04", "a zip archive", "unpack it with `unzip`"),
    (
        b"\x93NUMPY",
        "a NumPy .npy file",
        "pickle the array that it holds",
    ),
    (
        b"\x89HDF",
        "an HDF5 file",
        "pickle the arrays that it holds",
    ),
    (
        b"MATLAB 5.0 MAT-file",
        "a MATLAB file",
        "read it with `scipy.io.loadmat` and pickle the arrays that it holds",
    ),
    (
        b"PAR1",
        "a Parquet file",
        "read it with pandas and pickle a dict of its columns as arrays",
    ),
    (
        b"ARROW1",
        "an Arrow file",
        "read it with pandas and pickle a dict of its columns as arrays",
    ),
    (
        b"SQLite format 3\0",
        "a SQLite database",
        "read it with pandas and pickle a dict of its columns as arrays",
    ),
    (b"<!DOCTYPE", "a web page", "fetch the file itself"),
    (b"<html", "a web page", "fetch the file itself"),
    (
        b"version https://git-lfs",
        "a pointer of git-lfs",
        "fetch the file with `git lfs pull`",
    ),
];

/// The member that a zip archive of NumPy's begins with is an array.
const NPZ: (&str, &str) = (
    "a NumPy .npz archive",
    "pickle a dict of the arrays that it holds",
);

/// What is said of a file whose first instruction is none.
const TEXT: (&str, &str) = ("a text", "give the file that `pickle.dump` wrote");
const SOMETHING: (&str, &str) = (
    "something else",
    "give the file that `pickle.dump` wrote, or fetch it again",
);

/// How much of a file is looked at.
const START_BYTES: usize = 512;

/// Refuses a file whose first bytes say that it is something else.
pub(crate) fn refuse_known(bytes: &[u8]) -> Result<(), Error> {
    let found = STARTS.iter().find(|(start, ..)| bytes.starts_with(start));
    let Some(&(start, looks_like, advice)) = found else {
        return Ok(());
    };
    Err(match start == b"PK\x03\x04" && is_npz(bytes) {
        true => not_a_pickle(NPZ),
        false => not_a_pickle((looks_like, advice)),
    })
}

/// What an error means that came up in a file: where the first instruction is none, it is no damage.
pub(crate) fn instead_of(error: Error, bytes: &[u8]) -> Error {
    let is_none = match &error {
        Error::Malformed { position, .. } => *position == 0,
        // A line of text that begins with the instruction's letter.
        Error::Forbidden {
            position: 0,
            module,
            name,
        } => !is_dotted(module) || !is_dotted(name),
        _ => false,
    };
    match is_none {
        true if is_text(bytes) => not_a_pickle(TEXT),
        true => not_a_pickle(SOMETHING),
        false => error,
    }
}

fn not_a_pickle((looks_like, advice): (&'static str, &'static str)) -> Error {
    Error::NotAPickle { looks_like, advice }
}

/// Whether the first member of a zip archive, whose name stands at byte 30, is called as an array is.
fn is_npz(bytes: &[u8]) -> bool {
    let length = bytes.get(26..28).and_then(|bytes| bytes.try_into().ok());
    let length = usize::from(u16::from_le_bytes(length.unwrap_or_default()));
    let name = bytes.get(30..30 + length);
    name.is_some_and(|name| name.ends_with(b".npy"))
}

fn is_dotted(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(START_BYTES)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A letter that was cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
}
