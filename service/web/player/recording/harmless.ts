// A recording is a stranger's page. The frame it is rebuilt in runs no script and the policy of this document lets
// nothing be fetched; what neither covers is taken out here: hints that open connections, and words that navigate.

type Json = Record<string, unknown>;

const FULL_SNAPSHOT = 2;
const INCREMENTAL = 3;
const MUTATION = 0;
// A browser opens a connection for a frame before it asks whether the policy allows one.
const FRAMES = new Set(["iframe", "frame", "embed", "object", "portal", "fencedframe"]);
const FRAMED = new Set(["src", "rr_src", "data"]);
const KEPT_RELATIONS = new Set(["stylesheet", "icon"]);

/** Take out of an event what could open a connection or move the frame; the event itself is changed. */
export function harmless(event: Json): void {
  const data = event.data as Json | undefined;
  if (!data || typeof data !== "object") return;
  if (event.type === FULL_SNAPSHOT) walk(data.node);
  if (event.type !== INCREMENTAL || data.source !== MUTATION) return;
  for (const one of list(data.adds)) walk((one as Json).node);
  // What kind of element a changed attribute belongs to is not told; nothing of it would be fetched anyway.
  for (const one of list(data.attributes)) attributes((one as Json).attributes as Json, "");
}

function walk(node: unknown): void {
  const waiting: unknown[] = [node];
  while (waiting.length) {
    const one = waiting.pop() as Json | undefined;
    if (!one || typeof one !== "object") continue;
    if (typeof one.tagName === "string") attributes(one.attributes as Json, one.tagName.toLowerCase());
    waiting.push(...list(one.childNodes));
  }
}

function attributes(given: Json | undefined, tag: string): void {
  if (!given || typeof given !== "object") return;
  for (const name of Object.keys(given)) {
    const low = name.toLowerCase();
    if (low.startsWith("on") || low === "http-equiv" || low === "ping" || low === "srcdoc") delete given[name];
    else if (low === "rel" && !related(given[name])) delete given[name];
    else if (tag === "base" || (FRAMES.has(tag) && FRAMED.has(low))) delete given[name];
    else if (tag === "" && FRAMED.has(low) && !String(given[name]).startsWith("data:")) delete given[name];
  }
}

function related(value: unknown): boolean {
  return String(value).toLowerCase().split(/\s+/).every((word) => KEPT_RELATIONS.has(word));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
