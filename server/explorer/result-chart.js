// An answer as a chart: any column over any other, a series for each value of a third.

import { Chart } from "./chart.js";
import { element, fill, segments, select } from "./elements.js";
import { counted, label, number } from "./names.js";
import { byRule, look, lookOfRule, swatch } from "./palette.js";
import { isNumeric } from "./result-table.js";

/** More series than there are looks could not be told apart. */
const MOST_SERIES = 20;

const KINDS = ["line", "points", "bars"];

/** @typedef {{x: string, y: string, series: string, kind: "line" | "points" | "bars", log: boolean}} ChartChoices */

export class ResultChart {
  /** @param {(choices: ChartChoices) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.controls = element("div", { class: "row chart-controls", role: "group", "aria-label": "Chart" });
    this.readout = element("div", { class: "readout", role: "status" });
    this.canvas = element("div", { class: "chart", tabindex: "0", role: "group", "aria-roledescription": "chart", "aria-label": "Chart of the answer" });
    this.notes = element("p", { class: "notes", role: "status" });
    this.node = element("div", {}, this.controls, this.readout, this.canvas, this.notes);
  }

  /** @param {import("./server.js").Answer} answer @param {Partial<ChartChoices>} asked */
  show(answer, asked) {
    this.answer = answer;
    this.choices = resolve(answer, asked);
    this.draw();
  }

  draw() {
    this.chart?.destroy();
    this.chart = null;
    fill(this.canvas);
    fill(this.readout);
    const { answer, choices } = this;
    if (!answer || !choices?.y) {
      fill(this.controls);
      this.canvas.hidden = true;
      fill(this.notes, "A chart needs rows, and a column of numbers.");
      return;
    }
    this.canvas.hidden = false;
    this.#renderControls(choices);
    const { x, xText, series, notes } = seriesOf(answer, choices);
    this.chart = new Chart(this.canvas, {
      ...{ kind: choices.kind, log: choices.log, x, xLabel: choices.x, yLabel: choices.y, xText, series },
      onCursor: (place) => this.#read(x, xText ?? number, series, place),
    });
    const { nLeftOut } = this.chart;
    if (nLeftOut) notes.push(`${counted(nLeftOut, "value is", "values are")} zero or negative and left out on the logarithmic scale.`);
    fill(this.notes, notes.join(" "));
    this.#read(x, xText ?? number, series, null);
  }

  /** @param {string} title */
  picture(title) {
    return this.chart?.picture(title, `${this.choices?.y} over ${this.choices?.x}`);
  }

  /** @param {ChartChoices} choices */
  #renderControls(choices) {
    const { columns } = /** @type {import("./server.js").Answer} */ (this.answer);
    const named = (/** @type {string[]} */ names) => names.map((value) => ({ value, label: value }));
    const change = (/** @type {string} */ control, /** @type {Partial<ChartChoices>} */ changed) => {
      this.choices = { ...choices, ...changed };
      this.chosen(this.choices);
      this.draw();
      this.controls.querySelector(control)?.focus();
    };
    const numeric = columns.filter(({ type }) => isNumeric(type)).map(({ name }) => name);
    const none = { value: "", label: "(one)" };
    fill(
      this.controls,
      select("X", named(columns.map(({ name }) => name)), choices.x, (x) => change("label:nth-of-type(1) select", { x })),
      select("Y", named(numeric), choices.y, (y) => change("label:nth-of-type(2) select", { y })),
      select("Series", [none, ...named(columns.map(({ name }) => name))], choices.series, (series) => change("label:nth-of-type(3) select", { series })),
      segments("Kind", "kind", KINDS.map((value) => ({ value, label: label(value) })), choices.kind, (kind) => change(`[value=${kind}]`, { kind: /** @type {any} */ (kind) })),
      element(
        "label",
        { class: "check" },
        element("input", { type: "checkbox", checked: choices.log, onchange: () => change("[type=checkbox]", { log: !choices.log }) }),
        element("span", {}, "Logarithmic scale"),
      ),
    );
  }

  /** @param {number[]} x @param {(x: number) => string} xText @param {import("./chart.js").Series[]} series @param {number | null} place */
  #read(x, xText, series, place) {
    // A series whose value at this x stands in another row is read there.
    const valueOf = (/** @type {import("./chart.js").Series} */ { values }) =>
      place === null ? undefined : values.find((value, at) => x[at] === x[place] && typeof value === "number");
    const entries = series.map((one) => {
      const value = valueOf(one);
      return element("p", {}, swatch(one.look), element("b", {}, one.label), element("span", { class: "value" }, value === undefined ? "" : number(value)));
    });
    fill(this.readout, place !== null && element("p", { class: "epoch" }, `${this.choices?.x}: ${xText(x[place])}`), ...entries);
  }
}

