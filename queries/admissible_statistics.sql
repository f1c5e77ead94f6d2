-- title: Admissible statistics
-- description: For every observed statistic whether it is finite at every checkpoint of every example of the trained runs,
--   and at how many it is not. Feature queries use those that are.

SELECT
    name,
    measure,
    function,
    statistic,
    -- The difference of a number and itself is 0, unless it is infinite or NaN.
    bool_and(value - value = 0) AS is_admissible,
    count(*) FILTER (WHERE NOT value - value = 0) AS n_not_finite,
    count(*) AS n_values
FROM observables
WHERE status = 'trained'
GROUP BY name, measure, function, statistic
ORDER BY name
