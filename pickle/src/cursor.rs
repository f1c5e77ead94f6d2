//! Reading from the file's bytes: every length is checked against what is left before anything is made of it.

use bytes::Bytes;

use crate::{Error, Result};

/// A position in the file.
pub(crate) struct Cursor {
    bytes: Bytes,
    /// Where the next byte is read.
    position: usize,
    /// Where the instruction that is being read starts.
    instruction: usize,
}

impl Cursor {
    /// The start of `bytes`.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            bytes,
            position: 0,
            instruction: 0,
        }
    }

    /// Where the next byte is read.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Where the instruction that is being read starts.
    pub(crate) fn instruction(&self) -> usize {
        self.instruction
    }

    /// The error for the instruction that is being read.
    pub(crate) fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::Malformed {
            position: self.instruction,
            reason: reason.into(),
        }
    }

    /// The next instruction's code.
    pub(crate) fn next_instruction(&mut self) -> Result<u8> {
        self.instruction = self.position;
        Ok(u8::from_le_bytes(self.array("the value")?))
    }

    /// The next `n` bytes, not copied.
    pub(crate) fn take(&mut self, n: u64, what: &'static str) -> Result<Bytes> {
        let start = self.position;
        let end = usize::try_from(n)
            .ok()
            .and_then(|n| start.checked_add(n))
            .filter(|&end| end <= self.bytes.len())
            .ok_or(Error::Truncated {
                position: self.instruction,
                what,
                end: self.bytes.len(),
            })?;
        self.position = end;
        Ok(self.bytes.slice(start..end))
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let &array = rest.first_chunk().ok_or(Error::Truncated {
            position: self.instruction,
            what,
            end: self.bytes.len(),
        })?;
        self.position += N;
        Ok(array)
    }

    /// A length of `N` bytes, and as many bytes as it says.
    pub(crate) fn counted<const N: usize>(&mut self, what: &'static str) -> Result<Bytes> {
        let mut length = [0; 8];
        length[..N].copy_from_slice(&self.array::<N>(what)?);
        self.take(u64::from_le_bytes(length), what)
    }

    /// A length of four bytes with a sign, as Python 2 wrote them, and as many bytes as it says.
    pub(crate) fn counted_signed(&mut self, what: &'static str) -> Result<Bytes> {
        let length = i32::from_le_bytes(self.array(what)?);
        match u64::try_from(length) {
            Ok(length) => self.take(length, what),
            Err(_) => Err(self.malformed(format!("{what} has the length {length}"))),
        }
    }

    /// The bytes up to the next line feed, which is passed over.
    pub(crate) fn line(&mut self, what: &'static str) -> Result<Bytes> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(n) => {
                let line = self.bytes.slice(self.position..self.position + n);
                self.position += n + 1;
                Ok(line)
            }
            None => Err(Error::Truncated {
                position: self.instruction,
                what,
                end: self.bytes.len(),
            }),
        }
    }

    /// A line that is ASCII text.
    pub(crate) fn text_line(&mut self, what: &'static str) -> Result<String> {
        let line = self.line(what)?;
        match std::str::from_utf8(&line) {
            Ok(text) => Ok(text.trim_end_matches('\r').to_owned()),
            Err(_) => Err(self.malformed(format!("{what} is not text"))),
        }
    }

    /// A decimal number on a line.
    pub(crate) fn number_line<T: std::str::FromStr>(&mut self, what: &'static str) -> Result<T> {
        let line = self.text_line(what)?;
        line.trim().parse().map_err(|_| {
            self.malformed(format!(
                "{what} `{}` is not a number in range",
                shortened(&line)
            ))
        })
    }

    /// Fails where fewer than `n` bytes are left.
    pub(crate) fn expect(&self, n: u64, what: &'static str) -> Result<()> {
        let left = self.bytes.len() - self.position;
        match usize::try_from(n) {
            Ok(n) if n <= left => Ok(()),
            _ => Err(Error::Truncated {
                position: self.instruction,
                what,
                end: self.bytes.len(),
            }),
        }
    }
}

/// The start of a text that comes from the file, for a message.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut characters = text.chars();
    let mut start: String = characters
        .by_ref()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if characters.next().is_some() {
        start.push('…');
    }
    start
}
