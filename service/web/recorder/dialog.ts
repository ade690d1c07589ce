// The built-in dialog: a small card in the corner that neither blocks the page nor takes the keyboard from a field.

import type { Offer, Told } from "./interventions";
import { attempt, safely } from "./safely";
import { OURS } from "./recording";

const STYLE = `
:host { all: initial; position: fixed; inset: auto 16px 16px auto; z-index: 2147483647; max-width: calc(100vw - 32px); }
[role=dialog] {
  box-sizing: border-box; width: 340px; max-width: 100%; padding: 16px 18px; border-radius: 8px;
  border: 1px solid #0003; background: #fff; color: #1b1d21; box-shadow: 0 6px 24px #0003;
  font: 15px/1.5 system-ui, sans-serif; outline: none;
}
[role=dialog]:focus-visible, button:focus-visible { outline: 3px solid #1f5fd6; outline-offset: 2px; }
h2 { font-size: 17px; line-height: 1.3; margin: 0 28px 6px 0; }
p { margin: 0 0 12px; overflow-wrap: anywhere; }
button { font: inherit; min-height: 44px; padding: 8px 16px; border-radius: 6px; cursor: pointer; }
.use { border: 0; background: #1f5fd6; color: #fff; }
.close { float: right; margin: -12px -14px 0 8px; padding: 0; width: 44px; border: 0; background: none; color: inherit; }
@media (prefers-color-scheme: dark) {
  [role=dialog] { background: #22252b; color: #f1f2f4; border-color: #fff3; }
  .use { background: #8ab4ff; color: #10131a; }
  [role=dialog]:focus-visible, button:focus-visible { outline-color: #8ab4ff; }
}`;

const ANNOUNCED_MS = 50;
const TYPING = "input,textarea,select,[contenteditable]:not([contenteditable=false])";

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text: string,
  facts: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  return made;
}

/** Styles that hold under a page's strict policy too, where the browser has them. */
function styled(root: ShadowRoot): void {
  if ("adoptedStyleSheets" in root && typeof CSSStyleSheet === "function") {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } else {
    (root as ShadowRoot).append(element("style", STYLE));
  }
}

/**
 * Show an offer until it is used or put away, by a button or Escape. Who types goes on typing, and hears of it from
 * their screen reader; for everybody else the focus moves into the dialog, and back when it closes.
 */
export function showDialog(offer: Offer, told: Told): void {
  const host = element("div", "", { [OURS]: "", "data-ww-block": "" });
  const root = host.attachShadow({ mode: "open" });
  attempt(() => styled(root));
  const live = element("div", "", { "aria-live": "polite" });
  const card = element("div", "", {
    role: "dialog",
    "aria-labelledby": "title",
    "aria-describedby": "text",
    tabindex: "-1",
  });
  const close = element("button", "✕", { class: "close", type: "button", "aria-label": "Close" });
  const title = element("h2", offer.title || offer.text, { id: "title" });
  card.append(close, title);
  if (offer.title && offer.text) card.append(element("p", offer.text, { id: "text" }));
  const use = offer.button ? element("button", offer.button, { class: "use", type: "button" }) : null;
  if (use) card.append(use);

  const before = document.activeElement;
  const end = (what: "clicked" | "dismissed"): void => {
    document.removeEventListener("keydown", escape, true);
    const inside = root.activeElement !== null;
    host.remove();
    if (inside && before instanceof HTMLElement) before.focus({ preventScroll: true });
    told(what);
  };
  const escape = safely((event: KeyboardEvent) => {
    if (event.key === "Escape") end("dismissed");
  });
  close.addEventListener("click", safely(() => end("dismissed")));
  use?.addEventListener("click", safely(() => end("clicked")));
  document.addEventListener("keydown", escape, true);
  root.append(live);
  document.body.append(host);
  setTimeout(
    safely(() => {
      live.append(card); // a region speaks of what comes into it, so it has to be there before
      if (!document.activeElement?.matches(TYPING)) card.focus({ preventScroll: true });
      told("shown");
    }),
    ANNOUNCED_MS,
  );
}
