// The till: checks every field on submit, says what is wrong beside it and in one list at the top.

import { page } from "./frame.js";
import { post } from "./api.js";
import { cart, remember } from "./store.js";
import { euros, lamp } from "./catalogue.js";

const digits = (text) => text.replace(/\D/g, "");

const RULES = {
  name: [(v) => v.trim().includes(" "), "Give your first and last name."],
  email: [(v) => /^\S+@\S+\.\S+$/.test(v), "Give an email address, such as ada@example.org."],
  phone: [(v) => /^\+\d{8,}$/.test(v.replace(/[ -]/g, "")), "Start the phone number with + and the country code."],
  street: [(v) => /\d/.test(v), "Give the street with its house number."],
  postcode: [(v) => /^\d{5}$/.test(v.trim()), "A postcode has five digits."],
  city: [(v) => v.trim().length > 1, "Give the town."],
  card: [(v) => digits(v).length === 16, "A card number has 16 digits."],
  expiry: [(v) => /^(0[1-9]|1[0-2])\/\d\d$/.test(v.trim()), "Write the expiry date as MM/YY."],
  cvc: [(v) => /^\d{3,4}$/.test(v.trim()), "Three digits from the back of the card."],
  terms: [(v, field) => field.checked, "Agree to the terms to order."],
};

function mark(field, message) {
  const note = document.getElementById(`${field.id}-error`);
  note.textContent = message;
  if (message) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** Names of the fields that break their rule; each is marked. */
function broken(form) {
  return Object.entries(RULES).filter(([name, [rule, message]]) => {
    const field = form.elements[name];
    const good = rule(field.value, field);
    mark(field, good ? "" : message);
    return !good;
  });
}

function summary(form, wrong) {
  const box = document.getElementById("errors");
  box.innerHTML = wrong.length === 0 ? "" :
    `<p><strong>${wrong.length === 1 ? "One thing needs" : `${wrong.length} things need`} another look.</strong></p><ul>` +
    wrong.map(([name, [, message]]) => `<li><a href="#${name}">${message}</a></li>`).join("") + "</ul>";
  box.hidden = wrong.length === 0;
  if (wrong.length) form.elements[wrong[0][0]].focus();
}

page(() => {
  const form = document.getElementById("checkout");
  const total = cart().reduce((sum, { id, count }) => sum + lamp(id).price * count, 0);
  document.getElementById("pay").textContent = total ? `Order for ${euros(total)}` : "Order";
  document.getElementById("order-lines").innerHTML = cart().map(({ id, count }) =>
    `<li><span>${count} × ${lamp(id).name} <span class="faint">${lamp(id).finish}</span></span> <b>${euros(lamp(id).price * count)}</b></li>`).join("");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = broken(form);
    summary(form, wrong);
    if (wrong.length) return;
    const button = document.getElementById("pay");
    button.disabled = true;
    button.textContent = "Ordering…";
    const { order } = await post("order", { lines: cart() }, () => ({ order: "HM-0000" }));
    remember("cart", []);
    location.href = `thanks.html?order=${encodeURIComponent(order)}`;
  });
});
