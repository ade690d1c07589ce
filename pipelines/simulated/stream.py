"""Writes what a simulated visitor does as the events that rrweb would have sent.

The pages are the demo shop's, reduced to their controls; ids of nodes start again on each page load.
Positions are sampled, batched and dated as the recorder does it, so they reach the stream late.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

Event = dict[str, Any]

SITE = "http://simulated.halfmoon.example"
WIDTH, HEIGHT = 1280, 800
SAMPLE_MS = 50  # rrweb keeps at most one position in this time
BATCH_MS = 500  # and sends them at most this often
TICK_MS = 2_600
CHANNELS = ("console", "goals")  # declared, so that a session without them differs in nothing but that
PACE = 1.6  # how much longer than told people take over pauses of a second or more

HEADER = ("brand", "nav-lamps", "nav-light", "nav-help", "search", "nav-signin", "nav-cart")
FIELDS = {
    "name": 10,
    "email": 15,
    "phone": 14,
    "street": 11,
    "postcode": 5,
    "city": 6,
    "card": 16,
    "expiry": 5,
    "cvc": 3,
}
CONTROLS: dict[str, tuple[str, ...]] = {
    "index.html": ("see-lamps", "cord", "card-1", "card-2", "card-3", "card-4"),
    "lamps.html": ("kind-all", "kind-table", "kind-floor", "order", *(f"card-{n}" for n in range(1, 9))),
    "search.html": tuple(f"card-{n}" for n in range(1, 5)),
    "lamp.html": (
        "back",
        "previous",
        "next",
        "less",
        "count",
        "more",
        "add",
        "wish",
        "arrival",
        "nearby",
        "to-cart",
    ),
    "cart.html": ("one-fewer", "one-more", "remove", "code", "apply", "to-checkout"),
    "checkout.html": ("back-cart", *FIELDS, "terms", "pay"),
    "help.html": ("ask-1", "ask-2", "ask-3", "ask-4", "ask-5", "ask-6", "guide"),
    "thanks.html": ("go-on",),
}
LINKS = ("brand", "nav-", "card-", "see-", "back", "to-", "go-", "guide")
TEXTS = ("search", "count", "code", *FIELDS)


@cache
def _snapshot(page: str) -> tuple[Event, dict[str, tuple[int, float, float]], int]:
    """The page's small snapshot, its controls as {name: (node id, x, y)}, and the id of its status text."""
    places: dict[str, tuple[int, float, float]] = {}
    made: dict[str, list[Event]] = {"header": [], "main": []}
    node = 10
    for region, names in (("header", HEADER), ("main", CONTROLS[page])):
        for n, name in enumerate(names):
            across, down = (7, 34.0) if region == "header" else (4, 190.0 + 118.0 * (n // 4))
            places[name] = (node, 110 + 1060 * (n % across + 0.5) / across, down)
            made[region].append(_control(node, name))
            node += 2
    status = node
    text: Event = {"type": 3, "textContent": " ", "id": status + 1}
    made["main"].append(_element("p", status, {"id": "status", "role": "status"}, [text]))
    body = _element("body", 5, {"data-page": page[:-5]}, [
        _element("header", 6, {}, made["header"]), _element("main", 7, {}, made["main"])])  # fmt: skip
    html = _element("html", 3, {"lang": "en"}, [_element("head", 4, {}, []), body])
    doctype = {"type": 1, "name": "html", "publicId": "", "systemId": "", "id": 2}
    return {"type": 0, "childNodes": [doctype, html], "id": 1}, places, status + 1


def _element(tag: str, node: int, attributes: dict[str, str], children: list[Event]) -> Event:
    return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": node}


def _control(node: int, name: str) -> Event:
    label: Event = {"type": 3, "textContent": name, "id": node + 1}
    if name.startswith(LINKS):
        return _element("a", node, {"id": name, "href": "#"}, [label])
    if name in TEXTS:
        return _element("input", node, {"id": name, "type": "password" if name == "cvc" else "text"}, [])
    if name == "terms":
        return _element("input", node, {"id": name, "type": "checkbox"}, [])
    return _element("button", node, {"id": name, "type": "button"}, [label])


class Tape:
    """Writes what a visitor does as rrweb events. `now` is in ms since 1970, places in CSS px."""

    def __init__(self, rng: np.random.Generator, now: int) -> None:
        self.rng = rng
        self.now = float(now)
        self.events: list[Event] = []
        self.page_from = 0
        self.at = (640.0, 420.0)
        self.pace = PACE * math.exp(0.25 * rng.standard_normal())
        self.moved_at = -math.inf
        self.scrolled = 0
        self.focus = 0
        self.page = ""
        self.places: dict[str, tuple[int, float, float]] = {}
        self.status = 0

    def _emit(self, kind: int, data: Event, at: float | None = None) -> None:
        self.events.append({"type": kind, "data": data, "timestamp": int(self.now if at is None else at)})

    def wait(self, median_s: float, spread: float = 0.5) -> float:
        """Does nothing for a lognormal while; the seconds it took."""
        median_s *= self.pace if median_s >= 1 else 1.0
        seconds = float(min(median_s * math.exp(spread * self.rng.standard_normal()), 240.0))
        self.now += seconds * 1000
        return seconds

    def open(self, page: str, query: str = "", load_s: float = 0.25) -> None:
        """Ends the page load before, if there is one, and begins another."""
        if self.page:
            self.close()
            self.wait(load_s, 0.3)
        self.page, self.scrolled, self.focus, self.moved_at = page, 0, 0, -math.inf
        node, self.places, self.status = _snapshot(page)
        self._emit(0, {})
        self._emit(1, {}, self.now + 30)
        self._emit(4, {"href": f"{SITE}/{page}{query}", "width": WIDTH, "height": HEIGHT}, self.now + 31)
        self._emit(2, {"node": node, "initialOffset": {"left": 0, "top": 0}}, self.now + 40)
        self._emit(5, {"tag": "ww.channels", "payload": {"channels": list(CHANNELS)}}, self.now + 41)
        self.now += 42

    def close(self) -> None:
        """Brings the page's events into the order of emission; what still waits in a batch goes out now."""
        ended = int(self.now)
        late = self.events[self.page_from :]
        for event in late:
            ahead = event["timestamp"] - ended
            if ahead > 0:
                event["timestamp"] = ended
                for position in event["data"].get("positions", ()):
                    position["timeOffset"] += ahead
        self.events[self.page_from :] = sorted(late, key=lambda event: event["timestamp"])
        self.page_from = len(self.events)

    def move(self, x: float, y: float, node: int) -> None:
        """One reach: a minimum-jerk path with noise, sampled and sent in batches as rrweb does."""
        (x0, y0), rng = self.at, self.rng
        distance = math.hypot(x - x0, y - y0)
        duration = (180 + 110 * math.log2(1 + distance / 30)) * math.exp(0.2 * rng.standard_normal())
        count = max(2, int(duration / SAMPLE_MS))
        s = np.arange(1, count + 1) / count
        along = s**3 * (10 - 15 * s + 6 * s * s)
        bend = 0.06 * distance * rng.standard_normal() * np.sin(np.pi * along)
        slope = (x - x0, y - y0) if distance else (1.0, 0.0)
        unit = (slope[0] / max(distance, 1), slope[1] / max(distance, 1))
        shake = rng.normal(0, 1.0, (2, count))
        xs = np.clip(x0 + along * (x - x0) - bend * unit[1] + shake[0], 0, WIDTH - 1).astype(int).tolist()
        ys = np.clip(y0 + along * (y - y0) + bend * unit[0] + shake[1], 0, HEIGHT - 1).astype(int).tolist()
        times = [self.now + SAMPLE_MS * n for n in range(count)]
        first = 0
        if self.now - self.moved_at > BATCH_MS:  # after a rest the first position goes out alone, at once
            self._batch([(times[0], xs[0], ys[0])], 7, times[0])
            first = 1
        size = BATCH_MS // SAMPLE_MS
        for start in range(first, count, size):
            points = list(zip(times, xs, ys, strict=True))[start : start + size]
            self._batch(points, node if start + size >= count else 7, points[0][0] + BATCH_MS)
        self.now = times[-1] + 1
        self.moved_at = self.now
        self.at = (float(xs[-1]), float(ys[-1]))

    def _batch(self, points: list[tuple[float, int, int]], node: int, at: float) -> None:
        sent = int(at)
        positions = [{"x": x, "y": y, "id": node, "timeOffset": int(t) - sent} for t, x, y in points]
        self._emit(3, {"source": 1, "positions": positions}, sent)

    def click(self, name: str, times: int = 1, hesitate_s: float = 0.0) -> None:
        """Reaches for a control and presses it; a hesitation is a rest on the control before the press."""
        node, x, y = self.places[name]
        self.move(x + 24 * self.rng.standard_normal(), y + 6 * self.rng.standard_normal(), node)
        self.wait(0.12)
        if hesitate_s:
            self.wait(hesitate_s)
        where = {"id": node, "x": int(self.at[0]), "y": int(self.at[1])}
        for n in range(times):
            if n:
                self.wait(0.22, 0.25)
            self._emit(3, {"source": 2, "type": 1, **where})
            if self.focus != node:
                self._emit(3, {"source": 2, "type": 5, "id": node}, self.now + 1)
                self.focus = node
            self.now += 60 + 25 * abs(self.rng.standard_normal())
            self._emit(3, {"source": 2, "type": 0, **where})
            self._emit(3, {"source": 2, "type": 2, **where, "pointerType": 0}, self.now + 1)
            self.now += 1

    def answer(self, text: str, after_s: float = 0.05) -> None:
        """The page answers: its status line changes."""
        self.now += after_s * 1000
        changed = [{"id": self.status, "value": text}]
        self._emit(3, {"source": 0, "texts": changed, "attributes": [], "removes": [], "adds": []})

    def invalid(self, names: list[str]) -> None:
        """The page refuses a form: fields turn invalid."""
        self.now += 12
        marks = [{"id": self.places[name][0], "attributes": {"aria-invalid": "true"}} for name in names]
        self._emit(3, {"source": 0, "texts": [], "attributes": marks, "removes": [], "adds": []})

    def silence(self) -> None:
        """Nothing answers a press, for so long that the recorder marks the time."""
        self.now += TICK_MS
        self._emit(5, {"tag": "ww.tick", "payload": {}})

    def error(self) -> None:
        """A request fails, and the console says so."""
        self.now += 60
        payload = {"level": "error", "trace": [], "payload": ['"Shops near you could not be loaded: 404"']}
        self._emit(6, {"plugin": "rrweb/console@1", "payload": payload})

    def scroll(self, distance: int) -> None:
        """Turns the wheel; offsets are sent every 100 ms."""
        step = 100 if distance > 0 else -100
        for _ in range(abs(distance) // 100):
            self.scrolled = max(0, self.scrolled + step)
            self.now += 100 + 30 * abs(self.rng.standard_normal())
            self._emit(3, {"source": 3, "id": 1, "x": 0, "y": self.scrolled})

    def type(self, name: str, length: int) -> None:
        """Clicks into a field and types so many letters; the recorder masks them."""
        self.click(name)
        node = self.places[name][0]
        for n in range(1, length + 1):
            self.wait(0.13, 0.35)
            self._emit(3, {"source": 5, "text": "*" * n, "isChecked": False, "id": node})

    def goal(self) -> int:
        """The purchase; its time in ms."""
        self.now += 5
        self._emit(5, {"tag": "ww.goal", "payload": {"name": "purchase"}})
        return int(self.now)
