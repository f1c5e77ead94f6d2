-- title: Feature matrix
-- description: One row per example: one layer of one run under one observation condition, with the trajectories of every
--   admissible statistic, flattened statistic by statistic. A statistic is admissible when it is finite in every included
--   example at every checkpoint. Examples of runs that diverged, or whose checkpoints are not the usual ones of the
--   dataset, keep their row with the reason in `excluded` and without features.
--
-- To see fewer measures, shorten the list in `measures`; to ask about a part of the dataset, add a WHERE to `candidates`.
--
-- What classifiers read from any query of this kind: run_id, task, architecture, learning_rule, layer, depth, excluded
-- (optional), statistics and epochs (the features' names, equal in every row) and features.

WITH measures AS (
    SELECT unnest(['weight', 'activation', 'activity_change']) AS measure
),

candidates AS (
    SELECT * FROM series
),

-- The checkpoints that most trained examples have; of two as frequent, the longer list.
usual AS (
    SELECT epochs
    FROM candidates
    WHERE status = 'trained'
    GROUP BY epochs
    ORDER BY count(*) DESC, cardinality(epochs) DESC
    LIMIT 1
),

judged AS (
    SELECT
        candidates.*,
        CASE
            WHEN status <> 'trained' THEN 'run ' || status
            WHEN candidates.epochs <> usual.epochs THEN 'unusual checkpoints'
        END AS excluded
    FROM candidates
    LEFT JOIN usual ON true
),

observed AS (
    SELECT unnest(names) AS name, unnest(trajectories) AS trajectory
    FROM judged
    WHERE excluded IS NULL
),

-- NaN counts as greater than infinity, so that both comparisons refuse it.
admissible AS (
    SELECT name
    FROM observed
    JOIN measures ON starts_with(name, measure || '_')
    GROUP BY name
    HAVING bool_and(
        array_max(trajectory) < CAST('Infinity' AS DOUBLE) AND array_min(trajectory) > CAST('-Infinity' AS DOUBLE)
    )
),

chosen AS (
    SELECT array_agg(name) AS chosen_names FROM admissible
)

SELECT
    run_id, task, architecture, learning_rule, layer, depth, unit_fraction, noise_stddev, observation_seed, definition,
    excluded,
    -- Both in the order of `names`.
    array_filter(names, name -> array_has(chosen_names, name)) AS statistics,
    epochs,
    CASE WHEN excluded IS NULL THEN flatten(array_transform(
        array_filter(arrays_zip(names, trajectories), pair -> array_has(chosen_names, pair['1'])),
        pair -> pair['2']
    )) END AS features
FROM judged
CROSS JOIN chosen
ORDER BY
    task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition
