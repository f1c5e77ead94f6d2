-- title: Figure 2b: held-out curriculum
-- description: The feature matrix with all examples of one batch size and dataset seed on the side to test on.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: batch_size = 256: the batch size that is held out
-- parameter: dataset_seed = 0: the dataset seed that is held out

SELECT *
FROM held_out(
    batch_size => $batch_size,
    dataset_seed => $dataset_seed,
    input => (SELECT * FROM features($measure) WHERE excluded IS NULL)
)
ORDER BY
    task, architecture, learning_rule, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition
