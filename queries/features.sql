-- title: Feature matrix
-- description: One row per example: one layer of one run under one observation condition, with the trajectories of every
--   admissible statistic, flattened statistic by statistic. A statistic is admissible when it is finite in every included
--   example at every checkpoint. Examples of runs that diverged, or whose checkpoints are not the usual ones of the
--   dataset, keep their row with the reason in `excluded` and without features.
--
-- To see fewer measures, shorten the list in `measures`; to ask about a part of the dataset, add a WHERE to `candidates`.
--
-- What classifiers read from any query of this kind: run_id, task, architecture, learning_rule, layer, depth, excluded
-- (optional), statistics and epochs (the names, equal in every row) and features.

WITH measures AS (
    SELECT unnest(['weight', 'activation', 'activity_change']) AS measure
),

candidates AS (
    SELECT
        run_id, task, architecture, learning_rule, status, layer, layer_index, depth,
        unit_fraction, noise_stddev, observation_seed,
        array_agg(epoch ORDER BY epoch) AS epochs
    FROM trajectories
    GROUP BY
        run_id, task, architecture, learning_rule, status, layer, layer_index, depth,
        unit_fraction, noise_stddev, observation_seed
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
    SELECT
        run_id, layer_index, unit_fraction, noise_stddev, observation_seed,
        observables.name, observables.epoch, observables.value
    FROM observables
    JOIN judged USING (run_id, layer_index, unit_fraction, noise_stddev, observation_seed)
    WHERE judged.excluded IS NULL AND observables.measure IN (SELECT measure FROM measures)
),

admissible AS (
    SELECT name
    FROM observed
    GROUP BY name
    HAVING bool_and(abs(value) < 'Infinity')
),

flattened AS (
    SELECT
        run_id, layer_index, unit_fraction, noise_stddev, observation_seed,
        array_agg(value ORDER BY name, epoch) AS features
    FROM observed
    JOIN admissible USING (name)
    GROUP BY run_id, layer_index, unit_fraction, noise_stddev, observation_seed
)

SELECT
    run_id, task, architecture, learning_rule, layer, depth, unit_fraction, noise_stddev, observation_seed, excluded,
    (SELECT array_agg(name ORDER BY name) FROM admissible) AS statistics,
    (SELECT epochs FROM usual) AS epochs,
    features
FROM judged
LEFT JOIN flattened USING (run_id, layer_index, unit_fraction, noise_stddev, observation_seed)
ORDER BY task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed
