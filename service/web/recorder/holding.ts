// A session that was not drawn: its last minute waits in memory, and leaves the page only if a signal fires.

const KEEP_MS = 60_000;
const SNAPSHOT_EVERY_MS = 30_000;
const MOST_BYTES = 4_000_000;

interface Segment {
  begun: number;
  bytes: number;
  events: string[];
}

export class Holding {
  private segments: Segment[] = [];
  private readonly timer: number;

  /** @param snapshot takes a full snapshot, with which a new segment begins. */
  constructor(snapshot: () => void) {
    this.timer = window.setInterval(snapshot, SNAPSHOT_EVERY_MS);
  }

  /** Hold one event; `begins` where a replay can begin with it. */
  add(event: string, begins: boolean, now: number): void {
    if (begins || !this.segments.length) this.segments.push({ begun: now, bytes: 0, events: [] });
    const last = this.segments[this.segments.length - 1]!;
    last.events.push(event);
    last.bytes += event.length;
    while (this.segments.length > 1 && (this.segments[1]!.begun < now - KEEP_MS || this.bytes() > MOST_BYTES)) {
      this.segments.shift();
    }
    if (this.bytes() > MOST_BYTES) this.segments = []; // one segment alone is too much: wait for the next snapshot
  }

  /** Give up what is held. */
  release(): string[] {
    clearInterval(this.timer);
    const events = this.segments.flatMap((segment) => segment.events);
    this.segments = [];
    return events;
  }

  private bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }
}
