-- title: Admissible statistics
-- description: For every observed statistic whether it is finite at every checkpoint of every example of the trained runs,
--   in single precision as classifiers read it, and at how many it is not. Feature queries use those that are.

SELECT
    name,
    measure,
    function,
    statistic,
    -- The largest number of single precision; NaN is above all numbers.
    bool_and(abs(value) <= 3.4028234663852886e38) AS is_admissible,
    count(*) FILTER (WHERE NOT abs(value) <= 3.4028234663852886e38) AS n_not_finite,
    count(*) AS n_values
FROM observables
WHERE status = 'trained'
GROUP BY name, measure, function, statistic
ORDER BY name
