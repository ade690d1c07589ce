// Plays itineraries with Puppeteer, plain or with ghost-cursor. Reads one JSON object from standard input:
// { executable, flags, address, cursor, seconds, sessions: [{ name, steps, viewport, scale }] }.

const puppeteer = require("puppeteer-core");
const { createCursor } = require("ghost-cursor");

const PACE_MS = 500;
const PATIENCE_MS = 1500;
const START_MS = 60000; // a busy machine may take long before a session begins
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const between = (low, high) => low + Math.random() * (high - low);

async function follow(page, act) {
  const before = page.url();
  await act();
  for (let n = 0; n < 30 && page.url() === before; n += 1) await sleep(50);
  await page.waitForFunction(() => document.readyState === "complete", { timeout: PATIENCE_MS });
}

function toolFor(page, ghost) {
  if (!ghost) {
    return {
      click: async (at) => (await page.waitForSelector(at, { timeout: PATIENCE_MS, visible: true })).click(),
      type: async (at, text) => page.type(at, text),
      pause: () => sleep(PACE_MS),
    };
  }
  const cursor = createCursor(page);
  const click = async (at) => {
    await page.waitForSelector(at, { timeout: PATIENCE_MS, visible: true });
    await cursor.click(at, { waitForClick: between(40, 120) });
  };
  return {
    click,
    type: async (at, text) => {
      await click(at);
      await page.keyboard.type(text, { delay: between(60, 120) });
    },
    pause: () => sleep(between(300, 1100)),
  };
}

async function play(browser, job, session) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ ...session.viewport, deviceScaleFactor: session.scale });
  page.setDefaultTimeout(5000);
  await page.goto(`${job.address}/lab/start?session=${session.name}`, { timeout: START_MS });
  await sleep(800);
  const tool = toolFor(page, job.cursor);
  const end = Date.now() + job.seconds * 1000;
  let failed = 0;
  for (const [verb, at, text] of session.steps) {
    if (Date.now() >= end) break;
    try {
      if (verb === "go") await page.goto(`${job.address}/${at}`);
      else if (verb === "click") await tool.click(at);
      else if (verb === "follow") await follow(page, () => tool.click(at));
      else if (verb === "type") await tool.type(at, text);
      else if (verb === "enter") await follow(page, async () => (await tool.type(at, text), page.keyboard.press("Enter")));
      else if (verb === "scroll") await page.mouse.wheel({ deltaY: Number(text) });
    } catch {
      failed += 1;
    }
    await tool.pause();
  }
  await sleep(1500);
  await context.close();
  return failed;
}

(async () => {
  let input = "";
  for await (const part of process.stdin) input += part;
  const job = JSON.parse(input);
  const browser = await puppeteer.launch({ executablePath: job.executable, args: job.flags, headless: true });
  const played = await Promise.allSettled(job.sessions.map((session) => play(browser, job, session)));
  const failed = played.map((one) => (one.status === "fulfilled" ? one.value : -1));
  await browser.close();
  console.log(JSON.stringify(failed));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
