// Makes elements: markup is never put together from text, so that no value of a dataset becomes part of it.

/**
 * An element with attributes, listeners (`onclick` and the like) and children. Attributes that are null, undefined or
 * false are left out.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...shown(children));
  return made;
}

/**
 * Puts children in place of those that are there.
 *
 * @param {Element} parent
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...shown(children));
}

/**
 * The element of an id, which the page has.
 *
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * A labelled choice of one of several values.
 *
 * @param {string} label
 * @param {{value: string, label: string}[]} options
 * @param {string} chosen
 * @param {(value: string) => void} onChoice
 */
export function select(label, options, chosen, onChoice) {
  const made = options.map(({ value, label }) => element("option", { value, selected: value === chosen }, label));
  const box = element("select", { onchange: () => onChoice(box.value) }, ...made);
  return element("label", { class: "field" }, element("span", {}, label), box);
}

/**
 * One of a few values, all of them seen: a group of radio buttons.
 *
 * @param {string} label
 * @param {string} name of the group
 * @param {{value: string, label: string, disabled?: boolean}[]} options
 * @param {string} chosen
 * @param {(value: string) => void} onChoice
 */
export function segments(label, name, options, chosen, onChoice) {
  const made = options.map(({ value, label, disabled }) => {
    const checked = value === chosen;
    const input = element("input", { type: "radio", name, value, checked, disabled, onchange: () => onChoice(value) });
    return element("label", {}, input, element("span", {}, label));
  });
  return element("fieldset", { class: "segments" }, element("legend", {}, label), element("div", {}, ...made));
}

/** @param {unknown[]} children */
function shown(children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  return /** @type {(Node | string)[]} */ (kept.map((child) => (child instanceof Node ? child : String(child))));
}
