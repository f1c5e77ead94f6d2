-- title: Feature matrix
-- description: One row per example: one layer of one run under one observation condition, with the trajectories of every
--   admissible statistic, flattened statistic by statistic. Examples of runs that diverged, or whose checkpoints are not the
--   usual ones, keep their row with the reason in `excluded` and without features.
-- parameter: measure = 'all': the statistics' measure: weight, activation, activity_change or all

SELECT *
FROM features($measure)
ORDER BY
    task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition
