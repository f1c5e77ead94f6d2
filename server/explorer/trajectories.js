// The view of trajectories: choices on one side, the chart they ask for on the other.

import { Catalogue, FUNCTIONS, MEASURES, statisticsOf } from "./catalogue.js";
import { Chart } from "./chart.js";
import { downloads, save } from "./download.js";
import { element, fill, segments, select } from "./elements.js";
import { architecture, counted, label, number, observable } from "./names.js";
import { byRule, lookOfRule, swatch } from "./palette.js";
import { query } from "./server.js";
import { trajectoryQuery } from "./trajectory-query.js";
import { seriesOf } from "./trajectory-series.js";

const SHOWS = [
  { value: "mean", label: "Mean ± s.e.m." },
  { value: "quartiles", label: "Median, quartiles" },
  { value: "runs", label: "Single runs" },
];

export class Trajectories {
  /**
   * @param {HTMLElement} panel
   * @param {import("./server.js").Dataset} dataset
   * @param {import("./server.js").Answer} choices
   * @param {{choose: (choices: URLSearchParams) => void, openSql: (sql: string) => void}} page
   */
  constructor(panel, dataset, choices, page) {
    this.panel = panel;
    this.page = page;
    this.dataset = dataset;
    this.catalogue = new Catalogue(choices);
    this.choices = this.catalogue.resolve(new URLSearchParams());
    this.chart = /** @type {Chart | null} */ (null);
    this.answer = /** @type {import("./server.js").Answer | null} */ (null);
    this.epochs = /** @type {number[]} */ ([]);
    this.series = /** @type {import("./chart.js").Series[]} */ ([]);
    this.groups = /** @type {import("./trajectory-series.js").Group[]} */ ([]);
    /** What the view shows, in words and in SQL. */
    this.title = "";
    this.place = "";
    this.text = "";
    this.controls = element("form", { class: "controls", "aria-label": "What to see", onsubmit: (/** @type {Event} */ event) => event.preventDefault() });
    this.heading = element("h2", { id: "view-title" });
    this.subtitle = element("p", { class: "note" });
    this.readout = element("div", { class: "readout" });
    this.spoken = element("p", { class: "unseen", role: "status" });
    this.canvas = element("div", {
      class: "chart",
      tabindex: "0",
      role: "group",
      "aria-roledescription": "chart",
      "aria-labelledby": "view-title",
      "aria-describedby": "chart-help",
    });
    this.empty = element("p", { class: "empty", role: "status", hidden: true });
    this.notes = element("div", { class: "notes", role: "status" });
    this.tools = element("div", { class: "tools" });
    this.numbers = element("details", { class: "numbers" }, element("summary", {}, "The numbers as a table"));
    this.sql = element("pre", { class: "code", tabindex: "0", "aria-label": "SQL of this view" });
    const openSql = element("button", { type: "button", onclick: () => page.openSql(this.text) }, "Open in the SQL box");
    const statement = element("details", {}, element("summary", {}, "SQL of this view"), this.sql, element("p", {}, openSql));
    const help = "Hover or tap to read values; drag to enlarge, double-click to go back. On the keyboard ←, →, Home and End move, Esc lets go.";
    this.card = element(
      "div",
      { class: "card view" },
      this.heading,
      this.subtitle,
      this.readout,
      this.empty,
      this.canvas,
      element("p", { class: "note help", id: "chart-help" }, help),
      this.notes,
      this.tools,
      this.numbers,
      statement,
      this.spoken,
    );
    // Where there is room the choices are always seen; on a phone they would push the chart off the screen.
    const folded = element("details", { class: "choices" }, element("summary", {}, "Choose what to see"), this.controls);
    const wide = matchMedia("(min-width: 56.01rem)");
    const unfold = () => (folded.open = wide.matches);
    wide.addEventListener("change", unfold);
    unfold();
    fill(panel, folded, this.card);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.answer && this.#draw());
  }

  /** Shows what the address asks for. @param {URLSearchParams} choices */
  show(choices) {
    if (this.catalogue.isEmpty) {
      /** @type {any} */ (this.controls.parentElement).hidden = true;
      fill(this.card, element("p", { class: "empty" }, "The dataset has no networks yet: make some with ", element("code", {}, "engram generate"), "."));
      return;
    }
    this.choices = this.catalogue.resolve(choices);
    this.#renderControls();
    this.#ask();
  }

