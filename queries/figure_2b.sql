-- title: Figure 2b: held-out architecture or task
-- description: The feature matrix with all examples of one architecture, or of one task, on the side to test on.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: column = 'architecture': 'architecture' or 'task', or any other text column of an example
-- parameter: value = 'alexnet': the value that is held out
-- parameter: unit_fraction = 1.0: share of the units that were observed
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the observation
-- parameter: definition = 'standard': 'standard', or 'published', as the study's code has it

SELECT *
FROM held_out($column, $value, input => (
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
))
ORDER BY task, architecture, learning_rule, run_id, layer_index
