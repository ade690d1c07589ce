// After the order: says so, and tells a listener that the goal was reached.

import { page } from "./frame.js";
import { goal } from "./record.js";

page(() => {
  const order = new URLSearchParams(location.search).get("order");
  document.getElementById("order").textContent = order ?? "HM-0000";
  addEventListener("load", () => order && setTimeout(() => goal("purchase"), 0));
});
