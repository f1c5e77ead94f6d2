-- title: Figure 3: importance of each statistic
-- description: Gini importance summed over the trajectory, for each statistic and the depth indicators: mean and standard
--   error of the mean over the splits of a classifier's results.
-- parameter: classifier = 'random_forest': the classifier whose results are asked

WITH importances AS (
    SELECT experiment, classifier, split, unnest(statistics) AS statistic, unnest(importances) AS importance
    FROM results
    WHERE classifier = $classifier
)

SELECT
    experiment,
    classifier,
    statistic,
    avg(importance) AS mean_importance,
    stddev_samp(importance) / sqrt(count(*)) AS standard_error,
    count(*) AS n_splits
FROM importances
GROUP BY experiment, classifier, statistic
ORDER BY experiment, classifier, mean_importance DESC, statistic
