// Events as the service sends them: a line that says where the session begins, then one event a line, before each the
// number of its stream. A stream is one page load; those of two windows cannot be shown in one.

import { harmless } from "./harmless";

export type Event = { type: number; timestamp: number; data: Record<string, unknown> };
export type Head = { start_ms: number | null; end_ms: number | null };

const META = 4;
const FULL_SNAPSHOT = 2;

/** The streams of a text, each in order of time; lines that are no event are left out. */
export function parsed(text: string): { head: Head; streams: Event[][] } {
  const lines = text.split("\n");
  const head = JSON.parse(lines[0] ?? "{}") as Head;
  const streams: Event[][] = [];
  for (const line of lines.slice(1)) {
    const space = line.indexOf(" ");
    if (space < 1) continue;
    const event = read(line.slice(space + 1));
    if (!event || (head.end_ms !== null && event.timestamp >= head.end_ms)) continue;
    harmless(event as unknown as Record<string, unknown>);
    (streams[Number(line.slice(0, space))] ??= []).push(event);
  }
  for (const events of streams) events?.sort((a, b) => a.timestamp - b.timestamp);
  return { head, streams: streams.filter((events) => events?.length) };
}

function read(text: string): Event | null {
  try {
    const event = JSON.parse(text) as Event;
    return typeof event.type === "number" && Number.isFinite(event.timestamp) ? event : null;
  } catch {
    return null;
  }
}

/** Streams that follow one another, joined; a further list for each window that was open beside. */
export function windows(streams: Event[][]): Event[][] {
  const found: Event[][] = [];
  for (const events of [...streams].sort((a, b) => first(a) - first(b))) {
    const place = found.find((one) => last(one) <= first(events));
    if (place) place.push(...events);
    else found.push([...events]);
  }
  return found.sort((a, b) => b.length - a.length);
}

/** What can be shown: from the first page that was taken down whole on; null if none was. */
export function showable(events: Event[]): Event[] | null {
  const snapshot = events.findIndex((event) => event.type === FULL_SNAPSHOT);
  if (snapshot < 0) return null;
  const meta = events.slice(0, snapshot).map((event) => event.type).lastIndexOf(META);
  const begin = meta < 0 ? snapshot : meta;
  const kept = events.slice(begin);
  if (meta < 0) kept.unshift({ type: META, timestamp: first(kept), data: { href: "", width: 1280, height: 800 } });
  return kept.length > 1 ? kept : null;
}

export function first(events: Event[]): number {
  return events[0]?.timestamp ?? Infinity;
}

export function last(events: Event[]): number {
  return events.at(-1)?.timestamp ?? -Infinity;
}
