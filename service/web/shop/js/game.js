// Lights out: each lamp turns itself and its neighbours. Put all of them out.

import { page } from "./frame.js";

const SIDE = 5;
const START = [7, 11, 12, 13, 17];

page(() => {
  const board = document.getElementById("board");
  let lit = new Set();
  let moves = 0;

  const neighbours = (n) => [
    n, n - SIDE, n + SIDE,
    ...(n % SIDE > 0 ? [n - 1] : []),
    ...(n % SIDE < SIDE - 1 ? [n + 1] : []),
  ].filter((m) => m >= 0 && m < SIDE * SIDE);

  const flip = (n) => neighbours(n).forEach((m) => (lit.has(m) ? lit.delete(m) : lit.add(m)));

  function draw() {
    [...board.children].forEach((button, n) => button.setAttribute("aria-pressed", String(lit.has(n))));
    document.getElementById("moves").textContent = lit.size
      ? `${moves} moves, ${lit.size} still lit`
      : `Dark in ${moves} moves. Good night.`;
  }

  function restart() {
    lit = new Set();
    moves = 0;
    START.slice(0, 3 + (Date.now() % 3)).forEach(flip);
    draw();
  }

  board.innerHTML = Array.from({ length: SIDE * SIDE }, (_, n) =>
    `<button type="button" id="lamp-${n}" aria-label="Lamp ${Math.floor(n / SIDE) + 1}, ${(n % SIDE) + 1}" data-ww-name="game lamp"></button>`).join("");
  board.addEventListener("click", (event) => {
    const n = [...board.children].indexOf(event.target);
    if (n < 0) return;
    moves += 1;
    flip(n);
    draw();
  });
  document.getElementById("again").addEventListener("click", restart);
  restart();
});
