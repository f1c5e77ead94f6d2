//! From the graph that a pickle's program made to values.
//!
//! Every node is resolved once, after those that it refers to, without recursion. A value that contains itself is an error,
//! because nothing that NumPy data consist of does; so is nesting that is deeper than dropping or walking may recurse.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::array::Items;
use crate::globals::Global;
use crate::graph::{Graph, Id, Node};
use crate::numpy;
use crate::text::{Text, to_latin_1};
use crate::value::{Dict, Value};
use crate::{Error, Result};

/// The deepest nesting of values.
const DEEPEST: usize = 128;

/// What a node turned out to be.
#[derive(Clone)]
pub(crate) enum Made {
    /// A value.
    Value(Value),
    /// A class, which only calls may be given.
    Global(Global),
}

enum Progress {
    NotYet,
    Begun,
    Done { made: Made, height: usize },
}

/// Turns the nodes below `root` into its value.
pub(crate) fn resolve(graph: &Graph, root: Id) -> Result<Value> {
    Resolver {
        graph,
        progress: std::iter::repeat_with(|| Progress::NotYet)
            .take(graph.len())
            .collect(),
        n_copied: 0,
        latin_1: HashMap::new(),
    }
    .run(root)
}

struct Resolver<'g> {
    graph: &'g Graph,
    progress: Vec<Progress>,
    /// Number of entries and fields that were made of others.
    n_copied: usize,
    /// Texts that stand for bytes, so that one that is used often is written out once. By where they lie in memory.
    latin_1: HashMap<(*const u8, usize), Bytes>,
}

