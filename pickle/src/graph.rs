//! What a pickle's program makes: nodes that refer to each other by number.
//!
//! Numbers instead of pointers, because a pickle may refer to a value many times, before it is filled, and from within itself.
//! So values are shared and never copied, nesting costs no stack, and the whole is dropped as one list.

use bytes::Bytes;

use crate::globals::Global;
use crate::text::Text;
use crate::{Error, Result};

/// The most values that a pickle may make or refer to. The study's dataset has at most some hundred thousand; the limit bounds the memory
/// that a file of one-byte instructions takes.
const LIMIT: usize = 1 << 23;

/// The number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u32);

impl Id {
    /// The place of this node in lists that have an entry for each.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A value in the making.
#[derive(Debug)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Text),
    Bytes(Bytes),
    /// A string of Python 2.
    Python2String(Bytes),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    /// What would have been called, and not what it would have given.
    Call {
        function: Global,
        arguments: Vec<Id>,
        state: Option<Id>,
    },
}

impl Node {
    /// What it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Python2String(_) => "a string of Python 2",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Set(_) => "a set",
            Self::Dict(_) => "a dict",
            Self::Global(_) => "a function or class",
            Self::Call { .. } => "an object",
        }
    }
}

/// All nodes of a pickle.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    positions: Vec<usize>,
    n_references: usize,
}

impl Graph {
    /// Adds a node that the instruction at `position` makes.
    pub(crate) fn add(&mut self, node: Node, position: usize) -> Result<Id> {
        self.count_reference(position)?;
        let id = u32::try_from(self.nodes.len()).map_err(|_| limit(position))?;
        self.nodes.push(node);
        self.positions.push(position);
        Ok(Id(id))
    }

    /// Counts one more use of a node by the instruction at `position`.
    pub(crate) fn count_reference(&mut self, position: usize) -> Result<()> {
        self.n_references += 1;
        if self.n_references > LIMIT {
            return Err(limit(position));
        }
        Ok(())
    }

    /// Number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Number of nodes and of further uses of them.
    pub(crate) fn n_references(&self) -> usize {
        self.n_references
    }

    /// The node.
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node, to be filled.
    pub(crate) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// Where the instruction stands that made the node.
    pub(crate) fn position(&self, id: Id) -> usize {
        self.positions[id.index()]
    }

    /// The `n`th of the nodes that this one refers to.
    pub(crate) fn child(&self, id: Id, n: usize) -> Option<Id> {
        match self.node(id) {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => items.get(n).copied(),
            Node::Dict(entries) => {
                let &(key, value) = entries.get(n / 2)?;
                Some(if n.is_multiple_of(2) { key } else { value })
            }
            Node::Call {
                arguments, state, ..
            } => match arguments.get(n) {
                Some(&argument) => Some(argument),
                None if n == arguments.len() => *state,
                None => None,
            },
            _ => None,
        }
    }
}

fn limit(position: usize) -> Error {
    Error::Limit {
        position,
        what: "values",
        limit: LIMIT,
    }
}
