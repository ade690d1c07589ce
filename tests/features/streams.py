"""Generated rrweb streams: a small page, and a visitor who does anything at any time."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

Event = dict[str, Any]
T0 = 1_900_000_000_000


def element(tag: str, node: int, attributes: Event | None = None, *children: Event) -> Event:
    return {
        "type": 2,
        "tagName": tag,
        "attributes": attributes or {},
        "childNodes": list(children),
        "id": node,
    }


def text(node: int, content: str) -> Event:
    return {"type": 3, "textContent": content, "id": node}


def snapshot(words: str = "Pay now") -> Event:
    body = element(
        "body",
        4,
        {},
        element("button", 10, {"id": "pay", "title": words}, text(11, words)),
        element("a", 12, {"href": "/next"}, text(13, words)),
        element(
            "form",
            20,
            {},
            element("input", 21, {"type": "text", "name": "street", "placeholder": words}),
            element("input", 22, {"type": "search", "name": "q"}),
            element("input", 23, {"type": "checkbox", "name": "ok"}),
            element("button", 24, {"type": "submit"}, text(25, words)),
        ),
        element("div", 30, {"id": "ticker"}, text(31, words)),
        element("div", 32, {"id": "list"}),
        element("div", 34, {"role": "alert"}),
        element("p", 36, {"aria-label": words}, text(37, words)),
    )
    html = element("html", 2, {"lang": "en"}, element("head", 3), body)
    return {"node": {"type": 0, "childNodes": [html], "id": 1}, "initialOffset": {"left": 0, "top": 0}}


TARGETS = (10, 12, 21, 22, 23, 24, 30, 36, 4, -1)


def stream(seed: int, acts: int = 60, start: int = T0, page: str = "https://shop.example/") -> list[Event]:
    """Events of one stream, in the order in which a recorder would send them."""
    rng = np.random.default_rng(seed)
    t = start
    made: list[Event] = []
    fresh = 1_000

    def add(kind: int, data: Any, at: int | None = None) -> None:
        made.append({"type": kind, "data": data, "timestamp": t if at is None else at})

    def open_page(address: str) -> None:
        add(4, {"href": address, "width": 1280, "height": 720})
        add(2, snapshot())

    open_page(page)
    x, y = 200.0, 200.0
    typed = {21: 0, 22: 0}
    for _ in range(acts):
        t += int(rng.choice([5, 30, 120, 400, 900, 2_700, 6_000]))
        match int(rng.integers(0, 14)):
            case 0 | 1 | 2:
                steps = int(rng.integers(1, 12))
                positions = []
                for i in range(steps):
                    x = float(np.clip(x + rng.normal(0, 60), 0, 1279))
                    y = float(np.clip(y + rng.normal(0, 40), 0, 719))
                    node = int(rng.choice(TARGETS))
                    positions.append(
                        {"x": round(x), "y": round(y), "id": node, "timeOffset": -50 * (steps - 1 - i)}
                    )
                add(3, {"source": 1, "positions": positions}, t + int(rng.integers(0, 200)))
            case 3 | 4 | 5:
                node = int(rng.choice(TARGETS))
                for _ in range(int(rng.choice([1, 1, 1, 3, 5]))):
                    at = {"id": node, "x": round(x), "y": round(y)}
                    add(3, {"source": 2, "type": 1} | at)
                    if rng.random() < 0.4:
                        add(3, {"source": 2, "type": 5, "id": node})
                    t += int(rng.integers(1, 200))
                    add(3, {"source": 2, "type": 0} | at)
                    add(3, {"source": 2, "type": 2, "pointerType": 0} | at)
                    if rng.random() < 0.5:
                        t += int(rng.choice([0, 20, 1_200]))
                        change = {"id": 32, "attributes": {"class": f"s{int(rng.integers(0, 3))}"}}
                        add(3, mutation(attributes=[change]))
                    t += int(rng.integers(50, 700))
            case 6:
                field = int(rng.choice([21, 22]))
                add(3, {"source": 2, "type": 5, "id": field})
                for _ in range(int(rng.integers(1, 7))):
                    typed[field] = max(0, typed[field] + int(rng.choice([1, 1, 1, -1, 5])))
                    add(3, {"source": 5, "id": field, "text": "a" * typed[field], "isChecked": False})
                    t += int(rng.integers(20, 400))
                add(3, {"source": 2, "type": 6, "id": field})
            case 7:
                y_off = int(rng.integers(0, 4_000))
                for _ in range(int(rng.integers(1, 6))):
                    y_off = max(0, y_off + int(rng.choice([-900, -100, 100, 100, 900])))
                    add(3, {"source": 3, "id": 1, "x": 0, "y": y_off})
                    t += 100
            case 8:
                for _ in range(int(rng.integers(1, 8))):
                    add(3, mutation(texts=[{"id": 31, "value": f"tick {t}"}]))
                    t += 500
            case 9:
                level = str(rng.choice(["error", "warn", "log"]))
                trace = f"app.js:{int(rng.integers(1, 4))}:7"
                add(
                    6,
                    {
                        "plugin": "rrweb/console@1",
                        "payload": {"level": level, "trace": [trace], "payload": ['"x"']},
                    },
                )
            case 10:
                role = {"role": "status"} if rng.random() < 0.3 else {}
                node = element("span", fresh, role, text(fresh + 1, "new"))
                add(3, mutation(adds=[{"parentId": 34, "nextId": None, "node": node}]))
                fresh += 2
            case 11:
                request = {
                    "name": "https://shop.example/api",
                    "status": int(rng.choice([200, 500])),
                    "duration": 120,
                    "startTime": 5,
                    "endTime": 125,
                }
                add(6, {"plugin": "rrweb/network@1", "payload": {"requests": [request]}})
            case 12:
                add(3, {"source": 2, "type": 7, "id": 10, "x": 50, "y": 60})
                t += int(rng.integers(20, 300))
                add(3, {"source": 2, "type": 9, "id": 10, "x": 50, "y": 60})
                add(3, {"source": 2, "type": 2, "id": 10, "x": 50, "y": 60, "pointerType": 2})
            case _:
                if rng.random() < 0.6:
                    open_page(f"https://shop.example/{int(rng.integers(0, 3))}")
                else:
                    add(5, {"tag": "ww.tick", "payload": {}})
    return made


def mutation(**changes: Any) -> Event:
    return {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": []} | changes


def encoded(events: list[Event]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]
