// Where SQL is written: a text area over the same text in colours, where an error is marked.

import { element, fill } from "./elements.js";

const KEYWORDS = new Set(
  `all and as asc between by case cast cross desc describe distinct else end except exclude exists explain false filter from full group
  having in inner intersect interval is join lateral left like limit not null nulls offset on or order outer over partition pivot
  qualify recursive right rows select show tablesample then true union unnest unpivot using values when where window with within`.split(/\s+/),
);
const TOKENS = /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>'(?:[^']|'')*'?)|(?<name>"[^"]*"?)|(?<number>\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|(?<word>[a-z_]\w*)/gi;

export class Editor {
  /** @param {{run: () => void, leave: () => void, changed: () => void}} keys */
  constructor({ run, leave, changed }) {
    this.shown = element("pre", { "aria-hidden": "true" });
    this.area = element("textarea", {
      id: "sql-text",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      "aria-describedby": "sql-keys",
      oninput: () => {
        this.mark(null);
        changed();
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const command = event.key === "Enter" && (event.ctrlKey || event.metaKey) ? run : event.key === "Escape" ? leave : null;
        if (!command) return;
        event.preventDefault();
        command();
      },
    });
    this.node = element("div", { class: "editor" }, this.shown, this.area);
    this.#paint();
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.mark(null);
  }

  /** Puts a text in place of what is selected, as if it were typed. @param {string} text */
  insert(text) {
    const before = this.area.value.slice(0, this.area.selectionStart);
    const gap = before && !/[\s(.,]$/.test(before) ? " " : "";
    this.area.setRangeText(gap + text, this.area.selectionStart, this.area.selectionEnd, "end");
    this.area.focus();
    this.area.dispatchEvent(new Event("input"));
  }

  /** Marks what an error is about, or nothing. @param {{line: number, column: number, width: number} | null} place */
  mark(place) {
    this.marked = null;
    if (place?.line) {
      const lines = /** @type {string[]} */ (this.text.split("\n"));
      const before = lines.slice(0, place.line - 1).reduce((length, line) => length + line.length + 1, 0);
      const letters = [...(lines[place.line - 1] ?? "")];
      const start = before + letters.slice(0, place.column - 1).join("").length;
      const length = letters.slice(place.column - 1, place.column - 1 + place.width).join("").length;
      this.marked = { start, end: start + length };
    }
    this.area.toggleAttribute("aria-invalid", this.marked !== null);
    this.#paint();
  }

  /** Goes to what is marked. */
  goToMark() {
    this.area.focus();
    if (this.marked) this.area.setSelectionRange(this.marked.start, this.marked.end);
  }

  #paint() {
    const { start, end } = this.marked ?? { start: this.text.length, end: this.text.length };
    const mark = this.marked && element("mark", {}, this.text.slice(start, end) || " ");
    // A line that has nothing on it yet has a height too.
    fill(this.shown, ...colored(this.text.slice(0, start)), mark, ...colored(this.text.slice(end)), "\n");
  }
}

/** @param {string} text */
function colored(text) {
  const parts = [];
  let taken = 0;
  for (const match of text.matchAll(TOKENS)) {
    const groups = match.groups ?? {};
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
    const shown = kind === "word" ? (KEYWORDS.has(match[0].toLowerCase()) ? "keyword" : null) : kind;
    if (!shown) continue;
    parts.push(text.slice(taken, match.index), element("span", { class: shown }, match[0]));
    taken = match.index + match[0].length;
  }
  return [...parts, text.slice(taken)];
}
