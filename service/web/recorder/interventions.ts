// Offers of the service: first to the site's own handlers, then, unless one of them prevents it, to the dialog.

import { attempt } from "./safely";
import type { Confirm } from "./sender";

/** What is offered; plain text. */
export interface Offer {
  id: string;
  kind: string;
  title: string;
  text: string;
  button: string;
  name: string;
}

/** What a handler gets: the offer, and how to say what became of it. */
export interface OfferEvent extends Offer {
  /** Keep the built-in dialog away. Say then yourself what becomes of the offer. */
  preventDefault(): void;
  shown(): void;
  clicked(): void;
  dismissed(): void;
}

export type Handler = (event: OfferEvent) => void;
export type Told = (what: Confirm["what"]) => void;

const ID = /^in_[0-9a-f]{24}$/;
const IN_DIALOG = new Set(["message", "chat"]);
const FIELDS = ["kind", "title", "text", "button", "name"] as const;

function read(offered: unknown): Offer | null {
  const told = offered as Record<string, unknown> | null;
  if (typeof told?.["id"] !== "string" || !ID.test(told["id"])) return null;
  const offer: Offer = { id: told["id"], kind: "", title: "", text: "", button: "", name: "" };
  for (const name of FIELDS) {
    const text = told[name];
    if (typeof text === "string") offer[name] = text.slice(0, 1_000);
  }
  return offer;
}

export class Interventions {
  private readonly handlers = new Set<Handler>();
  private readonly seen = new Set<string>();

  constructor(
    private readonly confirm: (one: Confirm) => void,
    private readonly show: ((offer: Offer, told: Told) => void) | null,
  ) {}

  /** Hear of offers; returns what ends it. */
  on(handler: Handler): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** Take what an answer brought: the same offer comes with each answer until it is confirmed. */
  offered(offers: unknown[]): void {
    for (const one of offers.slice(0, 8)) {
      const offer = read(one);
      if (!offer || this.seen.has(offer.id)) continue;
      this.seen.add(offer.id);
      this.deliver(offer);
    }
  }

  private deliver(offer: Offer): void {
    const said = new Set<string>();
    const told: Told = (what) => {
      if (said.has(what)) return;
      said.add(what);
      this.confirm({ id: offer.id, what });
    };
    let prevented = false;
    const event: OfferEvent = {
      ...offer,
      preventDefault: () => {
        prevented = true;
      },
      shown: () => told("shown"),
      clicked: () => told("clicked"),
      dismissed: () => told("dismissed"),
    };
    for (const handler of this.handlers) attempt(() => handler(event));
    if (!prevented && this.show && IN_DIALOG.has(offer.kind)) this.show(offer, told);
  }
}
