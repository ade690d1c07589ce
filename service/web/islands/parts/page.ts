// What the scripts of all pages share: times in the reader's own, keys, forms that bear the owner's token.

declare global {
  interface Window {
    htmx: { process(element: Element): void; trigger(element: Element, event: string): void };
  }
}

export const $ = <T extends Element = HTMLElement>(what: string, within: ParentNode = document): T | null =>
  within.querySelector<T>(what);
export const all = <T extends Element = HTMLElement>(what: string, within: ParentNode = document): T[] => [
  ...within.querySelectorAll<T>(what),
];

const near = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const far = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const old = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** Show times as the reader's own: of today the hour, of this year the day too. */
export function localTimes(within: ParentNode = document): void {
  const now = new Date();
  for (const time of all<HTMLTimeElement>("time[datetime]", within)) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === now.toDateString();
    time.textContent = (today ? near : at.getFullYear() === now.getFullYear() ? far : old).format(at);
    time.title = whole.format(at);
  }
}

/** Minutes and seconds of a time in a session. */
export function clock(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A time that somebody typed as 1:02, 0:07.5 or 62; null if it is none. */
export function typed(text: string): number | null {
  const parts = text.trim().split(":");
  if (!parts.length || parts.length > 3 || parts.some((part) => !/^\d+(\.\d+)?$/.test(part))) return null;
  return Math.round(parts.reduce((sum, part) => sum * 60 + Number(part), 0) * 1000);
}

export const token = (): string => $<HTMLMetaElement>('meta[name="form-token"]')?.content ?? "";

/** Say something to everybody, those who do not see it too. */
export function say(text: string): void {
  const place = $("#said");
  if (place) place.textContent = text;
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    say(`${what} could not be copied: the browser does not allow it here.`);
  }
}

/** Whether a key is meant for what has the focus, and not for the page. */
export function typing(event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement;
  return (
    event.ctrlKey || event.metaKey || event.altKey || at.isContentEditable ||
    at.matches("input:not([type=button]):not([type=submit]), textarea, select")
  );
}

/** A new address of the player for a session. */
export async function playerAddress(session: string): Promise<string> {
  const answer = await fetch(`/sessions/${encodeURIComponent(session)}/player`, {
    method: "POST",
    headers: { "x-form-token": token() },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return ((await answer.json()) as { address: string }).address;
}
