// What a search found.

import { page } from "./frame.js";
import { matching } from "./catalogue.js";
import { card } from "./cards.js";

page(() => {
  const words = new URLSearchParams(location.search).get("q") ?? "";
  const found = matching(words);
  document.getElementById("search").value = words;
  document.getElementById("asked").textContent = words ? `“${words}”` : "everything";
  document.getElementById("list").innerHTML = found.map(card).join("");
  document.getElementById("status").textContent = found.length
    ? `${found.length} lamps found`
    : "No lamp by that name. Try a kind (table, floor, pendant) or a finish (brass, moss, clay, dusk).";
});
