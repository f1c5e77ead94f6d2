// The series of a chart of trajectories, and their values in words, from the rows of its query.

import { label, number } from "./names.js";
import { lookOfRule } from "./palette.js";

/**
 * The series of one learning rule.
 *
 * @typedef {{rule: string, text: (place: number) => string, count: (place: number) => number}} Group
 */

/**
 * @param {import("./server.js").Answer} answer
 * @param {import("./trajectory-query.js").Show} show
 * @param {string[]} rules in their order
 * @returns {{epochs: number[], series: import("./chart.js").Series[], groups: Group[], nNotFinite: number}}
 */
export function seriesOf(answer, show, rules) {
  const at = new Map(answer.columns.map(({ name }, index) => [name, index]));
  const cell = (/** @type {unknown[]} */ row, /** @type {string} */ name) => row[/** @type {number} */ (at.get(name))];
  const epochs = [...new Set(answer.rows.map((row) => Number(cell(row, "epoch"))))].sort((a, b) => a - b);
  const places = new Map(epochs.map((epoch, place) => [epoch, place]));
  const place = (/** @type {unknown[]} */ row) => /** @type {number} */ (places.get(Number(cell(row, "epoch"))));
  const series = [];
  const groups = [];
  let nNotFinite = 0;
  for (const rule of rules) {
    const rows = answer.rows.filter((row) => cell(row, "learning_rule") === rule);
    if (rows.length === 0) continue;
    const column = (/** @type {string} */ name) => {
      const values = /** @type {(number | null)[]} */ (epochs.map(() => null));
      for (const row of rows) values[place(row)] = finite(cell(row, name));
      return values;
    };
    if (show === "runs") {
      const runs = runsOf(rows, (row) => String(cell(row, "run_id")), place, (row) => finite(cell(row, "value")), epochs.length);
      const look = lookOfRule(rule);
      series.push(...[...runs].map(([run, values]) => ({ label: `${run} (${label(rule)})`, look, values, faint: true })));
      nNotFinite += rows.filter((row) => finite(cell(row, "value")) === null).length;
      groups.push({ rule, ...rangeOf([...runs.values()]) });
      continue;
    }
    const counts = epochs.map(() => 0);
    for (const row of rows) {
      counts[place(row)] = Number(cell(row, "n_finite"));
      nNotFinite += Number(cell(row, "n_runs")) - Number(cell(row, "n_finite"));
    }
    const { values, low, high, text } = show === "mean" ? mean(column) : quartiles(column);
    series.push({ label: label(rule), look: lookOfRule(rule), values, low, high });
    groups.push({ rule, text, count: (/** @type {number} */ place) => counts[place] });
  }
  return { epochs, series, groups, nNotFinite };
}

/** @typedef {(name: string) => (number | null)[]} Columns */

/** @param {Columns} column */
function mean(column) {
  const [values, errors] = [column("mean"), column("standard_error")];
  const shifted = (/** @type {number} */ sign) =>
    values.map((value, at) => (value === null || errors[at] === null ? null : value + sign * /** @type {number} */ (errors[at])));
  const text = (/** @type {number} */ at) => (errors[at] === null ? number(values[at]) : `${number(values[at])} ± ${number(round(errors[at]))}`);
  return { values, low: shifted(-1), high: shifted(1), text };
}

/** @param {Columns} column */
function quartiles(column) {
  const [low, values, high] = [column("first_quartile"), column("median"), column("third_quartile")];
  const text = (/** @type {number} */ at) => `${number(values[at])} (${number(low[at])} to ${number(high[at])})`;
  return { values, low, high, text };
}

/**
 * @param {unknown[][]} rows
 * @param {(row: unknown[]) => string} name
 * @param {(row: unknown[]) => number} place
 * @param {(row: unknown[]) => number | null} value
 * @param {number} n
 */
function runsOf(rows, name, place, value, n) {
  const runs = /** @type {Map<string, (number | null)[]>} */ (new Map());
  for (const row of rows) {
    const values = runs.get(name(row)) ?? Array(n).fill(null);
    values[place(row)] = value(row);
    runs.set(name(row), values);
  }
  return runs;
}

/** @param {(number | null)[][]} runs */
function rangeOf(runs) {
  const there = (/** @type {number} */ at) => runs.map((values) => values[at]).filter((value) => value !== null).map(Number);
  return {
    text: (/** @type {number} */ at) => (there(at).length ? `${number(Math.min(...there(at)))} to ${number(Math.max(...there(at)))}` : "–"),
    count: (/** @type {number} */ at) => there(at).length,
  };
}

/** @param {unknown} value @returns {number | null} */
const finite = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** An error has two digits worth reading. @param {number | null} value */
const round = (value) => (value === null ? null : Number(value.toPrecision(2)));
