"""Recordings that nobody should have to trust, and one whose beginning is missing."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

from tests.service.web.house import clicks, element, recording, text

START = 1_790_000_000_000
STYLED = "rgb(1, 101, 51)"


def hostile(trap: str) -> list[dict[str, Any]]:
    """A page that tries whatever a page can try to run something, or to reach anybody."""
    script = f"document.title='ran';fetch('{trap}/script');parent.parent.postMessage('ran','*')"
    head = [
        element(10, "script", {"src": f"{trap}/a.js"}, text(11, script)),
        element(12, "meta", {"http-equiv": "refresh", "content": f"0;url={trap}/refresh"}),
        element(13, "link", {"rel": "stylesheet", "href": f"{trap}/a.css"}),
        element(14, "link", {"rel": "preconnect", "href": trap}),
        element(15, "link", {"rel": "prefetch", "href": f"{trap}/prefetch"}),
        element(16, "link", {"rel": "modulepreload", "href": f"{trap}/module.js"}),
        element(
            17,
            "style",
            {},
            text(18, f"@import url('{trap}/import.css'); body {{ background: url('{trap}/b.png') }}"),
        ),
        element(19, "base", {"href": f"{trap}/"}),
        element(40, "link", {"rel": "icon", "href": f"{trap}/icon.png"}),
        element(
            41,
            "script",
            {"type": "speculationrules"},
            text(42, '{"prefetch":[{"urls":["' + trap + '/rules"]}]}'),
        ),
    ]
    body = [
        element(20, "img", {"src": "/v1/sessions", "onerror": script}),
        element(21, "img", {"src": f"{trap}/pixel.gif", "srcset": f"{trap}/2x.gif 2x", "onload": script}),
        element(
            22, "a", {"href": f"javascript:{script}", "ping": f"{trap}/ping", "autofocus": ""}, text(23, "go")
        ),
        element(
            24,
            "form",
            {"action": f"{trap}/form", "method": "post"},
            element(25, "button", {}, text(26, "send")),
        ),
        element(27, "iframe", {"src": f"{trap}/frame", "srcdoc": f"<script>{script}</script>"}),
        element(28, "object", {"data": f"{trap}/object"}),
        element(29, "embed", {"src": f"{trap}/embed"}),
        element(30, "video", {"src": f"{trap}/video.mp4", "poster": f"{trap}/poster.png", "autoplay": ""}),
        element(
            31,
            "svg",
            {"onload": script, "isSVG": True},
            element(32, "image", {"href": f"{trap}/svg.png", "isSVG": True}),
        ),
        element(
            33,
            "p",
            {"style": f"color: {STYLED}; background-image: url({trap}/c.png)", "id": "styled"},
            text(34, "styled"),
        ),
        element(35, "input", {"type": "image", "src": f"{trap}/input.png"}),
        element(36, "details", {"open": "", "ontoggle": script}, text(37, "more")),
    ]
    more: list[dict[str, Any]] = [
        {
            "type": 3,
            "timestamp": START + 500,
            "data": {
                "source": 0,
                "texts": [],
                "removes": [],
                "attributes": [
                    {"id": 20, "attributes": {"src": f"{trap}/late.png", "onerror": script}},
                    {"id": 14, "attributes": {"rel": "dns-prefetch preconnect"}},
                ],
                "adds": [
                    {
                        "parentId": 5,
                        "nextId": None,
                        "node": element(50, "script", {"src": f"{trap}/late.js"}),
                    },
                    {
                        "parentId": 5,
                        "nextId": None,
                        "node": element(51, "link", {"rel": "stylesheet", "href": f"{trap}/late.css"}),
                    },
                ],
            },
        },
        *clicks(START + 1_000, 25, 3),
        *clicks(START + 3_000, 22, 3),
        *clicks(START + 12_000, 33, 1),
    ]
    return recording(head, body, more, START)


def beginningless() -> list[dict[str, Any]]:
    """A recording whose first snapshot was lost."""
    return clicks(START + 7_200_000, 25, 40)


def masked() -> list[dict[str, Any]]:
    """A recording whose texts are asterisks, and whose only name is the site's own."""
    body = [
        element(20, "h1", {}, text(21, "***** ****")),
        element(
            22,
            "button",
            {"data-ww-name": "apply coupon", "style": "width: 200px; height: 40px"},
            text(23, "*****"),
        ),
        element(24, "input", {"type": "text", "value": "********"}),
    ]
    start = START + 3_600_000
    more = [
        *clicks(start + 1_500, 22, 5, 300),
        {
            "type": 3,
            "timestamp": start + 6_000,
            "data": {"source": 5, "id": 24, "text": "******", "isChecked": False},
        },
        *clicks(start + 9_000, 22, 1),
    ]
    return recording([], body, more, start)


def windows() -> list[dict[str, Any]]:
    """Two windows of one visit, open at the same time: the second comes while the first is still used."""
    found = []
    for name, late, times in (("first", 0, 6), ("second", 2_000, 3)):
        start = START + 10_800_000 + late
        body = [
            element(20, "h1", {}, text(21, f"The {name} window")),
            element(22, "button", {"data-ww-name": f"{name} button"}, text(23, "Press")),
        ]
        events = recording([], body, clicks(start + 1_000, 22, times, 900), start)
        events[0]["data"]["href"] = f"http://stranger.example/{name}"
        found.append({"stream": name, "seq": 0, "events": events})
    return found


def canvas() -> list[dict[str, Any]]:
    """A page with a marked canvas, of which a picture was taken twice: red at first, then green."""
    start = START + 14_400_000
    body = [
        element(20, "canvas", {"width": "40", "height": "30", "data-ww-canvas": ""}),
        element(22, "button", {"data-ww-name": "paint"}, text(23, "Paint")),
    ]
    pictures = []
    for late, colour in ((2_000, (200, 0, 0)), (4_000, (0, 160, 0))):
        blob = {
            "rr_type": "Blob",
            "data": [{"rr_type": "ArrayBuffer", "base64": png(colour)}],
            "type": "image/png",
        }
        drawn = {"property": "drawImage", "args": [{"rr_type": "ImageBitmap", "args": [blob]}, 0, 0]}
        wiped = {"property": "clearRect", "args": [0, 0, 40, 30]}
        data = {"source": 9, "id": 20, "type": 0, "commands": [wiped, drawn]}
        pictures.append({"type": 3, "timestamp": start + late, "data": data})
    return recording([], body, pictures + clicks(start + 6_000, 22, 4, 900), start)


def png(colour: tuple[int, int, int]) -> str:
    """A picture of 40 by 30 px in one colour, in base64."""
    rows = (b"\0" + bytes(colour) * 40) * 30
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    told = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        told += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return base64.b64encode(told).decode()


def crowd(number: int) -> list[dict[str, Any]]:
    """One of many short visits, which differ in how often a button was pressed."""
    start = START + 60_000 * number
    body = [element(20, "button", {"data-ww-name": "like"}, text(21, "Like"))]
    return recording([], body, clicks(start + 1_000, 20, 1 + number % 9, 700), start)
