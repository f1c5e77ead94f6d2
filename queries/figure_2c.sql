-- title: Figure 2c: confusion matrices
-- description: For every pair of learning rules how many test examples of the one were taken for the other, over all splits of
--   each experiment's results by a classifier, and their share of the rule's test examples. The study's figure is that of
--   figure 2a, of all measures.
-- parameter: classifier = 'random_forest': the classifier whose results are asked

WITH cells AS (
    SELECT
        result_id,
        experiment,
        parameters,
        control,
        split_by,
        classifier,
        classes,
        CAST(cardinality(classes) AS BIGINT) AS n_classes,
        unnest(confusion) AS n,
        unnest(range(0, cardinality(confusion))) AS cell
    FROM results
    WHERE classifier = $classifier
),

named AS (
    SELECT
        result_id,
        experiment,
        parameters,
        control,
        split_by,
        classifier,
        classes[cell / n_classes + 1] AS learning_rule,
        classes[cell % n_classes + 1] AS predicted,
        n
    FROM cells
),

summed AS (
    SELECT
        result_id,
        experiment,
        parameters,
        control,
        split_by,
        classifier,
        learning_rule,
        predicted,
        sum(n) AS n_examples
    FROM named
    GROUP BY ALL
)

SELECT
    *,
    n_examples / CAST(sum(n_examples) OVER (PARTITION BY result_id, learning_rule) AS DOUBLE) AS share
FROM summed
ORDER BY experiment, parameters, control, split_by, result_id, learning_rule, predicted
