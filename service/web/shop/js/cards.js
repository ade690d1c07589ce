// A lamp as a card, the way lists show it.

import { KINDS, euros } from "./catalogue.js";
import { drawing } from "./art.js";

/** One card as HTML text. */
export const card = (lamp) => `
<li class="card"><a href="lamp.html?id=${lamp.id}" data-ww-name="lamp card">
  <span class="tile" style="--hue:${lamp.hue}">${drawing(lamp)}</span>
  <span class="name">${lamp.name} <span class="faint">${lamp.finish}</span></span>
  <span class="meta">${KINDS[lamp.kind]} <b>${euros(lamp.price)}</b></span>
</a></li>`;
