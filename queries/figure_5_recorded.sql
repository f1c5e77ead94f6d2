-- title: Figure 5, from recordings
-- description: As figure 5, for activations, under any condition and without observing the networks again: noise is added to
--   the recorded units, some of them are chosen, and their statistics are averaged over the stimuli.
-- parameter: unit_fraction = 0.5: share of the recorded units
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the units and of the noise
-- parameter: first_rule = 'feedback_alignment': one learning rule
-- parameter: second_rule = 'information_alignment': the other
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example' or 'run'

WITH noisy AS (
    SELECT
        *,
        add_gaussian_noise("values", $noise_stddev, $observation_seed, run_id, layer, epoch, stimulus) AS noisy
    FROM recordings
    WHERE measure = 'activation' AND (learning_rule = $first_rule OR learning_rule = $second_rule)
),

chosen AS (
    SELECT *, sample_units(noisy, $unit_fraction, $observation_seed + 1, run_id, layer) AS units
    FROM noisy
),

observed AS (
    SELECT
        *,
        list_observe(units) AS raw,
        list_observe(array_transform(units, unit -> abs(unit))) AS absolute
    FROM chosen
),

averaged AS (
    SELECT
        task, architecture, learning_rule, run_id, batch_size, model_seed, dataset_seed, status, layer, layer_index,
        depth, epoch, $unit_fraction AS unit_fraction, $noise_stddev AS noise_stddev,
        $observation_seed AS observation_seed, 'recorded' AS definition,
        avg(raw['norm']) AS activation_raw_norm,
        avg(raw['mean']) AS activation_raw_mean,
        avg(raw['median']) AS activation_raw_median,
        avg(raw['third_quartile']) AS activation_raw_third_quartile,
        avg(absolute['norm']) AS activation_abs_norm,
        avg(absolute['mean']) AS activation_abs_mean,
        avg(absolute['median']) AS activation_abs_median,
        avg(absolute['third_quartile']) AS activation_abs_third_quartile
    FROM observed
    GROUP BY
        task, architecture, learning_rule, run_id, batch_size, model_seed, dataset_seed, status, layer, layer_index,
        depth, epoch
)

SELECT *
FROM split($test_fraction, $split_seed, $split_by, input => (
    SELECT * FROM features('activation', input => averaged) WHERE excluded IS NULL
))
ORDER BY task, architecture, learning_rule, run_id, layer_index
