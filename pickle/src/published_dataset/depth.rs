//! Where in its network each example's layer lies, from `X_cat`.

use engram_schemas::Depth;

use super::{form, texts};
use crate::{Dict, Error, NdArray, Result, Text};

/// The depth of every example. The three columns are early, middle and deep, unless an entry of the dict names them otherwise.
pub(super) fn depths(
    indicator: &NdArray,
    parts: &Dict,
    n_examples: usize,
    n_checkpoints: usize,
) -> Result<Vec<Depth>> {
    let repeated = match *indicator.shape() {
        [n, n_repeated, 3] if n == n_examples && n_repeated == n_checkpoints => n_repeated,
        [n, 3] if n == n_examples => 1,
        _ => {
            return Err(form(
                "X_cat",
                indicator,
                format!("[{n_examples}, {n_checkpoints}, 3], as `X` has it"),
            ));
        }
    };
    let order = named_order(parts).unwrap_or([Depth::Early, Depth::Middle, Depth::Deep]);
    let values = indicator.to_f64()?;
    if repeated == 0 {
        return Err(form("X_cat", indicator, "at least one checkpoint"));
    }
    let (rows, _) = values.as_chunks::<3>();
    rows.chunks_exact(repeated)
        .enumerate()
        .map(|(example, rows)| match depth(&rows[0], order) {
            Some(depth) if rows.iter().all(|row| row == &rows[0]) => Ok(depth),
            _ => Err(Error::Contradiction {
                reason: format!(
                    "`X_cat` of example {example} is not the same one of three at every checkpoint"
                ),
            }),
        })
        .collect()
}

fn depth(row: &[f64; 3], order: [Depth; 3]) -> Option<Depth> {
    let hot = row.iter().position(|&value| value == 1.0)?;
    let others = row.iter().enumerate().filter(|&(i, _)| i != hot);
    others
        .map(|(_, &value)| value)
        .all(|value| value == 0.0)
        .then_some(order[hot])
}

/// The order in which some entry names the three depths, as in `['depth_early', 'depth_middle', 'depth_deep']`.
fn named_order(parts: &Dict) -> Option<[Depth; 3]> {
    parts.entries().iter().find_map(|(_, value)| {
        let is_short = value.as_items().is_some_and(|items| items.len() == 3)
            || value.as_array().is_some_and(|array| array.shape() == [3]);
        let names: [Text; 3] = texts("", is_short.then_some(value)?)
            .ok()?
            .try_into()
            .ok()?;
        let order = names.map(|name| {
            let name = name.to_lowercase();
            let mut named = Depth::ALL
                .iter()
                .filter(|depth| name.contains(depth.as_str()));
            named.next().copied()
        });
        match order {
            [Some(a), Some(b), Some(c)] if a != b && b != c && a != c => Some([a, b, c]),
            _ => None,
        }
    })
}
