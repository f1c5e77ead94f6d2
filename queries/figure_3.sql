-- title: Figure 3: importance of each statistic
-- description: Gini importance summed over the trajectory, for each statistic and the depth indicators: mean and standard
--   error of the mean over the splits of each experiment's results by a classifier. The study's figure is that of figure 2a,
--   of all measures.
-- parameter: classifier = 'random_forest': the classifier whose results are asked

WITH importances AS (
    SELECT
        result_id,
        experiment,
        parameters,
        control,
        split_by,
        classifier,
        split,
        unnest(statistics) AS statistic,
        unnest(importances) AS importance
    FROM results
    WHERE classifier = $classifier
)

SELECT
    result_id,
    experiment,
    parameters,
    control,
    split_by,
    classifier,
    statistic,
    avg(importance) AS mean_importance,
    stddev_samp(importance) / sqrt(count(*)) AS standard_error,
    count(*) AS n_splits
FROM importances
GROUP BY result_id, experiment, parameters, control, split_by, classifier, statistic
ORDER BY experiment, parameters, control, split_by, result_id, mean_importance DESC, statistic
