use std::collections::BTreeSet;

use super::*;
use crate::{figures, testing};

fn made_up_page() -> String {
    let rows = testing::made_up();
    page(
        &testing::summary(),
        &Results::try_new(&rows).unwrap(),
        &PageOptions::default(),
    )
}

fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.split(&format!(" {name}=\""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn ids_are_unique_and_references_reach_them() {
    let page = made_up_page();
    let ids = attributes(&page, "id");
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for reference in attributes(&page, "aria-labelledby")
        .iter()
        .chain(&attributes(&page, "aria-describedby"))
    {
        assert!(unique.contains(reference), "{reference}");
    }
}

#[test]
fn nothing_is_fetched() {
    let page = made_up_page();
    for source in attributes(&page, "href")
        .iter()
        .chain(&attributes(&page, "src"))
    {
        assert!(
            source.starts_with('#') || source.starts_with("data:"),
            "{source}"
        );
    }
    assert!(!page.contains("<script") && !page.contains("@import"));
}

#[test]
fn claims_and_figures_are_all_there() {
    let page = made_up_page();
    for claim in crate::claims::ALL {
        assert!(
            page.contains(&format!(">{}</th>", claim.id)),
            "{}",
            claim.id
        );
    }
    assert_eq!(page.matches("✓ holds").count(), 10);
    assert_eq!(page.matches("<figure ").count(), figures::ALL.len());
    assert_eq!(page.matches("<svg ").count(), figures::ALL.len());
}

#[test]
fn controls_are_put_into_words() {
    let page = made_up_page();
    let sentence = "on one side of the split, the forest's accuracy from all measures is 0.840 rather than 0.920 (−0.080 ± 0.003)";
    assert!(page.contains(sentence));
    assert!(page.contains("With shuffled training labels it is 0.250; guessing gives 0.250."));
}

#[test]
fn a_page_without_results_says_what_is_missing() {
    let page = page(
        &Summary::default(),
        &Results::try_new(&[]).unwrap(),
        &PageOptions::default(),
    );
    assert_eq!(page.matches("– not testable").count(), 10);
    assert!(page.contains("Figure 5: few units, and noise — there are no rows of figure_5"));
}

#[test]
fn counts_have_commas() {
    let written = [0, 999, 1056, 20_736, 1_234_567].map(thousands);
    assert_eq!(written, ["0", "999", "1,056", "20,736", "1,234,567"]);
}

#[test]
fn text_of_others_is_escaped() {
    let summary = Summary {
        location: "<b>&".to_owned(),
        ..Summary::default()
    };
    let page = page(
        &summary,
        &Results::try_new(&[]).unwrap(),
        &PageOptions::default(),
    );
    assert!(page.contains("&lt;b&gt;&amp;"));
}

#[test]
fn markdown_has_a_row_for_every_claim() {
    let rows = testing::made_up();
    let text = claims_markdown(&Results::try_new(&rows).unwrap(), Grid::Reduced);
    assert!(text.contains("Reduced grid"), "{text}");
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(table.len(), 12);
    for row in table {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
    }
}
