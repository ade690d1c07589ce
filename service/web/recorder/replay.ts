// What earlier pages could not send is sent under their own stream and numbers, by one page at a time.

import { send } from "./transport";
import { clear, drop, kept } from "./unsent";

const LOCK = "watchworthy-replay";
const STREAM = "watchworthy-stream-";

/** Hold a lock for as long as this page lives, so that no other page sends what this one still will. */
export function holdStream(stream: string): void {
  void navigator.locks?.request(STREAM + stream, () => new Promise(() => undefined)).catch(() => undefined);
}

async function living(): Promise<Set<string>> {
  const held = (await navigator.locks.query()).held ?? [];
  return new Set(held.map((lock) => lock.name ?? ""));
}

async function sendAll(url: string, mostBytes: number): Promise<void> {
  const alive = navigator.locks ? await living() : new Set<string>();
  for (const batch of await kept(mostBytes)) {
    if (alive.has(STREAM + batch.stream)) continue;
    const outcome = await send(url, batch.body);
    if (outcome.kind === "later") return; // the next page tries again
    await drop(batch);
    if (outcome.kind === "refused" && outcome.code === "recording_off") return void (await clear());
  }
}

/** Send what is left of pages that are gone. */
export async function replay(service: string, mostBytes: number): Promise<void> {
  const url = `${service}/v1/batches`;
  const work = (): Promise<void> => sendAll(url, mostBytes);
  if (!navigator.locks) return work(); // outside a secure context; the service takes what it has twice but once
  await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
  });
}
