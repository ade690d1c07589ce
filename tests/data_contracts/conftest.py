"""A small recording that is made here, so that every test has one, and the wrappers that it may come in."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from data_contracts.recordings import Decoded, read

Recorded = list[dict[str, Any]]

EPOCH = 1_750_000_000_000


def element(number: int, tag: str, *children: dict[str, Any], **attributes: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return {"type": 2, "id": number, "tagName": tag, "attributes": named, "childNodes": list(children)}


def text(number: int, content: str) -> dict[str, Any]:
    return {"type": 3, "id": number, "textContent": content}


def page(href: str, t: int) -> Recorded:
    """DOMContentLoaded, load, meta and snapshot of a page with a form, as rrweb sends them."""
    body = element(
        4,
        "body",
        element(5, "button", text(6, "Kaufen für 5 €"), id="buy"),
        element(
            7,
            "form",
            element(8, "input", type="text", name="query"),
            element(9, "input", type="checkbox", name="agree"),
            element(10, "select", name="size"),
            element(11, "button", text(12, "Send 😀"), type="submit"),
            id="find",
        ),
        element(13, "div", text(14, "plain"), role="status"),
    )
    html = element(2, "html", element(3, "head"), body)
    return [
        {"type": 0, "data": {}, "timestamp": t},
        {"type": 1, "data": {}, "timestamp": t + 40},
        {"type": 4, "data": {"href": href, "width": 1280, "height": 720}, "timestamp": t + 41},
        {
            "type": 2,
            "data": {
                "node": {"type": 0, "id": 1, "childNodes": [html]},
                "initialOffset": {"top": 0, "left": 0},
            },
            "timestamp": t + 45,
        },
    ]


def incremental(t: int, source: int, **data: Any) -> dict[str, Any]:
    return {"type": 3, "data": {"source": source, **data}, "timestamp": t}


def visit(t: int = EPOCH) -> Recorded:
    """Two page views with movement, clicks, typing, mutations, scrolling, a console line and custom events."""
    moves = [{"x": 10.0 * i, "y": 5, "id": 5, "timeOffset": 50 * i - 500} for i in range(11)]
    return [
        *page("https://shop.example/", t),
        incremental(t + 1_000, 1, positions=moves),
        incremental(t + 1_010, 2, type=1, id=5, x=100.5, y=5.25),
        incremental(t + 1_090, 2, type=0, id=5, x=100.5, y=5.25),
        incremental(t + 1_092, 2, type=2, id=5, x=100, y=5, pointerType=0),
        incremental(
            t + 1_120,
            0,
            texts=[{"id": 14, "value": "added"}],
            attributes=[{"id": 5, "attributes": {"class": "on"}}],
            removes=[],
            adds=[],
        ),
        incremental(t + 2_000, 2, type=5, id=8),
        *[
            incremental(t + 2_100 + 90 * i, 5, id=8, text='ä😀"\\'[: i + 1], isChecked=False)
            for i in range(4)
        ],
        incremental(t + 3_000, 5, id=9, text="on", isChecked=True),
        incremental(t + 3_050, 5, id=10, text="large", isChecked=False),
        incremental(t + 3_100, 2, type=2, id=11, x=0, y=0),
        incremental(t + 3_200, 3, id=1, x=0, y=240),
        incremental(t + 3_300, 14, ranges=[{"start": 14, "startOffset": 0, "end": 14, "endOffset": 4}]),
        {
            "type": 6,
            "data": {
                "plugin": "rrweb/console@1",
                "payload": {"level": "error", "trace": ["app.js:1:2"], "payload": ['"no"']},
            },
            "timestamp": t + 3_400,
        },
        {"type": 5, "data": {"tag": "ww.goal", "payload": {"name": "signed_up"}}, "timestamp": t + 3_500},
        *page("https://shop.example/thanks", t + 4_000),
        incremental(t + 5_000, 2, type=7, id=5, x=7, y=8),
        incremental(t + 5_080, 2, type=9, id=5, x=7, y=8),
        incremental(t + 5_300, 4, width=640, height=480),
    ]


def to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def latin(packed: bytes) -> str:
    return packed.decode("latin-1")


def posthog_cv(event: dict[str, Any]) -> dict[str, Any]:
    """The event with the fields packed that posthog-js packs."""

    def squeeze(value: Any) -> str:
        return latin(gzip.compress(to_json(value).encode(), mtime=0))

    if event["type"] == 2:
        return {**event, "cv": "2024-10", "data": squeeze(event["data"])}
    if event["type"] == 3 and event["data"]["source"] == 0:
        fields = ("texts", "attributes", "removes", "adds")
        packed = {name: squeeze(event["data"][name]) for name in fields[:2]}  # the others stay plain
        return {**event, "cv": "2024-10", "data": {**event["data"], **packed}}
    return event


def posthog_body(events: Recorded) -> dict[str, Any]:
    packed = [posthog_cv(event) for event in events]
    return {
        "event": "$snapshot",
        "properties": {"$snapshot_data": packed, "$session_id": "s", "$window_id": "w", "$lib": "web"},
    }


def sentry(events: Recorded, packed: bool) -> bytes:
    """Three segments, the last one first."""
    parts = [events[:5], events[5:12], events[12:]]
    segments = []
    for number in (2, 0, 1):
        body = to_json(parts[number]).encode()
        head = to_json({"segment_id": number}).encode()
        segments.append(head + b"\n" + (zlib.compress(body) if packed else body))
    return b"\n".join(segments)


WRAPPERS: dict[str, Callable[[Recorded], bytes]] = {
    "array": lambda events: to_json(events).encode(),
    "pretty array": lambda events: json.dumps(events, indent=1).encode(),
    "events": lambda events: to_json({"events": events, "sessionId": "x"}).encode(),
    "byte order mark": lambda events: b"\xef\xbb\xbf" + to_json({"events": events}).encode(),
    "rrweb_data": lambda events: to_json({"session_guid": "g", "rrweb_data": events}).encode(),
    "ndjson": lambda events: "\n".join(map(to_json, events)).encode(),
    "ndjson, timestamp first": lambda events: "\n".join(
        to_json({name: event[name] for name in ("timestamp", "data", "type")}) for event in events
    ).encode(),
    "by window": lambda events: to_json({"snapshot_data_by_window_id": {"w": events}}).encode(),
    "jsonl of windows": lambda events: "\n".join(
        to_json({"window_id": "w", "data": part}) for part in (events[:9], events[9:])
    ).encode(),
    "jsonl of windows, data first": lambda events: "\n".join(
        to_json({"data": part, "window_id": "w"}) for part in (events[:9], events[9:])
    ).encode(),
    "lines of pairs": lambda events: "\n".join(to_json(["w", event]) for event in events).encode(),
    "posthog body": lambda events: to_json(posthog_body(events)).encode(),
    "posthog bodies": lambda events: to_json([posthog_body(events[:7]), posthog_body(events[7:])]).encode(),
    "posthog jsonl": lambda events: "\n".join(
        to_json(posthog_body(part)) for part in (events[:7], events[7:])
    ).encode(),
    "posthog export": lambda events: to_json(
        {
            "version": "2023-04-28",
            "data": {"id": "x", "snapshots": [{**event, "windowId": "w"} for event in events]},
        }
    ).encode(),
    "sentry zlib": lambda events: sentry(events, packed=True),
    "sentry plain": lambda events: sentry(events, packed=False),
    "sentry download": lambda events: to_json([events[:7], events[7:]]).encode(),
    "packed": lambda events: to_json(
        [latin(zlib.compress(to_json({**event, "v": "v1"}).encode())) for event in events]
    ).encode(),
    "packed in events": lambda events: to_json(
        {"events": [latin(zlib.compress(to_json({**event, "v": "v1"}).encode())) for event in events]}
    ).encode(),
    "unpacked strings": lambda events: to_json([to_json(event) for event in events]).encode(),
    "batches": lambda events: "\n".join(
        to_json({"session": "s", "stream": "t", "seq": seq, "events": part})
        for seq, part in ((1, events[9:]), (0, events[:9]))
    ).encode(),
}


@pytest.fixture(params=WRAPPERS)
def wrap(request: pytest.FixtureRequest) -> Callable[[Recorded], bytes]:
    """A function that puts events into one of the known wrappers."""
    return WRAPPERS[request.param]


@pytest.fixture
def small() -> Recorded:
    """Events of the small recording."""
    return visit()


@pytest.fixture
def decode() -> Callable[[Recorded], Decoded]:
    """Decode events given as Python objects."""
    return lambda events: read(json.dumps(events).encode()).decode()


@pytest.fixture
def same() -> Callable[[np.ndarray, np.ndarray], bool]:
    """Whether two arrays of rows are the same in every field, to the last bit."""
    return lambda one, other: all(one[name].tobytes() == other[name].tobytes() for name in one.dtype.names)
