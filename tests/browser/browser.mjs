// The headless Chromium that scripts/setup-browser.sh made.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const home = resolve(process.env.ENGRAM_BROWSER_DIR ?? join(here, "..", "..", ".browser"));
const { chromium } = await import(pathToFileURL(join(home, "node_modules", "playwright-core", "index.mjs")));

/** Starts it. */
export const launch = () =>
  chromium.launch({
    executablePath: join(home, "chromium", "chromium"),
    // A container's user is often root, for whom Chromium has no sandbox. The pages are ours.
    args: ["--no-sandbox", "--no-zygote", "--disable-gpu", "--font-render-hinting=none"],
    env: { ...process.env, LD_LIBRARY_PATH: join(home, "chromium", "al2023", "lib") },
  });

/** A picture of the whole page. On a busy machine Chromium at times cannot make one, and can a moment later. */
export async function picture(page, path, fullPage = true) {
  for (let triesLeft = 4; ; triesLeft--) {
    try {
      return await page.screenshot({ path, fullPage });
    } catch (error) {
      if (triesLeft === 0) throw error;
      await page.waitForTimeout(500);
    }
  }
}
