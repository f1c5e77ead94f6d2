-- title: Figure S2a: one observation alone
-- description: The feature matrix of one checkpoint of each trajectory, chosen at random, with a
--   category-balanced split: what is known without a course in time. The study's text does not describe its figure S2a; this
--   query is a reading of it, the counterpart of the averages of figure S2b.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: start_seed = 0: seed of the checkpoint
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
        samples => 1, period_epochs => 1, seed => $start_seed, input => (
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
