// The events of rrweb, as far as the recorder looks into them.

export interface RecordedEvent {
  type: number;
  timestamp: number;
  data: any; // eslint-disable-line -- its shape hangs on type and source; each reader narrows what it reads
}

export const FULL_SNAPSHOT = 2;
export const INCREMENTAL = 3;
export const CUSTOM = 5;
export const PLUGIN = 6;

export const MUTATION = 0;
export const MOUSE_INTERACTION = 2;
export const STYLE_SHEET_RULE = 8;
export const CANVAS_MUTATION = 9;
export const STYLE_DECLARATION = 13;
export const ADOPTED_STYLE_SHEET = 15;

export const MOUSE_UP = 0;
export const MOUSE_DOWN = 1;
export const FOCUS = 5;
export const BLUR = 6;
export const TOUCH_START = 7;

/** Whether an event is a mutation of the page. */
export const isMutation = (event: RecordedEvent): boolean =>
  event.type === INCREMENTAL && event.data.source === MUTATION;

/** Whether an event is a press. */
export const isPress = (event: RecordedEvent): boolean =>
  event.type === INCREMENTAL &&
  event.data.source === MOUSE_INTERACTION &&
  (event.data.type === MOUSE_DOWN || event.data.type === TOUCH_START);

/** How many changes of the page a mutation holds. */
export const changes = (data: any): number =>
  data.adds.length + data.removes.length + data.texts.length + data.attributes.length;
