// One request to the service: packed while the page lives, plain when it goes; and what its answer means.

import { attempt } from "./safely";

const TIMEOUT_MS = 20_000;
const LONGEST_WAIT_MS = 10 * 60_000;
export const KEEPALIVE_BYTES = 60_000; // all such requests of a page share 64 KB

/** What became of a batch. */
export type Outcome =
  | { kind: "taken"; interventions: unknown[] }
  | { kind: "refused"; code: string }
  | { kind: "later"; waitMs: number };

// Taken before the page or our own channels wrap it.
const request = window.fetch.bind(window);

async function packed(body: string): Promise<Blob | string> {
  if (typeof CompressionStream === "undefined") return body;
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  const blob = await new Response(stream).blob();
  return blob.slice(0, blob.size, "text/plain"); // a type that browsers send without asking first
}

const init = (body: Blob | string): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": "text/plain" },
  credentials: "omit",
  mode: "cors",
  referrerPolicy: "no-referrer",
  cache: "no-store",
});

/** Wait as the service asks: seconds, or a date. */
function asked(headers: Headers): number {
  const text = headers.get("retry-after");
  if (!text) return 0;
  const seconds = Number(text);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - Date.now();
  return Math.min(LONGEST_WAIT_MS, Math.max(0, ms || 0));
}

async function read(response: Response): Promise<Outcome> {
  const told = (await response.json().catch(() => null)) as Record<string, any> | null;
  if (response.ok && told?.["ok"] === true) {
    const offered = told["interventions"];
    return { kind: "taken", interventions: Array.isArray(offered) ? offered : [] };
  }
  const error = told?.["error"];
  if (!response.ok && typeof error?.code === "string" && error.retryable === false) {
    return { kind: "refused", code: error.code };
  }
  return { kind: "later", waitMs: asked(response.headers) }; // a proxy's page, nonsense, or a service that is busy
}

/** Send a batch and see what becomes of it; never throws. */
export async function send(url: string, body: string): Promise<Outcome> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), TIMEOUT_MS);
  try {
    const data = await packed(body).catch(() => body);
    return await read(await request(url, { ...init(data), signal: over.signal }));
  } catch {
    return { kind: "later", waitMs: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/** Send what a browser finishes after the page is gone. */
export function sendLast(url: string, body: string): void {
  attempt(() => {
    request(url, { ...init(body), keepalive: true }).catch(() => undefined);
  });
}

/** Ask for a token; throws what is wrong. */
export async function ask(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await request(url, init(JSON.stringify(body)));
  const told = (await response.json()) as Record<string, any>;
  if (!response.ok) throw new Error(told["error"]?.message ?? `The service answered ${response.status}.`);
  return told;
}
