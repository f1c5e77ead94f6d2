-- title: What was seen of so many units
-- description: Rows of `trajectories` of networks that were observed under several conditions (`engram observe`): of each layer
--   those of the condition whose number of units is nearest to what is asked, and at most twice or half of it.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: units = 100: units of a layer; all of them where those are fewer
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit, one that the networks were observed with

WITH distances AS (
    SELECT
        *,
        abs(ln(
            ceil(unit_fraction * CASE $measure WHEN 'weight' THEN n_weights ELSE n_units END)
            / least($units, CASE $measure WHEN 'weight' THEN n_weights ELSE n_units END)
        )) AS distance
    FROM trajectories
    WHERE noise_stddev = $noise_stddev AND definition = 'standard'
),

nearest AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY run_id, layer, epoch ORDER BY distance, unit_fraction, observation_seed
        ) AS place
    FROM distances
    WHERE distance <= ln(2)
)

SELECT * EXCLUDE (distance, place)
FROM nearest
WHERE place = 1
