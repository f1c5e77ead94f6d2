-- title: Figure 2b: held-out curriculum
-- description: The feature matrix with all examples of one batch size and dataset seed on the side to test on.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: batch_size = 256: the batch size that is held out
-- parameter: dataset_seed = 0: the dataset seed that is held out
-- parameter: unit_fraction = 1.0: share of the units that were observed
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the observation
-- parameter: definition = 'standard': 'standard', or 'published', as the study's code has it

SELECT *
FROM held_out(
    batch_size => $batch_size,
    dataset_seed => $dataset_seed,
    input => (
        SELECT *
        FROM features($measure, input => (
            SELECT *
            FROM trajectories
            WHERE
                unit_fraction = $unit_fraction
                AND noise_stddev = $noise_stddev
                AND observation_seed = $observation_seed
                AND definition = $definition
        ))
        WHERE excluded IS NULL
    )
)
ORDER BY task, architecture, learning_rule, run_id, layer_index
