// The SQL of a view of trajectories.

/**
 * @typedef {"mean" | "quartiles" | "runs"} Show
 * @typedef {{unit_fraction: number, noise_stddev: number, observation_seed: number, definition: string}} Condition
 * @typedef {{task: string, architecture: string, layer: string, column: string, rules: string[], condition: Condition,
 *   show: Show}} View
 */

/** @param {View} view @returns {string} */
export function trajectoryQuery(view) {
  return `WITH chosen AS (
    SELECT
        learning_rule,
        run_id,
        epoch,
        ${view.column} AS value
    FROM trajectories
    WHERE
        task = ${text(view.task)}
        AND architecture = ${text(view.architecture)}
        AND layer = ${text(view.layer)}
        AND learning_rule IN (${view.rules.map(text).join(", ")})
        AND unit_fraction = ${view.condition.unit_fraction}
        AND noise_stddev = ${view.condition.noise_stddev}
        AND observation_seed = ${view.condition.observation_seed}
        AND definition = ${text(view.condition.definition)}
)

${view.show === "runs" ? RUNS : over(view.show)}`;
}

const RUNS = `SELECT learning_rule, run_id, epoch, value
FROM chosen
ORDER BY learning_rule, run_id, epoch`;

/** @param {Exclude<Show, "runs">} show */
function over(show) {
  // What is not finite has no place in a mean; n_runs - n_finite says of how many runs that is so.
  const finite = "FILTER (WHERE abs(value) < 'Infinity'::DOUBLE)";
  const quantile = (/** @type {number} */ q) => `percentile_cont(${q}) WITHIN GROUP (ORDER BY value) ${finite}`;
  const numbers =
    show === "mean"
      ? `avg(value) ${finite} AS mean,
    stddev(value) ${finite} / sqrt(count(value) ${finite}) AS standard_error`
      : `${quantile(0.25)} AS first_quartile,
    ${quantile(0.5)} AS median,
    ${quantile(0.75)} AS third_quartile`;
  return `SELECT
    learning_rule,
    epoch,
    ${numbers},
    count(*) ${finite} AS n_finite,
    count(*) AS n_runs
FROM chosen
GROUP BY learning_rule, epoch
ORDER BY learning_rule, epoch`;
}

/** @param {string} value as a literal of SQL */
function text(value) {
  return `'${value.replaceAll("'", "''")}'`;
}
