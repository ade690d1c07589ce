// One page load: whether it is recorded, how it begins, and how it ends.

import { watchAnswers, watchTrust, watchVisibility } from "./channels/acts";
import { hasCanvases, watchCanvases } from "./channels/canvas";
import { watchErrors } from "./channels/errors";
import { watchRequests } from "./channels/network";
import { showDialog } from "./dialog";
import { CUSTOM, INCREMENTAL, PLUGIN, type RecordedEvent } from "./events";
import { Holding } from "./holding";
import { erase, isOff, isRefused, random, refuse, session, stayOff, touch } from "./identity";
import { type Handler, Interventions } from "./interventions";
import type { Options } from "./options";
import { ruled, watchAddress } from "./pages";
import { Presses } from "./presses";
import { Recording } from "./recording";
import { holdStream, replay } from "./replay";
import { attempt, listen, safely } from "./safely";
import { isDrawn } from "./sampling";
import { Sender } from "./sender";
import { clear } from "./unsent";

const OFF_MS = 15 * 60_000; // how long pages stay off after the owner's switch before they ask again
const BURST_EVERY_MS = 400;
const LOOK_BACK_MS = 3_000;
const META = 4;
const SOON_MS = 800; // the first batch, so that the service knows of a visit that ends soon
const CHANNELS = ["console", "network", "visibility", "trust", "goals"];

declare global {
  interface Navigator {
    globalPrivacyControl?: boolean;
  }
}

/** Why this page is not recorded; empty if it is. */
export type Silence = "" | "consent" | "refused" | "privacy control" | "switched off" | "page" | "not drawn" | "stopped";

export class Recorder {
  private consent: boolean;
  private said = ""; // consent in the site's own word
  private stopped = false;
  private visitor: string;
  private sender: Sender | null = null;
  private recording: Recording | null = null;
  private holding: Holding | null = null;
  private ends: (() => void)[] = [];
  private readonly interventions: Interventions;
  private flushed = 0;
  private readonly stopAddress: () => void;

  constructor(readonly options: Options) {
    this.consent = options.consent === "given";
    this.visitor = options.visitor;
    const show = options.dialog ? showDialog : null;
    this.interventions = new Interventions((one) => this.sender?.confirm(one), show);
    this.stopAddress = watchAddress((href) => this.moved(href));
    this.begin();
  }

  /** Why nothing is recorded now. */
  get silence(): Silence {
    if (this.stopped) return "stopped";
    if (isRefused()) return "refused";
    if (!this.consent) return "consent";
    if (this.options.gpc === "honour" && navigator.globalPrivacyControl === true) return "privacy control";
    if (isOff()) return "switched off";
    const rule = ruled(location.pathname, this.options.pages);
    if (rule === "never") return "page";
    const waits = this.options.buffer && this.options.sample > 0;
    const drawn = rule === "always" || this.isDrawn() || waits;
    return drawn ? "" : "not drawn";
  }

  /** The visitor said yes, or no; or the site says in its own word what they agreed to. */
  agree(to: boolean | string): void {
    const yes = to !== false && to !== "";
    this.said = typeof to === "string" ? to : "";
    this.consent = yes;
    refuse(!yes);
    if (yes) {
      this.stopped = false;
      this.begin();
      if (this.sender) this.sender.facts.consent = this.word;
    } else {
      this.finish(true);
      void clear();
    }
  }

  /** Who the visitor is, as a name that tells nobody who. */
  identify(visitor: string): void {
    this.visitor = visitor;
    if (!this.sender) return;
    this.sender.flush(); // what was before stays under the name of before
    this.sender.facts.visitor = visitor;
  }

  /** An event of the site's own. */
  say(tag: string, payload: unknown): void {
    this.recording?.add(CUSTOM, { tag, payload });
  }

  /** A goal was reached. */
  goal(name: string): void {
    this.say("ww.goal", { name });
    this.sender?.flush();
  }

  on(handler: Handler): () => void {
    return this.interventions.on(handler);
  }

  /** Session, stream and number of the next batch: what an assessment can wait for. Null if nothing is sent. */
  get place(): { session: string; stream: string; seq: number } | null {
    if (!this.sender) return null;
    const { facts, stream, next } = this.sender;
    return { session: facts.session, stream, seq: next };
  }

  /** Where the triage pages show this session, from three seconds ago on. Null if nothing is sent. */
  get address(): string | null {
    if (!this.sender) return null;
    const t = Math.max(0, Date.now() - session().begun - LOOK_BACK_MS);
    return `${this.options.service}/sessions/${this.sender.facts.session}?t=${t}`;
  }

  flush(): void {
    this.sender?.flush();
  }

  /** Record nothing more of this page. */
  stop(): void {
    this.stopped = true;
    this.finish(false);
  }

  /** Record nothing more, throw away what was not sent, and forget who this is. */
  forget(): void {
    this.stopped = true;
    this.finish(true);
    this.visitor = "";
    erase();
    void clear();
  }

