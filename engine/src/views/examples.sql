-- One row per run, layer and observation condition: what a classifier is shown as one example.
SELECT
    run_id,
    task,
    architecture,
    learning_rule,
    batch_size,
    model_seed,
    dataset_seed,
    learning_rate,
    status,
    layer,
    layer_index,
    depth,
    n_units,
    n_weights,
    unit_fraction,
    noise_stddev,
    observation_seed,
    definition,
    count(*) AS n_checkpoints,
    max(epoch) AS last_epoch
FROM trajectories
GROUP BY
    run_id, task, architecture, learning_rule, batch_size, model_seed, dataset_seed, learning_rate, status,
    layer, layer_index, depth, n_units, n_weights, unit_fraction, noise_stddev, observation_seed, definition
