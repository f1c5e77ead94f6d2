// The view of SQL: a box to write in, what queries are made of, and the answer as a table and a chart.

import { downloads, save } from "./download.js";
import { Editor } from "./editor.js";
import { element, fill, segments, select } from "./elements.js";
import { hintOf } from "./figures.js";
import { counted, thousands, time } from "./names.js";
import { reference } from "./reference.js";
import { ResultChart } from "./result-chart.js";
import { resultTable } from "./result-table.js";
import { query } from "./server.js";

const FIRST = "SELECT learning_rule, architecture, count(*) AS n_runs, avg(final_validation_accuracy) AS accuracy\nFROM runs\nGROUP BY learning_rule, architecture\nORDER BY architecture, learning_rule";

export class Sql {
  /**
   * @param {HTMLElement} panel
   * @param {import("./server.js").Dataset} dataset
   * @param {(choices: URLSearchParams) => void} choose
   */
  constructor(panel, dataset, choose) {
    this.dataset = dataset;
    this.choose = choose;
    /** @type {Partial<import("./result-chart.js").ChartChoices>} */
    this.chartChoices = {};
    this.as = "table";
    this.maxRows = String(Math.min(1000, dataset.limits.max_rows));
    const most = [100, 1000, 10_000, dataset.limits.max_rows].filter((n) => n <= dataset.limits.max_rows);
    this.editor = new Editor({ run: () => this.run(), leave: () => this.#leave(), changed: () => this.#remember() });
    this.runButton = element("button", { type: "button", class: "primary", onclick: () => this.run() }, "Run");
    this.cancelButton = element("button", { type: "button", disabled: true, onclick: () => this.running?.abort() }, "Cancel");
    this.rowsField = element("span");
    this.most = [...new Set(most)].map((n) => ({ value: String(n), label: thousands(n) }));
    this.clock = element("span", { class: "note clock" });
    this.status = element("p", { class: "status", role: "status" });
    this.failure = element("div", { class: "error", role: "alert", hidden: true });
    this.switch = element("div");
    this.table = element("div");
    this.resultChart = new ResultChart((choices) => {
      this.chartChoices = choices;
      this.#remember();
    });
    this.picture = element("button", { type: "button", onclick: () => this.#picture() }, "Picture (PNG)");
    const answerDownloads = downloads(dataset.formats, () => this.ran, "answer");
    this.answerNode = element("div", { class: "answer", hidden: true }, this.switch, this.table, this.resultChart.node, element("div", { class: "tools" }, answerDownloads, this.picture));
    const keys = "Ctrl+Enter runs, Esc cancels or leaves the box, Tab goes on to the buttons.";
    const work = element(
      "div",
      { class: "card work" },
      element("label", { class: "heading", for: "sql-text" }, "SQL"),
      this.editor.node,
      element("p", { class: "note", id: "sql-keys" }, keys),
      element("div", { class: "row" }, this.runButton, this.cancelButton, this.rowsField, this.clock),
      this.failure,
      this.status,
      this.answerNode,
    );
    const replace = (/** @type {string} */ sql) => {
      this.editor.text = sql;
      this.#remember();
      this.editor.area.focus();
      work.scrollIntoView({ block: "start" });
    };
    fill(panel, work, reference(dataset, { insert: (text) => this.editor.insert(text), replace }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.as === "chart" && this.resultChart.draw());
  }

  /** @param {URLSearchParams} choices */
  show(choices) {
    const sql = choices.get("q");
    if (sql !== null && sql !== this.editor.text) {
      this.editor.text = sql;
      this.#clear();
    } else if (!this.editor.text) this.editor.text = FIRST;
    this.as = choices.get("as") === "chart" ? "chart" : "table";
    const rows = choices.get("rows");
    if (rows && this.most.some(({ value }) => value === rows)) this.maxRows = rows;
    fill(this.rowsField, select("Rows at most", this.most, this.maxRows, (maxRows) => ((this.maxRows = maxRows), this.#remember())));
    for (const name of /** @type {const} */ (["x", "y", "series", "kind"])) {
      const chosen = choices.get(name);
      if (chosen !== null) this.chartChoices = { ...this.chartChoices, [name]: chosen };
    }
    if (choices.has("scale")) this.chartChoices.log = choices.get("scale") === "log";
    if (this.answer) this.#renderAnswer();
  }

  /** What the address says. */
  get params() {
    const { x, y, series, kind, log } = this.chartChoices;
    const params = new URLSearchParams({ q: this.editor.text, rows: this.maxRows, as: this.as });
    for (const [name, value] of Object.entries({ x, y, series, kind })) if (value !== undefined) params.set(name, value);
    if (log) params.set("scale", "log");
    return params;
  }

  async run() {
    if (this.running) return;
    const running = (this.running = new AbortController());
    const began = performance.now();
    const tick = setInterval(() => (this.clock.textContent = time(performance.now() - began)), 100);
    this.ran = this.editor.text;
    this.#clear();
    this.#remember();
    this.status.textContent = "Running …";
    this.runButton.disabled = true;
    this.cancelButton.disabled = false;
    try {
      this.answer = await query(this.ran, { maxRows: Number(this.maxRows), signal: running.signal });
      this.#renderAnswer();
      const { rows, truncated, elapsed_ms } = this.answer;
      const many = truncated ? `The first ${counted(rows.length, "row")}; there are more, and a download has them all.` : `${counted(rows.length, "row")}.`;
      this.status.textContent = `${many} ${time(elapsed_ms)}.`;
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") this.status.textContent = `Cancelled after ${time(performance.now() - began)}.`;
      else this.#fail(/** @type {import("./server.js").Refusal} */ (error));
    } finally {
      clearInterval(tick);
      this.clock.textContent = "";
      this.running = undefined;
      this.runButton.disabled = false;
      this.cancelButton.disabled = true;
    }
  }

  /** @param {import("./server.js").Refusal} error */
  #fail(error) {
    const { message, hint, line, column, width } = error;
    this.status.textContent = "";
    this.editor.mark(line ? { line, column, width } : null);
    const place = line ? element("button", { type: "button", class: "link", onclick: () => this.editor.goToMark() }, `Line ${line}, column ${column}`) : null;
    fill(this.failure, element("p", {}, place, place && ": ", message), hint && hintOf(hint));
    this.failure.hidden = false;
  }

  #renderAnswer() {
    const { answer } = this;
    if (!answer) return;
    this.answerNode.hidden = false;
    const choose = (/** @type {string} */ as) => {
      this.as = as;
      this.#remember();
      this.#renderAnswer();
      this.switch.querySelector(`[value=${as}]`)?.focus();
    };
    const forms = [{ value: "table", label: "Table" }, { value: "chart", label: "Chart" }];
    fill(this.switch, segments("Show the answer as", "as", forms, this.as, choose));
    const asTable = this.as === "table";
    this.table.hidden = !asTable;
    this.resultChart.node.hidden = asTable;
    this.picture.hidden = asTable;
    if (!asTable) return this.resultChart.show(answer, this.chartChoices);
    fill(this.table, answer.rows.length ? resultTable(answer) : element("p", { class: "empty" }, "The answer has no rows."));
  }

  async #picture() {
    const blob = await this.resultChart.picture(this.dataset.name);
    if (blob) save(blob, "answer.png");
  }

  #clear() {
    this.answer = undefined;
    this.answerNode.hidden = true;
    this.failure.hidden = true;
    this.status.textContent = "";
    this.editor.mark(null);
  }

  #leave() {
    if (this.running) this.running.abort();
    else this.runButton.focus();
  }

  #remember() {
    this.choose(this.params);
  }
}
