// The list of cards: moved through with the keyboard, and told of what is new without moving what is being read.

import { $, all, localTimes, say, typing } from "./parts/page";

const NEWS = 3; // sessions that are named to those who listen

const cards = (): HTMLElement[] => all(".card");
const current = (): HTMLElement | null => $(".card:focus-within") ?? $(".card.at") ?? null;

function go(by: number): void {
  const list = cards();
  const at = list.indexOf(current()!);
  const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  if (!next) return;
  list.forEach((card) => card.classList.toggle("at", card === next));
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function press(what: string): void {
  const card = current() ?? cards()[0];
  if (!card) return;
  card.classList.add("at");
  $<HTMLElement>(what, card)?.click();
}

function care(which: string): void {
  const card = current() ?? cards()[0];
  const more = card && $<HTMLDetailsElement>("details.more", card);
  if (!more) return;
  more.open = true;
  $<HTMLElement>(`[data-care="${which}"]`, more)?.focus();
}

const help = () => $("#help");

/** What a key does on every page with cards; whether it did anything. */
function key(name: string): boolean {
  const inside = $("#session") !== null; // the page of one session: its own keys go first
  const deeds: Record<string, () => void> = {
    j: () => go(1),
    k: () => go(-1),
    "?": () => help()?.togglePopover(),
    "/": () => $<HTMLInputElement>("#q")?.focus(),
    n: () => $<HTMLAnchorElement>("#happening a:not(#fresh):not([hidden])")?.click(),
    w: () => $<HTMLAnchorElement>("#reel-link")?.click(),
    Enter: () => press("h2 a"),
  };
  if (!inside) {
    Object.assign(deeds, {
      " ": () => press(".watch"),
      "1": () => press("[data-key='1']"),
      "2": () => press("[data-key='2']"),
      s: () => press("[data-key='s']"),
      a: () => care("assign"),
      r: () => care("resolve"),
    });
  }
  const deed = deeds[name];
  deed?.();
  return deed !== undefined;
}

addEventListener("keydown", (event) => {
  if (typing(event) || $("dialog[open]")) return;
  if (help()?.matches(":popover-open") && event.key !== "?") return;
  const on = event.target as HTMLElement;
  if ((event.key === "Enter" || event.key === " ") && on.matches("a, button, summary, input")) return;
  if (key(event.key)) event.preventDefault();
});
addEventListener("ww:key", (event) => void key((event as CustomEvent<string>).detail));

// What is new

/** A card as a change tells it. */
interface Told {
  session_id: string;
  headline: string | null;
  flagged: boolean;
  lane: string;
  ended: boolean;
  signals: string[];
  pages: string[];
}

/** Whether somebody is to look at it: it is flagged, or the visitor presses in anger and no head has judged it yet. */
const calls = (one: Told): boolean =>
  one.lane !== "automation" && (one.flagged || (!one.ended && one.signals.includes("rage_click")));

/** The line above the cards that says who struggles at this moment. It is always there, so nothing below it moves. */
class Happening {
  private readonly line = $("#happening");
  private timer = 0;

  constructor() {
    if (this.line && !this.link.hidden) this.forgetLater();
  }

  private get link(): HTMLAnchorElement {
    return $<HTMLAnchorElement>("a:not(#fresh)", this.line!)!;
  }

  hear(one: Told): void {
    if (!this.line) return;
    if (calls(one) && !one.ended) {
      this.link.href = `/sessions/${one.session_id}`;
      this.link.dataset.session = one.session_id;
      $("span", this.link)!.textContent = one.headline ?? one.session_id;
      $("small", this.link)!.textContent = one.pages.at(-1) ?? "";
      this.show(true);
      this.forgetLater();
    } else if (one.session_id === this.link.dataset.session) {
      this.show(false);
    }
  }

  private show(whether: boolean): void {
    this.link.hidden = !whether;
    $(".none", this.line!)!.hidden = whether;
  }

  private forgetLater(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.show(false), Number(this.line!.dataset.for));
  }
}

function watch(): void {
  const fresh = $<HTMLElement>("#fresh");
  if (!fresh) return;
  const known = new Set(cards().map((card) => card.dataset.session));
  const news = new Map<string, string>();
  const source = new EventSource("/changes");
  const happening = new Happening();
  const look = (message: MessageEvent<string>): void => {
    const one = JSON.parse(message.data) as Told;
    happening.hear(one);
    const ours = fresh.dataset.lane === "automation" ? one.lane === "automation" : calls(one);
    if (!ours || known.has(one.session_id)) return;
    news.set(one.session_id, one.headline ?? "");
    fresh.hidden = false;
    $("b", fresh)!.textContent = String(news.size);
    if (news.size <= NEWS) $("#heard")!.textContent = `New: ${one.headline ?? one.session_id}`;
  };
  for (const what of ["changed", "ended", "asked", "decision", "woke", "message"]) {
    source.addEventListener(what, look as EventListener);
  }
  addEventListener("pagehide", () => source.close());
}

document.addEventListener("htmx:afterSwap", (event) => {
  localTimes((event as CustomEvent<{ elt: Element }>).detail.elt.parentNode ?? document);
});
document.addEventListener("htmx:sendError", () => say("The service does not answer. Nothing was changed; try again."));

// A list that was chosen is had at once; without a script there is a button.
for (const select of all<HTMLSelectElement>("#filters select")) {
  select.addEventListener("change", () => select.form?.requestSubmit());
}
$<HTMLFormElement>("#filters")?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (value === "" || (name === "show" && value === "queue")) event.formData.delete(name);
});

localTimes();
$(".card[aria-current]")?.scrollIntoView({ block: "nearest" });
watch();