/** Choices that the answer has columns for. @param {import("./server.js").Answer} answer @param {Partial<ChartChoices>} asked @returns {ChartChoices} */
function resolve({ columns, rows }, asked) {
  const names = columns.map(({ name }) => name);
  const numeric = columns.filter(({ type }) => isNumeric(type)).map(({ name }) => name);
  const pick = (/** @type {string | undefined} */ name, /** @type {string[]} */ from, /** @type {string | undefined} */ usual) =>
    name !== undefined && from.includes(name) ? name : (usual ?? "");
  const usualX = names.find((name) => /epoch|step/.test(name)) ?? names[0];
  const x = pick(asked.x, names, usualX);
  const y = pick(asked.y, numeric, numeric.find((name) => name !== x && !/^n_|_index$|seed/.test(name)) ?? numeric.findLast((name) => name !== x) ?? numeric[0]);
  const words = names.filter((name, at) => name !== x && name !== y && !isNumeric(columns[at].type));
  const isFew = (/** @type {string} */ name) => new Set(rows.map((row) => row[names.indexOf(name)])).size <= MOST_SERIES / 2;
  const other = words.find((name) => name === "learning_rule") ?? words.find(isFew);
  const series = asked.series === "" ? "" : pick(asked.series, names, other);
  const xType = columns.find(({ name }) => name === x)?.type ?? "";
  const usualKind = isNumeric(xType) ? "line" : "bars";
  const kind = /** @type {ChartChoices["kind"]} */ (pick(asked.kind, KINDS, usualKind));
  return { x, y: rows.length ? y : "", series, kind, log: asked.log ?? false };
}

/** @param {import("./server.js").Answer} answer @param {ChartChoices} choices */
function seriesOf({ columns, rows }, choices) {
  const at = (/** @type {string} */ name) => columns.findIndex((column) => column.name === name);
  const [xAt, yAt, seriesAt] = [at(choices.x), at(choices.y), at(choices.series)];
  const words = isNumeric(columns[xAt].type) ? null : [...new Set(rows.map((row) => shown(row[xAt])))];
  const places = new Map(words?.map((word, place) => [word, place]));
  const placed = rows
    .map((row) => ({ x: words ? Number(places.get(shown(row[xAt]))) : Number(row[xAt] ?? NaN), y: row[yAt], name: seriesAt < 0 ? choices.y : shown(row[seriesAt]) }))
    .filter(({ x }) => Number.isFinite(x))
    .sort((a, b) => a.x - b.x);
  const names = [...new Set(placed.map(({ name }) => name))];
  const isRule = choices.series === "learning_rule";
  if (isRule) names.sort(byRule);
  const notes = [];
  if (names.length > MOST_SERIES) notes.push(`The first ${MOST_SERIES} of ${names.length} series are drawn.`);
  const nUnreal = placed.filter(({ y }) => typeof y !== "number").length;
  if (nUnreal) notes.push(`${counted(nUnreal, "value is", "values are")} NULL or not finite and left out.`);
  const series = names.slice(0, MOST_SERIES).map((name, index) => ({
    label: isRule ? label(name) : name,
    look: isRule ? lookOfRule(name) : look(index),
    values: placed.map((row) => (row.name === name ? (typeof row.y === "number" ? row.y : null) : undefined)),
  }));
  const xText = words ? (/** @type {number} */ x) => words[x] ?? "" : undefined;
  return { x: placed.map(({ x }) => x), xText, series, notes };
}

/** @param {unknown} value */
const shown = (value) => (value === null ? "NULL" : typeof value === "object" ? JSON.stringify(value) : String(value));
