-- One row per run and layer: the layer's place and size.
SELECT DISTINCT
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
    n_weights
FROM trajectories
