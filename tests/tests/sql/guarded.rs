//! Answers that DataFusion alone would get wrong, and draws that must not be one.

use engram_tests::synthetic;

use super::{Dataset, EPOCHS, number, text};

/// What one aggregate has seen of the files must not keep them from another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_beside_each_other_see_all_rows() {
    let dataset = Dataset::of(&synthetic::sweep(6, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let value = "max(abs(weight_raw_mean)) AS found";
    let beside =
        format!("SELECT found FROM (SELECT max(epoch) AS last, {value} FROM trajectories)");
    let alone = format!("SELECT {value} FROM trajectories");
    assert_eq!(text(&session, &beside).await, text(&session, &alone).await);
}

#[tokio::test]
async fn any_and_all_compare_with_every_row_of_the_same_table() {
    let dataset = Dataset::of(&synthetic::sweep(2, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let n = async |condition: &str| {
        number(
            &session,
            &format!("SELECT count(*) FROM trajectories WHERE {condition}"),
        )
        .await
    };
    let of = "SELECT epoch FROM trajectories";
    let (all, last) = (n("true").await, n("epoch = 2").await);
    assert!(last > 0 && last < all);
    assert_eq!(n(&format!("epoch >= ALL ({of})")).await, last);
    assert_eq!(n(&format!("epoch < ANY ({of})")).await, all - last);
    // One that reads the rows around it stays what it is.
    let around = "SELECT count(*) FROM runs r WHERE 1 = ANY \
        (SELECT epoch FROM trajectories t WHERE t.run_id = r.run_id)";
    assert_eq!(
        number(&session, around).await,
        number(&session, "SELECT count(*) FROM runs").await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_in_is_decided_in_one_partition() {
    let dataset = Dataset::of(&synthetic::sweep(2, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let sql = "SELECT count(*) FROM trajectories WHERE feedback_angle NOT IN \
        (SELECT nullif(epoch, 1) FROM trajectories)";
    assert_eq!(number(&session, sql).await, 0);
    let plan = text(&session, &format!("EXPLAIN {sql}")).await;
    let below = plan.split("HashJoinExec").nth(1).unwrap();
    assert!(below.contains("CoalescePartitionsExec"), "{plan}");
}

#[tokio::test]
async fn distinct_is_not_passed_over() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let values = "(VALUES (0), (0), (0), (1), (2)) AS t(x)";
    let alone = format!("SELECT CAST(median_nearest(DISTINCT x) AS BIGINT) FROM {values}");
    assert_eq!(number(&session, &alone).await, 1);
    let beside = format!("SELECT median_nearest(DISTINCT x), count(*) FROM {values}");
    let planned = session.sql(&beside).await.unwrap();
    let error = planned.collect().await.unwrap_err().to_string();
    assert!(error.contains("choose distinct values first"), "{error}");
}

#[tokio::test]
async fn a_sample_of_a_subquery_s_rows_takes_no_part_of_a_key() {
    let dataset = Dataset::of(&synthetic::sweep(4, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let per_layer = |sample: &str| {
        format!(
            "WITH t AS (SELECT layer, weight_raw_mean FROM trajectories) \
             SELECT min(n) FROM (SELECT layer, count(*) AS n FROM t {sample} GROUP BY layer)"
        )
    };
    let all = number(&session, &per_layer("")).await;
    let half = number(&session, &per_layer("TABLESAMPLE (50 PERCENT)")).await;
    assert!(half > 0 && half < all, "{half} of {all}");
}

/// Sides are drawn by run and layer. Were starts drawn by the same numbers, those of tested trajectories would all be early.
#[tokio::test]
async fn where_a_trajectory_starts_does_not_say_on_which_side_it_is() {
    let epochs: Vec<i32> = (0..=20).collect();
    let dataset = Dataset::of(&synthetic::sweep(2, &epochs));
    let session = dataset.open().await.unwrap();
    for seed in [0, 3] {
        let last = format!(
            "SELECT CAST(max(epoch) AS BIGINT) FROM trajectory_subsample(1, 1, seed => {seed}) AS t \
             JOIN split(0.25, {seed}) AS s USING (run_id, layer) WHERE s.side = 'test'"
        );
        let last = number(&session, &last).await;
        assert!(
            last > 10,
            "tested trajectories start at {last} at the latest"
        );
    }
}
