-- title: Figure 4b: from one third of learning to another
-- description: A category-balanced split in which the examples to learn from show one third of their trajectories, and those
--   to test on another. A statistic is admissible when it is finite in both.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: train_portion = 'early': 'early', 'middle' or 'late'
-- parameter: test_portion = 'late': 'early', 'middle' or 'late'
-- parameter: unit_fraction = 1.0: share of the units that were observed
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the observation
-- parameter: definition = 'standard': 'standard', or 'published', as the study's code has it
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example' or 'run'

WITH observed AS (
    SELECT *
    FROM trajectories
    WHERE
        status = 'trained'
        AND unit_fraction = $unit_fraction
        AND noise_stddev = $noise_stddev
        AND observation_seed = $observation_seed
        AND definition = $definition
)

SELECT *
FROM features($measure, input => (
    SELECT *
    FROM split($test_fraction, $split_seed, $split_by, input => trajectory_portion($train_portion, input => (
        SELECT * FROM observed
    )))
    WHERE side = 'train'
    UNION ALL
    SELECT *
    FROM split($test_fraction, $split_seed, $split_by, input => trajectory_portion($test_portion, input => (
        SELECT * FROM observed
    )))
    WHERE side = 'test'
))
WHERE excluded IS NULL
ORDER BY task, architecture, learning_rule, run_id, layer_index
