// The document that plays a recording. It stands on an origin of its own, without cookies, and knows one session by a
// token behind the hash of its address. It tells whoever frames it the time, and goes where it is told.

import Player from "rrweb-player";
import { drawCanvases } from "./recording/canvases";
import { type Event, first, last, parsed, showable, windows } from "./recording/events";

const asked = new URLSearchParams(location.hash.slice(1));
const page = asked.get("page") ?? "";
const screen = document.getElementById("screen")!;
const said = document.getElementById("said")!;
const choice = document.getElementById("windows")!;
const KEYS = new Set(["j", "k", "[", "]", "l", "1", "2", "3", "4", "?", "w", "s", "a", "Escape"]);
const SPEEDS = [1, 2, 4, 8];

let player: Player | null = null;
let zero = 0; // of the session's clock, ms since the epoch
let begun = 0; // first event that is shown
let shown: Event[] = [];
let told = -1;

function tell(what: string, more: Record<string, unknown> = {}): void {
  if (parent !== window && page) parent.postMessage({ ww: what, ...more }, page);
}

function say(text: string): void {
  said.textContent = text;
  said.hidden = false;
  screen.hidden = true;
  tell("trouble", { text });
}

function size(): { width: number; height: number } {
  const controller = 80;
  return { width: document.documentElement.clientWidth, height: Math.max(120, innerHeight - controller) };
}

function show(events: Event[], begin: number, play: boolean): void {
  const ready = showable(events);
  if (!ready) {
    say(
      "This recording has no first snapshot of the page, so there is nothing to draw: the recorder began too late, " +
        "or what it sent first was lost. What was done is in the time line all the same.",
    );
    return;
  }
  said.hidden = true;
  screen.hidden = false;
  screen.replaceChildren();
  shown = events;
  begun = first(ready);
  if (!zero) zero = begun;
  player = new Player({
    target: screen,
    props: {
      events: ready as never,
      ...size(),
      autoPlay: false,
      skipInactive: asked.get("skip") !== "0",
      speedOption: SPEEDS,
      showController: true,
      inactiveColor: "#9a9a94",
      mouseTail: { strokeStyle: "#1f5fbf" },
      showWarning: false,
      triggerFocus: false, // else a focus that was recorded takes that of the person who watches
      UNSAFE_replayCanvas: false,
      plugins: [{ handler: drawCanvases }],
    },
  });
  name();
  const replayer = player.getReplayer();
  player.addEventListener("ui-update-current-time", (update) => {
    const t = Math.round((update as { payload: number }).payload + begun - zero);
    if (Math.abs(t - told) < 100) return;
    told = t;
    tell("time", { t });
  });
  player.addEventListener("ui-update-player-state", (update) => {
    tell("playing", { playing: (update as { payload: string }).payload === "playing" });
  });
  replayer.on("finish", () => tell("finished"));
  seek(begin, play);
  tell("ready", { begin: begun - zero, end: last(ready) - zero });
}

/** Give the player's own buttons the names that they lack. */
function name(): void {
  const buttons = [...screen.querySelectorAll(".rr-controller__btns button")];
  buttons.at(0)?.setAttribute("aria-label", "Play or pause");
  buttons.at(-1)?.setAttribute("aria-label", "Full screen");
  const box = screen.querySelector(".switch input");
  box?.setAttribute("aria-label", "Skip what is idle");
  screen.querySelector("iframe")?.setAttribute("title", "The page as it was recorded");
}

function seek(t: number, play: boolean): void {
  if (!player) return;
  const length = last(shown) - begun;
  player.goto(Math.min(Math.max(0, t + zero - begun), Math.max(0, length - 1)), play);
}

function choose(all: Event[][], begin: number): void {
  if (all.length < 2) return;
  choice.hidden = false;
  all.forEach((events, i) => {
    const button = document.createElement("button");
    button.textContent = `Window ${i + 1}`;
    button.setAttribute("aria-pressed", String(i === 0));
    button.addEventListener("click", () => {
      choice.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
      show(events, Math.max(told, begin), false);
    });
    choice.append(button);
  });
}

async function load(): Promise<void> {
  const query = new URLSearchParams();
  for (const name of ["session", "site", "viewer"]) query.set(name, asked.get(name) ?? "");
  const answer = await fetch(`/player/events?${query}`, {
    headers: { authorization: `Bearer ${asked.get("token") ?? ""}` },
    credentials: "omit",
  });
  if (!answer.ok) {
    const error = ((await answer.json().catch(() => null)) as { error?: { code: string; message: string } } | null)?.error;
    if (error?.code === "token_expired" && parent !== window) tell("expired");
    say(error?.code === "token_expired" ? "This view is older than two minutes. Load the page again." : (error?.message ?? "The recording could not be had."));
    return;
  }
  const { head, streams } = parsed(await answer.text());
  zero = head.start_ms ?? 0;
  const all = windows(streams);
  const begin = Number(asked.get("t") ?? 0);
  show(all[0] ?? [], begin, asked.has("play"));
  choose(all, begin);
}

addEventListener("message", (message) => {
  if (message.source !== parent || message.origin !== page) return;
  const order = message.data as { ww?: string; t?: number; play?: boolean };
  if (order.ww === "seek" && Number.isFinite(order.t)) seek(order.t!, order.play ?? false);
  else if (order.ww === "toggle") player?.toggle();
  else if (order.ww === "play") player?.play();
  else if (order.ww === "pause") player?.pause();
});

addEventListener("keydown", (event) => {
  const free = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (free && event.key === " " && !(event.target instanceof HTMLButtonElement)) {
    event.preventDefault();
    player?.toggle();
  } else if (free && KEYS.has(event.key)) tell("key", { key: event.key });
});

addEventListener("resize", () => {
  if (!player) return;
  (player as unknown as { $set(props: object): void }).$set(size());
  player.triggerResize();
});

// Only what stands behind the hash differs from one recording to the next, so a new one is begun by hand.
addEventListener("hashchange", () => location.reload());

load().catch(() => say("The recording could not be had: the service did not answer."));
