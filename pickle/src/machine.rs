//! The stack machine that a pickle is a program for. It makes a [`Graph`] and calls nothing.
//!
//! # References
//! CPython, `Lib/pickletools.py`, which documents every instruction.

mod containers;
mod instructions;
mod scalars;

use std::collections::HashMap;

use bytes::Bytes;

use crate::cursor::Cursor;
use crate::graph::{Graph, Id, Node};
use crate::{Error, Result};

/// The state of the machine between two instructions.
pub(crate) struct Machine {
    cursor: Cursor,
    graph: Graph,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine {
    /// Runs the program at the start of `bytes`; gives what it made, the root of it, and where the program ends.
    pub(crate) fn run(bytes: Bytes) -> Result<(Graph, Id, usize)> {
        let mut machine = Self {
            cursor: Cursor::new(bytes),
            graph: Graph::default(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        loop {
            match machine.cursor.next_instruction()? {
                b'.' => break,
                code => machine.step(code)?,
            }
        }
        let root = machine.pop()?;
        Ok((machine.graph, root, machine.cursor.position()))
    }

    fn memoize(&mut self, key: u32) -> Result<()> {
        self.graph.count_reference(self.cursor.instruction())?;
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<()> {
        match self.memo.get(&key) {
            Some(&id) => self.refer(id),
            None => Err(self
                .cursor
                .malformed(format!("the memo has nothing at {key}"))),
        }
    }

    fn add(&mut self, node: Node) -> Result<Id> {
        self.graph.add(node, self.cursor.instruction())
    }

    fn push(&mut self, node: Node) -> Result<()> {
        let id = self.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn refer(&mut self, id: Id) -> Result<()> {
        self.graph.count_reference(self.cursor.instruction())?;
        self.stack.push(id);
        Ok(())
    }

    /// The topmost value above the last mark.
    fn top(&self) -> Result<Id> {
        let fence = self.marks.last().copied().unwrap_or(0);
        match self.stack.get(fence..).unwrap_or_default().last() {
            Some(&top) => Ok(top),
            None => Err(self.stack_is_empty()),
        }
    }

    fn pop(&mut self) -> Result<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => Err(self.cursor.malformed("there is no mark")),
        }
    }

    fn stack_is_empty(&self) -> Error {
        self.cursor
            .malformed("a value is needed and the stack has none")
    }

    fn not_unicode(&self) -> Error {
        self.cursor.malformed("a text is not Unicode")
    }

    fn unsupported(&self, reason: &str) -> Error {
        Error::Unsupported {
            position: self.cursor.instruction(),
            reason: reason.to_owned(),
        }
    }

    fn outside(&self, what: &'static str) -> Error {
        Error::Outside {
            position: self.cursor.instruction(),
            what,
        }
    }
}
