// The page of one session: the player beside it in a frame, and one clock for all that stands on the time line.

import uPlot from "uplot";
import { $, all, clock, copy, playerAddress, say, typed, typing, token } from "./parts/page";

const BEFORE = 3000; // ms before a reason at which watching begins
const session = $("#session")!;
const id = session.dataset.session!;
const length = Number(session.dataset.length);
const frame = $<HTMLIFrameElement>("#player");
const origin = frame ? new URL(frame.src).origin : "";
let now = Number(session.dataset.begin);
let playing = false;
let span: { from: number | null; to: number | null } = { from: null, to: null };

function order(ww: string, more: Record<string, unknown> = {}): void {
  frame?.contentWindow?.postMessage({ ww, ...more }, origin);
}

function seek(t: number, play = playing): void {
  now = Math.min(Math.max(0, t), length);
  mark();
  order("seek", { t: now, play });
}

/** Draw where we are. */
function mark(): void {
  session.style.setProperty("--at", `${(100 * Math.min(1, now / length)).toFixed(3)}%`);
  const place = $("#now");
  if (place) place.textContent = clock(now);
  const slider = $<HTMLInputElement>("#slider");
  if (slider && document.activeElement !== slider) slider.value = String(Math.round(now));
}

let seen = false;
addEventListener("message", (message) => {
  if (!frame || message.source !== frame.contentWindow || message.origin !== origin) return;
  const told = message.data as { ww?: string; t?: number; playing?: boolean; key?: string; text?: string };
  if (told.ww === "time" && Number.isFinite(told.t)) {
    now = told.t!;
    mark();
  } else if (told.ww === "playing") {
    playing = Boolean(told.playing);
    if (playing && !seen) {
      seen = true;
      watched();
    }
  } else if (told.ww === "expired") {
    void playerAddress(id).then((address) => {
      frame.src = address.replace(/([#&]t=)\d+|$/, (found, t: string) => (found ? `${t}${Math.round(now)}` : `&t=${Math.round(now)}`));
    });
  } else if (told.ww === "key" && told.key) key(told.key);
});

/** A card that was new has been seen once its replay ran. */
function watched(): void {
  const form = $<HTMLFormElement>("#seen");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  void fetch(form.action, { method: "POST", body, headers: { "x-form-token": token(), "hx-request": "true" } });
}

// Places to go to

const stops = (): number[] =>
  [...new Set(all<HTMLElement>("[data-stop]").map((one) => Number(one.dataset.stop)))].sort((a, b) => a - b);

function stop(by: number): void {
  // A reason is watched from three seconds before, so that is where we stand when we are at it.
  const places = stops();
  const at = now + BEFORE;
  const next = by > 0 ? places.find((t) => t > at + 250) : places.filter((t) => t < at - 250).at(-1);
  if (next === undefined) say(by > 0 ? "No later reason." : "No earlier reason.");
  else {
    seek(next - BEFORE);
    say(`At ${clock(next)}`);
  }
}

session.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLElement>("[data-seek]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  seek(Number(link.dataset.seek), true);
});
$("#lines")?.addEventListener("click", (event) => {
  if ((event.target as Element).closest("[data-seek], button, a")) return;
  const plot = (event.target as Element).closest(".plot");
  if (!plot) return;
  const box = plot.getBoundingClientRect();
  seek((length * (event.clientX - box.left)) / box.width);
});
$<HTMLInputElement>("#slider")?.addEventListener("input", (event) => seek(Number((event.target as HTMLInputElement).value)));

// A label over a span

const from = () => $<HTMLInputElement>("#from");
const to = () => $<HTMLInputElement>("#to");

function setSpan(begin: number | null, end: number | null): void {
  span = { from: begin, to: end };
  if (from()) from()!.value = begin === null ? "" : clock(begin);
  if (to()) to()!.value = end === null ? "" : clock(end);
  hold();
}

/** Put the span into every form that bears a label, and draw it. */
function hold(): void {
  const whole = span.from === null || span.to === null;
  for (const form of all<HTMLFormElement>("form.label")) {
    const [begin, end] = [$<HTMLInputElement>("[name=from_ms]", form), $<HTMLInputElement>("[name=to_ms]", form)];
    if (!begin || !end) continue;
    begin.disabled = end.disabled = whole;
    begin.value = whole ? "" : String(span.from);
    end.value = whole ? "" : String(span.to);
  }
  const words = $("#spanned");
  if (words) words.textContent = whole ? "the whole session" : `${clock(span.from!)} to ${clock(span.to!)}`;
  session.style.setProperty("--from", span.from === null ? "0%" : `${(100 * span.from) / length}%`);
  session.style.setProperty("--to", span.from === null ? "0%" : `${(100 * (span.to ?? now)) / length}%`);
}

function startSpan(): void {
  if (span.from === null || span.to !== null) {
    setSpan(Math.round(now), null);
    say(`A span begins at ${clock(now)}. Press l again where it ends.`);
  } else {
    const [a, b] = [span.from, Math.round(now)];
    setSpan(Math.min(a, b), Math.max(a, b));
    say(`The span is ${clock(span.from!)} to ${clock(span.to!)}. Say what it was: 1 to 4.`);
  }
}

function readSpan(): void {
  const [begin, end] = [typed(from()?.value ?? ""), typed(to()?.value ?? "")];
  span = { from: begin, to: begin !== null && end !== null && end >= begin ? end : null };
  hold();
}
session.addEventListener("change", (event) => {
  if ((event.target as Element).matches("#from, #to")) readSpan();
});
session.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-do]");
  if (!button) return;
  if (button.dataset.do === "span") startSpan();
  else if (button.dataset.do === "whole") setSpan(null, null);
  else if (button.dataset.do === "share") {
    const address = new URL(location.href);
    address.searchParams.set("t", String(Math.round(now)));
    address.searchParams.delete("play");
    void copy(address.href, `Link to ${clock(now)}`);
  } else if (button.dataset.do === "steps") void steps();
  else if (button.dataset.do === "copy") void copy($(`#${button.dataset.what}`)?.textContent ?? "", "Steps");
});
document.addEventListener("htmx:afterSwap", (event) => {
  if ((event as CustomEvent<{ target: Element }>).detail.target.id === "made") setSpan(null, null);
});

