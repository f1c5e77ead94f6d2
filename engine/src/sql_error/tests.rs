use datafusion::prelude::{SessionConfig, SessionContext};

use super::*;

async fn problem(sql: &str) -> SqlError {
    let mut config = SessionConfig::new().with_information_schema(true);
    config.options_mut().sql_parser.dialect = datafusion::config::Dialect::DuckDB;
    config.options_mut().sql_parser.collect_spans = true;
    let context = SessionContext::new_with_config(config);
    context
        .sql("CREATE VIEW runs AS SELECT 1 AS run_id, 2.5 AS learning_rate")
        .await
        .unwrap();
    let names = Names {
        tables: vec!["runs".to_owned()],
        functions: context.state().scalar_functions().keys().cloned().collect(),
    };
    SqlError::planning(sql, context.sql(sql).await.unwrap_err(), &names)
}

#[tokio::test]
async fn an_unknown_column_is_pointed_at() {
    let error = problem("SELECT run_id,\n\tlearning_rat\nFROM runs").await;
    assert_eq!(
        error.to_string(),
        "there is no column `learning_rat`\n  at line 2, column 2:\n    \tlearning_rat\n    \t^^^^^^^^^^^^"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("did you mean `learning_rate`?")
    );
    let error = problem("SELECT r.run FROM runs AS r WHERE r.learningrate > 1").await;
    assert_eq!(
        error.hint().as_deref(),
        Some("did you mean `learning_rate`?"),
        "{error}"
    );
    assert_eq!(error.position(), Some((1, 35)), "{error}");
}

#[tokio::test]
async fn an_unknown_column_that_is_near_none_lists_them() {
    let error = problem("SELECT xyz FROM runs").await;
    assert_eq!(
        error.hint().as_deref(),
        Some("known are run_id, learning_rate")
    );
}

#[tokio::test]
async fn an_unknown_table_is_pointed_at() {
    let error = problem("SELECT *\nFROM run").await;
    assert_eq!(
        error.to_string(),
        "there is no table `run`\n  at line 2, column 6:\n    FROM run\n         ^^^"
    );
    assert_eq!(error.hint().as_deref(), Some("did you mean `runs`?"));
}

#[tokio::test]
async fn an_unknown_function_is_pointed_at() {
    let error = problem("SELECT run_id, roundd(learning_rate) FROM runs").await;
    assert_eq!(error.position(), Some((1, 16)), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("there is no function `roundd`"),
        "{error}"
    );
    assert_eq!(error.hint().as_deref(), Some("did you mean `round`?"));
}

#[tokio::test]
async fn what_does_not_parse_is_pointed_at() {
    let error = problem("SELECT run_id\nFORM runs").await;
    assert_eq!(error.position(), Some((2, 6)), "{error}");
    assert_eq!(
        error.hint().as_deref(),
        Some("did you mean `FROM` instead of `FORM`?")
    );
    let error = problem("SELECT (1 + FROM runs").await;
    assert!(
        error
            .to_string()
            .starts_with("the SQL does not parse: expected "),
        "{error}"
    );
    assert!(error.position().is_some(), "{error}");
    let error = problem("SELECT run_id FROM").await;
    assert_eq!(error.position(), Some((1, 19)), "{error}");
    assert!(error.to_string().contains("found the end"), "{error}");
}

#[tokio::test]
async fn an_unknown_alias_is_told_from_an_unknown_column() {
    let error = problem("SELECT rnus.run_id FROM runs").await;
    assert_eq!(
        error.to_string(),
        "there is no table or alias `rnus`\n  at line 1, column 8:\n    SELECT rnus.run_id FROM runs\n           ^^^^"
    );
    assert_eq!(error.hint().as_deref(), Some("did you mean `runs`?"));
}

#[tokio::test]
async fn arguments_that_a_function_does_not_take_are_named() {
    let error = problem("SELECT run_id,\n sum('a') FROM runs").await;
    assert!(
        error
            .to_string()
            .starts_with("there is no `sum(Utf8)`: `sum` takes other arguments"),
        "{error}"
    );
    assert_eq!(error.position(), Some((2, 2)), "{error}");
    assert!(error.hint().unwrap().contains("sum(Float64)"));
}

#[tokio::test]
async fn a_column_that_is_not_grouped_is_pointed_at() {
    let error = problem("SELECT run_id, sum(learning_rate) FROM runs").await;
    assert_eq!(error.position(), Some((1, 8)), "{error}");
    assert!(error.to_string().contains("GROUP BY"), "{error}");
    assert!(error.hint().unwrap().contains("run_id"));
}

#[test]
fn an_error_that_knows_what_to_do_says_so() {
    let lost = || {
        Hinted::of_query(
            std::io::Error::other("a node is lost"),
            "run it again".to_owned(),
        )
    };
    let wrapped = DataFusionError::Context("reading".to_owned(), Box::new(lost()));
    for error in [
        lost(),
        wrapped,
        DataFusionError::Shared(std::sync::Arc::new(lost())),
    ] {
        let error = SqlError::running(&error);
        assert!(error.to_string().contains("a node is lost"), "{error}");
        assert_eq!(error.hint().as_deref(), Some("run it again"));
    }
}
