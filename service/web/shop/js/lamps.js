// The list of lamps: a filter by kind, an order, and more lamps as the visitor scrolls.

import { page } from "./frame.js";
import { KINDS, LAMPS } from "./catalogue.js";
import { later } from "./api.js";
import { card } from "./cards.js";

const ROW = 8;
const ORDERS = {
  new: () => 0,
  cheap: (a, b) => a.price - b.price,
  bright: (a, b) => b.lumens - a.lumens,
};

page(() => {
  const list = document.getElementById("list");
  const status = document.getElementById("status");
  const order = document.getElementById("order");
  let kind = new URLSearchParams(location.search).get("kind") ?? "";
  let shown = 0;
  let busy = false;

  const chosen = () => LAMPS.filter((one) => !kind || one.kind === kind).sort(ORDERS[order.value]);

  async function more() {
    const all = chosen();
    if (busy || shown >= all.length) return;
    busy = true;
    if (shown) await later(220);
    list.insertAdjacentHTML("beforeend", all.slice(shown, shown + ROW).map(card).join(""));
    shown = Math.min(shown + ROW, all.length);
    status.textContent = shown < all.length ? `${shown} of ${all.length} lamps` : `That is all ${all.length} of them`;
    busy = false;
  }

  function restart() {
    shown = 0;
    list.replaceChildren();
    for (const button of document.querySelectorAll("#kinds button")) {
      button.setAttribute("aria-pressed", String(button.value === kind));
    }
    more();
  }

  document.getElementById("kinds").innerHTML = ["", ...Object.keys(KINDS)].map((one) =>
    `<button type="button" class="chip" id="kind-${one || "all"}" value="${one}" data-ww-name="kind">${KINDS[one] ?? "All"}</button>`
  ).join("");
  document.getElementById("kinds").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    kind = button.value;
    restart();
  });
  order.addEventListener("change", restart);
  restart();
  new IntersectionObserver(([seen]) => seen.isIntersecting && more(), { rootMargin: "80px" })
    .observe(document.getElementById("end"));
  addEventListener("scroll", () => {
    if (innerHeight + scrollY > document.body.scrollHeight - 500) more();
  }, { passive: true });
});
