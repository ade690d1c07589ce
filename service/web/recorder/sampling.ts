// Which sessions are drawn: a hash of their id, which the service computes again, so that nobody can pick.

/** FNV-1a of 32 bits, then the finaliser of MurmurHash3: a number in [0, 1) that depends on every character. */
export function uniform(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Whether a session is drawn at this rate. */
export const isDrawn = (session: string, rate: number): boolean => uniform(session) < rate;
