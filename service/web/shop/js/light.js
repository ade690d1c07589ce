// How much light a room needs: a keypad, two sides of a room, and a sum that keeps up.

import { page } from "./frame.js";

const LUMENS_PER_M2 = { sleeping: 60, sitting: 110, cooking: 250, reading: 300 };
const HOURS_A_YEAR = 1100;
const EUROS_PER_KWH = 0.31;
const LUMENS_PER_WATT = 85;

page(() => {
  const sides = { width: "", length: "" };
  let side = "width";
  const room = document.getElementById("room");

  function draw() {
    for (const name of Object.keys(sides)) {
      document.getElementById(`side-${name}`).setAttribute("aria-pressed", String(name === side));
      document.getElementById(`value-${name}`).textContent = sides[name] || "0";
    }
    const area = Number(sides.width) * Number(sides.length);
    const lumens = Math.round(area * LUMENS_PER_M2[room.value]);
    const cost = (lumens / LUMENS_PER_WATT / 1000) * HOURS_A_YEAR * EUROS_PER_KWH;
    document.getElementById("answer").textContent = area
      ? `${area.toFixed(1)} m² want about ${lumens.toLocaleString("en")} lm. That costs €${cost.toFixed(2)} a year.`
      : "Give both sides in metres.";
  }

  function press(key) {
    if (key === "clear") sides[side] = "";
    else if (key === "next") side = side === "width" ? "length" : "width";
    else if (key === "." && sides[side].includes(".")) return;
    else if (sides[side].length < 5) sides[side] += key;
    draw();
  }

  document.getElementById("keypad").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) press(button.value);
  });
  document.getElementById("sides").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    side = button.value;
    draw();
  });
  room.addEventListener("change", draw);
  draw();
});
