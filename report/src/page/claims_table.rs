//! The claims and what results say of them, as HTML and as Markdown.

use maud::{Markup, html};

use crate::claims::{self, Outcome, Verdict};
use crate::{Claim, Grid, Results};

/// How to read the numbers.
const NOTE: &str = "Differences are paired by split, with 95% intervals corrected for the overlap of the splits' training \
                    parts (Nadeau and Bengio 2003): they are over splits of these networks, whose layers are not independent, \
                    and too narrow for other networks. A claim holds when each of its parts is shown, a part with a \
                    tolerance by its mean, and a part that says \"never\" unless the contrary is shown; C4 compares means. \
                    \"Does not hold\" means that these results do not show it.";

/// What separates the parts of a claim in a verdict's words.
const PART: &str = "; ";

pub(super) fn table(results: &Results<'_>) -> Markup {
    html! {
        p { (NOTE) }
        div.scroll tabindex="0" role="region" aria-label="Claims and verdicts" {
            table.claims {
                thead {
                    tr {
                        th scope="col" { "No." }
                        th scope="col" { "The study says" }
                        th scope="col" { "Computed here" }
                        th scope="col" { "Uncertainty" }
                        th scope="col" { "Verdict" }
                    }
                }
                @for claim in claims::ALL { (body(claim, &(claim.test)(results))) }
            }
        }
    }
}

fn body(claim: &Claim, verdict: &Verdict) -> Markup {
    let statistics: Vec<&str> = verdict.statistic.split(PART).collect();
    let uncertainties: Vec<&str> = verdict.uncertainty.split(PART).collect();
    let n_rows = statistics.len().to_string();
    let (class, why) = match &verdict.outcome {
        Outcome::Holds => ("holds", None),
        Outcome::DoesNotHold { why } => ("fails", Some(why)),
        Outcome::NotTestable { why } => ("open", Some(why)),
    };
    html! {
        tbody class=(class) {
            @for (index, statistic) in statistics.iter().enumerate() {
                tr {
                    @if index == 0 {
                        th scope="rowgroup" rowspan=(n_rows) { (claim.id) }
                        td rowspan=(n_rows) { (claim.statement) }
                    }
                    td.number { (if statistic.is_empty() { "nothing" } else { statistic }) }
                    td.number { (uncertainties.get(index).copied().unwrap_or_default()) }
                    @if index == 0 {
                        td rowspan=(n_rows) {
                            span.mark { (verdict.outcome.mark()) " " (verdict.outcome) }
                            @if let Some(why) = why { span.why { (why) } }
                        }
                    }
                }
            }
        }
    }
}

/// The claims as a table in Markdown, for a file in a repository.
pub fn claims_markdown(results: &Results<'_>, grid: Grid) -> String {
    let grid = grid.in_words().map(|words| format!(" {words}"));
    let mut text = format!(
        "{NOTE}{}\n\n| Claim | The study says | Computed here | Uncertainty | Verdict |\n| --- | --- | --- | --- | --- |\n",
        grid.unwrap_or_default()
    );
    for claim in claims::ALL {
        let verdict = (claim.test)(results);
        let why = match &verdict.outcome {
            Outcome::Holds => String::new(),
            Outcome::DoesNotHold { why } | Outcome::NotTestable { why } => format!(": {why}"),
        };
        let cells = [
            claim.id.to_owned(),
            claim.statement.to_owned(),
            verdict.statistic.replace(PART, "<br>"),
            verdict.uncertainty.replace(PART, "<br>"),
            format!("{} **{}**{why}", verdict.outcome.mark(), verdict.outcome),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}
