// Who is recorded: a session that all tabs share until half an hour of silence, a visitor without a name, and the
// stream, which is this page load alone. The stream lives in memory only: a tab that is duplicated begins its own.

import { attempt } from "./safely";

const IDLE_MS = 30 * 60_000;
const OLDEST_MS = 24 * 3_600_000;
const TOUCH_MS = 15_000; // how often the shared clock is written

/** 128 random bits. */
export function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Kept {
  session: string;
  visitor: string;
  begun: number;
  last: number;
  refused: boolean;
  offUntil: number;
}

const PLACE = "watchworthy";
const NOBODY: Kept = { session: "", visitor: "", begun: 0, last: 0, refused: false, offUntil: 0 };

let memory = ""; // where storage is closed

function read(): Kept {
  const text = attempt(() => localStorage.getItem(PLACE)) ?? memory;
  const kept = attempt(() => JSON.parse(text || "{}") as Partial<Kept> | null);
  return { ...NOBODY, ...kept };
}

function write(change: Partial<Kept>): void {
  memory = JSON.stringify({ ...read(), ...change });
  attempt(() => localStorage.setItem(PLACE, memory));
}

/** The session that goes on, or a new one after half an hour of silence or a day. */
export function session(now = Date.now()): { session: string; visitor: string; begun: number } {
  const kept = read();
  const over = now - kept.last > IDLE_MS || now - kept.begun > OLDEST_MS || !kept.session;
  const known = {
    session: over ? random() : kept.session,
    visitor: kept.visitor || random(),
    begun: over ? now : kept.begun,
  };
  write({ ...known, last: now });
  return known;
}

let touched = 0;

/** Say that the session still goes on. */
export function touch(now = Date.now()): void {
  if (now - touched < TOUCH_MS) return;
  touched = now;
  write({ last: now });
}

/** Whether the visitor said no, here or on an earlier page. */
export const isRefused = (): boolean => read().refused;

/** Keep that the visitor said no or yes, and nothing else of a no. */
export function refuse(refused: boolean): void {
  if (refused) erase();
  write({ refused });
}

/** Whether the service has switched recorders off for now. */
export const isOff = (now = Date.now()): boolean => now < read().offUntil;

/** Stay off until this time. */
export function stayOff(until: number): void {
  write({ offUntil: until });
}

/** Forget who this is. */
export function erase(): void {
  memory = "";
  attempt(() => localStorage.removeItem(PLACE));
}

/** A name that tells nobody who: the first 32 hexadecimal digits of SHA-256 of the key and the name. */
export async function pseudonym(key: string, name: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${key}\n${name}`);
  const sum = await crypto.subtle.digest("SHA-256", bytes); // there is none outside a secure context
  return Array.from(new Uint8Array(sum).slice(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
