// Errors of the page's scripts, in the form of rrweb's console plugin: a template and its hash, no values.

import { attempt, listen } from "../safely";

const LONGEST = 200;
const MOST_A_MINUTE = 60;

export interface ConsoleLine {
  level: "error";
  trace: string[];
  payload: string[];
  hash: string;
}

const VALUES: [RegExp, string][] = [
  [/\b[a-z][a-z+.-]*:\/\/[^\s"'<>)]*/gi, "<address>"],
  [/\S+@\S+/g, "<address>"],
  [/"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g, "<text>"],
  [/\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b/gi, "<id>"],
  [/\d+(?:[.,:]\d+)*/g, "<number>"],
];

/** A message without its values. */
export function template(message: string): string {
  let text = message.slice(0, 4 * LONGEST);
  for (const [value, name] of VALUES) text = text.replace(value, name);
  return text.slice(0, LONGEST);
}

/** FNV-1a of 32 bits, in hexadecimal. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}

/** Where an error came from: file, line and column of the first frame that is not ours, without query. */
function place(stack: string | undefined): string {
  const frame = stack?.split("\n").find((line) => /:\d+:\d+/.test(line) && !line.includes("/watchworthy"));
  return frame?.match(/([^\s(@/]+?)(?:[?#][^:\s]*)?(:\d+:\d+)/)?.slice(1, 3).join("") ?? "";
}

function line(what: unknown, at = ""): ConsoleLine {
  const isError = what instanceof Error;
  const text = isError ? `${what.name}: ${template(what.message)}` : template(typeof what === "string" ? what : "");
  const from = at || place(isError ? what.stack : new Error().stack);
  return { level: "error", trace: from ? [from] : [], payload: [JSON.stringify(text)], hash: hash(`${text}\n${from}`) };
}

/** Tell of errors that scripts throw, reject with, or write to the console. */
export function watchErrors(tell: (line: ConsoleLine) => void): () => void {
  let left = MOST_A_MINUTE;
  const refill = window.setInterval(() => {
    left = MOST_A_MINUTE;
  }, 60_000);
  const said = (what: unknown, at = ""): void => {
    if (left <= 0) return;
    left -= 1;
    tell(line(what, at));
  };
  const ends = [
    listen<ErrorEvent>(window, "error", (event) => {
      if (!(event instanceof ErrorEvent)) return; // a picture or script that did not load
      const file = event.filename ? event.filename.replace(/[?#].*/, "").replace(/.*\//, "") : "";
      said(event.error ?? event.message, file && `${file}:${event.lineno}:${event.colno}`);
    }),
    listen<PromiseRejectionEvent>(window, "unhandledrejection", (event) => said(event.reason)),
    () => clearInterval(refill),
  ];
  const original = console.error;
  const ours = function (this: unknown, ...words: unknown[]): void {
    attempt(() => said(words.find((word) => word instanceof Error) ?? words[0]));
    original.apply(this, words);
  };
  console.error = ours;
  ends.push(() => {
    if (console.error === ours) console.error = original;
  });
  return () => ends.forEach((end) => end());
}
