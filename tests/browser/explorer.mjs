// Uses the explorer as readers do, with a mouse, with a keyboard and on a phone, and says what is wrong with it.
//
//   node tests/browser/explorer.mjs ADDRESS FOLDER [TOKEN]      FOLDER receives screenshots and downloads
//
// With a token, only what a server that asks for one does differently. The dataset is that of tests/tests/explorer/page.rs.
// Exits with 1 when anything is wrong.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { launch, picture as take } from "./browser.mjs";

const [address, folder, token] = process.argv.slice(2);
if (!address || !folder) {
  console.error("usage: node explorer.mjs ADDRESS FOLDER [TOKEN]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const problems = [];
const expect = (holds, problem) => {
  if (!holds) problems.push(problem);
};
const equal = (found, wanted, what) => expect(JSON.stringify(found) === JSON.stringify(wanted), `${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);

const browser = await launch();
const picture = (page, name, whole) => take(page, join(folder, `${name}.png`), whole);

/** The explorer in a window of its own, with what it says and asks for being watched. */
async function open(hash = "", { width = 1280, colorScheme = "light" } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, locale: "en-US", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("console", (message) => {
    // The browser notes every answer that is a refusal; whether it was to be one is asked where it is.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  await page.route("**", (route) => {
    const url = route.request().url();
    const isOurs = url.startsWith(address) || /^(blob|data):/.test(url);
    expect(isOurs, `asks for ${url}`);
    return isOurs ? route.continue() : route.abort();
  });
  await page.goto(`${address}/${hash}`);
  return page;
}

/** The explorer once its chart is drawn. */
async function openChart(hash, options) {
  const page = await open(hash, options);
  await page.locator("#trajectories .u-over").waitFor();
  return page;
}

/** What the server says without the page. */
async function ask(sql) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(`${address}/api/sql`, { method: "POST", headers, body: JSON.stringify({ sql, max_rows: 10_000 }) });
  return response.json();
}

const params = (page) => new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
const texts = (page, selector) => page.locator(selector).evaluateAll((all) => all.map((one) => one.textContent.trim()));
const choices = (page) => page.locator("#trajectories .controls");
/** One of a few that are all seen, as a mouse chooses it. */
const choose = (page, name) => page.getByRole("radio", { name, exact: true }).click();
const run = async (page, sql) => {
  await page.fill("#sql-text", sql);
  await page.press("#sql-text", "Control+Enter");
  await page.locator("#sql .status:not(:empty):not(:text('Running')), #sql .error:visible").first().waitFor();
};

/** What is wrong with names, structure and contrast: runs in the page. */
function inspect() {
  const found = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const count = (selector) => document.querySelectorAll(selector).length;
  for (const landmark of ["header", "main", "h1"]) if (count(landmark) !== 1) found.push(`${count(landmark)} of ${landmark}`);
  if (!document.documentElement.lang) found.push("the page names no language");
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) found.push("two elements have one id");
  for (const control of document.querySelectorAll("button, input, select, textarea, a[href], summary")) {
    const name = control.getAttribute("aria-label") || control.textContent.trim() || [...(control.labels ?? [])].map((label) => label.textContent).join("");
    if (seen(control) && !name.trim()) found.push(`a control has no name: ${control.outerHTML.slice(0, 100)}`);
  }
  let level = 0;
  for (const heading of [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen)) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) found.push(`"${heading.textContent}" skips a level of headings`);
    level = next;
  }
  const parts = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll("body *")) {
    const words = [...element.childNodes].filter(({ nodeType, textContent }) => nodeType === 3 && textContent.trim());
    if (!words.length || !seen(element) || element.disabled || element.tagName === "TEXTAREA") continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`"${words[0].textContent.trim().slice(0, 30)}" has a contrast of ${contrast.toFixed(2)}`);
  }
  return found;
}

const steps = {
  async "trajectories are seen, compared and read"() {
    const page = await openChart();
    expect((await page.title()).includes("Engram"), "the title does not say what it is");
    equal(await page.locator("#trajectories .rules input:checked").count(), 4, "rules that are chosen at first");
    const mean = "SELECT learning_rule, avg(weight_abs_median) FROM trajectories WHERE architecture = 'knet4' AND layer = 'conv1' AND epoch = $E GROUP BY 1";
    const readout = async () => Object.fromEntries(await page.locator(".readout [data-rule]").evaluateAll((all) => all.map((one) => [one.dataset.rule, Number(one.querySelector(".value").textContent.split(" ")[0].replace("−", "-"))])));
    const same = async (epoch) => {
      const wanted = Object.fromEntries((await ask(mean.replace("$E", epoch))).rows.map(([rule, value]) => [rule, Number(value.toPrecision(5))]));
      const found = await readout();
      for (const [rule, value] of Object.entries(wanted)) expect(found[rule] === value, `epoch ${epoch}, ${rule}: ${found[rule]} is read, not ${value}`);
    };
    await same(20);
    const box = await page.locator("#trajectories .u-over").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.getByText("Epoch 10", { exact: true }).waitFor();
    await same(10);
    await picture(page, "trajectories");
    problems.push(...(await page.evaluate(inspect)));

    await page.uncheck("#trajectories .rules input[value=adam]");
    await page.locator(".readout [data-rule]").nth(3).waitFor({ state: "detached" });
    equal(params(page).get("rules"), "sgdm,feedback_alignment,information_alignment", "rules of the address");
    await page.getByRole("button", { name: "none" }).click();
    await page.getByText("No learning rule is chosen").waitFor();
    await page.getByRole("button", { name: "all" }).click();
    await page.locator(".readout [data-rule]").nth(3).waitFor();

    await choices(page).getByLabel("Architecture").selectOption("knet5");
    await choices(page).getByLabel("Layer").selectOption({ index: 2 });
    await choose(page, "Activation");
    await choices(page).getByLabel("Statistic over the values").selectOption("norm");
    await page.getByRole("heading", { name: "Activation |x|, norm" }).waitFor();
    await choose(page, "Activity change");
    equal(await texts(page, "#trajectories select >> nth=3 >> option"), ["Mean"], "statistics of the activity change");
    await page.getByText("The numbers as a table").click();
    equal(await page.locator("#trajectories .numbers tbody tr").count(), 21, "rows of the numbers");
    await page.context().close();
  },

  async "a logarithmic scale says what it leaves out, and so do values that are not finite"() {
    // One value of one run is -5, and one of another NaN.
    const page = await openChart("#trajectories?architecture=knet4&layer=conv1&measure=weight&function=raw&statistic=kurtosis&show=runs");
    await page.getByText("1 value is not finite and left out").waitFor();
    await choices(page).getByLabel("Logarithmic scale").check();
    await page.getByText("1 value is zero or negative and left out").waitFor();
    equal(params(page).get("scale"), "log", "the scale in the address");
    const box = await page.locator("#trajectories .u-over").boundingBox();
    // Somewhere on this column a line is near enough to be pointed at.
    for (let y = 10; y < box.height && !(await page.getByText(/Run .*\(/).count()); y += 8) await page.mouse.move(box.x + box.width / 2, box.y + y);
    expect(await page.getByText(/Run .*\(/).count(), "no run is named that is pointed at");
    await picture(page, "runs");
    await page.context().close();
  },

  async "an address brings a view back"() {
    const first = await openChart("#trajectories?architecture=knet5&layer=conv2&measure=activation&function=square&statistic=var&rules=adam,feedback_alignment&show=quartiles&scale=log");
    const state = (page) =>
      page.locator("#trajectories").evaluate((panel) => ({
        controls: [...panel.querySelectorAll("input, select")].map((control) => (control.type === "select-one" ? control.value : control.checked)),
        readout: panel.querySelector(".readout").textContent,
        title: panel.querySelector("h2").textContent,
      }));
    const wanted = await state(first);
    await choose(first, "Single runs");
    await first.locator(".nearest").waitFor();
    await choose(first, "Median, quartiles");
    await first.locator(".nearest").waitFor({ state: "detached" });
    const second = await openChart(new URL(first.url()).hash);
    equal(await state(second), wanted, "the view of the address");
    // The browser's way back leads to the view before.
    await second.getByRole("tab", { name: "SQL" }).click();
    await second.locator("#sql-text").waitFor();
    await second.goBack();
    await second.locator("#trajectories .u-over").waitFor();
    equal(await state(second), wanted, "the view after going back");
    await second.getByText("SQL of this view").click();
    await second.getByRole("button", { name: "Open in the SQL box" }).click();
    await run(second, await second.inputValue("#sql-text"));
    await second.getByText(/^42 rows/).waitFor();
    const third = await open(new URL(second.url()).hash);
    await third.locator("#sql-text").waitFor();
    equal(await third.inputValue("#sql-text"), await second.inputValue("#sql-text"), "the statement of the address");
    for (const page of [first, second, third]) await page.context().close();
  },

  async "what an address asks for and is not there is passed over"() {
    const page = await openChart("#trajectories?task=nope&architecture=nope&layer=%27%3B&rules=nope&measure=x&statistic=y&observed=z");
    equal(await page.locator("#trajectories .rules input:checked").count(), 4, "rules instead of one that is not there");
    await page.context().close();
    const other = await openChart("#nonsense?%%%");
    await other.context().close();
  },

  async "SQL is asked, sorted, charted and refused"() {
    const page = await open("#sql");
    await page.locator("#sql-text").waitFor();
    await run(page, "SELECT * FROM (VALUES (2, 'b', 0.5), (10, 'a', NULL), (1, 'c', -1.0)) AS t (n, word, x)");
    await page.getByText(/^3 rows\./).waitFor();
    const column = (place) => texts(page, `#sql tbody td:nth-child(${place})`);
    equal(await column(3), ["0.5", "NULL", "-1"], "a column with a NULL");
    equal(await page.locator("#sql td.null").evaluate((cell) => getComputedStyle(cell).fontStyle), "italic", "how NULL looks");
    equal(await page.locator("#sql td.number").first().evaluate((cell) => getComputedStyle(cell).textAlign), "right", "how numbers stand");
    await page.getByRole("button", { name: "n", exact: true }).click();
    equal(await column(1), ["1", "2", "10"], "sorted as numbers");
    await page.locator("#sql").getByRole("button", { name: "x", exact: true }).click();
    await page.locator("#sql").getByRole("button", { name: "x", exact: true }).click();
    equal(await column(1), ["10", "2", "1"], "sorted by the last column, falling");
    await run(page, "SELECT 'NaN'::DOUBLE AS a, 9007199254740993 AS b, [1.5, NULL] AS c, true AS d");
    equal(await texts(page, "#sql tbody td"), ["NaN", "9007199254740993", "[1.5,null]", "true"], "values that JSON has not");
    await run(page, "SELECT * FROM trajectories");
    await page.getByText("The first 1,000 rows; there are more").waitFor();
    problems.push(...(await page.evaluate(inspect)));
    await picture(page, "sql");
    await page.locator("#sql .results").evaluate((scroll) => scroll.scrollTo(0, scroll.scrollHeight));
    await page.locator("#sql tbody tr").nth(150).waitFor();

    await run(page, "SELECT learning_rule,\n  epoc FROM trajectories");
    await page.getByRole("button", { name: "Line 2, column 3" }).click();
    equal(await page.locator(".editor mark").textContent(), "epoc", "what is marked");
    equal(await page.locator("#sql-text").evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)), "epoc", "what is selected");
    await page.locator("#sql .error").getByText("epoch").waitFor();
    // The text that is seen lies over the one that is written, letter by letter.
    const letters = (selector) => page.locator(selector).evaluate((node) => {
      const { fontFamily, fontSize, lineHeight, padding } = getComputedStyle(node);
      return JSON.stringify({ fontFamily, fontSize, lineHeight, padding });
    });
    equal(await letters("#sql-text"), await letters(".editor pre"), "the letters of the box");
    problems.push(...(await page.evaluate(inspect)));
    await picture(page, "sql-error");
    await page.locator("#sql-text").press("End");
    await page.keyboard.type("h");
    equal(await page.locator(".editor mark").count(), 0, "marks after a change");

    await run(page, "SELECT learning_rule, epoch, avg(validation_accuracy) AS accuracy FROM trajectories GROUP BY ALL ORDER BY 1, 2");
    await choose(page, "Chart");
    await page.locator("#sql .u-over").waitFor();
    equal(await Promise.all(["X", "Y", "Series"].map((name) => page.getByRole("combobox", { name, exact: true }).inputValue())), ["epoch", "accuracy", "learning_rule"], "what is drawn at first");
    await choose(page, "Points");
    await choose(page, "Bars");
    equal(params(page).get("kind"), "bars", "the kind in the address");
    await page.locator("#sql .chart").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator("#sql .readout .epoch").getByText("epoch: 0").waitFor();
    await picture(page, "sql-chart");
    await page.context().close();
  },

  async "a query is cancelled, and the server hears of it"() {
    const page = await open("#sql");
    await page.fill("#sql-text", "SELECT count(*) FROM trajectories a, trajectories b, trajectories c WHERE a.epoch + b.epoch + c.epoch < 0");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled after").waitFor();
    const running = async () => /engram_queries_running (\d+)/.exec(await (await fetch(`${address}/metrics`)).text())?.[1];
    for (let tries = 0; tries < 50 && (await running()) !== "0"; tries++) await page.waitForTimeout(100);
    equal(await running(), "0", "queries that run");
    await run(page, "SELECT 1 AS one");
    await page.getByText(/^1 row\./).waitFor();
    await page.context().close();
  },

  async "what is downloaded is what the server says"() {
    const page = await open("#sql");
    const sql = "SELECT run_id, epoch, weight_abs_median FROM trajectories ORDER BY run_id, layer, epoch";
    await run(page, sql);
    const take = async (panel, button) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.locator(panel).getByRole("button", { name: button }).click()]);
      const file = join(folder, download.suggestedFilename());
      await download.saveAs(file);
      return file;
    };
    const { rows } = await ask(sql);
    const lines = readFileSync(await take("#sql", "CSV"), "utf8").trim().split("\n");
    equal(lines[0], "run_id,epoch,weight_abs_median", "the header of the file");
    equal(lines.length - 1, rows.length, "rows of the file");
    expect(rows.every(([run, epoch, value], at) => lines[at + 1].split(",").every((cell, place) => (place ? Number(cell) === [run, epoch, value][place] : cell === run))), "rows of the file differ from those of the answer");
    const json = readFileSync(await take("#sql", "JSON lines"), "utf8").trim().split("\n").map((line) => Object.values(JSON.parse(line)));
    equal(json[5], rows[5], "a row of JSON lines");
    equal(readFileSync(await take("#sql", "Parquet")).subarray(-4).toString(), "PAR1", "the end of a Parquet file");
    await page.getByRole("tab", { name: "Trajectories" }).click();
    await page.locator("#trajectories .u-over").waitFor();
    equal(readFileSync(await take("#trajectories", "Picture")).subarray(1, 4).toString(), "PNG", "the beginning of a picture");
    // A statement with a mistake gives words and no file.
    await page.getByRole("tab", { name: "SQL" }).click();
    await page.context().close();
  },

  async "named queries take parameters, and what there is can be found and inserted"() {
    const page = await open("#sql");
    await page.getByText("Queries of the study").click();
    const query = page.locator("[data-query=figure_4a]");
    await query.locator("summary").click();
    await query.locator("input[name=samples]").fill("three");
    await query.getByRole("button").click();
    await query.getByText("not an integer").waitFor();
    await query.locator("input[name=samples]").fill("3");
    await query.getByRole("button").click();
    await page.waitForFunction(() => document.querySelector("#sql-text").value.includes("samples => 3"));
    await page.fill("#sql-text", "SELECT ");
    await page.fill("#search", "kurtosis_pears");
    await page.getByRole("button", { name: /kurtosis_pearson/ }).click();
    equal(await page.inputValue("#sql-text"), "SELECT kurtosis_pearson(", "what was inserted");
    await page.fill("#search", "final_validation_acc");
    await page.getByRole("button", { name: /final_validation_accuracy/ }).first().click();
    equal(await page.inputValue("#sql-text"), "SELECT kurtosis_pearson(final_validation_accuracy", "what was inserted");
    await page.getByRole("button", { name: "Learning curves" }).click();
    await page.press("#sql-text", "Control+Enter");
    await page.getByText(/^84 rows/).waitFor();
    await page.context().close();
  },

  async "a keyboard is enough"() {
    const page = await openChart();
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id || document.activeElement.tagName);
    await page.keyboard.press("Tab");
    equal(await focused(), "Skip to the view", "the first stop");
    const before = page.url();
    await page.keyboard.press("Enter");
    equal(await page.evaluate(() => document.activeElement.id), "main", "where it leads");
    equal(page.url(), before, "the address after it");
    // Every stop is seen, and the way leads through the page and out of it.
    const stops = [];
    for (let stop = 0; stop < 60; stop++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const { activeElement: element } = document;
        const box = element.getBoundingClientRect();
        const outlined = [element, element.nextElementSibling].some((one) => one && getComputedStyle(one).outlineStyle !== "none");
        return { tag: element.tagName, role: element.getAttribute("aria-roledescription"), seen: box.width > 0 && outlined };
      });
      if (at.tag === "BODY") break;
      stops.push(at);
      expect(at.seen, `a stop of the Tab key is not seen: ${JSON.stringify(at)}`);
      if (at.role === "chart") {
        await page.keyboard.press("Home");
        await page.getByText("Epoch 0", { exact: true }).waitFor();
        await page.keyboard.press("ArrowRight");
        await page.getByText("Epoch 1", { exact: true }).waitFor();
        await page.getByRole("status").getByText(/Epoch 1: SGDM/).waitFor({ state: "attached" });
        await page.keyboard.press("End");
        await page.getByText("Epoch 20", { exact: true }).waitFor();
      }
    }
    expect(stops.length > 15 && stops.some(({ role }) => role === "chart"), `${stops.length} stops, without the chart or too few`);
    // A choice keeps the focus.
    await choices(page).getByLabel("Layer").focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("heading", { name: /conv2/ }).waitFor();
    equal(await page.evaluate(() => document.activeElement.tagName), "SELECT", "the focus after a choice");
    await page.getByRole("tab", { name: "Trajectories" }).focus();
    await page.keyboard.press("ArrowRight");
    equal(await focused(), "Figures and claims", "the next tab");
    await page.keyboard.press("End");
    equal(await focused(), "SQL", "the last tab");
    await page.keyboard.press("Tab");
    equal(await focused(), "sql-text", "what comes behind it");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("SELECT 42 AS answer");
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^1 row\./).waitFor();
    equal(await focused(), "sql-text", "the focus while it ran");
    await page.keyboard.press("Escape");
    equal(await focused(), "Run", "the focus after Esc");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Tab");
    equal(await focused(), "Run", "Tab in the box goes on");
    await page.context().close();
  },

  async "a phone shows all of it"() {
    const page = await openChart("", { width: 360 });
    const narrow = async (name) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width <= 360, `on a phone, ${name} is ${width} pixels wide`);
      await picture(page, `phone-${name}`);
    };
    await narrow("trajectories");
    await page.getByText("Choose what to see").click();
    await choices(page).getByLabel("Layer").selectOption({ index: 1 });
    await page.getByText("The numbers as a table").click();
    await page.getByText("SQL of this view").click();
    await narrow("choices");
    await page.getByRole("tab", { name: "SQL" }).click();
    await run(page, "SELECT * FROM runs");
    await narrow("sql");
    await choose(page, "Chart");
    await page.locator("#sql .u-over").waitFor();
    for (const part of await page.locator(".reference > details").all()) {
      if ((await part.getAttribute("open")) === null) await part.locator("> summary").click();
    }
    await narrow("sql-chart");
    await page.getByRole("tab", { name: "Figures" }).click();
    await page.locator("iframe").waitFor();
    await narrow("figures");
    await page.context().close();
  },

  async "dark and light differ and can be read"() {
    const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [light, dark] = [await openChart(), await openChart("", { colorScheme: "dark" })];
    expect((await ground(light)) !== (await ground(dark)), "there are no dark colours");
    problems.push(...(await dark.evaluate(inspect)).map((problem) => `dark: ${problem}`));
    await picture(dark, "dark-trajectories");
    await dark.getByRole("tab", { name: "SQL" }).click();
    await run(dark, "SELECT NULL AS nothing, 'x' AS word, epoc FROM runs");
    problems.push(...(await dark.evaluate(inspect)).map((problem) => `dark: ${problem}`));
    await run(dark, "SELECT * FROM runs");
    problems.push(...(await dark.evaluate(inspect)).map((problem) => `dark: ${problem}`));
    await picture(dark, "dark-sql");
    for (const page of [light, dark]) await page.context().close();
  },

  async "figures and claims are in their frame"() {
    const page = await open("#figures");
    const frame = page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "Claims" }).waitFor();
    expect((await frame.locator("figure svg").count()) > 0, "there are no figures");
    expect(await frame.locator("body").evaluate(async () => (await document.fonts.ready, [...document.fonts].some(({ status }) => status === "loaded"))), "the figures' font is not loaded");
    await frame.getByRole("link", { name: "Figures" }).click();
    await frame.getByRole("heading", { name: "Figures", exact: true }).waitFor();
    const [alone] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Open on a page of its own" }).click()]);
    await alone.getByRole("heading", { name: "Claims" }).waitFor();
    await picture(page, "figures", false);
    await page.context().close();
  },
};

