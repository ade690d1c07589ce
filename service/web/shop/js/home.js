// Home: a window at dusk, a cord to pull, and the lamps people like.

import { page, ticker } from "./frame.js";
import { lamp } from "./catalogue.js";
import { card } from "./cards.js";

page(() => {
  const favourites = ["moth", "fennel", "acorn", "wick"];
  document.getElementById("favourites").innerHTML = favourites.map((id) => card(lamp(id))).join("");
  ticker(document.getElementById("ticker"));
  const scene = document.getElementById("scene");
  const cord = document.getElementById("cord");
  cord.addEventListener("click", () => {
    const lit = scene.classList.toggle("lit");
    cord.setAttribute("aria-pressed", String(lit));
    cord.textContent = lit ? "Put it out" : "Pull the cord";
  });
});
