// Presses that deserve an early word: a burst on one spot, and one that nothing answered.

import { isMutation, isPress, type RecordedEvent } from "./events";

const BURST = 3;
const GAP_MS = 1_000;
const RADIUS_PX = 30;
const TICK_MS = 2_600;
const REACTION_MS = 2_500;

export interface Noticed {
  /** Three presses on one spot, each within a second of the one before, and nothing of the page changed. */
  burst(): void;
  /** Nothing of the page changed within a reaction's time. `silent`: and no event at all has moved the stream's clock. */
  unanswered(silent: boolean): void;
}

export class Presses {
  private run = 0;
  private at = -Infinity;
  private x = 0;
  private y = 0;
  private last = 0;
  private changed = 0;
  private timer = 0;

  constructor(private readonly noticed: Noticed) {}

  /** Look at each event as it is recorded. */
  see(event: RecordedEvent): void {
    this.last = Math.max(this.last, event.timestamp);
    if (isMutation(event)) this.changed = event.timestamp;
    if (isPress(event)) this.press(event.timestamp, event.data.x ?? NaN, event.data.y ?? NaN);
  }

  /** Wait for nothing any more. */
  end(): void {
    clearTimeout(this.timer);
  }

  private press(t: number, x: number, y: number): void {
    const far = Math.hypot(x - this.x, y - this.y) > RADIUS_PX;
    const goesOn = t - this.at <= GAP_MS && !far && this.changed < this.at;
    this.run = goesOn ? this.run + 1 : 1;
    [this.at, this.x, this.y] = [t, x, y];
    if (this.run >= BURST) this.noticed.burst();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.changed < t) this.noticed.unanswered(this.last < t + REACTION_MS);
    }, TICK_MS);
  }
}
