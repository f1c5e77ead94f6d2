// The view of figures and claims: the page that `engram report` makes, in a frame.

import { element, fill } from "./elements.js";
import { report } from "./server.js";

export class Figures {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel;
    this.address = "";
  }

  async show() {
    if (this.address) return;
    fill(this.panel, element("p", { class: "empty", role: "status" }, "Drawing the figures: the first time takes a few seconds …"));
    try {
      const page = await report();
      // A page of its own, with the token or without: a frame's request could not carry one.
      this.address = URL.createObjectURL(new Blob([page], { type: "text/html" }));
      const alone = element("a", { href: this.address, target: "_blank" }, "Open on a page of its own");
      const kept = element("a", { href: this.address, download: "report.html" }, "save it");
      const frame = element("iframe", { src: this.address, title: "Figures and claims" });
      fill(this.panel, element("p", { class: "note above" }, alone, " or ", kept, ": it needs no other file and no network."), frame);
    } catch (error) {
      const { status, message, hint } = /** @type {import("./server.js").Refusal} */ (error);
      const again = element("button", { type: "button", onclick: () => this.show() }, "Try again");
      const title = status === 404 ? "There are no figures yet" : "The figures cannot be shown";
      fill(this.panel, element("div", { class: "card", role: "alert" }, element("h2", {}, title), element("p", {}, message), hint && hintOf(hint), element("p", {}, again)));
    }
  }
}

/** A hint with what is to be typed as such. @param {string} hint */
export function hintOf(hint) {
  const parts = hint.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
  return element("p", { class: "hint" }, ...parts);
}
