// The page comes first: whatever fails in the recorder is counted here, and never reaches the page.

let failures = 0;

/** What a function gives, or undefined where it throws. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    failures += 1;
    return undefined;
  }
}

/** The same function, which throws at nobody. */
export function safely<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    attempt(() => work(...args));
  };
}

/** How often something failed. */
export const failed = (): number => failures;

/** Listen to an event before the page does; returns what ends it. Neither the listener nor its end throws. */
export function listen<E extends Event>(
  target: EventTarget,
  name: string,
  heard: (event: E) => void,
): () => void {
  const listener = safely(heard) as EventListener;
  const options = { capture: true, passive: true };
  target.addEventListener(name, listener, options);
  return () => target.removeEventListener(name, listener, options);
}
