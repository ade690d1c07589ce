// The script that the tag loads: it takes over the queue that the page has filled meanwhile, and answers its calls.

import { pseudonym } from "./identity";
import type { Handler } from "./interventions";
import { fromTag, options } from "./options";
import { Recorder } from "./recorder";
import { ask } from "./transport";

type Verb = "init" | "consent" | "identify" | "track" | "goal" | "token" | "sessionUrl" | "on" | "stop" | "forget";
type Calls = Record<Verb, (...args: any[]) => any>;
type Waiting = [Verb, ArrayLike<unknown>, (value: unknown) => void, (reason: unknown) => void];
type Page = Partial<Calls> & { q?: Waiting[]; loaded?: boolean };

const NAME = /^[\w .:/-]{1,64}$/;
const LONGEST = 4_000; // of what `track` is given, as JSON
const tag = document.currentScript as HTMLScriptElement | null;
const origin = tag?.src ? new URL(tag.src).origin : location.origin;

let recorder: Recorder | null = null;
const handlers = new Set<Handler>();

function named(name: unknown): string {
  if (typeof name === "string" && NAME.test(name)) return name;
  throw new TypeError("watchworthy: a name has 1 to 64 letters, digits, spaces or . : / - _");
}

const calls: Calls = {
  init(said: Record<string, unknown> = {}) {
    if (recorder) return;
    const chosen = options({ ...fromTag(tag?.dataset ?? {}), ...said }, origin);
    if (!chosen.key) throw new TypeError("watchworthy: init needs the site's write key");
    recorder = new Recorder(chosen);
    handlers.forEach((handler) => recorder?.on(handler));
  },
  consent: (to: boolean | string) => recorder?.agree(to),
  async identify(name: string) {
    if (recorder) recorder.identify(await pseudonym(recorder.options.key, String(name)));
  },
  track(name: string, facts: unknown = {}) {
    const text = JSON.stringify(facts) ?? "{}";
    if (text.length > LONGEST) throw new TypeError(`watchworthy: track takes at most ${LONGEST} characters`);
    recorder?.say("ww.track", { name: named(name), facts: JSON.parse(text) });
  },
  goal: (name: string) => recorder?.goal(named(name)),
  async token(action: string) {
    const place = recorder?.place;
    if (!recorder || !place) return null;
    recorder.flush();
    const { key, service } = recorder.options;
    const told = await ask(`${service}/v1/tokens`, { key, session: place.session, action });
    return { ...place, token: told["token"], expiresAt: told["expires_at_ms"] };
  },
  sessionUrl: () => recorder?.address ?? null,
  on(what: string, handler: Handler) {
    if (what !== "intervention") throw new TypeError(`watchworthy: there is nothing called ${what} to hear of`);
    handlers.add(handler);
    const end = recorder?.on(handler);
    return () => {
      handlers.delete(handler);
      end?.();
    };
  },
  stop: () => recorder?.stop(),
  forget: () => recorder?.forget(),
};

function begin(): void {
  const holder = window as unknown as { watchworthy?: Page };
  const page: Page = (holder.watchworthy ??= {});
  if (page.loaded) return; // the tag stands on the page twice
  page.loaded = true;
  const waiting = page.q ?? [];
  Object.assign(page, calls);
  delete page.q;
  if (tag?.dataset["key"]) calls.init();
  for (const [verb, args, done, failed] of waiting) {
    try {
      done(calls[verb](...Array.from(args)));
    } catch (error) {
      failed(error);
    }
  }
}

begin();
