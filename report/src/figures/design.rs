//! Recording designs: accuracy by units and sessions, a panel for each measure, noise and distance of the sessions.

use super::sheet::Sheet;
use super::{Figure, FigureKind, Grid};
use crate::charts::{HeatMap, Legend};
use crate::drawing::{BOTH_COLUMNS, COLUMN};
use crate::results::order;
use crate::{Missing, Results, Selection, names};
use serde_json::Value;

/// The experiment that tests designs.
const EXPERIMENT: &str = "design";

/// Accuracies of recording designs. Not among [`ALL`](super::ALL): the study has no such figure.
pub const FIGURE: FigureKind = FigureKind {
    name: "design",
    title: "Recording designs: accuracy by units and sessions",
    draw,
};

/// What sets panels apart.
const MEASURE: &str = names::MEASURE;
const NOISE: &str = "noise_stddev";
/// Likewise, where designs differ in nothing else.
const PERIOD: &str = "period";
const UNITS: &str = "units";
const SESSIONS: &str = "samples";

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    let all = Selection::of(EXPERIMENT).with_any_split();
    let entries = results.require(&all)?;
    // Where nothing is said of the period, it follows from the number of sessions.
    let has_periods = results.numbers(&all, SESSIONS).iter().any(|&sessions| {
        let of_sessions = all.clone().with(SESSIONS, sessions);
        results.numbers(&of_sessions, PERIOD).len() > 1
    });
    let set_apart: &[&str] = match has_periods {
        true => &[MEASURE, NOISE, PERIOD],
        false => &[MEASURE, NOISE],
    };
    let has_noises = results.numbers(&all, NOISE).len() > 1;
    let mut panels: Vec<Vec<(&str, Value)>> = Vec::new();
    for entry in entries {
        let panel: Vec<_> = set_apart
            .iter()
            .filter_map(|name| Some((*name, entry.parameters.get(*name)?.clone())))
            .collect();
        if !panels.contains(&panel) {
            panels.push(panel);
        }
    }
    let (units, sessions) = (
        results.numbers(&all, UNITS),
        results.numbers(&all, SESSIONS),
    );
    let chance = results.chance(&all).unwrap_or(0.0);
    panels.sort_by(|a, b| {
        let pairs = a.iter().zip(b).map(|((_, a), (_, b))| order(a, b));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    let mut description = String::new();
    let mut charts = Vec::new();
    for panel in &panels {
        let mut title = String::new();
        for (name, value) in panel {
            match (*name, value.as_str()) {
                (MEASURE, Some(measure)) => title += &names::label(measure),
                (NOISE, _) if has_noises => title += &format!(", noise {value}"),
                (PERIOD, _) => title += &format!(", every {value}"),
                _ => {}
            }
        }
        let accuracy = |units: f64, sessions: f64| {
            let mut selection = all.clone().with(UNITS, units).with(SESSIONS, sessions);
            for (name, value) in panel {
                selection = selection.with(name, value.clone());
            }
            Some(results.accuracy(&selection)?.mean)
        };
        let cells: Vec<Vec<Option<f64>>> = units
            .iter()
            .map(|&units| {
                sessions
                    .iter()
                    .map(|&sessions| accuracy(units, sessions))
                    .collect()
            })
            .collect();
        for (units, row) in units.iter().zip(&cells) {
            for (sessions, cell) in sessions.iter().zip(row) {
                if let Some(cell) = cell {
                    description +=
                        &format!("{title}, {units} units, {sessions} sessions: {cell:.3}. ");
                }
            }
        }
        charts.push(HeatMap {
            title: Some(title),
            row_title: "Units of a layer",
            column_title: "Sessions",
            rows: units.iter().map(f64::to_string).collect(),
            columns: sessions.iter().map(f64::to_string).collect(),
            cells,
            domain: (chance, 1.0),
            written: |accuracy| format!("{accuracy:.2}"),
        });
    }
    let (width, n_columns) = match charts.len() {
        1 => (COLUMN, 1),
        _ => (BOTH_COLUMNS, 2),
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &Legend::default(),
        width,
        height: 150.0,
        n_columns,
    };
    let caption = format!(
        "Expected accuracy of naming the learning rule of a network that was never seen, by how many units of a layer are \
         recorded and in how many sessions. White is chance ({chance:.2}); designs that were not tested are blank."
    );
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row;
    use engram_schemas::results::ResultRow;

    fn tested(measure: &str, units: u32, samples: u32, period: u32, accuracy: f64) -> ResultRow {
        let parameters = serde_json::json!({
            "measure": measure, "units": units, "samples": samples, "noise_stddev": 0.1, "period": period
        });
        let parameters = parameters.to_string();
        row("design", names::RANDOM_FOREST, &parameters, 0, accuracy)
    }

    fn description(rows: &[ResultRow]) -> String {
        let results = Results::try_new(rows).unwrap();
        FIGURE.draw(&results, Grid::Full).unwrap().description
    }

    #[test]
    fn a_panel_a_measure_and_a_cell_a_design() {
        let description = description(&[
            tested("weight", 10, 2, 5, 0.5),
            tested("weight", 100, 2, 5, 0.7),
            tested("activation", 10, 4, 5, 0.6),
        ]);
        for words in [
            "Weights, 100 units, 2 sessions: 0.700",
            "10 units, 4 sessions: 0.600",
        ] {
            assert!(description.contains(words), "{description}");
        }
        let nothing = Results::try_new(&[]).unwrap();
        assert!(FIGURE.draw(&nothing, Grid::Full).is_err());
    }

    #[test]
    fn periods_set_panels_apart_only_where_sessions_do_not_tell_them() {
        let widest = [
            tested("weight", 10, 2, 20, 0.5),
            tested("weight", 10, 5, 5, 0.6),
        ];
        let found = description(&widest);
        assert!(!found.contains("every"), "{found}");
        let found = description(&[widest[0].clone(), tested("weight", 10, 2, 5, 0.4)]);
        assert!(
            found.contains("Weights, every 5, 10 units, 2 sessions: 0.400"),
            "{found}"
        );
    }
}
