-- title: Control: equal task performance
-- description: The feature matrix of networks whose final validation accuracy has its like under every learning rule, with a
--   category-balanced split: what is told apart here is not told by how well a network does its task. Runs of a task and an
--   architecture are sorted into bins of accuracy, and of every bin as many runs of each rule are kept as the rule with the
--   fewest has. Contrastive tasks, which have no accuracy, are left out.
-- parameter: measure = 'all': weight, activation, activity_change or all
-- parameter: bin = 0.05: width of a bin of validation accuracy
-- parameter: unit_fraction = 1.0: share of the units that were observed
-- parameter: noise_stddev = 0.0: standard deviation of the noise on every unit
-- parameter: observation_seed = 0: seed of the observation
-- parameter: definition = 'standard': 'standard', or 'published', as the study's code has it
-- parameter: test_fraction = 0.25: share of the examples to test on
-- parameter: split_seed = 0: seed of the split, and of which runs of a bin are kept
-- parameter: split_by = 'example': 'example' or 'run'

WITH binned AS (
    SELECT task, architecture, learning_rule, run_id, floor(final_validation_accuracy / $bin) AS bin
    FROM runs
    WHERE status = 'trained' AND final_validation_accuracy IS NOT NULL
),

counted AS (
    SELECT task, architecture, bin, learning_rule, count(*) AS n
    FROM binned
    GROUP BY task, architecture, bin, learning_rule
),

shared AS (
    SELECT task, architecture, bin, min(n) AS n_kept
    FROM counted
    GROUP BY task, architecture, bin
    HAVING count(*) = (SELECT count(DISTINCT learning_rule) FROM binned)
),

placed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY task, architecture, bin, learning_rule ORDER BY uniform($split_seed, 'kept', run_id), run_id
        ) AS place
    FROM binned
),

kept AS (
    SELECT placed.run_id
    FROM placed
    INNER JOIN
        shared
        ON placed.task = shared.task AND placed.architecture = shared.architecture AND placed.bin = shared.bin
    WHERE placed.place <= shared.n_kept
)

SELECT *
FROM split($test_fraction, $split_seed, $split_by, input => (
    SELECT *
    FROM features($measure, input => (
        SELECT *
        FROM trajectories
        WHERE
            run_id IN (SELECT run_id FROM kept)
            AND unit_fraction = $unit_fraction
            AND noise_stddev = $noise_stddev
            AND observation_seed = $observation_seed
            AND definition = $definition
    ))
    WHERE excluded IS NULL
))
ORDER BY task, architecture, learning_rule, run_id, layer_index
