// Pictures of the canvases that the site has marked: one a second at most, and only when something was drawn.

import { attempt } from "../safely";

const EVERY_MS = 1_000;
const TYPE = "image/webp";
const QUALITY = 0.4;
const MARKED = "canvas[data-ww-canvas]";
const HIDDEN = "[data-ww-mask],[data-ww-block]";

export interface Frames {
  idOf(node: Node): number;
  /** Spend so many bytes of the budget; whether there are so many. */
  afford(bytes: number): boolean;
  draw(data: unknown): void;
}

/** Whether the page has canvases to watch. */
export const hasCanvases = (): boolean => document.querySelector(MARKED) !== null;

function pictured(canvas: HTMLCanvasElement): Promise<string> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => {
        if (!blob) return reject(new Error("nothing drawn"));
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(blob);
      },
      TYPE,
      QUALITY,
    );
  });
}

/** Record marked canvases as rrweb's player draws them. */
export function watchCanvases(frames: Frames): () => void {
  const last = new WeakMap<HTMLCanvasElement, string>();
  const look = async (canvas: HTMLCanvasElement): Promise<void> => {
    const { width, height } = canvas;
    const id = frames.idOf(canvas);
    if (!width || !height || id <= 0 || canvas.closest(HIDDEN)) return;
    const base64 = await pictured(canvas); // throws for a canvas that holds what another origin owns
    if (last.get(canvas) === base64 || !frames.afford(base64.length)) return;
    last.set(canvas, base64);
    const blob = { rr_type: "Blob", data: [{ rr_type: "ArrayBuffer", base64 }], type: TYPE };
    frames.draw({
      source: 9,
      id,
      type: 0,
      commands: [
        { property: "clearRect", args: [0, 0, width, height] },
        { property: "drawImage", args: [{ rr_type: "ImageBitmap", args: [blob] }, 0, 0] },
      ],
    });
  };
  const timer = window.setInterval(() => {
    if (document.hidden) return;
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>(MARKED)) {
      attempt(() => void look(canvas).catch(() => undefined));
    }
  }, EVERY_MS);
  return () => clearInterval(timer);
}
