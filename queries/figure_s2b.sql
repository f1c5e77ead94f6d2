-- title: Figure S2b: averaged over the trajectory
-- description: The feature matrix of every statistic's mean over the trajectory, with a category-balanced split.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example' or 'run'

SELECT *
FROM split($test_fraction, $split_seed, $split_by, input => (
    SELECT * FROM features($measure, input => trajectory_mean()) WHERE excluded IS NULL
))
ORDER BY
    task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition
