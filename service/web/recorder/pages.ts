// Where a page is: its path against the site's rules, and when a page of one document gives way to the next.

import type { PageRules } from "./options";
import { attempt, listen, safely } from "./safely";

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/** Whether a path fits one of these; `*` stands for anything. */
export function fits(path: string, patterns: string[]): boolean {
  return patterns.some((one) => new RegExp(`^${one.split("*").map(escaped).join(".*")}$`).test(path));
}

/** What the rules say of a path: never wins. */
export function ruled(path: string, rules: PageRules): "always" | "never" | "" {
  if (fits(path, rules.never)) return "never";
  return fits(path, rules.always) ? "always" : "";
}

/** Tell of each new address of this document; returns what ends it. */
export function watchAddress(moved: (href: string) => void): () => void {
  let last = location.href;
  const look = safely(() => {
    if (location.href === last) return;
    last = location.href;
    moved(last);
  });
  const ends = [listen(window, "popstate", look), listen(window, "hashchange", look)];
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    const ours: History["pushState"] = function (this: History, ...args) {
      original.apply(this, args);
      look();
    };
    history[name] = ours;
    ends.push(() => {
      if (history[name] === ours) history[name] = original; // somebody else may have wrapped it meanwhile
    });
  }
  return () => ends.forEach((end) => attempt(end));
}
