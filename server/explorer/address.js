// What the page shows stands in its address, behind the #, so that a view can be shared: `#sql?q=SELECT+1`.

/** @typedef {{view: string, choices: URLSearchParams}} Place */

// A step in the history between two such addresses is told twice, by popstate and by hashchange.
let known = location.href;

/** @returns {Place} */
export function read() {
  const [view, choices = ""] = location.hash.slice(1).split(/\?(.*)/s);
  return { view, choices: new URLSearchParams(choices) };
}

/**
 * Puts a view and its choices into the address. Another view is a step for the browser's back button, another choice is not.
 *
 * @param {string} view
 * @param {URLSearchParams} choices
 */
export function write(view, choices) {
  const address = `#${view}${choices.size ? `?${choices}` : ""}`;
  const isStep = read().view !== "" && read().view !== view;
  if (isStep) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  known = location.href;
}

/** @param {() => void} changed called when the reader goes back or follows a link */
export function onChange(changed) {
  const check = () => {
    if (location.href === known) return;
    known = location.href;
    changed();
  };
  addEventListener("popstate", check);
  addEventListener("hashchange", check);
}
