//! Bytes that are made example by example, as they are read.

use std::io::{self, Cursor, Read};

/// Reads what `bytes_of` makes of each of so many examples, one behind the other.
pub(super) struct OneByOne<F> {
    bytes_of: F,
    next: usize,
    n_examples: usize,
    rest: Cursor<Vec<u8>>,
}

impl<F: FnMut(usize) -> io::Result<Vec<u8>>> OneByOne<F> {
    pub(super) fn new(n_examples: usize, bytes_of: F) -> Self {
        Self {
            bytes_of,
            next: 0,
            n_examples,
            rest: Cursor::default(),
        }
    }
}

impl<F: FnMut(usize) -> io::Result<Vec<u8>>> Read for OneByOne<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.rest.read(buffer)?;
            if n > 0 || buffer.is_empty() || self.next == self.n_examples {
                return Ok(n);
            }
            self.rest = Cursor::new((self.bytes_of)(self.next)?);
            self.next += 1;
        }
    }
}
