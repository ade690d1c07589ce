// What the site chose, each value within its bounds. What is wrong is said once in the console, and its default holds.

export type TextMode = "strict" | "balanced" | "relaxed";

/** Pages by path; `*` stands for anything. */
export interface PageRules {
  always: string[];
  never: string[];
}

export interface Options {
  /** The write key. */
  key: string;
  /** Origin of the service; by default that which the script came from. */
  service: string;
  /** `given`: the site has the visitor's consent, or needs none; `required`: nothing happens before `consent(true)`. */
  consent: "given" | "required";
  /** Whether Global Privacy Control means no. */
  gpc: "honour" | "ignore";
  /** Share of sessions to record, drawn by their id. */
  sample: number;
  /** Whether the last minute of a session that was not drawn waits in memory for a signal. */
  buffer: boolean;
  pages: PageRules;
  text: TextMode;
  /** Whom the page shows itself to, as a name that tells nobody who. */
  visitor: string;
  /** Whether offers are shown in the built-in dialog. */
  dialog: boolean;
  /** Bytes of batches that may wait to be sent. */
  queueBytes: number;
  /** Changes of the page a second, and bytes a second, over which changes are left out until it is calm. */
  changesPerSecond: number;
  bytesPerSecond: number;
  /** From how many ms on a request counts as slow. */
  slowMs: number;
}

export const DEFAULTS: Options = {
  key: "",
  service: "",
  consent: "given",
  gpc: "honour",
  sample: 1,
  buffer: true,
  pages: { always: [], never: [] },
  text: "balanced",
  visitor: "",
  dialog: true,
  queueBytes: 8_000_000,
  changesPerSecond: 2_000,
  bytesPerSecond: 100_000,
  slowMs: 1_000,
};

type Check<T> = (value: unknown) => value is T;

const oneOf =
  <T extends string>(...known: T[]): Check<T> =>
  (value): value is T =>
    known.includes(value as T);

const within =
  (low: number, high: number): Check<number> =>
  (value): value is number =>
    typeof value === "number" && value >= low && value <= high;

const isBoolean: Check<boolean> = (value): value is boolean => typeof value === "boolean";

const matches =
  (pattern: RegExp): Check<string> =>
  (value): value is string =>
    typeof value === "string" && pattern.test(value);

const isPaths = (value: unknown): boolean =>
  value === undefined ||
  (Array.isArray(value) && value.length <= 100 && value.every((one) => typeof one === "string"));

const isPages: Check<PageRules> = (value): value is PageRules => {
  const rules = value as Partial<PageRules> | null;
  return typeof value === "object" && rules !== null && isPaths(rules.always) && isPaths(rules.never);
};

export const OPAQUE = /^[A-Za-z0-9_-]{0,64}$/;

const CHECKS: { [K in keyof Options]: Check<Options[K]> } = {
  key: matches(/^\S{1,128}$/),
  service: matches(/^https?:\/\/[^/]+$/),
  consent: oneOf("given", "required"),
  gpc: oneOf("honour", "ignore"),
  sample: within(0, 1),
  buffer: isBoolean,
  pages: isPages,
  text: oneOf("strict", "balanced", "relaxed"),
  visitor: matches(OPAQUE),
  dialog: isBoolean,
  queueBytes: within(100_000, 50_000_000),
  changesPerSecond: within(10, 1_000_000),
  bytesPerSecond: within(1_000, 10_000_000),
  slowMs: within(100, 60_000),
};

/** The options of a site: what it said, or the default where that is missing or out of bounds. */
export function options(said: Record<string, unknown>, origin: string): Options {
  const chosen = { ...DEFAULTS, service: origin };
  for (const [name, value] of Object.entries(said)) {
    const check = CHECKS[name as keyof Options] as Check<never> | undefined;
    if (check?.(value)) chosen[name as keyof Options] = value;
    else console.warn(`watchworthy: the option ${name} is unknown or out of bounds, and was left out.`);
  }
  chosen.pages = { always: chosen.pages.always ?? [], never: chosen.pages.never ?? [] };
  return chosen;
}

/** Options that stand on the tag as `data-…`, so that a page with a strict policy needs no script of its own. */
export function fromTag(data: DOMStringMap): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(data)) {
    const initial = DEFAULTS[name as keyof Options];
    if (initial === undefined || typeof initial === "object") continue;
    said[name] =
      typeof initial === "number" ? Number(text) : typeof initial === "boolean" ? text !== "false" : text;
  }
  return said;
}
