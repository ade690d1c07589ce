// Pictures of canvases, drawn from outside: rrweb draws them only in a frame that may run scripts, and ours never may.

import type { Event } from "./events";

const INCREMENTAL = 3;
const CANVAS_MUTATION = 9;
const PICTURE = /^image\/(webp|png|jpeg)$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

interface Mirrored {
  getMirror(): { getNode(id: number): Node | null };
}

/** The picture of a canvas event, as an address that loads nothing; empty for other strokes, which are not shown. */
export function picture(event: Event): { id: number; src: string } | null {
  const { source, id, commands } = event.data;
  if (event.type !== INCREMENTAL || source !== CANVAS_MUTATION || typeof id !== "number") return null;
  const drawn = (Array.isArray(commands) ? commands : []).find((one) => one?.property === "drawImage");
  const blob = drawn?.args?.[0]?.args?.[0];
  const base64 = blob?.data?.[0]?.base64;
  if (!PICTURE.test(blob?.type) || typeof base64 !== "string" || !BASE64.test(base64)) return null;
  return { id, src: `data:${blob.type};base64,${base64}` };
}

const pending = new Map<number, string>();
const latest = new WeakMap<Node, string>();

/** Draw a picture where it belongs. A leap brings many at once, before the page they belong to stands: the last counts. */
export function drawCanvases(event: unknown, _isSync: boolean, context: { replayer: unknown }): void {
  const found = picture(event as Event);
  if (!found) return;
  if (!pending.size) setTimeout(() => draw(context.replayer as Mirrored));
  pending.set(found.id, found.src);
}

function draw(replayer: Mirrored): void {
  for (const [id, src] of pending) {
    const canvas = replayer.getMirror().getNode(id) as HTMLCanvasElement | null;
    if (canvas?.nodeName !== "CANVAS") continue;
    latest.set(canvas, src);
    const image = new Image();
    image.onload = () => {
      if (latest.get(canvas) !== src) return;
      const pen = canvas.getContext("2d");
      pen?.clearRect(0, 0, canvas.width, canvas.height);
      pen?.drawImage(image, 0, 0);
    };
    image.src = src;
  }
  pending.clear();
}
