-- title: What a recording sees
-- description: Rows like those of `trajectories`, from recordings of single units: of some units of each layer, with noise. No
--   network is observed again. The statistics are the study's, over the recorded units and averaged over the stimuli.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: units = 100: units of a layer; all that were recorded where those are fewer
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the noise

WITH units AS (
    -- The recorded units are in random order: the first of them are a sample.
    SELECT
        *,
        add_gaussian_noise(
            array_slice("values", 1, $units), $noise_stddev, $observation_seed,
            run_id, layer, epoch, measure, coalesce(stimulus, -1)
        ) AS units
    FROM recordings
    WHERE $measure = 'all' OR measure = $measure
),

-- The change of activity is one number a stimulus: the sum over the inputs.
seen AS (
    SELECT
        *,
        CASE measure
            WHEN 'activity_change' THEN make_array(list_observe(units)['mean'] * array_length(units))
            ELSE units
        END AS seen
    FROM units
),

observed AS (
    SELECT
        *,
        list_observe(seen) AS raw,
        list_observe(array_transform(seen, value -> abs(value))) AS absolute,
        list_observe(array_transform(seen, value -> value * value)) AS squared
    FROM seen
)

SELECT
    task, architecture, learning_rule, run_id, batch_size, model_seed, dataset_seed, status, layer, layer_index,
    depth, epoch, min(array_length(units) / CAST(n_candidates AS DOUBLE)) AS unit_fraction,
    $noise_stddev AS noise_stddev, $observation_seed AS observation_seed, 'recorded' AS definition,
    avg(absolute['norm']) FILTER (WHERE measure = 'weight') AS weight_abs_norm,
    avg(absolute['mean']) FILTER (WHERE measure = 'weight') AS weight_abs_mean,
    avg(absolute['var']) FILTER (WHERE measure = 'weight') AS weight_abs_var,
    avg(absolute['median']) FILTER (WHERE measure = 'weight') AS weight_abs_median,
    avg(absolute['third_quartile']) FILTER (WHERE measure = 'weight') AS weight_abs_third_quartile,
    avg(raw['norm']) FILTER (WHERE measure = 'weight') AS weight_raw_norm,
    avg(raw['mean']) FILTER (WHERE measure = 'weight') AS weight_raw_mean,
    avg(raw['var']) FILTER (WHERE measure = 'weight') AS weight_raw_var,
    avg(raw['median']) FILTER (WHERE measure = 'weight') AS weight_raw_median,
    avg(raw['third_quartile']) FILTER (WHERE measure = 'weight') AS weight_raw_third_quartile,
    avg(squared['mean']) FILTER (WHERE measure = 'weight') AS weight_square_mean,
    avg(squared['median']) FILTER (WHERE measure = 'weight') AS weight_square_median,
    avg(squared['third_quartile']) FILTER (WHERE measure = 'weight') AS weight_square_third_quartile,
    avg(raw['norm']) FILTER (WHERE measure = 'activation') AS activation_raw_norm,
    avg(raw['mean']) FILTER (WHERE measure = 'activation') AS activation_raw_mean,
    avg(raw['median']) FILTER (WHERE measure = 'activation') AS activation_raw_median,
    avg(raw['third_quartile']) FILTER (WHERE measure = 'activation') AS activation_raw_third_quartile,
    avg(absolute['norm']) FILTER (WHERE measure = 'activation') AS activation_abs_norm,
    avg(absolute['mean']) FILTER (WHERE measure = 'activation') AS activation_abs_mean,
    avg(absolute['median']) FILTER (WHERE measure = 'activation') AS activation_abs_median,
    avg(absolute['third_quartile']) FILTER (WHERE measure = 'activation') AS activation_abs_third_quartile,
    avg(raw['mean']) FILTER (WHERE measure = 'activity_change') AS activity_change_raw_mean,
    avg(absolute['mean']) FILTER (WHERE measure = 'activity_change') AS activity_change_abs_mean,
    avg(squared['mean']) FILTER (WHERE measure = 'activity_change') AS activity_change_square_mean
FROM observed
GROUP BY
    task, architecture, learning_rule, run_id, batch_size, model_seed, dataset_seed, status, layer, layer_index,
    depth, epoch
