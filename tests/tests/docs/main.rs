//! What the documentation tells readers to run, run: every command, query and program of the pages below, as it stands there,
//! in a folder where a reader's dataset would lie.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod blocks;
mod reader;

use blocks::{Block, blocks};
use reader::Reader;

/// Runs all blocks of a page in their order. A query is asked of `at`.
fn run(reader: &Reader, page: &str, at: &str) {
    let text = std::fs::read_to_string(engram_tests::python::repository().join(page)).unwrap();
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "{page} has nothing to run");
    for block in blocks {
        let place = format!("{page}, line {}", block.line);
        match block.language {
            "sh" => reader.shell(&block.text, &place),
            "python" => reader.python(&block.text, &place),
            "sql" => reader.sql(&block.text, at, &place),
            "toml" if block.text.contains("[[networks]]") && block.text.starts_with("name") => {
                reader.sweep(&block.text);
            }
            // What is shown and not run: messages, parts of files.
            "text" | "toml" | "rust" | "ini" => {}
            other => panic!("{place}: nobody knows how to run `{other}`"),
        }
    }
}

#[test]
fn the_first_queries_of_the_readme_have_answers() {
    let reader = Reader::with_dataset().with_demo();
    let text = std::fs::read_to_string(engram_tests::python::repository().join("README.md"));
    let text = text.unwrap();
    let blocks = blocks(&text).into_iter();
    let asks: Vec<_> = blocks
        .filter(|block| block.text.contains("target/demo/sweep"))
        .collect();
    for block in asks.iter().filter(|block| block.language == "sh") {
        reader.shell(&block.text, &format!("README.md, line {}", block.line));
    }
    assert!(asks.len() > 3);
}

#[test]
fn a_release_is_published_and_verified() {
    let reader = Reader::with_dataset();
    run(&reader, "docs/releases.md", "data/digits");
}

#[test]
fn the_cookbook_s_queries_have_answers() {
    let reader = Reader::with_dataset();
    run(&reader, "docs/cookbook.md", "data/digits");
}

#[test]
fn other_tools_read_releases() {
    let Some(reader) = Reader::with_dataset()
        .with_python()
        .and_then(Reader::with_store)
    else {
        return;
    };
    run(&reader, "docs/other-tools.md", "data/digits");
}

#[test]
fn the_study_s_dataset_goes_in_and_out() {
    let Some(reader) = Reader::with_dataset().with_python() else {
        return;
    };
    reader.published_dataset();
    run(&reader, "docs/importing.md", "releases/lr-identify");
}

#[test]
fn a_sweep_runs_on_a_cluster() {
    let Some(reader) = Reader::with_dataset().with_cluster().with_store() else {
        return;
    };
    run(&reader, "docs/running.md", "data/sweep");
}

#[test]
fn a_server_answers_as_the_guides_say() {
    let reader = Reader::with_dataset().with_python();
    let Some(reader) = reader.and_then(Reader::with_server) else {
        return;
    };
    run(&reader, "docs/serving.md", "data/digits");
    run(&reader, "docs/explorer.md", "data/digits");
}

#[test]
fn queries_run_on_nodes() {
    let reader = Reader::with_dataset();
    run(&reader, "docs/cluster.md", "data/digits");
}

#[test]
fn a_rule_is_added_as_the_walk_through_says() {
    let reader = Reader::with_dataset();
    run(&reader, "docs/adding-a-rule.md", "data/digits");
}

/// Code that a page quotes is the code as it is, in the file that the page named last.
#[test]
fn quoted_code_is_the_code() {
    let page = "docs/adding-a-rule.md";
    let text = std::fs::read_to_string(engram_tests::python::repository().join(page)).unwrap();
    let quoted: Vec<Block<'_>> = blocks(&text)
        .into_iter()
        .filter(|block| block.language == "rust")
        .collect();
    assert_eq!(quoted.len(), 6);
    for block in quoted {
        let before: Vec<&str> = text.lines().take(block.line - 1).collect();
        let before = before.join("\n");
        let mut named = before.split('`').filter(|word| word.ends_with(".rs"));
        let file = named.next_back().unwrap();
        let code = std::fs::read_to_string(engram_tests::python::repository().join(file)).unwrap();
        assert!(
            code.contains(&block.text),
            "{page}, line {}: {file} has other code",
            block.line
        );
    }
}
