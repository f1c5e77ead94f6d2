//! The instructions, by their codes.

use super::Machine;
use crate::Result;
use crate::graph::Node;
use crate::text::{unescape_string, unescape_unicode};

impl Machine {
    /// Does what the instruction `code` says.
    pub(super) fn step(&mut self, code: u8) -> Result<()> {
        match code {
            // Protocol and frames. Frames are for readers of streams: here all bytes are there.
            0x80 => self.protocol(),
            0x95 => {
                let length = u64::from_le_bytes(self.cursor.array("a frame")?);
                self.cursor.expect(length, "a frame")
            }

            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),

            b'I' => self.integer_line(),
            b'J' => {
                let value = i32::from_le_bytes(self.cursor.array("an integer")?);
                self.push(Node::Int(value.into()))
            }
            b'K' => {
                let value = u8::from_le_bytes(self.cursor.array("an integer")?);
                self.push(Node::Int(value.into()))
            }
            b'M' => {
                let value = u16::from_le_bytes(self.cursor.array("an integer")?);
                self.push(Node::Int(value.into()))
            }
            b'L' => self.long_line(),
            0x8a => {
                let digits = self.cursor.counted::<1>("an integer")?;
                self.long(&digits)
            }
            0x8b => {
                let digits = self.cursor.counted_signed("an integer")?;
                self.long(&digits)
            }
            b'F' => {
                let value = self.cursor.number_line("the float")?;
                self.push(Node::Float(value))
            }
            b'G' => {
                let value = f64::from_be_bytes(self.cursor.array("a float")?);
                self.push(Node::Float(value))
            }

            b'S' => {
                let line = self.cursor.line("a string")?;
                match unescape_string(&line) {
                    Some(bytes) => self.push(Node::Python2String(bytes.into())),
                    None => Err(self.cursor.malformed("a string is not as Python prints it")),
                }
            }
            b'T' => {
                let bytes = self.cursor.counted_signed("a string")?;
                self.push(Node::Python2String(bytes))
            }
            b'U' => {
                let bytes = self.cursor.counted::<1>("a string")?;
                self.push(Node::Python2String(bytes))
            }
            b'V' => {
                let line = self.cursor.line("a text")?;
                match unescape_unicode(&line) {
                    Some(text) => self.push(Node::Text(text.into())),
                    None => Err(self.not_unicode()),
                }
            }
            0x8c => {
                let bytes = self.cursor.counted::<1>("a text")?;
                self.text(bytes)
            }
            b'X' => {
                let bytes = self.cursor.counted::<4>("a text")?;
                self.text(bytes)
            }
            0x8d => {
                let bytes = self.cursor.counted::<8>("a text")?;
                self.text(bytes)
            }
            b'C' => {
                let bytes = self.cursor.counted::<1>("bytes")?;
                self.push(Node::Bytes(bytes))
            }
            b'B' => {
                let bytes = self.cursor.counted::<4>("bytes")?;
                self.push(Node::Bytes(bytes))
            }
            0x8e | 0x96 => {
                let bytes = self.cursor.counted::<8>("bytes")?;
                self.push(Node::Bytes(bytes))
            }

            b']' => self.push(Node::List(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            0x8f => self.push(Node::Set(Vec::new())),
            b'l' => {
                let items = self.pop_to_mark()?;
                self.push(Node::List(items))
            }
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Tuple(items))
            }
            0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Node::Set(items))
            }
            b'd' => {
                let entries = self.pop_to_mark()?;
                let entries = self.pairs(entries)?;
                self.push(Node::Dict(entries))
            }
            0x85 => self.tuple(1),
            0x86 => self.tuple(2),
            0x87 => self.tuple(3),
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.append(items)
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![key, value])
            }
            b'u' => {
                let entries = self.pop_to_mark()?;
                self.set_items(entries)
            }

            b'(' => {
                // A mark takes memory too.
                self.graph.count_reference(self.cursor.instruction())?;
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => match self.marks.last() {
                // Python takes a mark for a value here.
                Some(&mark) if mark == self.stack.len() => {
                    self.marks.pop();
                    Ok(())
                }
                _ => self.pop().map(drop),
            },
            b'1' => self.pop_to_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.refer(top)
            }

            b'p' => {
                let key = self.cursor.number_line("the memo's key")?;
                self.memoize(key)
            }
            b'q' => {
                let key = u8::from_le_bytes(self.cursor.array("the memo's key")?);
                self.memoize(key.into())
            }
            b'r' => {
                let key = u32::from_le_bytes(self.cursor.array("the memo's key")?);
                self.memoize(key)
            }
            // Graphs are smaller than 2^32, and so is the memo.
            0x94 => self.memoize(self.memo.len() as u32),
            b'g' => {
                let key = self.cursor.number_line("the memo's key")?;
                self.recall(key)
            }
            b'h' => {
                let key = u8::from_le_bytes(self.cursor.array("the memo's key")?);
                self.recall(key.into())
            }
            b'j' => {
                let key = u32::from_le_bytes(self.cursor.array("the memo's key")?);
                self.recall(key)
            }

            b'c' => {
                let global = self.global_lines()?;
                self.push(Node::Global(global))
            }
            0x93 => self.stack_global(),
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let function = self.pop()?;
                self.call(function, arguments)
            }
            0x92 => {
                let named = self.pop()?;
                if !matches!(self.graph.node(named), Node::Dict(entries) if entries.is_empty()) {
                    return Err(self.unsupported("an object that is made with named arguments"));
                }
                let arguments = self.pop()?;
                let class = self.pop()?;
                self.call(class, arguments)
            }
            b'i' => {
                let class = self.global_lines()?;
                let arguments = self.pop_to_mark()?;
                let arguments = self.add(Node::Tuple(arguments))?;
                let class = self.add(Node::Global(class))?;
                self.call(class, arguments)
            }
            b'o' => {
                let mut arguments = self.pop_to_mark()?;
                if arguments.is_empty() {
                    return Err(self.cursor.malformed("an object has no class"));
                }
                let class = arguments.remove(0);
                let arguments = self.add(Node::Tuple(arguments))?;
                self.call(class, arguments)
            }
            b'b' => self.build(),

            b'P' | b'Q' => Err(self.outside("persistent ids")),
            0x82..=0x84 => Err(self.outside("codes of the extension registry")),
            0x97 | 0x98 => Err(self.outside("out-of-band buffers")),
            _ => Err(self
                .cursor
                .malformed(format!("there is no instruction {code:#04x}"))),
        }
    }
}
