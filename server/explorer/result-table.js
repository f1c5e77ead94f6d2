// An answer as a table: sorted by any column, drawn as far as it is scrolled.

import { element, fill } from "./elements.js";

/** Rows that are drawn at once. */
const STEP = 100;
/** Letters of a nested value that are shown in its cell. */
const SHOWN_LETTERS = 90;

/** @param {string} type of a column @returns {boolean} */
export const isNumeric = (type) => /^(U?Int|Float|Decimal)/.test(type);

/**
 * @param {import("./server.js").Answer} answer
 * @returns {HTMLElement}
 */
export function resultTable({ columns, rows }) {
  const body = element("tbody");
  const scroll = element("div", { class: "scroll results", tabindex: "0", role: "region", "aria-label": "Rows of the answer" });
  let sorted = rows;
  let nDrawn = 0;

  const draw = () => {
    const next = sorted.slice(nDrawn, nDrawn + STEP);
    nDrawn += next.length;
    body.append(...next.map((row) => element("tr", {}, ...row.map((value, at) => cell(value, columns[at])))));
  };
  scroll.addEventListener("scroll", () => {
    if (nDrawn < sorted.length && scroll.scrollTop + scroll.clientHeight > scroll.scrollHeight - 600) draw();
  });

  const headings = columns.map(({ name, type }, at) => {
    const button = element("button", { type: "button", title: `${type}: sort by it`, onclick: () => sortBy(at) }, name);
    return element("th", { scope: "col", class: isNumeric(type) ? "number" : null }, button);
  });

  /** Rising, then falling, then as it came. @param {number} at */
  function sortBy(at) {
    const was = headings[at].getAttribute("aria-sort");
    const now = was === "ascending" ? "descending" : was === "descending" ? null : "ascending";
    for (const heading of headings) heading.removeAttribute("aria-sort");
    if (now) headings[at].setAttribute("aria-sort", now);
    const compare = comparison(columns[at].type);
    sorted = now ? rows.toSorted((a, b) => (now === "ascending" ? 1 : -1) * compare(a[at], b[at])) : rows;
    nDrawn = 0;
    fill(body);
    draw();
    scroll.scrollTop = 0;
  }

  draw();
  const caption = element("caption", { class: "unseen" }, "The answer. Headings sort.");
  scroll.append(element("table", {}, caption, element("thead", {}, element("tr", {}, ...headings)), body));
  return scroll;
}

/** @param {unknown} value @param {import("./server.js").Column} column */
function cell(value, { type }) {
  if (value === null) return element("td", { class: isNumeric(type) ? "null number" : "null" }, "NULL");
  if (isNumeric(type)) return element("td", { class: "number" }, String(value));
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (text.length <= SHOWN_LETTERS) return element("td", {}, text);
  return element("td", { title: text.slice(0, 2000) }, `${text.slice(0, SHOWN_LETTERS)} …`);
}

/** NULL comes last of all, and NaN before it. @param {string} type @returns {(a: unknown, b: unknown) => number} */
function comparison(type) {
  const rank = (/** @type {unknown} */ value) => (value === null ? 2 : value === "NaN" ? 1 : 0);
  return (a, b) => {
    if (rank(a) || rank(b)) return rank(a) - rank(b);
    if (isNumeric(type)) return Number(a) - Number(b);
    return String(a) < String(b) ? -1 : Number(String(a) > String(b));
  };
}
