// What the shop remembers in this browser: cart, theme, consent. Nothing leaves it.

import { lamp } from "./catalogue.js";

const PREFIX = "halfmoon.";

/** A remembered value, or `fallback` where storage is closed or holds nothing. */
export function recall(name, fallback) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a value; where storage is closed it lasts for this page only. */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch (closed) {
    console.info("This browser keeps no storage for the shop:", closed.name);
  }
}

/** Lines of the cart: [{ id, count }]; lamps no longer sold are left out. */
export const cart = () => recall("cart", []).filter(({ id }) => lamp(id));

/** Puts `count` more of one lamp into the cart; a line that falls to zero goes away. */
export function addToCart(id, count = 1) {
  const lines = cart();
  const line = lines.find((one) => one.id === id);
  if (line) line.count += count;
  else lines.push({ id, count });
  remember("cart", lines.filter((one) => one.count > 0));
  document.dispatchEvent(new CustomEvent("shop:cart"));
}

/** Number of lamps in the cart. */
export const cartCount = () => cart().reduce((sum, line) => sum + line.count, 0);
