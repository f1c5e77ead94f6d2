-- title: Figure 2a: trajectories of each measure
-- description: The feature matrix with a category-balanced split: `side` says which examples to learn from and which to test
--   on. The study takes ten splits (split_seed 0 to 9) for each measure, and a Random Forest, a linear SVM and a
--   one-dimensional convolutional network on each; the SVM's and each measure's own figures are this query too.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: unit_fraction = 1.0: share of the units that were observed
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the observation
-- parameter: definition = 'standard': 'standard', or 'published', as the study's code has it
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example', as in the study, or 'run', so that no network is on both sides

SELECT *
FROM split($test_fraction, $split_seed, $split_by, input => (
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
