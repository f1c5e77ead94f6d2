use super::*;

fn completion(before: &str) -> Completion {
    let table = |name: &str, columns: &[&str]| {
        let columns = columns.iter().map(|&column| column.to_owned());
        (name.to_owned(), columns.collect())
    };
    Completion {
        vocabulary: Vocabulary {
            tables: BTreeMap::from([
                table("layers", &["run_id", "layer", "units"]),
                table("results", &["accuracy"]),
                table("runs", &["run_id", "learning_rule", "status"]),
            ]),
            functions: ["least", "lower", "to_trajectories"]
                .map(str::to_owned)
                .to_vec(),
        },
        before: before.to_owned(),
    }
}

/// What is offered at the `|` of a line.
fn offered(before: &str, line: &str) -> Vec<String> {
    let cursor = line.find('|').unwrap();
    let (start, pairs) = completion(before).candidates(&line.replace('|', ""), cursor);
    assert!(start <= cursor);
    pairs.into_iter().map(|pair| pair.replacement).collect()
}

#[test]
fn tables_stand_where_tables_are_named() {
    assert_eq!(
        offered("", "SELECT * FROM |"),
        ["layers", "results", "runs"]
    );
    assert_eq!(offered("", "SELECT * FROM r|"), ["results", "runs"]);
    assert_eq!(offered("", "select * from RU|"), ["runs"]);
    assert_eq!(offered("", "SELECT * FROM runs JOIN la|"), ["layers"]);
    assert_eq!(offered("", "SELECT * FROM runs, la|"), ["layers"]);
    assert_eq!(offered("", "DESCRIBE re|"), ["results"]);
    assert_eq!(offered("SELECT run_id\nFROM", "  ru|"), ["runs"]);
    assert_eq!(
        offered("", "SELECT (SELECT 1 FROM runs), r|"),
        ["run_id", "runs", "recursive", "right", "rows"]
    );
}

#[test]
fn columns_are_those_of_the_tables_so_far() {
    assert_eq!(
        offered("", "SELECT l| FROM runs")[..3],
        ["learning_rule", "least(", "lower("]
    );
    assert_eq!(offered("", "SELECT u|")[0], "units");
    assert_eq!(offered("", "SELECT | FROM results"), ["accuracy"]);
    assert_eq!(offered("SELECT * FROM layers", "WHERE u|")[0], "units");
    assert_eq!(
        offered("", "SELECT * FROM results; SELECT * FROM layers ORDER BY |"),
        ["run_id", "layer", "units"]
    );
    assert!(offered("", "SELECT |").is_empty());
}

#[test]
fn a_dot_asks_for_the_columns_of_one_table() {
    let of_runs = ["run_id", "learning_rule", "status"];
    assert_eq!(offered("", "SELECT runs.| FROM runs JOIN layers"), of_runs);
    assert_eq!(
        offered("", "SELECT r.| FROM runs AS r JOIN layers l"),
        of_runs
    );
    assert_eq!(
        offered("", "SELECT l.u| FROM runs AS r JOIN layers l"),
        ["units"]
    );
    assert_eq!(
        offered("", "SELECT r.run_id, l.u| FROM runs AS r, layers l"),
        ["units"]
    );
    assert!(offered("", "SELECT nobody.| FROM runs").is_empty());
}

#[test]
fn functions_and_keywords_fit_how_they_are_typed() {
    assert_eq!(offered("", "SELECT to_|"), ["to_trajectories("]);
    assert_eq!(offered("", "SEL|"), ["SELECT"]);
    assert_eq!(offered("", "sel|"), ["select"]);
    assert_eq!(
        offered("", "SELECT run_id FROM runs wh|"),
        ["when", "where"]
    );
}

#[test]
fn nothing_is_offered_in_quotes_and_comments() {
    for line in [
        "SELECT * FROM runs WHERE status = 'r|",
        "SELECT 1 -- r|",
        "SELECT /* r|",
        "SELECT \"r|",
    ] {
        assert!(offered("", line).is_empty(), "{line}");
    }
    assert!(offered("SELECT '", "r|").is_empty());
    assert_eq!(offered("SELECT 'a', -- b\n \"c\"", "FROM re|"), ["results"]);
}

#[test]
fn commands_and_their_tables() {
    assert_eq!(offered("", "\\|"), COMMANDS);
    assert_eq!(offered("", " \\t|"), ["\\timing"]);
    assert_eq!(offered("", "\\d ru|"), ["runs"]);
    assert_eq!(offered("", "\\d |"), ["layers", "results", "runs"]);
    // Within a statement a backslash begins no command.
    assert!(!offered("SELECT", "\\t|").contains(&"\\timing".to_owned()));
}
