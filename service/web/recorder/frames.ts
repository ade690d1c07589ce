// Frames that rrweb watches twice. It attaches a frame when it finds it and once more when the frame has loaded (and
// with every new snapshot), and each time it listens anew: from then on all acts in the frame would be told twice, and
// two presses would look like four.

import { isMutation, type RecordedEvent } from "./events";

/** What was told last of one kind, and how many repetitions of it are still to come. */
interface Told {
  text: string;
  left: number;
}

const REMOVED_KEPT = 1_000;

export class Frames {
  private readonly watched = new WeakMap<Node, number>();
  private readonly told = new Map<number, Told>();
  private readonly removed = new Set<number>();
  private twice = false;

  constructor(private readonly node: (id: number) => Node | null) {}

  /** Whether an event was told before by another watcher of the same frame. What is left of a mutation is new. */
  again(event: RecordedEvent): boolean {
    const data = event.data;
    if (data.isAttachIframe) this.attached(data);
    if (!this.twice || data.isAttachIframe) return false;
    const watchers = this.watchers(data);
    if (watchers < 2) return false;
    if (isMutation(event)) this.once(data);
    const last = this.told.get(data.source);
    const text = told(data);
    if (last && last.left > 0 && last.text === text) {
      last.left -= 1;
      return true;
    }
    this.told.set(data.source, { text, left: watchers - 1 });
    return false;
  }

  private attached(data: any): void {
    for (const { node } of data.adds) {
      const frame = this.node(node.id);
      if (!frame) continue;
      const times = (this.watched.get(frame) ?? 0) + 1;
      this.watched.set(frame, times);
      this.twice ||= times > 1;
    }
  }

  /** How many watch the document that an event tells of. */
  private watchers(data: any): number {
    const id =
      data.id ?? data.positions?.[0]?.id ?? data.adds?.[0]?.parentId ?? data.removes?.[0]?.parentId ??
      data.texts?.[0]?.id ?? data.attributes?.[0]?.id;
    const node = id === undefined ? null : this.node(id);
    const whole = node && (node.ownerDocument ?? node);
    return (whole && this.watched.get(whole)) ?? 1;
  }

  /** A node that is gone cannot go again. */
  private once(data: any): void {
    for (const { node } of data.adds) this.removed.delete(node.id);
    data.removes = data.removes.filter(({ id }: { id: number }) => !this.removed.has(id));
    for (const { id } of data.removes) this.removed.add(id);
    if (this.removed.size > REMOVED_KEPT) this.removed.clear();
  }
}

/** An event without its time: the watchers wake up a millisecond apart. */
const told = (data: any): string =>
  JSON.stringify(data, (name, value) => (name === "timeOffset" ? undefined : value));
