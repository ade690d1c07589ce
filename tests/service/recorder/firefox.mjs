// The recorder's own checks in Firefox, over WebDriver BiDi: node firefox.mjs EXECUTABLE URL NEXT_URL
//
// Prints one line of JSON: what the page saw. What was sent is seen by the relay that the page sends to.

import puppeteer from "puppeteer-core";

const [executablePath, url, next] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  args: ["--width=1000", "--height=700"],
});
try {
  const version = await browser.version();
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url, { waitUntil: "load" });
  await page.waitForFunction("window.watchworthy && watchworthy.loaded");
  await page.waitForFunction("window.seen >= 1", { timeout: 30_000 });
  await page.type("#field", "typed words");
  await page.click("#alive");
  const box = await (await page.$("#dead")).boundingBox();
  for (let i = 0; i < 3; i += 1) {
    await page.mouse.click(box.x + 5, box.y + 5);
    await new Promise((done) => setTimeout(done, 120));
  }
  await page.waitForFunction("document.querySelector('[data-ww-ours]')?.shadowRoot.querySelector('[role=dialog]')", {
    timeout: 30_000,
  });
  const focused = await page.evaluate("document.activeElement.hasAttribute('data-ww-ours')");
  await page.keyboard.press("Escape");
  await page.waitForFunction("!document.querySelector('[data-ww-ours]')");
  await page.evaluate("watchworthy.track('last')");
  await page.goto(next, { waitUntil: "load" });
  await new Promise((done) => setTimeout(done, 1_000));
  console.log(JSON.stringify({ version, errors, focused }));
} finally {
  await browser.close();
}
