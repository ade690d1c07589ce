// Requests of the page that failed or were slow, in the form of rrweb's network plugin: method, path, status, time.

import { attempt } from "../safely";

export interface SlowRequest {
  name: string;
  method: string;
  status: number;
  startTime: number;
  endTime: number;
  duration: number;
}

const FAILED_STATUS = 400;
const PERSONAL = /^(?:[^/]*(?:\d{5,}|@)[^/]*|[0-9a-f-]{16,})$/i;

/** Origin and path, without query; what looks like an id or an address in it becomes an asterisk. */
export function pathOf(address: string): string {
  const url = new URL(address, location.href);
  const path = url.pathname.split("/").map((part) => (PERSONAL.test(part) ? "*" : part));
  return (url.origin === location.origin ? "" : url.origin) + path.join("/");
}

/** Tell of each request that failed, or took so many ms. */
export function watchRequests(slowMs: number, tell: (request: SlowRequest) => void): () => void {
  const ended = (address: string, method: string, begun: number, status: number): void => {
    attempt(() => {
      const endTime = Date.now();
      const duration = endTime - begun;
      if (status !== 0 && status < FAILED_STATUS && duration < slowMs) return;
      const name = pathOf(address);
      tell({ name, method: method.toUpperCase().slice(0, 10), status, startTime: begun, endTime, duration });
    });
  };
  const ends = [wrapFetch(ended), wrapRequest(ended)];
  return () => ends.forEach((end) => end());
}

type Ended = (address: string, method: string, begun: number, status: number) => void;

function wrapFetch(ended: Ended): () => void {
  const original = window.fetch;
  const ours: typeof fetch = function (this: unknown, input, init) {
    const begun = Date.now();
    const told = attempt(() => {
      const request = input instanceof Request ? input : null;
      return { address: request?.url ?? String(input), method: init?.method ?? request?.method ?? "GET" };
    });
    const answer = original.call(this as Window, input, init);
    if (!told) return answer;
    return answer.then(
      (response) => {
        ended(told.address, told.method, begun, response.status || 200); // 0: of another origin, and it answered
        return response;
      },
      (error: unknown) => {
        if (!(error instanceof DOMException && error.name === "AbortError")) {
          ended(told.address, told.method, begun, 0);
        }
        throw error;
      },
    );
  };
  window.fetch = ours;
  return () => {
    if (window.fetch === ours) window.fetch = original;
  };
}

function wrapRequest(ended: Ended): () => void {
  const about = new WeakMap<XMLHttpRequest, { address: string; method: string; begun: number }>();
  const prototype = XMLHttpRequest.prototype;
  const { open, send } = prototype;
  const oursOpen = function (this: XMLHttpRequest, method: string, address: string | URL, ...rest: unknown[]) {
    attempt(() => about.set(this, { address: String(address), method, begun: 0 }));
    return (open as (...args: unknown[]) => void).call(this, method, address, ...rest);
  };
  const oursSend = function (this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null) {
    const known = about.get(this);
    if (known) {
      known.begun = Date.now();
      const over = (event: Event): void => {
        if (event.type !== "abort") ended(known.address, known.method, known.begun, this.status);
      };
      for (const name of ["load", "error", "timeout"]) this.addEventListener(name, over, { once: true });
    }
    return send.call(this, body);
  };
  prototype.open = oursOpen as typeof open;
  prototype.send = oursSend;
  return () => {
    if (prototype.open === oursOpen) prototype.open = open;
    if (prototype.send === oursSend) prototype.send = send;
  };
}
