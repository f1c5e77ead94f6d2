-- title: Figure 4b: from one third of learning to another
-- description: A category-balanced split in which the examples to learn from show one third of their trajectories, and those
--   to test on another. A statistic is admissible when it is finite in both.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: train_portion = 'early': 'early', 'middle' or 'late'
-- parameter: test_portion = 'late': 'early', 'middle' or 'late'
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example' or 'run'

SELECT *
FROM features($measure, input => (
    SELECT *
    FROM split($test_fraction, $split_seed, $split_by, input => trajectory_portion($train_portion))
    WHERE side = 'train'
    UNION ALL
    SELECT *
    FROM split($test_fraction, $split_seed, $split_by, input => trajectory_portion($test_portion))
    WHERE side = 'test'
))
WHERE excluded IS NULL
ORDER BY
    task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition
