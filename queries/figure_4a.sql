-- title: Figure 4a: few observations, far apart
-- description: The feature matrix of so many checkpoints of each trajectory, at a fixed period from a random start, with a
--   category-balanced split.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: samples = 5: checkpoints of each trajectory
-- parameter: period = 25: epochs from one to the next
-- parameter: start_seed = 0: seed of the starts
-- parameter: unit_fraction = 1.0: share of the units that were observed
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the observation
-- parameter: definition = 'standard': 'standard', or 'published', as the study's code has it
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example' or 'run'

SELECT *
FROM split($test_fraction, $split_seed, $split_by, input => (
    SELECT *
    FROM features($measure, input => trajectory_subsample(
        samples => $samples, period_epochs => $period, seed => $start_seed, input => (
            SELECT *
            FROM trajectories
            WHERE
                unit_fraction = $unit_fraction
                AND noise_stddev = $noise_stddev
                AND observation_seed = $observation_seed
                AND definition = $definition
        )
    ))
    WHERE excluded IS NULL
))
ORDER BY task, architecture, learning_rule, run_id, layer_index
