//! Texts: UTF-8 that is kept where it stands in the file, and the escapes of protocol 0.

use bytes::Bytes;

/// A text, which shares the memory of the file it comes from.
pub type Text = bytestring::ByteString;

/// The bytes of the text in Latin-1, where it can be written so.
pub(crate) fn to_latin_1(text: &str) -> Option<Bytes> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        bytes.push(u8::try_from(u32::from(character)).ok()?);
    }
    Some(bytes.into())
}

/// What a line of protocol 0 says that holds a text: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(crate) fn unescape_unicode(line: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        let n_digits = match (byte, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                text.push(char::from(byte));
                rest = after;
                continue;
            }
        };
        let digits = after.get(1..1 + n_digits)?;
        text.push(char::from_u32(hexadecimal(digits)?)?);
        rest = &after[1 + n_digits..];
    }
    Some(text)
}

/// What a line of protocol 0 says that holds a string of Python 2, which stands there as Python would print it.
pub(crate) fn unescape_string(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.trim_ascii();
    let (quote, line) = line.split_first()?;
    let (end, mut rest) = line.split_last()?;
    if quote != end || !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\\' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let (&escape, after) = after.split_first()?;
        rest = after;
        let byte = match escape {
            b'\\' | b'\'' | b'"' => escape,
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'x' => {
                let value = hexadecimal(rest.get(..2)?)?;
                rest = &rest[2..];
                u8::try_from(value).ok()?
            }
            b'0'..=b'7' => {
                let n = rest
                    .iter()
                    .take(2)
                    .take_while(|byte| matches!(byte, b'0'..=b'7'))
                    .count();
                let value = rest[..n]
                    .iter()
                    .fold(u32::from(escape - b'0'), |value, digit| {
                        value * 8 + u32::from(digit - b'0')
                    });
                rest = &rest[n..];
                u8::try_from(value).ok()?
            }
            // Python lets a backslash stand before what needs none.
            _ => {
                bytes.extend([b'\\', escape]);
                continue;
            }
        };
        bytes.push(byte);
    }
    Some(bytes)
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_taken_back() {
        assert_eq!(
            unescape_unicode(b"a\\u000a\xe9\\U0001F600").as_deref(),
            Some("a\né😀")
        );
        assert_eq!(unescape_unicode(b"\\u00"), None);
        assert_eq!(unescape_unicode(b"\\ud800"), None);
        assert_eq!(
            unescape_string(b"'a\\n\\x00\\'\\101\\\\'").as_deref(),
            Some(&b"a\n\0'A\\"[..])
        );
        assert_eq!(unescape_string(b"\"\\q\"").as_deref(), Some(&b"\\q"[..]));
        for damaged in [&b""[..], b"'", b"'a", b"a", b"'\\'", b"'\\x1'"] {
            assert_eq!(unescape_string(damaged), None, "{damaged:?}");
        }
    }
}