  /** @param {Partial<import("./catalogue.js").Choices>} change */
  #choose(change) {
    const focused = document.activeElement?.getAttribute("data-key");
    const params = this.catalogue.toParams({ ...this.choices, ...change });
    this.page.choose(params);
    this.show(params);
    if (focused) this.controls.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #renderControls() {
    const { task, architecture: chosen, layer, measure, fn, statistic, rules, condition, show, log } = this.choices;
    const layers = this.catalogue.layers(task, chosen);
    const available = this.catalogue.rules(task, chosen);
    const named = (/** @type {string[]} */ names, /** @type {(name: string) => string} */ text) =>
      names.map((value) => ({ value, label: text(value) }));
    const conditions = this.catalogue.conditions(task, chosen);
    fill(
      this.controls,
      select("Task", named(this.catalogue.tasks(), label), task, (task) => this.#choose({ task })),
      select("Architecture", named(this.catalogue.architectures(task), architecture), chosen, (architecture) => this.#choose({ architecture })),
      select("Layer", layers.map(({ layer, depth }) => ({ value: layer, label: `${layer} (${depth})` })), layer, (layer) => this.#choose({ layer })),
      segments("Measure", "measure", named(MEASURES, label), measure, (measure) => this.#choose({ measure })),
      segments("Function of each value", "function", named(FUNCTIONS, label), fn, (fn) => this.#choose({ fn })),
      select("Statistic over the values", named(statisticsOf(measure), label), statistic, (statistic) => this.#choose({ statistic })),
      conditions.length > 1 &&
        select("Observed", conditions.map(({ key, text }) => ({ value: key, label: text })), condition.key, (key) => this.#choose({ condition: conditions.find((found) => found.key === key) })),
      this.#ruleBoxes(available, rules),
      segments("Show", "show", SHOWS, show, (show) => this.#choose({ show: /** @type {any} */ (show) })),
      element(
        "label",
        { class: "check" },
        element("input", { type: "checkbox", checked: log, onchange: () => this.#choose({ log: !log }) }),
        element("span", {}, "Logarithmic scale"),
      ),
    );
    // Controls are made anew with every choice; what had the focus is found again by its key.
    for (const [index, control] of this.controls.querySelectorAll("input, select, button").entries()) {
      control.setAttribute("data-key", control.type === "radio" ? `${control.name}-${control.value}` : `${control.type}-${index}-${control.value}`);
      if (control.tagName === "SELECT") control.setAttribute("data-key", control.parentElement.firstChild.textContent);
    }
  }

  /** @param {{rule: string, nRuns: number}[]} available @param {string[]} chosen */
  #ruleBoxes(available, chosen) {
    const toggle = (/** @type {string} */ rule) => {
      const next = chosen.includes(rule) ? chosen.filter((other) => other !== rule) : [...chosen, rule];
      this.#choose({ rules: next.sort(byRule) });
    };
    const boxes = available.map(({ rule, nRuns }) =>
      element(
        "label",
        { class: "check" },
        element("input", { type: "checkbox", value: rule, checked: chosen.includes(rule), onchange: () => toggle(rule) }),
        swatch(lookOfRule(rule)),
        element("span", {}, label(rule)),
        element("span", { class: "note count" }, nRuns, element("span", { class: "unseen" }, " networks")),
      ),
    );
    const all = element("button", { type: "button", class: "link", onclick: () => this.#choose({ rules: available.map(({ rule }) => rule) }) }, "all");
    const none = element("button", { type: "button", class: "link", onclick: () => this.#choose({ rules: [] }) }, "none");
    return element(
      "fieldset",
      { class: "rules" },
      element("legend", {}, "Learning rules"),
      ...boxes,
      element("p", { class: "note" }, "Compare ", all, " or ", none, "; the number is that of networks."),
    );
  }

  async #ask() {
    const { task, architecture: chosen, layer, measure, fn, statistic, rules, condition, show } = this.choices;
    this.title = `${observable(measure, fn, statistic)}: ${layer}`;
    const conditions = condition.isUsual ? "" : `, ${condition.text}`;
    this.place = `${label(task)}, ${architecture(chosen)}${conditions}`;
    this.heading.textContent = this.title;
    this.subtitle.textContent = this.place;
    this.asking?.abort();
    if (rules.length === 0) return this.#say("No learning rule is chosen: tick one to see its trajectories.");
    const column = `${measure}_${fn}_${statistic}`;
    this.text = trajectoryQuery({ task, architecture: chosen, layer, column, rules, condition, show });
    this.sql.textContent = this.text;
    const asking = (this.asking = new AbortController());
    const patience = setTimeout(() => this.card.setAttribute("aria-busy", "true"), 150);
    try {
      const answer = await query(this.text, { maxRows: this.dataset.limits.max_rows, signal: asking.signal });
      if (asking.signal.aborted) return;
      this.answer = answer;
      this.#draw();
    } catch (error) {
      const { name, message, hint = "" } = /** @type {any} */ (error);
      if (name !== "AbortError") this.#say(`${message}. ${hint}`);
    } finally {
      clearTimeout(patience);
      if (this.asking === asking) this.card.removeAttribute("aria-busy");
    }
  }

  #draw() {
    const { show, rules, log, measure, fn, statistic } = this.choices;
    this.chart?.destroy();
    this.chart = null;
    const { epochs, series, groups, nNotFinite } = seriesOf(/** @type {any} */ (this.answer), show, rules);
    if (epochs.length === 0) return this.#say("There are no observations of this choice.");
    if (log && !series.some(({ values }) => values.some((value) => typeof value === "number" && value > 0))) {
      return this.#say("No value is positive, so that a logarithmic scale has no place for any: choose the linear one.");
    }
    this.epochs = epochs;
    this.groups = groups;
    for (const part of [this.canvas, this.readout, this.tools, this.numbers]) part.hidden = false;
    this.empty.hidden = true;
    this.chart = new Chart(this.canvas, {
      kind: "line",
      x: epochs,
      xLabel: "Epoch",
      xText: String,
      yLabel: observable(measure, fn, statistic),
      log,
      series,
      focus: show === "runs",
      onCursor: (place, nearest) => this.#read(place, nearest),
    });
    this.series = series;
    const notes = [];
    const { nLeftOut } = this.chart;
    if (log && nLeftOut) notes.push(`${counted(nLeftOut, "value is", "values are")} zero or negative and left out: a logarithmic scale has no place for them.`);
    if (nNotFinite) notes.push(`${counted(nNotFinite, "value is", "values are")} not finite and left out.`);
    if (this.answer?.truncated) notes.push("There are more rows than the server gives at once: not every run is drawn.");
    fill(this.notes, ...notes.map((note) => element("p", {}, note)));
    this.#read(null, null);
    this.#renderTools();
    this.#renderNumbers();
  }

  /** Shows the values at a place of the chart, or at the last epoch. @param {number | null} place @param {number | null} nearest */
  #read(place, nearest) {
    const at = place ?? this.epochs.length - 1;
    const values = this.groups.map((group) => ({ group, text: group.text(at), n: group.count(at) }));
    const run = nearest === null ? null : this.series[nearest];
    const value = run && run.values[at];
    fill(
      this.readout,
      element("p", { class: "epoch" }, `Epoch ${this.epochs[at]}`),
      ...values.map(({ group, text, n }) =>
        element("p", { "data-rule": group.rule }, swatch(lookOfRule(group.rule)), element("b", {}, label(group.rule)), element("span", { class: "value" }, text), element("span", { class: "note" }, `n = ${n}`)),
      ),
      this.choices.show === "runs" && element("p", { class: "note nearest" }, run ? `Run ${run.label}: ${number(value)}` : "Point at a line to see which run it is."),
    );
    if (document.activeElement === this.canvas && place !== null) {
      const words = values.map(({ group, text, n }) => `${label(group.rule)} ${text}, ${n} networks`);
      this.spoken.textContent = `Epoch ${this.epochs[at]}: ${words.join("; ")}`;
    }
  }

  #renderTools() {
    const picture = async () => {
      const named = [this.choices.task, this.choices.architecture, this.choices.layer, this.choices.measure, this.choices.fn, this.choices.statistic];
      const shown = SHOWS.find(({ value }) => value === this.choices.show)?.label ?? "";
      const blob = await this.chart?.picture(this.title, `${this.place}. ${shown}`);
      if (blob) save(blob, `${named.join("-")}.png`);
    };
    const png = element("button", { type: "button", onclick: picture }, "Picture (PNG)");
    fill(this.tools, downloads(this.dataset.formats, () => this.text, "trajectories"), png);
  }

  #renderNumbers() {
    const head = element("tr", {}, element("th", { scope: "col" }, "Epoch"), ...this.groups.map(({ rule }) => element("th", { scope: "col" }, label(rule))));
    const rows = this.epochs.map((epoch, at) =>
      element("tr", {}, element("th", { scope: "row" }, epoch), ...this.groups.map((group) => element("td", {}, group.text(at)))),
    );
    const table = element("table", {}, element("caption", { class: "unseen" }, this.title), element("thead", {}, head), element("tbody", {}, ...rows));
    fill(this.numbers, this.numbers.firstElementChild, element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers" }, table));
  }

  /** Says why there is no chart. @param {string} words */
  #say(words) {
    this.chart?.destroy();
    this.chart = null;
    this.answer = null;
    for (const part of [this.canvas, this.readout, this.tools, this.numbers]) part.hidden = true;
    this.canvas.replaceChildren();
    fill(this.notes);
    this.empty.hidden = false;
    this.empty.textContent = words;
  }
}
