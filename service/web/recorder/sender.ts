// The stream of this page load: events become numbered batches, each kept before it is sent and dropped once answered.

import type { Options } from "./options";
import { attempt } from "./safely";
import { KEEPALIVE_BYTES, send, sendLast } from "./transport";
import { drop, keep, type Unsent } from "./unsent";

const EVERY_MS = 5_000;
const ENOUGH_BYTES = 40_000; // a tail below it fits what a browser still sends of a page that goes
const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 60_000;

/** What became of an intervention, as the service is told. */
export interface Confirm {
  id: string;
  what: "shown" | "clicked" | "dismissed";
}

/** What stands in the first line of a batch beside its number. */
export interface Facts {
  session: string;
  visitor: string;
  consent: string;
  channels: string[];
  kept: "" | "page" | "signal";
}

export interface Heard {
  /** Interventions that an answer brought. */
  offered(interventions: unknown[]): void;
  /** The service will take nothing more from this page. */
  refused(code: string): void;
  /** Batches were lost for want of room, and an answer shows that the service is there again. */
  resync(): void;
}

/** Codes after which nothing that this page could send would be taken. */
const FINAL = new Set([
  "key_missing",
  "key_unknown",
  "role_refused",
  "origin_refused",
  "recording_off",
  "not_drawn",
]);

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export class Sender {
  private events: string[] = [];
  private size = 0;
  private seq = 0;
  private confirms: Confirm[] = [];
  private waiting: Unsent[] = [];
  private waitingBytes = 0;
  private busy = false;
  private lost = false;
  private tries = 0;
  private again = 0;
  private timer = 0;
  private readonly url: string;

  constructor(
    private readonly options: Options,
    readonly stream: string,
    readonly facts: Facts,
    private readonly heard: Heard,
  ) {
    this.url = `${options.service}/v1/batches`;
    this.timer = window.setInterval(() => this.flush(), EVERY_MS);
  }

  /** The number of the batch that will hold what is added now. */
  get next(): number {
    return this.seq;
  }

  /** Add one event, as JSON. */
  add(event: string): void {
    this.events.push(event);
    this.size += event.length;
    if (this.size >= ENOUGH_BYTES) this.flush();
  }

  /** Tell what became of an intervention, at once. */
  confirm(one: Confirm): void {
    this.confirms.push(one);
    this.flush();
  }

  /** Leave out a number: events were dropped here, and the service takes a missing batch for what it is. */
  gap(): void {
    this.flush();
    this.seq += 1;
  }

  /** Send what there is. */
  flush(): void {
    const batch = this.cut(false);
    if (batch) {
      this.push(batch);
      void this.pump();
    }
  }

  /**
   * The page goes: hand the browser what was not answered, the last events first of all, and keep it for the next page,
   * which may send it again. A request that is on its way is cut off with its page; if it was not, the number tells.
   */
  leave(forGood: boolean): void {
    const batch = this.cut(forGood);
    if (batch) {
      void keep(batch);
      this.waiting.push(batch); // it may come back out of the browser's cache
      this.waitingBytes += batch.body.length;
    }
    const last: string[] = [];
    let room = KEEPALIVE_BYTES;
    for (const { body } of [...this.waiting].reverse()) {
      room -= bytesOf(body);
      if (room < 0) break;
      last.unshift(body);
    }
    for (const body of last) sendLast(this.url, body);
  }

  /** The page came back. */
  resume(): void {
    void this.pump();
  }

  /** Stop; what was not sent is thrown away, or left for the next page. */
  end(throwAway: boolean): void {
    if (!throwAway) this.flush();
    clearInterval(this.timer);
    clearTimeout(this.again);
    this.events = [];
    this.confirms = [];
    if (throwAway) this.waiting = [];
  }

  private cut(end: boolean): Unsent | null {
    if (!this.events.length && !this.confirms.length) return null;
    const { session, visitor, consent, channels, kept } = this.facts;
    const first = {
      key: this.options.key,
      session,
      stream: this.stream,
      seq: this.seq,
      consent,
      channels,
      visitor,
      sample: this.options.sample,
      ...(kept && { kept }),
      ...(end && { end }),
      ...(this.confirms.length && { confirm: this.confirms.splice(0, 8) }),
    };
    const body = `${JSON.stringify(first)}\n[${this.events.join(",")}]`;
    const batch = { stream: this.stream, seq: this.seq, body, at: Date.now() };
    this.seq += 1;
    this.events = [];
    this.size = 0;
    return batch;
  }

  private push(batch: Unsent): void {
    this.waiting.push(batch);
    this.waitingBytes += batch.body.length;
    while (this.waitingBytes > this.options.queueBytes && this.waiting.length > 1) {
      const oldest = this.waiting.splice(this.busy ? 1 : 0, 1)[0];
      if (!oldest) break;
      this.waitingBytes -= oldest.body.length;
      this.lost = true;
      void drop(oldest);
    }
  }

  private async pump(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.again);
    try {
      while (this.waiting[0]) {
        const batch = this.waiting[0];
        await keep(batch);
        const outcome = await send(this.url, batch.body);
        if (outcome.kind === "later") {
          this.later(outcome.waitMs);
          return;
        }
        this.tries = 0;
        void drop(batch);
        if (this.waiting[0] === batch) {
          this.waiting.shift();
          this.waitingBytes -= batch.body.length;
        }
        if (outcome.kind === "taken") attempt(() => this.heard.offered(outcome.interventions));
        else if (FINAL.has(outcome.code)) return this.heard.refused(outcome.code);
        if (this.lost) {
          this.lost = false;
          attempt(() => this.heard.resync());
        }
      }
    } finally {
      this.busy = false;
    }
  }

  /** Try again after a time drawn at random up to a bound that doubles, and not before the service wants it. */
  private later(asked: number): void {
    const most = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.tries);
    this.tries += 1;
    this.again = window.setTimeout(() => void this.pump(), asked + (0.5 + Math.random() / 2) * most);
  }
}
