// What the shop tells the recorder that its owner has put into the pages; without one, nobody hears it.

/** Tells whoever listens that the visitor reached a goal. */
export function goal(name, value) {
  document.dispatchEvent(new CustomEvent("shop:goal", { detail: { name, value } }));
  window.watchworthy?.goal(name);
}

/** Tells the recorder what the visitor answered to the question of the banner. */
export function consented(yes) {
  window.watchworthy?.consent(yes);
}
