// Opens the report's page in a headless Chromium, as a reader without a network would, and says what is wrong with it.
//
//   node tests/browser/report.mjs PAGE FOLDER      FOLDER receives screenshots
//
// The browser is the one that scripts/setup-browser.sh made. Exits with 1 when anything is wrong.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { launch, picture as take } from "./browser.mjs";

const [file, folder] = process.argv.slice(2);
if (!file || !folder) {
  console.error("usage: node report.mjs PAGE FOLDER");
  process.exit(2);
}
const address = pathToFileURL(resolve(file)).href;
mkdirSync(folder, { recursive: true });

const problems = [];
const expect = (holds, problem) => {
  if (!holds) problems.push(problem);
};

const browser = await launch();
const picture = (page, name) => take(page, join(folder, name));

/** The page in a window of this width, with what it says and asks for being watched. */
async function open(width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
  const page = await context.newPage();
  page.on("console", (message) => expect(message.type() !== "error", `console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("request", (request) => {
    const url = request.url();
    expect(url === address || url.startsWith("data:"), `asks for ${url}`);
  });
  await page.goto(address, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  return page;
}

/** What is wrong with the figures: runs in the page. */
function inspectFigures() {
  const found = [];
  const inside = (inner, outer) =>
    inner.left >= outer.left - 1 && inner.right <= outer.right + 1 && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  // Letters are lower than their line's box, so that boxes of neighbouring lines may touch.
  const ink = (box) => ({ left: box.left, right: box.right, top: box.top + box.height * 0.2, bottom: box.bottom - box.height * 0.2 });
  const meet = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  for (const figure of document.querySelectorAll("figure")) {
    const name = figure.id;
    const svg = figure.querySelector("svg");
    const box = svg?.getBoundingClientRect();
    if (!box || box.width < 100 || box.height < 60) {
      found.push(`${name} is not visible`);
      continue;
    }
    if (!svg.querySelector("title")?.textContent || !svg.querySelector("desc")?.textContent) found.push(`${name} has no words for it`);
    if (getComputedStyle(figure.querySelector(".card")).backgroundColor !== "rgb(255, 255, 255)") found.push(`${name} is not on white`);
    const texts = [...svg.querySelectorAll("text")].map((text) => ({ words: text.textContent.trim(), box: text.getBoundingClientRect() }));
    for (const { words, box: place } of texts) {
      if (place.width === 0) found.push(`${name}: "${words}" is not drawn`);
      if (!inside(place, box)) found.push(`${name}: "${words}" is cut off`);
    }
    texts.forEach((a, index) => {
      for (const b of texts.slice(index + 1)) {
        if (meet(ink(a.box), ink(b.box))) found.push(`${name}: "${a.words}" and "${b.words}" overlap`);
      }
    });
  }
  return found;
}

/** What is wrong with the page's structure: runs in the page. */
function inspectStructure() {
  const found = [];
  const count = (selector) => document.querySelectorAll(selector).length;
  for (const landmark of ["header", "main", "nav", "footer", "h1"]) {
    if (count(landmark) !== 1) found.push(`${count(landmark)} of ${landmark}`);
  }
  if (!document.documentElement.lang) found.push("the page names no language");
  if (count("th:not([scope])")) found.push("a table's heading has no scope");
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) found.push(`"${heading.textContent}" skips a level of headings`);
    level = next;
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) found.push("two elements have one id");
  const claims = count("table.claims tbody");
  if (claims !== 10) found.push(`${claims} claims in the table`);
  if (![...document.fonts].some((font) => font.status === "loaded")) found.push("the figures' font is not loaded");
  return found;
}

try {
  const light = await open(1280, "light");
  expect((await light.title()).length > 10, "the page has no title");
  problems.push(...(await light.evaluate(inspectStructure)), ...(await light.evaluate(inspectFigures)));
  expect((await light.locator("figure").count()) > 0, "there are no figures");
  await picture(light, "light.png");
  await light.pdf({ path: join(folder, "print.pdf"), format: "A4" });
  const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  const dark = await open(1280, "dark");
  expect((await ground(dark)) !== (await ground(light)), "the page has no dark colours");
  problems.push(...(await dark.evaluate(inspectFigures)));
  await picture(dark, "dark.png");

  const phone = await open(375, "light");
  const width = await phone.evaluate(() => document.documentElement.scrollWidth);
  expect(width <= 375, `on a phone the page is ${width} pixels wide`);
  problems.push(...(await phone.evaluate(inspectFigures)));
  await picture(phone, "phone.png");
} finally {
  await browser.close();
}

for (const problem of new Set(problems)) console.error(problem);
process.exit(problems.length ? 1 : 0);
