// What rrweb does not say of acts: whether the browser vouches for them, copies, downloads, and who looks.

import { listen } from "../safely";
import type { Say } from "./say";

const ACTS = ["pointerdown", "touchstart", "click", "keydown", "input"];

/** `ww.trust` before the first act, and whenever it changes. */
export function watchTrust(say: Say): () => void {
  let last: boolean | undefined;
  const ends = ACTS.map((name) =>
    listen(window, name, ({ isTrusted }) => {
      if (isTrusted === last) return;
      last = isTrusted;
      say("ww.trust", { trusted: isTrusted });
    }),
  );
  return () => ends.forEach((end) => end());
}

/** `ww.visibility` now, and whenever it changes. */
export function watchVisibility(say: Say): () => void {
  const tell = (): void => say("ww.visibility", { state: document.visibilityState });
  tell();
  return listen(document, "visibilitychange", tell);
}

/** `ww.copy` and `ww.download`: answers to a press that no change of the page shows. */
export function watchAnswers(say: Say, idOf: (node: Node) => number): () => void {
  const about = (event: Event): { id: number } => ({
    id: event.target instanceof Node ? Math.max(0, idOf(event.target)) : 0,
  });
  const ends = [
    listen(document, "copy", (event) => say("ww.copy", about(event))),
    listen(document, "click", (event) => {
      if (event.target instanceof Element && event.target.closest("a[download]")) {
        say("ww.download", about(event));
      }
    }),
  ];
  return () => ends.forEach((end) => end());
}
