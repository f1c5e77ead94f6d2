-- title: Figure 5: few units, and noise
-- description: The feature matrix of two learning rules under one observation condition that the networks were observed
--   under, with a category-balanced split. The study compares ResNet-18 on ImageNet and SimCLR.
-- parameter: measure = 'activation': weight, activation, activity_change or all
-- parameter: architecture = 'resnet18': the networks' architecture
-- parameter: first_rule = 'feedback_alignment': one learning rule
-- parameter: second_rule = 'information_alignment': the other
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
    FROM features($measure, input => (
        SELECT *
        FROM trajectories
        WHERE
            architecture = $architecture
            AND (learning_rule = $first_rule OR learning_rule = $second_rule)
            AND unit_fraction = $unit_fraction
            AND noise_stddev = $noise_stddev
            AND observation_seed = $observation_seed
            AND definition = $definition
    ))
    WHERE excluded IS NULL
))
ORDER BY task, architecture, learning_rule, run_id, layer_index
