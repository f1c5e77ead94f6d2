//! Instructions that fill containers and describe objects.

use super::Machine;
use crate::cursor::shortened;
use crate::globals::Global;
use crate::graph::{Id, Node};
use crate::{Error, Result};

/// The most arguments of a call: no function that may be called has more.
const MOST_ARGUMENTS: usize = 8;

impl Machine {
    pub(super) fn tuple(&mut self, n: usize) -> Result<()> {
        let fence = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(n) {
            Some(start) if start >= fence => {
                let items = self.stack.split_off(start);
                self.push(Node::Tuple(items))
            }
            _ => Err(self.stack_is_empty()),
        }
    }

    pub(super) fn pairs(&self, entries: Vec<Id>) -> Result<Vec<(Id, Id)>> {
        let (pairs, rest) = entries.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.cursor.malformed("a dict has a key without a value"));
        }
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    }

    pub(super) fn append(&mut self, items: Vec<Id>) -> Result<()> {
        let target = self.top()?;
        match self.graph.node_mut(target) {
            Node::List(list) | Node::Set(list) => {
                list.extend(items);
                Ok(())
            }
            other => {
                let kind = other.kind();
                Err(self
                    .cursor
                    .malformed(format!("items are appended to {kind}")))
            }
        }
    }

    pub(super) fn set_items(&mut self, entries: Vec<Id>) -> Result<()> {
        let entries = self.pairs(entries)?;
        let target = self.top()?;
        match self.graph.node_mut(target) {
            Node::Dict(dict) => {
                dict.extend(entries);
                Ok(())
            }
            other => {
                let kind = other.kind();
                Err(self.cursor.malformed(format!("keys are set in {kind}")))
            }
        }
    }

    pub(super) fn global_lines(&mut self) -> Result<Global> {
        let module = self.cursor.text_line("a module's name")?;
        let name = self.cursor.text_line("a function's or class's name")?;
        self.global(&module, &name)
    }

    pub(super) fn stack_global(&mut self) -> Result<()> {
        let name = self.pop()?;
        let module = self.pop()?;
        let text = |id| match self.graph.node(id) {
            Node::Text(text) => Some(&**text),
            Node::Python2String(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        match (text(module), text(name)) {
            (Some(module), Some(name)) => {
                let global = self.global(module, name)?;
                self.push(Node::Global(global))
            }
            _ => Err(self
                .cursor
                .malformed("the name of a function or class is not a text")),
        }
    }

    pub(super) fn global(&self, module: &str, name: &str) -> Result<Global> {
        Global::find(module, name).ok_or_else(|| Error::Forbidden {
            position: self.cursor.instruction(),
            module: shortened(module),
            name: shortened(name),
        })
    }

    pub(super) fn call(&mut self, function: Id, arguments: Id) -> Result<()> {
        let &Node::Global(function) = self.graph.node(function) else {
            let kind = self.graph.node(function).kind();
            return Err(self.cursor.malformed(format!("{kind} is called")));
        };
        let Node::Tuple(given) = self.graph.node(arguments) else {
            let kind = self.graph.node(arguments).kind();
            return Err(self
                .cursor
                .malformed(format!("a function's arguments are {kind}")));
        };
        if given.len() > MOST_ARGUMENTS {
            return Err(self
                .cursor
                .malformed(format!("a function has {} arguments", given.len())));
        }
        // The one object whose entries follow the call.
        if function == Global::Dict && given.is_empty() {
            return self.push(Node::Dict(Vec::new()));
        }
        let arguments = given.clone();
        self.push(Node::Call {
            function,
            arguments,
            state: None,
        })
    }

    pub(super) fn build(&mut self) -> Result<()> {
        let given = self.pop()?;
        let target = self.top()?;
        match self.graph.node_mut(target) {
            Node::Call {
                state: state @ None,
                ..
            } => {
                *state = Some(given);
                Ok(())
            }
            Node::Call { .. } => Err(self.cursor.malformed("an object gets its state twice")),
            other => {
                let kind = other.kind();
                Err(self
                    .cursor
                    .malformed(format!("{kind} gets the state of an object")))
            }
        }
    }
}
