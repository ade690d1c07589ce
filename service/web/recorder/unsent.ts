// Batches that no answer has been seen for, in IndexedDB: what one page could not send, the next one sends.

import { attempt } from "./safely";

const NAME = "watchworthy";
const STORE = "unsent";
const OLDEST_MS = 24 * 3_600_000; // the service takes nothing older

/** A batch as it is sent: its first line and its events, under the stream and number that it keeps for ever. */
export interface Unsent {
  stream: string;
  seq: number;
  body: string;
  at: number;
}

let opened: Promise<IDBDatabase | null> | null = null;

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    const request = attempt(() => indexedDB.open(NAME, 1));
    if (!request) return resolve(null);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["stream", "seq"] });
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => resolve(null); // as in a private window: memory alone must do
  });
  return opened;
}

async function run<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  const database = await open();
  if (!database) return undefined;
  return new Promise((resolve) => {
    const transaction = attempt(() => database.transaction(STORE, mode));
    const request = transaction && attempt(() => work(transaction.objectStore(STORE)));
    if (!transaction || !request) return resolve(undefined);
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => resolve(undefined);
  });
}

/** Keep a batch until it is answered. */
export const keep = (batch: Unsent): Promise<unknown> => run("readwrite", (store) => store.put(batch));

/** An answer came. */
export const drop = (batch: Unsent): Promise<unknown> =>
  run("readwrite", (store) => store.delete([batch.stream, batch.seq]));

/** Throw everything away. */
export const clear = (): Promise<unknown> => run("readwrite", (store) => store.clear());

/** What is kept, the oldest first; what is too old, or more than so many bytes, is thrown away. */
export async function kept(mostBytes: number, now = Date.now()): Promise<Unsent[]> {
  const all = ((await run("readonly", (store) => store.getAll())) ?? []) as Unsent[];
  all.sort((one, other) => other.at - one.at || other.seq - one.seq);
  let bytes = 0;
  const good: Unsent[] = [];
  for (const batch of all) {
    bytes += batch.body.length;
    if (bytes > mostBytes || now - batch.at > OLDEST_MS) await drop(batch);
    else good.push(batch);
  }
  return good.reverse();
}