// Steps

async function steps(): Promise<void> {
  const panel = $<HTMLDialogElement>("#steps");
  if (!panel) return;
  const until = Math.round(now + BEFORE);
  $("#steps-until")!.textContent = clock(until);
  for (const form of ["text", "playwright"]) {
    const answer = await fetch(`/sessions/${encodeURIComponent(id)}/steps?until=${until}&as=${form}`);
    $(`#steps-${form}`)!.textContent = answer.ok ? await answer.text() : "The steps could not be had.";
  }
  panel.showModal();
}

// Scores

function chart(place: HTMLElement): void {
  const [times, said, low, high] = JSON.parse(place.dataset.points!) as [number[], ...(number | null)[][]];
  if (!said?.some((one) => one !== null)) return;
  const style = getComputedStyle(place);
  const line = style.getPropertyValue("--line-of").trim();
  const band = style.getPropertyValue("--band-of").trim();
  const size = () => ({ width: place.clientWidth, height: place.clientHeight });
  const plot = new uPlot(
    {
      ...size(),
      padding: [2, 0, 2, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: () => [0, length / 1000] }, y: { range: () => [0, 1] } },
      axes: [{ show: false }, { show: false }],
      series: [
        {},
        { stroke: line, width: 1.5, points: { show: false } },
        { stroke: "transparent", points: { show: false } },
        { stroke: "transparent", points: { show: false } },
      ],
      bands: [{ series: [3, 2], fill: band }],
      hooks: {
        setCursor: [
          (self) => {
            const at = self.cursor.idx;
            const p = at == null ? null : self.data[1]?.[at];
            const read = $(`#read-${place.dataset.head}`);
            if (!read) return;
            read.textContent =
              p == null ? "" : `${clock(1000 * self.data[0][at!]!)}  ${p.toFixed(2)} [${self.data[2]![at!]?.toFixed(2)}–${self.data[3]![at!]?.toFixed(2)}]`;
          },
        ],
      },
    },
    [times, said, low ?? [], high ?? []] as unknown as uPlot.AlignedData,
    place,
  );
  place.classList.add("drawn");
  new ResizeObserver(() => plot.setSize(size())).observe(place);
}
all(".scores[data-points]").forEach(chart);

// Keys

function key(name: string): void {
  const deeds: Record<string, () => void> = {
    "[": () => stop(-1),
    "]": () => stop(1),
    l: startSpan,
    " ": () => order("toggle"),
    ...Object.fromEntries(["1", "2", "3", "4"].map((n) => [n, () => $<HTMLElement>(`#labels [data-key="${n}"]`)?.click()])),
    s: () => $<HTMLElement>("#cares [data-key='s']")?.click(),
    a: () => {
      const cares = $<HTMLDetailsElement>("#cares details");
      if (cares) cares.open = true;
      $<HTMLElement>("#cares [data-care='assign']")?.focus();
    },
    Escape: () => setSpan(null, null),
  };
  const deed = deeds[name];
  if (deed) deed();
  else dispatchEvent(new CustomEvent("ww:key", { detail: name }));
}
addEventListener("keydown", (event) => {
  if (typing(event) || $("dialog[open]")) return;
  const on = event.target as HTMLElement;
  if (event.key === " " && on.matches("button, summary, input, a")) return;
  if (["[", "]", "l", " ", "1", "2", "3", "4", "s", "a", "Escape"].includes(event.key)) {
    event.preventDefault();
    key(event.key);
  }
});

mark();
hold();
