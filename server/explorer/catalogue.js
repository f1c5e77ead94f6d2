// What can be chosen of a dataset, and what a choice means where it is not there: the choices of an address may be of
// another dataset, or of none.

import { byRule } from "./palette.js";

export const MEASURES = ["weight", "activation", "activity_change"];
export const FUNCTIONS = ["raw", "abs", "square"];
const STATISTICS = ["norm", "mean", "var", "skew", "kurtosis", "median", "third_quartile"];

/** @param {string} measure */
export const statisticsOf = (measure) => (measure === "activity_change" ? ["mean"] : STATISTICS);

/**
 * @typedef {import("./trajectory-query.js").Condition & {key: string, text: string, isUsual: boolean}} Condition
 * @typedef {{task: string, architecture: string, layer: string, measure: string, fn: string, statistic: string, rules: string[],
 *   condition: Condition, show: import("./trajectory-query.js").Show, log: boolean}} Choices
 * @typedef {{task: string, architecture: string, layer: string, layer_index: number, depth: string, learning_rule: string,
 *   unit_fraction: number, noise_stddev: number, observation_seed: number, definition: string, n_runs: number}} Row
 */

export class Catalogue {
  /** @param {import("./server.js").Answer} answer a row for each layer, rule and condition */
  constructor(answer) {
    const names = answer.columns.map(({ name }) => name);
    this.rows = answer.rows.map((row) => /** @type {Row} */ (Object.fromEntries(names.map((name, at) => [name, row[at]]))));
    this.isEmpty = this.rows.length === 0;
  }

  tasks() {
    return distinct(this.rows.map(({ task }) => task));
  }

  /** @param {string} task */
  architectures(task) {
    return distinct(this.rows.filter((row) => row.task === task).map(({ architecture }) => architecture));
  }

  /** @param {string} task @param {string} architecture */
  #of(task, architecture) {
    return this.rows.filter((row) => row.task === task && row.architecture === architecture);
  }

  /** From the input on. @param {string} task @param {string} architecture */
  layers(task, architecture) {
    const layers = new Map(this.#of(task, architecture).map(({ layer, layer_index, depth }) => [layer, { layer, layer_index, depth }]));
    return [...layers.values()].sort((a, b) => a.layer_index - b.layer_index);
  }

  /** With how many networks were trained by each. @param {string} task @param {string} architecture */
  rules(task, architecture) {
    const counts = new Map();
    for (const { learning_rule, n_runs } of this.#of(task, architecture)) {
      counts.set(learning_rule, Math.max(counts.get(learning_rule) ?? 0, Number(n_runs)));
    }
    return [...counts].map(([rule, nRuns]) => ({ rule, nRuns })).sort((a, b) => byRule(a.rule, b.rule));
  }

  /** The usual one first. @param {string} task @param {string} architecture @returns {Condition[]} */
  conditions(task, architecture) {
    const conditions = new Map(this.#of(task, architecture).map((row) => [condition(row).key, condition(row)]));
    return [...conditions.values()].sort((a, b) => Number(b.isUsual) - Number(a.isUsual) || b.unit_fraction - a.unit_fraction || a.noise_stddev - b.noise_stddev);
  }

  /** @param {URLSearchParams} params @returns {Choices} */
  resolve(params) {
    const choose = (/** @type {string} */ name, /** @type {string[]} */ from, /** @type {string} */ usual = from[0]) => {
      const asked = params.get(name) ?? usual;
      return from.includes(asked) ? asked : from.includes(usual) ? usual : from[0];
    };
    const task = choose("task", this.tasks());
    const architecture = choose("architecture", this.architectures(task));
    const measure = choose("measure", MEASURES);
    const there = this.rules(task, architecture).map(({ rule }) => rule);
    const asked = params.get("rules")?.split(",");
    const rules = asked ? there.filter((rule) => asked.includes(rule)) : there;
    const conditions = this.conditions(task, architecture);
    return {
      task,
      architecture,
      layer: choose("layer", this.layers(task, architecture).map(({ layer }) => layer)),
      measure,
      fn: choose("function", FUNCTIONS, "abs"),
      statistic: choose("statistic", statisticsOf(measure), "median"),
      // Rules that none of these networks learned by are no choice that was made here.
      rules: rules.length || params.get("rules") === "" ? rules : there,
      condition: conditions.find(({ key }) => key === params.get("observed")) ?? conditions[0],
      show: /** @type {Choices["show"]} */ (choose("show", ["mean", "quartiles", "runs"])),
      log: params.get("scale") === "log",
    };
  }

  /** The other way round. @param {Choices} choices */
  toParams({ task, architecture, layer, measure, fn, statistic, rules, condition, show, log }) {
    const params = new URLSearchParams({ task, architecture, layer, measure, function: fn, statistic, rules: rules.join(","), show });
    if (!condition.isUsual) params.set("observed", condition.key);
    if (log) params.set("scale", "log");
    return params;
  }
}

/** @param {Row} row @returns {Condition} */
function condition({ unit_fraction, noise_stddev, observation_seed, definition }) {
  const units = unit_fraction === 1 ? "all units" : `${Number((unit_fraction * 100).toPrecision(3))}% of the units`;
  const noise = noise_stddev === 0 ? "no noise" : `noise ${noise_stddev}`;
  const seed = unit_fraction === 1 && noise_stddev === 0 ? "" : `, seed ${observation_seed}`;
  return {
    unit_fraction,
    noise_stddev,
    observation_seed,
    definition,
    key: [unit_fraction, noise_stddev, observation_seed, definition].join("_"),
    text: `${units}, ${noise}${seed}${definition === "standard" ? "" : `, as ${definition}`}`,
    isUsual: unit_fraction === 1 && noise_stddev === 0 && definition === "standard",
  };
}

/** @param {string[]} names */
const distinct = (names) => [...new Set(names)];
