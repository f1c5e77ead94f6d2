-- title: Figure 2b: held-out architecture or task
-- description: The feature matrix with all examples of one architecture, or of one task, on the side to test on.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: column = 'architecture': 'architecture' or 'task', or any other text column of an example
-- parameter: value = 'alexnet': the value that is held out

SELECT *
FROM held_out($column, $value, input => (SELECT * FROM features($measure) WHERE excluded IS NULL))
ORDER BY
    task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition
