// Downloads: the whole answer of a statement as a file, whatever the page shows of it.

import { element, fill } from "./elements.js";
import { download } from "./server.js";

/**
 * A button for each format, and what becomes of the download that one of them starts.
 *
 * @param {{name: string, extension: string, title: string}[]} formats
 * @param {() => string} sql
 * @param {string} name of the file, without its ending
 */
export function downloads(formats, sql, name) {
  const said = element("span", { class: "note", role: "status" });
  const buttons = formats.map((format) => element("button", { type: "button", "data-format": format.name, onclick: () => start(format) }, format.title));

  /** @param {{name: string, extension: string, title: string}} format */
  async function start({ name: format, extension, title }) {
    const going = new AbortController();
    const stop = element("button", { type: "button", class: "link", onclick: () => going.abort() }, "cancel");
    fill(said, `${title} is on its way … `, stop);
    for (const button of buttons) button.disabled = true;
    try {
      save(await download(sql(), format, going.signal), `${name}.${extension}`);
      fill(said);
    } catch (error) {
      const { name, message, hint = "" } = /** @type {any} */ (error);
      fill(said, name === "AbortError" ? "The download was cancelled." : `${message}. ${hint}`);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  const group = element("div", { class: "downloads", role: "group", "aria-label": "Download all rows" });
  fill(group, element("span", { class: "note" }, "Download"), ...buttons, said);
  return group;
}

/** Gives the reader a file. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
