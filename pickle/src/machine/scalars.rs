//! Instructions that make numbers and texts.

use bytes::Bytes;

use super::Machine;
use crate::Result;
use crate::cursor::shortened;
use crate::graph::Node;
use crate::text::Text;

/// The highest protocol that there is.
const HIGHEST_PROTOCOL: u8 = 5;

impl Machine {
    pub(super) fn protocol(&mut self) -> Result<()> {
        let protocol = u8::from_le_bytes(self.cursor.array("the protocol")?);
        if protocol > HIGHEST_PROTOCOL {
            return Err(self.unsupported(&format!(
                "protocol {protocol}; the highest known is {HIGHEST_PROTOCOL}"
            )));
        }
        Ok(())
    }

    pub(super) fn integer_line(&mut self) -> Result<()> {
        let line = self.cursor.text_line("the integer")?;
        let node = match line.as_str() {
            "00" => Node::Bool(false),
            "01" => Node::Bool(true),
            digits => Node::Int(self.parse_integer(digits)?),
        };
        self.push(node)
    }

    pub(super) fn long_line(&mut self) -> Result<()> {
        let line = self.cursor.text_line("the integer")?;
        let value = self.parse_integer(line.strip_suffix('L').unwrap_or(&line))?;
        self.push(Node::Int(value))
    }

    pub(super) fn parse_integer(&self, digits: &str) -> Result<i128> {
        digits.trim().parse().map_err(|_| {
            self.cursor.malformed(format!(
                "`{}` is not an integer of at most 128 bits",
                shortened(digits)
            ))
        })
    }

    /// An integer in two's complement, the least byte first.
    pub(super) fn long(&mut self, digits: &[u8]) -> Result<()> {
        let sign = match digits.last() {
            Some(&last) if last >= 0x80 => 0xff,
            _ => 0,
        };
        let mut bytes = [sign; 16];
        match bytes.get_mut(..digits.len()) {
            Some(start) => start.copy_from_slice(digits),
            None => return Err(self.unsupported("an integer of more than 128 bits")),
        }
        self.push(Node::Int(i128::from_le_bytes(bytes)))
    }

    pub(super) fn text(&mut self, bytes: Bytes) -> Result<()> {
        match Text::try_from(bytes) {
            Ok(text) => self.push(Node::Text(text)),
            Err(_) => Err(self.not_unicode()),
        }
    }
}
