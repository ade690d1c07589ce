// How a channel speaks: an event of ours, with a tag and what it says.

export type Say = (tag: string, payload: unknown) => void;
