//! Tested designs as text.

use std::fmt::Write;

use engram_engine::experiments::{DESIGN, Design};
use engram_report::{Results, Selection};
use serde::Serialize;

/// What a test of a design gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Tested {
    pub(super) measure: String,
    pub(super) units: u32,
    pub(super) noise_stddev: f64,
    pub(super) sessions: u32,
    pub(super) every: u32,
    pub(super) cost: u64,
    pub(super) accuracy: f64,
    /// Of 95 %, corrected for the overlap of the splits.
    pub(super) interval: Option<(f64, f64)>,
    pub(super) chance: f64,
}

impl Tested {
    /// From the rows of a design; none when there are no such rows.
    pub(super) fn of(design: &Design, results: &Results<'_>) -> Option<Self> {
        let parameters = design.parameters();
        let mut selection = Selection::of(DESIGN).with_any_split();
        for (name, value) in parameters.as_object()? {
            selection = selection.with(name, value.clone());
        }
        let by_split = results.accuracies(&selection).ok()?;
        Some(Self {
            measure: parameters.get("measure")?.as_str()?.to_owned(),
            units: design.units,
            noise_stddev: design.noise_stddev,
            sessions: design.sessions,
            every: design.every,
            cost: design.cost(),
            accuracy: by_split.estimate()?.mean,
            interval: by_split.interval(),
            chance: results.chance(&selection)?,
        })
    }

    fn words(&self) -> String {
        let noise = match self.noise_stddev {
            0.0 => String::new(),
            noise => format!(" with noise {noise}"),
        };
        let sessions = match self.sessions {
            1 => "one session".to_owned(),
            n => format!("{n} sessions {} epochs apart", self.every),
        };
        format!("{} units{noise}, {sessions}", self.units)
    }
}

const COLUMNS: [&str; 7] = [
    "measure",
    "units",
    "noise",
    "sessions",
    "every",
    "accuracy",
    "95% interval",
];

/// The designs, a measure after the other and the best first, and the best of each measure in words.
pub(super) fn text(tested: &[Tested], budget: Option<u64>, n_splits: usize) -> String {
    let Some(first) = tested.first() else {
        return "None of the designs could be tested.\n".to_owned();
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Accuracy of naming the learning rule; guessing gives {}. {} splits.\n",
        percent(first.chance),
        n_splits
    );
    let mut measures: Vec<&str> = Vec::new();
    for design in tested {
        if !measures.contains(&&*design.measure) {
            measures.push(&design.measure);
        }
    }
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    let mut best = Vec::new();
    for measure in measures {
        let mut of_measure: Vec<&Tested> = tested
            .iter()
            .filter(|design| design.measure == measure)
            .collect();
        of_measure.sort_by(|a, b| {
            let accuracy = b.accuracy.total_cmp(&a.accuracy);
            accuracy.then(a.cost.cmp(&b.cost))
        });
        best.extend(of_measure.first().copied());
        rows.extend(of_measure.into_iter().map(row));
    }
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    });
    for row in &rows {
        let mut line = format!("  {:width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if tested.len() > best.len() {
        let within = budget.map_or_else(String::new, |budget| {
            format!(" within a budget of {budget} units times sessions")
        });
        let _ = writeln!(text, "\nBest{within}:\n");
        for design in best {
            let _ = writeln!(
                text,
                "  {:width$}  {}: {}",
                design.measure,
                design.words(),
                percent(design.accuracy),
                width = widths[0]
            );
        }
    }
    text
}

fn row(design: &Tested) -> [String; COLUMNS.len()] {
    let interval = design.interval.map_or_else(String::new, |(low, high)| {
        format!("{} to {}", percent(low.max(0.0)), percent(high.min(1.0)))
    });
    [
        design.measure.clone(),
        design.units.to_string(),
        design.noise_stddev.to_string(),
        design.sessions.to_string(),
        design.every.to_string(),
        percent(design.accuracy),
        interval,
    ]
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tested(measure: &str, units: u32, sessions: u32, accuracy: f64) -> Tested {
        Tested {
            measure: measure.to_owned(),
            units,
            noise_stddev: 0.1,
            sessions,
            every: 5,
            cost: u64::from(units * sessions),
            accuracy,
            interval: Some((accuracy - 0.05, accuracy + 0.05)),
            chance: 0.25,
        }
    }

    #[test]
    fn the_best_design_comes_first_and_is_said() {
        let designs = [
            tested("weight", 10, 4, 0.5),
            tested("weight", 40, 1, 0.6),
            tested("activation", 10, 4, 0.55),
        ];
        let expected = "\
Accuracy of naming the learning rule; guessing gives 25.0%. 10 splits.

  measure     units  noise  sessions  every  accuracy    95% interval
  weight         40    0.1         1      5     60.0%  55.0% to 65.0%
  weight         10    0.1         4      5     50.0%  45.0% to 55.0%
  activation     10    0.1         4      5     55.0%  50.0% to 60.0%

Best within a budget of 40 units times sessions:

  weight      40 units with noise 0.1, one session: 60.0%
  activation  10 units with noise 0.1, 4 sessions 5 epochs apart: 55.0%
";
        assert_eq!(text(&designs, Some(40), 10), expected);
        let one = text(&designs[..1], None, 10);
        assert!(!one.contains("Best"), "{one}");
    }
}
