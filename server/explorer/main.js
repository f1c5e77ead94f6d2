// Opens the dataset and shows the view that the address names.

import * as address from "./address.js";
import { byId } from "./elements.js";
import { Figures } from "./figures.js";
import { counted } from "./names.js";
import { choices, dataset, token } from "./server.js";
import { Sql } from "./sql.js";
import { Trajectories } from "./trajectories.js";

const VIEWS = ["trajectories", "figures", "sql"];

/** @type {Record<string, {show: (choices: URLSearchParams) => void}>} */
let views = {};
/** The last choices of each view: coming back to one finds it as it was left. @type {Record<string, URLSearchParams>} */
const left = {};

async function open() {
  byId("opening").hidden = false;
  byId("token-form").hidden = true;
  try {
    const [about, rows] = await Promise.all([dataset(), choices()]);
    start(about, rows);
  } catch (error) {
    const { status, message, hint = "" } = /** @type {any} */ (error);
    byId("opening").hidden = true;
    if (status === 401) return askForToken();
    byId("opening").hidden = false;
    byId("opening").textContent = `The dataset cannot be shown: ${message}. ${hint}`;
  }
}

/** @param {import("./server.js").Dataset} about @param {import("./server.js").Answer} rows */
function start(about, rows) {
  document.title = `${about.name} · Engram`;
  byId("dataset").textContent = about.name;
  byId("facts").textContent = [counted(about.n_runs, "network"), `schema ${about.schema_version}`, `engram ${about.version}`].join(" · ");
  byId("forget").hidden = !token.get();
  byId("opening").hidden = true;
  byId("tabs").hidden = false;
  const remember = (/** @type {string} */ view) => (/** @type {URLSearchParams} */ choices) => {
    left[view] = choices;
    address.write(view, choices);
  };
  const openSql = (/** @type {string} */ sql) => go("sql", new URLSearchParams({ q: sql }));
  views = {
    trajectories: new Trajectories(byId("trajectories"), about, rows, { choose: remember("trajectories"), openSql }),
    figures: new Figures(byId("figures")),
    sql: new Sql(byId("sql"), about, remember("sql")),
  };
  address.onChange(showAddress);
  showAddress();
}

function showAddress() {
  const { view, choices } = address.read();
  if (!VIEWS.includes(view)) return go(VIEWS[0], new URLSearchParams());
  left[view] = choices;
  for (const name of VIEWS) {
    const chosen = name === view;
    byId(name).hidden = !chosen;
    byId(`tab-${name}`).setAttribute("aria-selected", String(chosen));
    byId(`tab-${name}`).tabIndex = chosen ? 0 : -1;
  }
  views[view].show(choices);
}

/** @param {string} view @param {URLSearchParams} [choices] */
function go(view, choices = left[view] ?? new URLSearchParams()) {
  address.write(view, choices);
  showAddress();
}

/** @param {string} [problem] */
function askForToken(problem = token.get() ? "The server does not know this token." : "") {
  token.forget();
  byId("token-form").hidden = false;
  byId("token-error").textContent = problem;
  byId("token-error").hidden = !problem;
  byId("token").value = "";
  byId("token").focus();
}

byId("token-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  token.set(byId("token").value.trim());
  open();
});
// The part of the address behind the # is ours.
byId("skip").addEventListener("click", (/** @type {Event} */ event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("forget").addEventListener("click", () => {
  token.forget();
  location.reload();
});
for (const [index, view] of VIEWS.entries()) {
  const tab = byId(`tab-${view}`);
  tab.addEventListener("click", () => go(view));
  tab.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const steps = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: VIEWS.length - 1 };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (to === undefined) return;
    event.preventDefault();
    const next = VIEWS[(to + VIEWS.length) % VIEWS.length];
    go(next);
    byId(`tab-${next}`).focus();
  });
}
open();
