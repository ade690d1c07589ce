// The reel: moments back to back, some ten seconds each, in two frames by turns, so that the next one is there in time.

import { $, all, clock, localTimes, playerAddress, say, token, typing } from "./parts/page";

type Moment = { session: string; t: number; headline: string; right: string; wrong: string };

const reel = $("#reel")!;
const seconds = Number(reel.dataset.seconds);
const moments = JSON.parse(reel.dataset.moments!) as Moment[];
const frames = all<HTMLIFrameElement>("iframe", reel);
const origin = reel.dataset.player!;
let at = -1;
let left = 0;
let running = true;
let timer = 0;

const frameOf = (number: number): HTMLIFrameElement => frames[number % frames.length]!;

async function load(number: number): Promise<void> {
  const moment = moments[number];
  const frame = frameOf(number);
  if (!moment || frame.dataset.number === String(number)) return;
  frame.dataset.number = String(number);
  frame.dataset.ready = "";
  const address = await playerAddress(moment.session);
  frame.src = `${address}&t=${moment.t}&skip=0&n=${number}`;
}

function order(number: number, ww: string, more: Record<string, unknown> = {}): void {
  frameOf(number).contentWindow?.postMessage({ ww, ...more }, origin);
}

async function show(number: number): Promise<void> {
  if (at >= 0) order(at, "pause");
  if (number < 0) return;
  if (number >= moments.length) return end();
  at = number;
  const moment = moments[number]!;
  left = seconds;
  $("#reel-headline")!.textContent = moment.headline;
  $("#reel-at")!.textContent = `${number + 1} of ${moments.length}, from ${clock(moment.t)}`;
  $<HTMLAnchorElement>("#reel-open")!.href = `/sessions/${encodeURIComponent(moment.session)}?t=${moment.t}`;
  $("#reel-said")!.textContent = "";
  frames.forEach((frame) => (frame.hidden = frame !== frameOf(number)));
  try {
    await load(number);
  } catch {
    say("This recording could not be had.");
  }
  if (frameOf(number).dataset.ready) order(number, "seek", { t: moment.t, play: running });
  void load(number + 1).catch(() => undefined);
}

function end(): void {
  clearInterval(timer);
  reel.classList.add("over");
  $("#reel-headline")!.textContent = "That was the reel.";
  $("#reel-at")!.textContent = "";
  $<HTMLElement>("#reel-back")?.focus();
}

addEventListener("message", (message) => {
  const frame = frames.find((one) => one.contentWindow === message.source);
  if (!frame || message.origin !== origin) return;
  const told = message.data as { ww?: string; key?: string };
  if (told.ww === "ready" || told.ww === "trouble") {
    frame.dataset.ready = "1";
    if (frame === frameOf(at) && told.ww === "ready") order(at, "seek", { t: moments[at]!.t, play: running });
  } else if (told.ww === "key" && told.key) key(told.key);
});

async function label(which: "right" | "wrong"): Promise<void> {
  const moment = moments[at];
  if (!moment) return;
  const number = at;
  const body = new URLSearchParams({ label: moment[which], where: "card" });
  const answer = await fetch(`/sessions/${encodeURIComponent(moment.session)}/label`, {
    method: "POST",
    body,
    headers: { "x-form-token": token(), "hx-request": "true" },
  });
  const text = answer.ok ? `You said: ${which}.` : "That could not be kept. Try again.";
  if (number === at) $("#reel-said")!.textContent = text;
  if (answer.ok) setTimeout(() => number === at && void show(at + 1), 400);
}

function toggle(): void {
  running = !running;
  order(at, running ? "play" : "pause");
  $("#reel-toggle")!.textContent = running ? "pause" : "go on";
}

function key(name: string): void {
  const deeds: Record<string, () => void> = {
    "1": () => void label("right"),
    "2": () => void label("wrong"),
    j: () => void show(at + 1),
    k: () => void show(Math.max(0, at - 1)),
    " ": toggle,
    Enter: () => $<HTMLAnchorElement>("#reel-open")?.click(),
    Escape: () => $<HTMLAnchorElement>("#reel-back")?.click(),
    w: () => $<HTMLAnchorElement>("#reel-back")?.click(),
  };
  deeds[name]?.();
}

addEventListener("keydown", (event) => {
  if (typing(event)) return;
  if ((event.key === "Enter" || event.key === " ") && (event.target as Element).matches("a, button")) return;
  if (event.key === " ") event.preventDefault();
  key(event.key);
});
reel.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-press]");
  if (button) key(button.dataset.press!);
});

localTimes();
if (moments.length) {
  void show(0);
  timer = window.setInterval(() => {
    if (!running || !frameOf(at).dataset.ready) return;
    left -= 0.25;
    reel.style.setProperty("--left", `${Math.max(0, (100 * left) / seconds)}%`);
    if (left <= 0) void show(at + 1);
  }, 250);
}
