//! The stack machine.

use std::collections::HashMap;
use std::io::{BufRead, Read, Seek};

use super::{Failure, Global, Id, Pickle, Result, Value, refused};

/// Longest string whose text is kept; of longer ones only the place.
const KEPT: u64 = 1024;

/// Most values that a file may have; the published ones have under 50,000.
const MOST_VALUES: usize = 1_000_000;

/// Reads a pickle of `length` bytes.
pub(in crate::cifar10) fn read(source: impl BufRead + Seek, length: u64) -> Result<Pickle> {
    let mut machine = Machine {
        source,
        length,
        place: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        if let Some(root) = machine.step()? {
            return Ok(Pickle {
                values: machine.values,
                root,
            });
        }
    }
}

struct Machine<S> {
    source: S,
    length: u64,
    place: u64,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<S: BufRead + Seek> Machine<S> {
    /// Executes one instruction; the last one returns the result.
    fn step(&mut self) -> Result<Option<Id>> {
        let instruction = self.number(1)? as u8;
        match instruction {
            // PROTO, FRAME, STOP, MARK, POP
            0x80 => match self.number(1)? {
                2..=5 => {}
                other => {
                    return refused(format!(
                        "it is a pickle of protocol {other}, and 2 to 5 are read"
                    ));
                }
            },
            0x95 => drop(self.number(8)?),
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            // Simple values.
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => {
                let value = self.number(4)? as u32 as i32;
                self.push(Value::Integer(i64::from(value)))?;
            }
            0x8a => {
                let n_bytes = self.number(1)?;
                if n_bytes > 8 {
                    return refused("its pickle has a number of more than 64 bits");
                }
                let value = self.number(n_bytes as usize)?;
                let unused = 64 - 8 * n_bytes as u32;
                let value = value
                    .checked_shl(unused)
                    .map_or(0, |value| value as i64 >> unused);
                self.push(Value::Integer(value))?;
            }
            // Text and bytes: SHORT_BINSTRING, SHORT_BINBYTES, SHORT_BINUNICODE; BINSTRING, BINBYTES, BINUNICODE;
            // BINBYTES8, BINUNICODE8, BYTEARRAY8
            b'U' | b'C' | 0x8c => self.bytes(1)?,
            b'T' | b'B' | b'X' => self.bytes(4)?,
            0x8e | 0x8d | 0x96 => self.bytes(8)?,
            // Tuples, lists, dictionaries.
            b')' => self.push(Value::Tuple(Vec::new()))?,
            0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0x84..instruction {
                    items.insert(0, self.pop()?);
                }
                self.push(Value::Tuple(items))?;
            }
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items))?;
            }
            b']' => self.push(Value::List(Vec::new()))?,
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.extend_list(items)?;
            }
            b'}' => self.push(Value::Dictionary(Vec::new()))?,
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.extend_dictionary(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.extend_dictionary(&items)?;
            }
            // The memo: BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let top = self.top()?;
                self.memo.insert(self.memo.len() as u64, top);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            // Functions: GLOBAL, STACK_GLOBAL, REDUCE, BUILD
            b'c' => {
                let [module, name] = [self.line()?, self.line()?];
                self.push(Value::Global(Global::named(&module, &name)?))?;
            }
            0x93 => {
                let [name, module] = [self.pop_text()?, self.pop_text()?];
                self.push(Value::Global(Global::named(&module, &name)?))?;
            }
            b'R' => {
                let (arguments, global) = (self.pop()?, self.pop()?);
                let Value::Global(global) = self.values[global] else {
                    return refused("its pickle calls what is no function");
                };
                self.push(Value::Object {
                    global,
                    arguments,
                    state: None,
                })?;
            }
            b'b' => {
                let given = self.pop()?;
                let object = self.top()?;
                let Value::Object { state, .. } = &mut self.values[object] else {
                    return refused("its pickle gives a state to what has none");
                };
                *state = Some(given);
            }
            other => {
                let place = self.place - 1;
                return refused(format!(
                    "its pickle has instruction {other:#04x} at byte {place}, which no array of images needs; nothing was executed"
                ));
            }
        }
        Ok(None)
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.check_left(buffer.len() as u64)?;
        self.place += buffer.len() as u64;
        self.source.read_exact(buffer).map_err(Failure::Io)
    }

    fn check_left(&self, n_bytes: u64) -> Result<()> {
        match self.length - self.place < n_bytes {
            true => refused(format!(
                "its pickle was cut: it ends at byte {}",
                self.length
            )),
            false => Ok(()),
        }
    }

    /// An unsigned number of up to 8 bytes, the lowest first.
    fn number(&mut self, n_bytes: usize) -> Result<u64> {
        let mut bytes = [0; 8];
        self.take(&mut bytes[..n_bytes])?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        let mut limited = (&mut self.source).take(KEPT);
        limited.read_until(b'\n', &mut line).map_err(Failure::Io)?;
        self.place += line.len() as u64;
        match line.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).into_owned()),
            _ => refused("its pickle has a name without an end"),
        }
    }

    fn push(&mut self, value: Value) -> Result<()> {
        if self.values.len() >= MOST_VALUES {
            return refused(format!("its pickle has more than {MOST_VALUES} values"));
        }
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    fn integer(&mut self, n_bytes: usize) -> Result<()> {
        let value = self.number(n_bytes)?;
        self.push(Value::Integer(value as i64))
    }

    /// Text or bytes after their length, a number of `n_bytes`.
    fn bytes(&mut self, n_bytes: usize) -> Result<()> {
        let length = self.number(n_bytes)?;
        self.check_left(length)?;
        let start = self.place;
        let mut kept = Vec::new();
        if length <= KEPT {
            kept.resize(length as usize, 0);
            self.take(&mut kept)?;
        } else {
            // The length is at most that of a file, which is less than half of what 64 bits can say.
            self.source
                .seek_relative(length as i64)
                .map_err(Failure::Io)?;
            self.place += length;
        }
        self.push(Value::Bytes {
            start,
            length,
            kept,
        })
    }

    /// The values above `floor` on the stack are those after the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.floor() => Ok(id),
            _ => refused("its pickle takes a value that is not there"),
        }
    }

    fn pop(&mut self) -> Result<Id> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn pop_text(&mut self) -> Result<String> {
        let id = self.pop()?;
        match &self.values[id] {
            Value::Bytes { kept, .. } => Ok(String::from_utf8_lossy(kept).into_owned()),
            _ => refused("its pickle has a function whose name is no text"),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => refused("its pickle ends a list that it has not begun"),
        }
    }

    fn extend_list(&mut self, items: Vec<Id>) -> Result<()> {
        let list = self.top()?;
        match &mut self.values[list] {
            Value::List(list) => list.extend(items),
            _ => return refused("its pickle adds to what is no list"),
        }
        Ok(())
    }

    fn extend_dictionary(&mut self, items: &[Id]) -> Result<()> {
        let dictionary = self.top()?;
        match &mut self.values[dictionary] {
            Value::Dictionary(dictionary) => {
                dictionary.extend(items.chunks_exact(2).map(|item| (item[0], item[1])));
            }
            _ => return refused("its pickle adds to what is no dictionary"),
        }
        Ok(())
    }

    fn remember(&mut self, n_bytes: usize) -> Result<()> {
        let key = self.number(n_bytes)?;
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, n_bytes: usize) -> Result<()> {
        let key = self.number(n_bytes)?;
        match self.memo.get(&key) {
            Some(&id) => self.stack.push(id),
            None => return refused("its pickle recalls a value that it has not stored"),
        }
        Ok(())
    }
}
