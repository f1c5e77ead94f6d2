//! A word where a named query has no rows: it has parameters whose defaults are the study's, and many datasets are smaller.

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use engram_engine::Session;
use engram_engine::queries::{self, Header, Parameter};

use crate::printing::say;

/// Says on standard error that the query has no rows, what it was asked with, and how far the dataset goes.
pub(crate) async fn tell_of_no_rows(session: &Session, name: &str, given: &[(String, String)]) {
    let Ok(query) = queries::find(name) else {
        return;
    };
    let parameters = Header::of(query.text).parameters;
    let hint = hint(name, &parameters, given, last_epoch(session).await);
    say(&format!("{name} has no rows in this dataset\nhint: {hint}"));
}

/// The epoch of the last checkpoint of any run. A dataset that cannot tell it leaves the hint shorter.
async fn last_epoch(session: &Session) -> Option<i64> {
    let query = session.sql("SELECT max(epoch) FROM trajectories").await;
    let rows = query.ok()?.collect().await.ok()?;
    let last = cast(rows.first()?.column(0), &DataType::Int64).ok()?;
    last.as_primitive::<Int64Type>().iter().next()?
}

fn hint(
    name: &str,
    parameters: &[Parameter],
    given: &[(String, String)],
    last_epoch: Option<i64>,
) -> String {
    let describes = format!("`engram query {name} --list` describes it");
    if parameters.is_empty() {
        return format!("nothing in the dataset is what it looks for; {describes}");
    }
    let asked = parameters.iter().map(|parameter| {
        let given = given.iter().rev().find(|(name, _)| *name == parameter.name);
        let value = given.map_or(&parameter.default, |(_, value)| value);
        format!("{} = {value}", parameter.name)
    });
    let asked: Vec<String> = asked.collect();
    let spans: Vec<&str> = parameters
        .iter()
        .filter(|parameter| is_span(parameter))
        .map(|parameter| parameter.name.as_str())
        .collect();
    let reach = match last_epoch {
        Some(last) if !spans.is_empty() => format!(
            "; the runs go to epoch {last}, and {} may ask for more",
            spans.join(" and ")
        ),
        _ => String::new(),
    };
    format!(
        "it was asked with {}{reach}; set others with --param, and {describes}",
        asked.join(", ")
    )
}

/// Whether it says how much of a trajectory is asked for.
fn is_span(parameter: &Parameter) -> bool {
    let is_count = parameter.default.parse::<u64>().is_ok() && !parameter.name.ends_with("seed");
    is_count
        && ["checkpoint", "epoch"]
            .iter()
            .any(|word| parameter.meaning.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_that_ask_for_more_than_there_is_are_named() {
        let query = queries::find("figure_4a").unwrap();
        let parameters = Header::of(query.text).parameters;
        let given = [("period".to_owned(), "30".to_owned())];
        let hint = hint("figure_4a", &parameters, &given, Some(20));
        assert!(
            hint.starts_with("it was asked with measure = 'all', samples = 5, period = 30, "),
            "{hint}"
        );
        assert!(
            hint.contains("; the runs go to epoch 20, and samples and period may ask for more; "),
            "{hint}"
        );
    }

    #[test]
    fn others_are_described() {
        let query = queries::find("figure_2b").unwrap();
        let parameters = Header::of(query.text).parameters;
        let hint_of_values = hint("figure_2b", &parameters, &[], Some(20));
        assert!(hint_of_values.contains("value = 'alexnet', unit_fraction = 1.0, "));
        assert!(hint_of_values.contains("definition = 'standard'; set others with --param"));
        let hint = hint("figure_2b_curriculum", &[], &[], None);
        assert!(hint.starts_with("nothing in the dataset"), "{hint}");
    }
}
