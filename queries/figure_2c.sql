-- title: Figure 2c: confusion matrices
-- description: For every pair of learning rules how many test examples of the one were taken for the other, over all splits of
--   a classifier's results, and their share of the rule's test examples.
-- parameter: classifier = 'random_forest': the classifier whose results are asked

WITH cells AS (
    SELECT
        experiment,
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
        experiment,
        classifier,
        classes[cell / n_classes + 1] AS learning_rule,
        classes[cell % n_classes + 1] AS predicted,
        n
    FROM cells
),

summed AS (
    SELECT experiment, classifier, learning_rule, predicted, sum(n) AS n_examples
    FROM named
    GROUP BY experiment, classifier, learning_rule, predicted
)

SELECT
    *,
    n_examples / CAST(sum(n_examples) OVER (PARTITION BY experiment, classifier, learning_rule) AS DOUBLE) AS share
FROM summed
ORDER BY experiment, classifier, learning_rule, predicted
