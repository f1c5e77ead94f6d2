-- title: Figure 5, from recordings
-- description: As figure 5, under any condition and without observing the networks again: noise is added to the recorded units,
--   some of them are taken, and their statistics are averaged over the stimuli.
-- parameter: measure = 'activation': weight, activation, activity_change or all
-- parameter: unit_fraction = 0.5: share of the recorded units
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the noise
-- parameter: first_rule = 'feedback_alignment': one learning rule
-- parameter: second_rule = 'information_alignment': the other
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split
-- parameter: split_by = 'example': 'example' or 'run'

SELECT *
FROM split($test_fraction, $split_seed, $split_by, input => (
    SELECT *
    FROM features($measure, input => observe_recordings(
        $measure, $unit_fraction, $noise_stddev, $observation_seed,
        input => (SELECT * FROM recordings WHERE learning_rule = $first_rule OR learning_rule = $second_rule)
    ))
    WHERE excluded IS NULL
))
ORDER BY task, architecture, learning_rule, run_id, layer_index
