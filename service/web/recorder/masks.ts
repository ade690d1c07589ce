// What of a page's words leaves it. A mask has the length of what it covers, so that no feature changes by it.

import type { TextMode } from "./options";

const MARKS = "[data-ww-mask],[data-ww-unmask]";

/** Text that somebody writes, or that a form marks as secret: no setting and no attribute lowers this. */
const WRITTEN =
  "[contenteditable]:not([contenteditable=false]),[role=textbox],[role=searchbox],textarea," +
  "[autocomplete^=cc-],[autocomplete*=one-time-code],[autocomplete*=password]";

const EMAIL = /[^\s@<>"'(),;:]+@[^\s@<>"'(),;:]+\.[^\s@<>"'(),;:.]+/g;
const DIGITS = /\d(?:[ \-./]?\d){4,}/g; // telephone, account and order numbers; prices and counts are shorter
const CARD = /\d(?:[ \-]?\d){12,18}/g;
const PERSONAL = "address,[itemprop=telephone],[itemprop=email],[itemprop=name],[itemprop=address]";

const stars = (text: string): string => text.replace(/\S/g, "*");
const starred = (text: string): string => "*".repeat(text.length);

/** Whether the last digit of a number is the check digit of the others (Luhn). */
function checks(number: string): boolean {
  let sum = 0;
  const digits = number.replace(/\D/g, "");
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 === 0;
}

/** Text under the floor: card numbers and e-mail addresses are masked wherever they stand. */
export function floored(text: string): string {
  if (!/[@\d]/.test(text)) return text;
  return text
    .replace(EMAIL, starred)
    .replace(CARD, (number) => (checks(number) ? number.replace(/\d/g, "*") : number));
}

/** Text as the mode has it, where no attribute says otherwise. */
export function moded(text: string, mode: TextMode): string {
  if (mode === "strict") return stars(text);
  const clean = floored(text);
  return mode === "balanced" ? clean.replace(DIGITS, (number) => number.replace(/\d/g, "*")) : clean;
}

/** The text of an element as it may leave the page. */
export function maskText(text: string, element: Element | null, mode: TextMode): string {
  if (!text.trim()) return text;
  if (!element) return mode === "relaxed" ? floored(text) : stars(text); // of a shadow root: nothing says what it is
  if (element.closest(WRITTEN)) return stars(text);
  const marked = element.closest(MARKS);
  if (marked?.hasAttribute("data-ww-mask")) return stars(text);
  if (marked) return floored(text);
  if (mode === "balanced" && element.closest(PERSONAL)) return stars(text);
  return moded(text, mode);
}

/** Types of `<input>` whose value is a label that the page wrote. */
export const LABELS = new Set(["submit", "button", "reset", "image"]);

/** The value of a field: stars throughout, whatever its type and whatever it was before; a button's is its label. */
export function maskInput(value: string, element: Element, mode: TextMode): string {
  const type = element.getAttribute("type")?.toLowerCase() ?? "";
  if (element.tagName === "INPUT" && LABELS.has(type)) return maskText(value, element, mode);
  return starred(value);
}