impl Resolver<'_> {
    fn run(mut self, root: Id) -> Result<Value> {
        self.progress[root.index()] = Progress::Begun;
        // Nodes that are begun, and the child that each comes to next.
        let mut path = vec![(root, 0)];
        while let Some((id, next)) = path.last_mut() {
            let id = *id;
            let child = self.graph.child(id, *next);
            *next += 1;
            match child {
                Some(child) => match self.progress[child.index()] {
                    Progress::Done { .. } => {}
                    Progress::Begun => {
                        return Err(Error::Cycle {
                            position: self.graph.position(child),
                        });
                    }
                    Progress::NotYet => {
                        self.progress[child.index()] = Progress::Begun;
                        path.push((child, 0));
                    }
                },
                None => {
                    let height = self.height(id)?;
                    let made = self.make(id)?;
                    self.progress[id.index()] = Progress::Done { made, height };
                    path.pop();
                }
            }
        }
        self.value(root)
    }

    /// How deep the values below a node are nested.
    fn height(&self, id: Id) -> Result<usize> {
        let children = (0..).map_while(|n| self.graph.child(id, n));
        let below = children.map(|child| match &self.progress[child.index()] {
            Progress::Done { height, .. } => *height,
            _ => 0,
        });
        match below.max().map_or(0, |below| below + 1) {
            height if height > DEEPEST => Err(Error::Limit {
                position: self.graph.position(id),
                what: "levels of nested values",
                limit: DEEPEST,
            }),
            height => Ok(height),
        }
    }

    fn make(&mut self, id: Id) -> Result<Made> {
        Ok(Made::Value(match self.graph.node(id) {
            Node::None => Value::None,
            Node::Bool(value) => Value::Bool(*value),
            Node::Int(value) => Value::Int(*value),
            Node::Float(value) => Value::Float(*value),
            Node::Text(text) => Value::Text(text.clone()),
            Node::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Node::Python2String(bytes) => Value::Python2String(bytes.clone()),
            Node::List(items) => Value::List(self.values(items)?),
            Node::Set(items) => Value::Set(self.values(items)?),
            Node::Tuple(items) => Value::Tuple(self.values(items)?),
            Node::Dict(entries) => {
                let entry = |&(key, value)| Ok((self.value(key)?, self.value(value)?));
                Value::Dict(Dict(entries.iter().map(entry).collect::<Result<_>>()?))
            }
            Node::Global(global) => return Ok(Made::Global(*global)),
            Node::Call {
                function,
                arguments,
                state,
            } => {
                let arguments = self.arguments(arguments);
                let state = match state {
                    Some(state) => Some(self.value(*state)?),
                    None => None,
                };
                match self.call(*function, &arguments, state.as_ref()) {
                    Ok(made) => made,
                    Err(reason) => {
                        return Err(Error::Unsupported {
                            position: self.graph.position(id),
                            reason,
                        });
                    }
                }
            }
        }))
    }

    /// What Python's call of `function` would have given. The error is a reason.
    fn call(
        &mut self,
        function: Global,
        arguments: &[Made],
        state: Option<&Value>,
    ) -> std::result::Result<Value, String> {
        use Made::{Global as Class, Value as Given};
        let made = match (function, arguments) {
            (Global::Dtype, arguments) => {
                let dtype = numpy::dtype(arguments, state)?;
                self.count_copies(dtype.fields().len())?;
                return Ok(Value::Dtype(dtype.into()));
            }
            (Global::Reconstruct, [Class(Global::ArrayClass), Given(_), Given(_)]) => {
                return self.array_from_state(state);
            }
            (Global::FromBuffer, arguments) => numpy::array_from_buffer(arguments)?,
            (Global::Scalar, [Given(Value::Dtype(dtype)), Given(item)]) => {
                numpy::scalar(dtype, item)?
            }
            (Global::Bytes, []) => Value::Bytes(Bytes::new()),
            (Global::Bytes, [Given(Value::Bytes(bytes) | Value::Python2String(bytes))]) => {
                Value::Bytes(bytes.clone())
            }
            (Global::Encode | Global::Bytes, [Given(Value::Text(text)), Given(encoding)])
                if matches!(encoding.as_name(), Some("latin1" | "latin-1")) =>
            {
                Value::Bytes(self.latin_1(text)?)
            }
            (Global::Set, []) => Value::Set([].into()),
            (Global::Set, [Given(Value::List(items) | Value::Tuple(items))]) => {
                Value::Set(Arc::clone(items))
            }
            (Global::List, []) => Value::List([].into()),
            (Global::List, [Given(Value::List(items) | Value::Tuple(items))]) => {
                Value::List(Arc::clone(items))
            }
            (Global::Tuple, []) => Value::Tuple([].into()),
            (Global::Tuple, [Given(Value::List(items) | Value::Tuple(items))]) => {
                Value::Tuple(Arc::clone(items))
            }
            (Global::Dict, [Given(entries)]) => self.dict(entries)?,
            // An object that protocols 0 and 1 take apart into the class, a base class, and what the base class holds.
            (Global::Reconstructor, [Class(class), Class(base), Given(held)]) => {
                match (class, base) {
                    (Global::Set, Global::Set)
                    | (Global::List, Global::List)
                    | (Global::Tuple, Global::Tuple) => {
                        return self.call(*base, &[Given(held.clone())], state);
                    }
                    (Global::Dict, Global::Dict) => self.dict(held)?,
                    (Global::ArrayClass, Global::Object) => return self.array_from_state(state),
                    _ => return Err("an object of a class that holds no NumPy data".to_owned()),
                }
            }
            _ => {
                return Err(format!(
                    "{} with {} arguments that are not as NumPy writes them",
                    function.name(),
                    arguments.len()
                ));
            }
        };
        match state {
            None | Some(Value::None) => Ok(made),
            Some(state) => Err(format!("{} has as its state {state}", function.name())),
        }
    }

    fn array_from_state(&mut self, state: Option<&Value>) -> std::result::Result<Value, String> {
        let array = numpy::array_from_state(state)?;
        // Reading a field of such records makes a list of what their tuples hold, which NumPy writes once a record.
        if let Items::Values(records) = &array.items {
            self.count_copies(records.len().saturating_mul(array.dtype().fields().len()))?;
        }
        Ok(Value::Array(array.into()))
    }

    fn latin_1(&mut self, text: &Text) -> std::result::Result<Bytes, String> {
        let place = (text.as_ptr(), text.len());
        if let Some(bytes) = self.latin_1.get(&place) {
            return Ok(bytes.clone());
        }
        let bytes = to_latin_1(text)
            .ok_or("bytes that are written as a text have a character above 255")?;
        self.latin_1.insert(place, bytes.clone());
        Ok(bytes)
    }

    fn arguments(&self, ids: &[Id]) -> Vec<Made> {
        let made = ids
            .iter()
            .filter_map(|id| match &self.progress[id.index()] {
                Progress::Done { made, .. } => Some(made.clone()),
                _ => None,
            });
        made.collect()
    }

    /// Counts entries that are made of others, which a pickle could have done again and again with the same ones.
    fn count_copies(&mut self, n: usize) -> std::result::Result<(), String> {
        self.n_copied = self.n_copied.saturating_add(n);
        if self.n_copied > self.graph.n_references() {
            return Err("more fields and entries are made than the pickle has values".to_owned());
        }
        Ok(())
    }

    fn values(&self, ids: &[Id]) -> Result<Arc<[Value]>> {
        ids.iter().map(|&id| self.value(id)).collect()
    }

    fn value(&self, id: Id) -> Result<Value> {
        match &self.progress[id.index()] {
            Progress::Done {
                made: Made::Value(value),
                ..
            } => Ok(value.clone()),
            _ => Err(Error::Unsupported {
                position: self.graph.position(id),
                reason: "a function or class that stands where a value should".to_owned(),
            }),
        }
    }

    /// A dict of pairs, or of a dict.
    fn dict(&mut self, entries: &Value) -> std::result::Result<Value, String> {
        if let Value::Dict(_) = entries {
            return Ok(entries.clone());
        }
        let pairs = entries
            .as_items()
            .ok_or_else(|| format!("a dict is made of {entries}"))?;
        self.count_copies(pairs.len())?;
        let pair = |pair: &Value| match pair.as_items() {
            Some([key, value]) => Ok((key.clone(), value.clone())),
            _ => Err(format!(
                "a dict has {pair} in the place of a key and a value"
            )),
        };
        let entries = pairs
            .iter()
            .map(pair)
            .collect::<std::result::Result<_, _>>()?;
        Ok(Value::Dict(Dict(entries)))
    }
}
