// One lamp: pictures to leaf through, how many, and the questions people ask before they buy.

import { page, ticker } from "./frame.js";
import { KINDS, LAMPS, euros, lamp } from "./catalogue.js";
import { gallery } from "./art.js";
import { ask, later } from "./api.js";
import { addToCart } from "./store.js";
import { card } from "./cards.js";

const MOST = 12;
const SLOW_MS = 1900;

function wireGallery(one) {
  const pictures = gallery(one);
  const stage = document.getElementById("stage");
  const dots = document.getElementById("dots");
  stage.style.setProperty("--hue", one.hue);
  let at = 0;
  dots.innerHTML = pictures.map((picture, n) =>
    `<button type="button" id="picture-${n + 1}" aria-label="${picture.name}" data-ww-name="picture"></button>`).join("");
  const show = (n) => {
    at = (n + pictures.length) % pictures.length;
    stage.innerHTML = pictures[at].svg;
    document.getElementById("caption").textContent = `${pictures[at].name} (${at + 1} of ${pictures.length})`;
    [...dots.children].forEach((dot, m) => dot.setAttribute("aria-current", String(m === at)));
  };
  document.getElementById("previous").addEventListener("click", () => show(at - 1));
  document.getElementById("next").addEventListener("click", () => show(at + 1));
  dots.addEventListener("click", (event) => {
    const n = [...dots.children].indexOf(event.target.closest("button"));
    if (n >= 0) show(n);
  });
  show(0);
}

function wireCount(one) {
  const field = document.getElementById("count");
  const less = document.getElementById("less");
  const set = (n) => {
    field.value = Math.max(1, Math.min(MOST, n || 1));
    less.disabled = field.value === "1";
    document.getElementById("sum").textContent = euros(one.price * Number(field.value));
  };
  less.addEventListener("click", () => set(Number(field.value) - 1));
  document.getElementById("more").addEventListener("click", () => set(Number(field.value) + 1));
  field.addEventListener("change", () => set(Number(field.value)));
  set(1);
  document.getElementById("buy").addEventListener("submit", (event) => {
    event.preventDefault();
    addToCart(one.id, Number(field.value));
    document.getElementById("added").innerHTML =
      `${field.value} × ${one.name} is in your cart. <a id="to-cart" href="cart.html" data-ww-name="to cart">See the cart</a>`;
  });
}

function wireQuestions(one) {
  document.getElementById("arrival").addEventListener("click", async () => {
    const slowly = async () => (await later(SLOW_MS), { text: "Order today and it leaves the workshop on Thursday." });
    const { text } = await ask(`arrival?id=${one.id}`, slowly);
    document.getElementById("arrival-answer").textContent = text;
  });
  document.getElementById("nearby").addEventListener("click", async () => {
    const answer = await fetch(new URL("api/shops/nearby", document.baseURI));
    if (!answer.ok) console.error(`Shops near you could not be loaded: ${answer.status}`);
  });
  document.getElementById("copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => undefined);
    document.getElementById("copied").textContent = "Copied";
  });
}

page(() => {
  const one = lamp(new URLSearchParams(location.search).get("id")) ?? LAMPS[0];
  document.title = `${one.name}, ${one.finish} · Halfmoon`;
  const put = (id, text) => (document.getElementById(id).textContent = text);
  put("name", one.name);
  put("finish", `${KINDS[one.kind]} lamp in ${one.finish}`);
  put("price", euros(one.price));
  put("line", one.line);
  put("facts-light", `${one.lumens} lm, 2700 K`);
  put("facts-power", `${one.watts} W`);
  put("facts-height", `${one.height} cm`);
  wireGallery(one);
  wireCount(one);
  wireQuestions(one);
  ticker(document.getElementById("ticker"));
  const alike = LAMPS.filter((other) => other.kind === one.kind && other.id !== one.id).slice(0, 4);
  document.getElementById("alike").innerHTML = alike.map(card).join("");
});
