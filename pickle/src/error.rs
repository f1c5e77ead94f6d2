//! What can be wrong with a pickle, or with what it holds.

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A pickle that is not read, or a value that is not what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that is no pickle at all.
    #[error("the file is {looks_like} and not a pickle; {advice}")]
    NotAPickle {
        /// What its first bytes say that it is.
        looks_like: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A file that ends before what it announces.
    #[error(
        "the pickle ends at byte {end}, where {what} that starts at byte {position} is not complete: fetch the file again"
    )]
    Truncated {
        /// Where the incomplete thing starts.
        position: usize,
        /// What is incomplete.
        what: &'static str,
        /// Number of bytes in the file.
        end: usize,
    },
    /// A function or class that is not on the list of what NumPy data need.
    #[error(
        "the pickle asks for `{module}.{name}` at byte {position}, which holds no NumPy data and is not run: export plain arrays, dicts and lists instead"
    )]
    Forbidden {
        /// Where it is named.
        position: usize,
        /// The module it is in.
        module: String,
        /// Its name there.
        name: String,
    },
    /// A feature of pickles that reaches outside the file.
    #[error(
        "the pickle uses {what} at byte {position}, which lie outside the file: save it with `pickle.dump(data, file)` alone"
    )]
    Outside {
        /// Where it is used.
        position: usize,
        /// The feature.
        what: &'static str,
    },
    /// Bytes that no program of pickles writes.
    #[error("the pickle is damaged at byte {position}: {reason}")]
    Malformed {
        /// Where.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// A well-formed pickle of something that is not read.
    #[error("what the pickle has at byte {position} is not supported: {reason}")]
    Unsupported {
        /// Where.
        position: usize,
        /// What it is.
        reason: String,
    },
    /// A value that contains itself.
    #[error("the value at byte {position} contains itself")]
    Cycle {
        /// Where the value is made.
        position: usize,
    },
    /// A pickle that is larger or deeper than data are.
    #[error("the pickle has more than {limit} {what} at byte {position}")]
    Limit {
        /// Where the limit is passed.
        position: usize,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Bytes behind the end of the pickle.
    #[error(
        "the pickle ends at byte {position} and {n_bytes} more bytes follow: several values in one file are read one by one with `read_first`"
    )]
    Trailing {
        /// Where the pickle ends.
        position: usize,
        /// Number of bytes that follow.
        n_bytes: usize,
    },
    /// An array that was asked for values of another kind.
    #[error("an array of {dtype} cannot be read as {wanted}: {reason}")]
    Conversion {
        /// The array's dtype.
        dtype: String,
        /// What was asked for.
        wanted: &'static str,
        /// Why it cannot be.
        reason: String,
    },
    /// A field that a record array does not have.
    #[error("there is no field `{name}` in an array of {dtype}")]
    NoField {
        /// The field.
        name: String,
        /// The array's dtype.
        dtype: String,
    },
    /// A field that `meta` was said to have and does not.
    #[error("the dataset's `meta` has no field `{name}`; it has {found}")]
    NoSuchField {
        /// The field.
        name: String,
        /// The fields that there are.
        found: String,
    },
    /// A published dataset that lacks one of its parts.
    #[error("the dataset has no `{name}`; it has {found}")]
    Missing {
        /// The part.
        name: &'static str,
        /// What there is.
        found: String,
    },
    /// A part of a published dataset that has another form.
    #[error("the dataset's `{name}` is {found}; expected is {expected}")]
    Form {
        /// The part.
        name: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Parts of a published dataset that contradict each other.
    #[error("the dataset contradicts itself: {reason}")]
    Contradiction {
        /// Which parts, and how.
        reason: String,
    },
}
