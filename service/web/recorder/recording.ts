// rrweb, with our masks, our budgets, and what it leaves out about pointers.

import { record } from "@rrweb/record";
import { AttributeMask } from "./attributes";
import { Budget } from "./budget";
import {
  ADOPTED_STYLE_SHEET,
  BLUR,
  CANVAS_MUTATION,
  changes,
  FOCUS,
  FULL_SNAPSHOT,
  INCREMENTAL,
  isMutation,
  MOUSE_DOWN,
  MOUSE_INTERACTION,
  MOUSE_UP,
  MUTATION,
  type RecordedEvent,
  STYLE_DECLARATION,
  STYLE_SHEET_RULE,
} from "./events";
import { Frames } from "./frames";
import { maskInput, maskText } from "./masks";
import type { Options } from "./options";
import { attempt, listen, safely } from "./safely";

/** Stands on the element that holds our dialog: it is no part of the page. */
export const OURS = "data-ww-ours";

const CALM_MS = 1_000;
const POINTERS: Record<string, number> = { mouse: 0, pen: 1, touch: 2 };
const PAGE_CHANGES = new Set([MUTATION, STYLE_SHEET_RULE, CANVAS_MUTATION, STYLE_DECLARATION, ADOPTED_STYLE_SHEET]);
const ALL_FIELDS = { input: true, textarea: true, select: true, password: true };

export interface Sink {
  /** One event, and its JSON. */
  take(event: RecordedEvent, text: string): void;
  /** Changes of the page were left out here. */
  leftOut(): void;
}

export class Recording {
  private readonly masks: AttributeMask;
  private readonly frames = new Frames((id) => record.mirror.getNode(id));
  private readonly changed: Budget;
  private readonly bytes: Budget;
  private readonly ends: (() => void)[] = [];
  private readonly ours = new Set<number>();
  private pointer: number | undefined;
  private takesFocus = false;
  private over = false;
  private calm = 0;

  constructor(
    options: Options,
    private readonly sink: Sink,
  ) {
    this.changed = new Budget(options.changesPerSecond);
    this.bytes = new Budget(options.bytesPerSecond);
    this.masks = new AttributeMask(options.text, (id) => record.mirror.getNode(id));
    const seen = (event: PointerEvent): void => {
      this.pointer = POINTERS[event.pointerType];
    };
    // The focus that goes into our dialog or comes out of it is no act, and would look like an answer of the page.
    const moved = ({ target, relatedTarget }: FocusEvent): void => {
      this.takesFocus = [target, relatedTarget].some((one) => one instanceof Element && one.hasAttribute(OURS));
    };
    this.ends.push(
      listen<PointerEvent>(window, "pointerdown", seen),
      listen<FocusEvent>(window, "blur", moved),
      listen<FocusEvent>(window, "focus", moved),
    );
    const stop = record({
      emit: safely((event) => this.emitted(event as RecordedEvent)),
      blockSelector: `[data-ww-block],[${OURS}]`,
      blockClass: "rr-block",
      ignoreSelector: "[data-ww-ignore]",
      maskTextSelector: "*", // each text is asked for; maskTextFn says what becomes of it
      maskTextFn: (text, element) => maskText(text, element, options.text),
      maskInputOptions: ALL_FIELDS as object,
      maskInputFn: (value, element) => maskInput(value, element, options.text),
      slimDOMOptions: { script: true, comment: true },
      recordCanvas: false,
      recordAfter: "DOMContentLoaded",
      errorHandler: () => true, // what rrweb cannot do is no error of the page
    });
    if (stop) this.ends.push(stop);
  }

  /** Add an event of ours. */
  add(type: number, data: unknown, timestamp = Date.now()): void {
    this.pass({ type, data, timestamp });
  }

  /** Take a full snapshot. */
  snapshot(): void {
    attempt(() => record.takeFullSnapshot(true));
  }

  /** Spend bytes that are no change of the page, such as a picture of a canvas; whether there are so many. */
  afford(bytes: number): boolean {
    return !this.over && this.bytes.take(bytes);
  }

  /** The number of a node in the recording; -1 if it is not in it. */
  idOf(node: Node): number {
    return record.mirror.getId(node);
  }

  /** Stop. */
  end(): void {
    clearInterval(this.calm);
    this.ends.splice(0).forEach((end) => attempt(end));
  }

  private emitted(event: RecordedEvent): void {
    if (event.type === FULL_SNAPSHOT) {
      this.masks.tree(event.data.node);
    } else if (event.type === INCREMENTAL) {
      if (this.frames.again(event)) return;
      if (isMutation(event) && !this.isPages(event.data)) return;
      if (this.ours.has(event.data.id)) return;
      const { source, type } = event.data;
      if (source === MOUSE_INTERACTION && (type === FOCUS || type === BLUR) && this.takesFocus) return;
      if (source === MOUSE_INTERACTION && (type === MOUSE_DOWN || type === MOUSE_UP)) {
        if (event.data.pointerType === undefined && this.pointer !== undefined) {
          event.data.pointerType = this.pointer;
        }
      }
      if (PAGE_CHANGES.has(source)) {
        if (!this.isWithin(isMutation(event) ? changes(event.data) : 1)) return;
        if (isMutation(event)) this.masks.mutation(event.data);
      }
    }
    this.pass(event);
  }

  private pass(event: RecordedEvent): void {
    const text = JSON.stringify(event);
    if (!this.bytes.take(text.length) && event.type === INCREMENTAL && PAGE_CHANGES.has(event.data.source)) {
      this.overrun();
      return;
    }
    this.sink.take(event, text);
  }

  /** Whether a change may be recorded; after too many none is until the page is calm, and then a snapshot. */
  private isWithin(count: number): boolean {
    if (this.over) return false;
    if (this.changed.take(count)) return true;
    this.overrun();
    return false;
  }

  private overrun(): void {
    if (this.over) return;
    this.over = true;
    this.sink.leftOut();
    this.calm = window.setInterval(
      safely(() => {
        if (!this.changed.isCalm() || !this.bytes.isCalm()) return;
        clearInterval(this.calm);
        this.over = false;
        this.snapshot();
      }),
      CALM_MS,
    );
  }

  /** Take out of a mutation what is ours; whether anything of the page is left. */
  private isPages(data: any): boolean {
    data.adds = data.adds.filter((add: any) => {
      const node = record.mirror.getNode(add.node.id); // a blocked node is recorded without its attributes
      const mine = (node instanceof Element && node.hasAttribute(OURS)) || this.ours.has(add.parentId);
      if (mine) this.ours.add(add.node.id);
      return !mine;
    });
    if (this.ours.size) {
      data.removes = data.removes.filter((one: any) => !this.ours.has(one.id));
      data.attributes = data.attributes.filter((one: any) => !this.ours.has(one.id));
    }
    return changes(data) > 0;
  }
}
