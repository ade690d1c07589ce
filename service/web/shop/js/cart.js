// The cart: lines with a stepper each, a sum, a code nobody honours, and the way to the till.

import { page } from "./frame.js";
import { euros, lamp } from "./catalogue.js";
import { drawing } from "./art.js";
import { addToCart, cart } from "./store.js";

const line = ({ id, count }) => {
  const one = lamp(id);
  return `<li class="line" data-id="${id}">
    <a class="tile small" style="--hue:${one.hue}" href="lamp.html?id=${id}" aria-label="${one.name}">${drawing(one)}</a>
    <div><a class="name" href="lamp.html?id=${id}">${one.name}</a><br><span class="faint">${one.finish}</span></div>
    <div class="stepper" role="group" aria-label="How many ${one.name}">
      <button type="button" data-step="-1" aria-label="One fewer" data-ww-name="one fewer">−</button>
      <output>${count}</output>
      <button type="button" data-step="1" aria-label="One more" data-ww-name="one more">+</button>
    </div>
    <b class="sum">${euros(one.price * count)}</b>
    <button type="button" class="quiet" data-step="${-count}" data-ww-name="remove">Remove</button>
  </li>`;
};

function draw() {
  const lines = cart();
  const total = lines.reduce((sum, { id, count }) => sum + lamp(id).price * count, 0);
  document.getElementById("lines").innerHTML = lines.map(line).join("");
  document.getElementById("empty").hidden = lines.length > 0;
  document.getElementById("till").hidden = lines.length === 0;
  document.getElementById("goods").textContent = euros(total);
  document.getElementById("delivery").textContent = total >= 100 ? "free" : "€6";
  document.getElementById("total").textContent = euros(total + (total >= 100 ? 0 : 6));
}

page(() => {
  draw();
  document.getElementById("lines").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-step]");
    if (!button) return;
    addToCart(button.closest(".line").dataset.id, Number(button.dataset.step));
    draw();
  });
});
