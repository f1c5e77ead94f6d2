//! Recording designs: accuracy by units and sessions, a panel for each measure, noise and distance of the sessions.

use super::sheet::Sheet;
use super::{Figure, FigureKind, Grid};
use crate::charts::{HeatMap, Legend};
use crate::drawing::{BOTH_COLUMNS, COLUMN};
use crate::results::order;
use crate::{Missing, Results, Selection, names};

/// The experiment that tests designs.
const EXPERIMENT: &str = "design";

/// Accuracies of recording designs. Not among [`ALL`](super::ALL): the study has no such figure.
pub const FIGURE: FigureKind = FigureKind {
    name: "design",
    title: "Recording designs: accuracy by units and sessions",
    draw,
};

/// What sets panels apart.
const PANEL: [&str; 3] = [names::MEASURE, "noise_stddev", "period"];

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    let all = Selection::of(EXPERIMENT).with_any_split();
    let mut panels: Vec<Vec<(&str, serde_json::Value)>> = Vec::new();
    for entry in results.require(&all)? {
        let panel: Vec<_> = PANEL
            .iter()
            .filter_map(|name| Some((*name, entry.parameters.get(*name)?.clone())))
            .collect();
        if !panels.contains(&panel) {
            panels.push(panel);
        }
    }
    let (units, sessions) = (
        results.numbers(&all, "units"),
        results.numbers(&all, "samples"),
    );
    let chance = results.chance(&all).unwrap_or(0.0);
    panels.sort_by(|a, b| {
        let pairs = a.iter().zip(b).map(|((_, a), (_, b))| order(a, b));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    let varies = |name: &str| {
        let of = |panel: &Vec<(&str, serde_json::Value)>| {
            panel
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value.clone())
        };
        panels.iter().any(|panel| of(panel) != of(&panels[0]))
    };
    let (noise_varies, period_varies) = (varies("noise_stddev"), varies("period"));
    let mut description = String::new();
    let mut charts = Vec::new();
    for panel in &panels {
        let mut title = String::new();
        for (name, value) in panel {
            match (*name, value.as_str()) {
                (names::MEASURE, Some(measure)) => title += &names::label(measure),
                ("noise_stddev", _) if noise_varies => title += &format!(", noise {value}"),
                ("period", _) if period_varies => title += &format!(", every {value}"),
                _ => {}
            }
        }
        let accuracy = |units: f64, sessions: f64| {
            let mut selection = all.clone().with("units", units).with("samples", sessions);
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
        2 => (BOTH_COLUMNS, 2),
        n => (BOTH_COLUMNS, n.min(2)),
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

    #[test]
    fn a_panel_a_measure_and_a_cell_a_design() {
        let of = |measure: &str, units: u32, samples: u32, accuracy| {
            let parameters = serde_json::json!({
                "measure": measure, "units": units, "samples": samples, "noise_stddev": 0.1, "period": 5
            });
            row(
                "design",
                names::RANDOM_FOREST,
                &parameters.to_string(),
                0,
                accuracy,
            )
        };
        let rows = [
            of("weight", 10, 2, 0.5),
            of("weight", 100, 2, 0.7),
            of("activation", 10, 4, 0.6),
        ];
        let results = Results::try_new(&rows).unwrap();
        let figure = FIGURE.draw(&results, Grid::Full).unwrap();
        for words in [
            "Weights, 100 units, 2 sessions: 0.700",
            "10 units, 4 sessions: 0.600",
        ] {
            assert!(figure.description.contains(words), "{}", figure.description);
        }
        let nothing = Results::try_new(&[]).unwrap();
        assert!(FIGURE.draw(&nothing, Grid::Full).is_err());
    }
}
