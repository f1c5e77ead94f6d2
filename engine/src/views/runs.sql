-- One row a run: what it was, how it ended and how well it learned.
-- A run that was observed under several conditions has its checkpoints once in each; they agree on everything here.
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
    count(DISTINCT layer_index) AS n_layers,
    count(DISTINCT epoch) AS n_checkpoints,
    max(epoch) AS last_epoch,
    last_value(validation_loss ORDER BY epoch) AS final_validation_loss,
    last_value(validation_accuracy ORDER BY epoch) AS final_validation_accuracy
FROM trajectories
GROUP BY run_id, task, architecture, learning_rule, batch_size, model_seed, dataset_seed, learning_rate, status
