// Words that stand in attributes: rrweb leaves them as they are, so they are masked in what it emits.

import type { TextMode } from "./options";
import { floored, LABELS, maskText, moded } from "./masks";

const WORDS = ["placeholder", "title", "alt", "label", "content", "aria-label", "aria-description", "aria-valuetext"];
const ADDRESSES = /^(?:mailto|tel|sms):/i;

interface SnapshotNode {
  id: number;
  tagName?: string;
  attributes?: Record<string, unknown>;
  childNodes?: SnapshotNode[];
}

interface Mutation {
  adds?: { node: SnapshotNode }[];
  attributes?: { id: number; attributes: Record<string, unknown> }[];
}

/** Masks the words in attributes of what rrweb emits, in place. */
export class AttributeMask {
  constructor(
    private readonly mode: TextMode,
    private readonly element: (id: number) => Node | null,
  ) {}

  /** Of a full snapshot, or of one node that was added, with all below it. */
  tree(root: SnapshotNode): void {
    const waiting = [root];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (node.attributes) this.attributes(node.id, node.attributes);
      if (node.childNodes) for (const child of node.childNodes) waiting.push(child);
    }
  }

  /** Of a mutation. */
  mutation(data: Mutation): void {
    for (const add of data.adds ?? []) this.tree(add.node);
    for (const change of data.attributes ?? []) this.attributes(change.id, change.attributes);
  }

  private attributes(id: number, attributes: Record<string, unknown>): void {
    for (const name of WORDS) {
      const text = attributes[name];
      if (typeof text === "string" && text) attributes[name] = this.masked(id, name, text);
    }
    const { type, value } = attributes;
    if (typeof value === "string" && typeof type === "string" && LABELS.has(type.toLowerCase())) {
      attributes["value"] = this.masked(id, "value", value);
    }
    const href = attributes["href"];
    if (typeof href === "string" && ADDRESSES.test(href)) {
      attributes["href"] = href.replace(/:.*/s, (rest) => ":" + "*".repeat(rest.length - 1));
    }
  }

  private masked(id: number, name: string, text: string): string {
    if (name === "content") return floored(text); // of <meta>: what the page says to machines
    const element = this.element(id);
    return element instanceof Element ? maskText(text, element, this.mode) : moded(text, this.mode);
  }
}
