// What a query can be made of: named queries with their parameters, examples, tables with their columns, and functions.

import { element, fill } from "./elements.js";
import { boundQuery } from "./server.js";

const EXAMPLES = [
  {
    title: "How well did networks learn under each rule?",
    sql: `SELECT learning_rule, architecture, avg(final_validation_accuracy) AS accuracy, count(*) AS n_runs
FROM runs
GROUP BY learning_rule, architecture
ORDER BY architecture, learning_rule`,
  },
  {
    title: "Learning curves",
    sql: `SELECT learning_rule, epoch, avg(validation_accuracy) AS accuracy
FROM trajectories
WHERE layer_index = 0
GROUP BY learning_rule, epoch
ORDER BY learning_rule, epoch`,
  },
  {
    title: "Kurtosis of the weights from the first layer to the last",
    sql: `SELECT learning_rule, layer_index, avg(weight_raw_kurtosis) AS kurtosis
FROM trajectories
WHERE epoch > 0 AND architecture = (SELECT min(architecture) FROM runs)
GROUP BY learning_rule, layer_index
ORDER BY learning_rule, layer_index`,
  },
  {
    title: "Accuracy of the experiments, beside chance",
    sql: `SELECT experiment, classifier, avg(accuracy) AS accuracy, min(chance) AS chance, count(*) AS n_splits
FROM results
WHERE control = 'none'
GROUP BY experiment, classifier
ORDER BY experiment, classifier`,
  },
];

/**
 * @param {import("./server.js").Dataset} dataset
 * @param {{insert: (text: string) => void, replace: (sql: string) => void}} editor
 * @returns {HTMLElement}
 */
export function reference(dataset, editor) {
  const found = element("div");
  const search = element("input", { type: "search", id: "search", placeholder: "table, column, function", autocomplete: "off", spellcheck: "false", oninput: () => render() });
  const examples = EXAMPLES.map(({ title, sql }) => element("li", {}, element("button", { type: "button", class: "link", onclick: () => editor.replace(sql) }, title)));
  const queries = dataset.queries.map((query) => named(query, editor.replace));

  const render = () => {
    const words = search.value.trim().toLowerCase();
    const matches = (/** @type {string} */ text) => text.toLowerCase().includes(words);
    const tables = dataset.tables
      .map(({ name, columns }) => ({ name, columns: matches(name) ? columns : columns.filter((column) => matches(column.name)) }))
      .filter(({ columns }) => columns.length);
    const functions = words ? dataset.functions.filter(({ name }) => matches(name)) : [];
    fill(
      found,
      ...tables.map(({ name, columns }) => table(name, columns, words !== "" && !matches(name), editor.insert)),
      functions.length > 0 && element("h3", {}, "Functions"),
      ...functions.slice(0, 30).map((one) => row(one.name, one.kind, `${one.syntax}\n${one.description}`.trim(), () => editor.insert(`${one.name}(`))),
      tables.length + functions.length === 0 && element("p", { class: "note" }, "Nothing has that in its name."),
      !words && element("p", { class: "note" }, `Search for one of ${dataset.functions.length} functions.`),
    );
  };
  render();
  return element(
    "aside",
    { class: "reference", "aria-label": "What a query can be made of" },
    element("details", { open: true }, element("summary", {}, "Examples"), element("ul", {}, ...examples)),
    element("details", {}, element("summary", {}, "Queries of the study"), ...queries),
    element("details", { open: innerWidth > 900 }, element("summary", {}, "Tables, columns, functions"), element("label", { class: "field", for: "search" }, element("span", { class: "unseen" }, "Search"), search), found),
  );
}

/** @param {string} name @param {(import("./server.js").Column & {description: string})[]} columns @param {boolean} open @param {(text: string) => void} insert */
function table(name, columns, open, insert) {
  const whole = element("button", { type: "button", class: "link", onclick: () => insert(name) }, "insert the name");
  const rows = columns.map(({ name, type, description }) => row(name, type, description, () => insert(name)));
  return element("details", { class: "table", open }, element("summary", {}, name), element("p", { class: "note" }, `${columns.length} columns; `, whole), ...rows);
}

/** @param {string} name @param {string} kind @param {string} description @param {() => void} insert */
function row(name, kind, description, insert) {
  return element("button", { type: "button", class: "entry", title: description || null, onclick: insert }, element("span", {}, name), element("span", { class: "note" }, kind));
}

/** A named query, with a field for each of its parameters. @param {import("./server.js").NamedQuery} query @param {(sql: string) => void} replace */
function named({ name, title, description, parameters }, replace) {
  const said = element("p", { class: "error", role: "alert", hidden: true });
  const fields = parameters.map(({ name, default: usual, meaning }) => {
    const value = usual.replace(/^'(.*)'$/s, "$1");
    return element("label", { class: "field" }, element("span", {}, name, " ", element("span", { class: "note" }, meaning)), element("input", { name, value, spellcheck: "false" }));
  });
  const form = element(
    "form",
    {
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        said.hidden = true;
        try {
          const given = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
          replace(await boundQuery(name, given));
        } catch (error) {
          said.hidden = false;
          said.textContent = /** @type {Error} */ (error).message;
        }
      },
    },
    element("p", { class: "note" }, description),
    ...fields,
    said,
    element("button", { type: "submit" }, "Put it into the SQL box"),
  );
  return element("details", { class: "table", "data-query": name }, element("summary", {}, title), form);
}
