// What every page shares: header with search, footer, consent, theme, the cart's count.

import { matching } from "./catalogue.js";
import { ask } from "./api.js";
import { cartCount, recall, remember } from "./store.js";
import { consented } from "./record.js";

const MOON = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2a10 10 0 1 0 0 20z"/><path class="rim" d="M12 2a10 10 0 0 1 0 20"/></svg>`;

const HEADER = `
<a class="skip" href="#main">Skip to content</a>
<div class="bar">
  <a class="brand" id="brand" href="index.html" data-ww-name="brand">${MOON}<span>Halfmoon</span></a>
  <nav aria-label="Shop">
    <a id="nav-lamps" href="lamps.html" data-ww-name="nav lamps">Lamps</a>
    <a id="nav-light" href="light.html" data-ww-name="nav light">How much light?</a>
    <a id="nav-help" href="help.html" data-ww-name="nav help">Help</a>
  </nav>
  <form class="search" id="search-form" role="search" action="search.html" autocomplete="off">
    <input id="search" name="q" type="search" placeholder="Search lamps" aria-label="Search lamps" role="combobox"
      aria-expanded="false" aria-controls="suggestions" aria-autocomplete="list" data-ww-name="search">
    <ul id="suggestions" role="listbox" aria-label="Suggestions" hidden></ul>
  </form>
  <div class="tools">
    <button id="theme" type="button" class="quiet" aria-pressed="false" data-ww-name="theme" title="Light or dark">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 10a5 5 0 1 1 10 0c0 2-1.6 3-2 5H9c-.4-2-2-3-2-5zM9.5 18h5M10.5 21h3"/></svg>
      <span class="sr">Dark theme</span></button>
    <a id="nav-signin" href="signin.html" data-ww-name="nav sign in">Sign in</a>
    <a id="nav-cart" href="cart.html" data-ww-name="nav cart">Cart <span id="cart-count" class="count">0</span></a>
  </div>
</div>`;

const FOOTER = `
<div class="bar">
  <p><strong>Halfmoon</strong><br>Small lamps for late hours.</p>
  <ul>
    <li><a href="help.html">Delivery and returns</a></li>
    <li><a id="care-guide" href="care-guide.txt" download data-ww-name="care guide">Download the care guide</a></li>
    <li><a id="story" href="story.html" target="_blank" rel="noopener" data-ww-name="story">How a lamp is made</a></li>
    <li><a id="nav-game" href="game.html" data-ww-name="nav game">Lights out, a small game</a></li>
  </ul>
  <p class="faint">Demo shop. No lamp is sold here and no card is charged.</p>
</div>`;

function showCount() {
  const count = cartCount();
  const badge = document.getElementById("cart-count");
  badge.textContent = count;
  badge.setAttribute("aria-label", `${count} in the cart`);
}

function wireTheme() {
  const button = document.getElementById("theme");
  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  show();
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    remember("theme", document.documentElement.dataset.theme);
    show();
  });
}

function wireSearch() {
  const field = document.getElementById("search");
  const list = document.getElementById("suggestions");
  let turn = 0;
  let active = -1;
  const close = () => {
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  field.addEventListener("input", async () => {
    const mine = ++turn;
    const words = field.value.trim();
    if (!words) return close();
    const local = () => ({ names: matching(words).slice(0, 6).map(({ id, name, finish }) => ({ id, text: `${name}, ${finish}` })) });
    const { names } = await ask(`suggest?q=${encodeURIComponent(words)}`, local);
    if (mine !== turn) return;
    list.replaceChildren(...names.map(({ id, text }, n) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = `suggestion-${n}`;
      item.innerHTML = `<a tabindex="-1" href="lamp.html?id=${id}" data-ww-name="suggestion">${text}</a>`;
      return item;
    }));
    list.hidden = names.length === 0;
    field.setAttribute("aria-expanded", String(names.length > 0));
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      list.children[active].querySelector("a").click();
    }
    if (!step || list.hidden) return;
    event.preventDefault();
    active = (active + step + list.children.length) % list.children.length;
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === active)));
    field.setAttribute("aria-activedescendant", `suggestion-${active}`);
  });
  document.addEventListener("click", (event) => event.target.closest(".search") || close());
}

function askConsent() {
  if (recall("consent", null) !== null) return;
  const box = document.createElement("section");
  box.className = "consent";
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", "Cookies");
  box.innerHTML = `<p>We keep your cart in this browser. May we also count visits?</p>
    <button type="button" id="consent-no" class="quiet" data-ww-name="consent no">No thanks</button>
    <button type="button" id="consent-yes" data-ww-name="consent yes">That is fine</button>`;
  box.addEventListener("click", (event) => {
    if (!event.target.closest("button")) return;
    remember("consent", event.target.id === "consent-yes");
    consented(event.target.id === "consent-yes");
    box.remove();
  });
  document.body.append(box);
}

/** Builds the page's frame round its main part. */
export function frame() {
  const theme = recall("theme", null);
  if (theme) document.documentElement.dataset.theme = theme;
  const header = document.createElement("header");
  header.innerHTML = HEADER;
  document.body.prepend(header);
  const footer = document.createElement("footer");
  footer.innerHTML = FOOTER;
  document.body.append(footer);
  const here = document.body.dataset.page;
  document.getElementById(`nav-${here}`)?.setAttribute("aria-current", "page");
  showCount();
  document.addEventListener("shop:cart", showCount);
  wireTheme();
  wireSearch();
  askConsent();
}

/** Runs `body` on the framed page. Each page's script is one call to this. */
export function page(body) {
  frame();
  body?.();
}

/** A line that changes by itself once in a while: lamps lit at this moment. */
export function ticker(line) {
  let lit = 1200;
  const draw = () => {
    lit += Math.round(Math.sin(Date.now() / 3000) * 3);
    line.textContent = `${lit.toLocaleString("en")} Halfmoon lamps are lit right now`;
  };
  draw();
  setInterval(draw, 1500);
}
