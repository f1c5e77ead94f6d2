//! What tells the editions of a dataset apart: version and date, as they stand in citations, in catalogues and in the names of
//! folders.

use crate::{Error, Result};

/// The version, if it is one: letters, digits and `.`, `-`, `+`, `_` between them.
///
/// # Errors
/// [`Error::Version`] for any other text.
pub fn version(given: &str) -> Result<String> {
    let bytes = given.as_bytes();
    let is_whole = |end: Option<&u8>| end.is_some_and(u8::is_ascii_alphanumeric);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-+_".contains(byte);
    if is_whole(bytes.first()) && is_whole(bytes.last()) && bytes.iter().all(is_plain) {
        return Ok(given.to_owned());
    }
    Err(Error::Version {
        given: given.to_owned(),
    })
}

/// The day, if it is one of the calendar, as YYYY-MM-DD.
///
/// # Errors
/// [`Error::Date`] for any other text.
pub fn date(given: &str) -> Result<String> {
    match is_day(given) {
        true => Ok(given.to_owned()),
        false => Err(Error::Date {
            given: given.to_owned(),
        }),
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [4, 2, 2] || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return false;
    }
    let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = numbers[..] else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let n_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year > 0 && (1..=n_days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_words() {
        for text in ["1.0.0", "2", "2020.12", "1.0.0-rc.1+digits_5", "v3"] {
            assert_eq!(version(text).unwrap(), text);
        }
        for text in [
            "",
            " ",
            "1.0 final",
            "1.0\n",
            "../1",
            "-1",
            "1.",
            "1/2",
            "é",
        ] {
            assert!(version(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for text in ["2020-12-06", "2024-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(date(text).unwrap(), text);
        }
        for text in [
            "",
            "2020",
            "2020-12",
            "2020-12-6",
            "06.12.2020",
            "2020-13-01",
            "2020-00-10",
            "2020-04-31",
            "2023-02-29",
            "1900-02-29",
            "2020-12-00",
            "0000-01-01",
            "2020-12-06T00:00",
            "+020-12-06",
            "today",
        ] {
            assert!(date(text).is_err(), "{text:?}");
        }
    }
}
