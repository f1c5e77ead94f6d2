-- title: What a recording sees
-- description: Rows like those of `trajectories`, from recordings of single units: of some units of each layer, with noise. No
--   network is observed again. The statistics are those over the recorded units, averaged over the stimuli.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: units = 100: units of a layer; all that were recorded where those are fewer
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the noise

SELECT *
FROM observe_recordings($measure, noise_stddev => $noise_stddev, seed => $observation_seed, units => $units)
