//! The page, opened in a real browser: what it asks for, how it looks to readers with a phone, in the dark, or without sight.
//!
//! The test needs the browser that `scripts/setup-browser.sh` makes in `.browser` or `ENGRAM_BROWSER_DIR`. Without it the
//! test says that it is left out, unless `ENGRAM_REQUIRE_BROWSER=1` asks it to fail, as it does in CI.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says when it is left out"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use engram_report::{Grid, PageOptions, Results, page, testing};
use engram_schemas::LearningRule;
use engram_schemas::results::ResultRow;
use serde_json::{Value, json};

/// A browser draws with all cores, and several at a time run out of what they share.
static BROWSER: Mutex<()> = Mutex::new(());

/// The browser's folder; none when the test is left out.
fn browser() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let home =
        env::var_os("ENGRAM_BROWSER_DIR").map_or_else(|| root.join(".browser"), PathBuf::from);
    if home.join("packages").exists() {
        return Some(home);
    }
    assert!(
        env::var_os("ENGRAM_REQUIRE_BROWSER").is_none_or(|value| value != "1"),
        "there is no browser in {}: run scripts/setup-browser.sh",
        home.display()
    );
    println!(
        "left out: there is no browser in {}; scripts/setup-browser.sh makes one",
        home.display()
    );
    None
}

/// The page of `rows`.
fn page_of(rows: &[ResultRow]) -> String {
    let options = PageOptions {
        grid: Grid::Reduced,
        ..PageOptions::default()
    };
    page(
        &testing::summary(),
        &Results::try_new(rows).unwrap(),
        &options,
    )
}

/// What is wrong with a page; nothing when all is well. Screenshots stay in the target folder.
fn problems(home: &Path, name: &str, page: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("report.html");
    fs::write(&file, page).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser/report.mjs");
    let _one_at_a_time = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new("node")
        .arg(script)
        .args([&file, &folder])
        .env("ENGRAM_BROWSER_DIR", home)
        .output()
        .expect("node runs");
    let problems = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), problems.is_empty(), "{problems}");
    problems
}

#[test]
fn a_page_of_all_results_is_well() {
    let Some(home) = browser() else { return };
    assert_eq!(problems(&home, "all", &page_of(&testing::made_up())), "");
}

#[test]
fn a_page_of_a_few_results_is_well() {
    let Some(home) = browser() else { return };
    let rows: Vec<_> = testing::made_up()
        .into_iter()
        .filter(|row| row.split == 0 && row.classifier == "random_forest")
        .collect();
    assert_eq!(problems(&home, "few", &page_of(&rows)), "");
}

/// Every learning rule, many curricula, and few conditions that are near each other.
fn crowded() -> Vec<ResultRow> {
    let rules: Vec<String> = LearningRule::ALL
        .iter()
        .map(|rule| rule.to_string())
        .collect();
    let n = rules.len();
    let mut rows = testing::made_up();
    for row in &mut rows {
        if !row.classes.is_empty() {
            row.confusion = (0..n * n)
                .map(|i| if i / n == i % n { 500 } else { 7 })
                .collect();
            row.classes = rules.clone();
        }
        let mut parameters: Value = serde_json::from_str(&row.parameters).unwrap();
        if let Some(fraction) = parameters.get("unit_fraction").and_then(Value::as_f64) {
            // From 0.00003 .. 1 to 0.25 .. 1.
            parameters["unit_fraction"] = json!(fraction.log10() / 6.0 + 1.0);
            row.parameters = parameters.to_string();
        }
    }
    for (second, second_rule) in rules.iter().enumerate() {
        for first_rule in &rules[..second] {
            let parameters =
                json!({ "measure": "all", "first_rule": first_rule, "second_rule": second_rule });
            rows.extend(testing::splits(
                "figure_s1",
                "random_forest",
                &parameters,
                0.9,
            ));
        }
    }
    for (batch_size, seed) in (0..4).flat_map(|size| (0..4).map(move |seed| (32 << size, seed))) {
        let parameters =
            json!({ "measure": "all", "batch_size": batch_size, "dataset_seed": seed });
        rows.push(testing::row(
            "figure_2b_curriculum",
            "random_forest",
            &parameters.to_string(),
            0,
            0.8,
        ));
    }
    rows
}

#[test]
fn a_page_of_crowded_figures_is_well() {
    let Some(home) = browser() else { return };
    assert_eq!(problems(&home, "crowded", &page_of(&crowded())), "");
}

#[test]
fn what_is_wrong_is_noticed() {
    let Some(home) = browser() else { return };
    assert!(problems(&home, "none", &page_of(&[])).contains("there are no figures"));
    let page = page_of(&testing::made_up());
    let wrong = page
        .replacen("<h2", "<img src=\"http://localhost:9/image.png\" alt=\"\"><div style=\"width:900px\">.</div><h4>Deep</h4><h2", 1)
        .replacen("</svg>", "<text x=\"400\" y=\"270\" font-size=\"80\">Across</text><text x=\"5000\" y=\"200\" font-size=\"80\">Beyond</text></svg>", 1);
    let found = problems(&home, "wrong", &wrong);
    for problem in [
        "asks for http://localhost:9/image.png",
        "on a phone the page is",
        "\"Deep\" skips a level of headings",
        "and \"Across\" overlap",
        "\"Beyond\" is cut off",
    ] {
        assert!(found.contains(problem), "{problem} is not among\n{found}");
    }
}