  private get word(): string {
    return this.said || (this.options.consent === "required" ? "true" : "");
  }

  private isDrawn(): boolean {
    return this.options.sample >= 1 || isDrawn(session().session, this.options.sample);
  }

  /** Begin, if nothing speaks against it and nothing has begun yet. */
  private begin(): void {
    if (this.recording || this.silence) return;
    if (document.body === null) {
      this.ends.push(listen(document, "DOMContentLoaded", () => this.begin()));
      return;
    }
    this.ends.splice(0).forEach((end) => attempt(end));
    const rule = ruled(location.pathname, this.options.pages);
    if (rule === "always" || this.isDrawn()) this.open(this.isDrawn() ? "" : "page");
    if (!this.sender) this.holding = new Holding(() => this.recording?.snapshot());
    this.record();
    this.flushSoon();
  }

  private flushSoon(): void {
    const timer = window.setTimeout(() => this.sender?.flush(), SOON_MS);
    this.ends.push(() => clearTimeout(timer));
  }

  /** Open the stream on which this page load sends. */
  private open(kept: "" | "page" | "signal"): Sender {
    const who = session();
    const stream = random();
    holdStream(stream);
    const facts = {
      session: who.session,
      visitor: this.visitor || who.visitor,
      consent: this.word,
      channels: hasCanvases() ? [...CHANNELS, "canvas"] : CHANNELS,
      kept,
    };
    this.sender = new Sender(this.options, stream, facts, {
      offered: (offers) => this.interventions.offered(offers),
      refused: (code) => this.refused(code),
      resync: () => this.recording?.snapshot(),
    });
    void replay(this.options.service, this.options.queueBytes).catch(() => undefined);
    return this.sender;
  }

  private record(): void {
    const presses = new Presses({ burst: () => this.burst(), unanswered: (silent) => this.unanswered(silent) });
    const take = (event: RecordedEvent, text: string): void => {
      presses.see(event);
      touch(event.timestamp);
      if (this.sender) this.sender.add(text);
      else this.holding?.add(text, event.type === META, event.timestamp);
    };
    const recording = new Recording(this.options, { take, leftOut: () => this.sender?.gap() });
    this.recording = recording;
    this.ends.push(() => presses.end(), ...this.channels(recording), ...this.leaving());
  }

  private channels(recording: Recording): (() => void)[] {
    const say = (tag: string, payload: unknown): void => recording.add(CUSTOM, { tag, payload });
    return [
      watchTrust(say),
      watchVisibility(say),
      watchAnswers(say, (node) => recording.idOf(node)),
      watchErrors((payload) => {
        recording.add(PLUGIN, { plugin: "rrweb/console@1", payload });
        this.keep();
      }),
      watchRequests(this.options.slowMs, (request) => {
        recording.add(PLUGIN, { plugin: "rrweb/network@1", payload: { requests: [request] } });
        this.keep();
      }),
      watchCanvases({
        idOf: (node) => recording.idOf(node),
        afford: (bytes) => recording.afford(bytes),
        draw: (data) => recording.add(INCREMENTAL, data),
      }),
    ];
  }

  private leaving(): (() => void)[] {
    return [
      listen<PageTransitionEvent>(window, "pagehide", (event) => this.sender?.leave(!event.persisted)),
      listen<PageTransitionEvent>(window, "pageshow", (event) => {
        if (event.persisted) this.sender?.resume();
      }),
      listen(document, "visibilitychange", () => {
        if (document.hidden) this.sender?.flush();
      }),
    ];
  }

  private burst(): void {
    this.keep();
    const now = performance.now();
    if (now - this.flushed < BURST_EVERY_MS) return;
    this.flushed = now;
    queueMicrotask(safely(() => this.sender?.flush())); // the press itself is still on its way
  }

  private unanswered(silent: boolean): void {
    if (silent) this.say("ww.tick", {});
    this.keep();
    this.sender?.flush();
  }

  /** A signal fired: what was held goes out, and all that follows. */
  private keep(): void {
    if (!this.holding) return;
    const events = this.holding.release();
    this.holding = null;
    const sender = this.open("signal");
    events.forEach((event) => sender.add(event));
    sender.flush();
  }

  private moved(href: string): void {
    if (this.silence) {
      if (this.recording) this.finish(false);
      return;
    }
    if (this.recording) this.say("ww.page", { href });
    else this.begin();
  }

  private refused(code: string): void {
    if (code === "recording_off") stayOff(Date.now() + OFF_MS);
    this.stopped = true;
    this.finish(true);
    console.warn(`watchworthy: the service takes no recording of this page (${code}).`);
  }

  private finish(throwAway: boolean): void {
    this.recording?.end();
    this.ends.splice(0).forEach((end) => attempt(end));
    this.holding?.release();
    this.sender?.end(throwAway);
    this.recording = this.holding = this.sender = null;
    if (this.stopped) attempt(this.stopAddress);
  }
}