const tokenSteps = {
  async "a token is asked for, kept for the tab and forgotten"() {
    const page = await open();
    await page.getByText("This server asks for a token").waitFor();
    expect(!(await page.locator("#tabs").isVisible()), "the views are there before the token");
    problems.push(...(await page.evaluate(inspect)));
    await picture(page, "token");
    await page.getByLabel("Token").fill("not the token that it is");
    await page.keyboard.press("Enter");
    await page.getByText("The server does not know this token").waitFor();
    await page.getByLabel("Token").fill(token);
    await page.keyboard.press("Enter");
    await page.locator("#trajectories .u-over").waitFor();
    await page.getByRole("tab", { name: "SQL" }).click();
    await run(page, "SELECT 1 AS one");
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#sql").getByRole("button", { name: "CSV" }).click()]);
    await download.saveAs(join(folder, "token.csv"));
    equal(readFileSync(join(folder, "token.csv"), "utf8"), "one\n1\n", "a download");
    expect(!page.url().includes(token), "the address has the token");
    await page.reload();
    await page.getByRole("tab", { name: "SQL" }).waitFor();
    await page.getByRole("button", { name: "Forget the token" }).click();
    await page.getByText("This server asks for a token").waitFor();
    await page.context().close();
  },
};

try {
  for (const [name, step] of Object.entries(token ? tokenSteps : steps)) {
    const n = problems.length;
    try {
      await step();
    } catch (error) {
      problems.push(String(error.stack ?? error).split("\n").slice(0, 12).join("\n"));
    }
    for (const index of problems.keys()) if (index >= n) problems[index] = `${name}: ${problems[index]}`;
  }
} finally {
  await browser.close();
}

for (const problem of new Set(problems)) console.error(problem);
process.exit(problems.length ? 1 : 0);
