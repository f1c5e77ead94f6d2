-- title: Validation accuracy
-- description: Mean accuracy on held-out examples at the last checkpoint, over batch sizes and seeds, for each learning
--   rule and architecture. With `--pivot architecture` the architectures stand side by side.

SELECT
    learning_rule,
    architecture,
    round(avg(final_validation_accuracy), 3) AS accuracy
FROM runs
GROUP BY learning_rule, architecture
ORDER BY learning_rule, architecture
