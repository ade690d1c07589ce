"""The shop with the recorder in its pages, as a site has it: what is recorded comes back over HTTP.

So a page records the same whatever tool drives it, and nothing is injected through the tool itself.
"""

from __future__ import annotations

import functools
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from recording import SCRIPTS
from server import SHOP, ShopHandler, listening

SEND = (Path(__file__).resolve().parent / "send.js").read_text(encoding="utf-8")
START = (
    "<!doctype html><title>Halfmoon</title><script>"
    "localStorage.setItem('halfmoon.consent', 'true');"
    'localStorage.setItem(\'halfmoon.cart\', \'[{"id":"moth","count":1}]\');'
    "location.replace('/index.html')</script>"
)


@dataclass
class Collected:
    """What came of one session: events by (load, number), and how late timers of the page ran, in ms."""

    batches: dict[tuple[float, int], list[dict[str, Any]]] = field(default_factory=dict)
    late_ms: list[float] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        """All events, in the order in which each page load sent them."""
        return [event for key in sorted(self.batches) for event in self.batches[key]]


class CollectingHandler(ShopHandler):
    """Adds three things to the shop: a start that names the session, the recorder in each page, a place to send to."""

    sessions: dict[str, Collected]
    recorder = "\n;\n".join([SEND, *(script.read_text(encoding="utf-8") for script in SCRIPTS)]).encode()

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/lab/start":
            name = parse_qs(address.query)["session"][0]
            self.sessions.setdefault(name, Collected())
            self._html(START, f"lab={name}; Path=/")
        elif address.path == "/lab/recorder.js":
            self._body(self.recorder, "text/javascript")
        else:
            super().do_GET()

    def do_POST(self) -> None:
        if urlsplit(self.path).path != "/lab/events":
            return super().do_POST()
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        cookie = SimpleCookie(self.headers.get("cookie", ""))
        session = self.sessions.get(cookie["lab"].value if "lab" in cookie else "")
        if session is not None:
            session.batches[body["load"], body["seq"]] = body["events"]
            session.late_ms += body["late"]
        self._body(b"{}", "application/json")

    def send_head(self) -> Any:
        """Pages get the recorder as the first script of their head."""
        path = urlsplit(self.path).path
        file = SHOP / (path.lstrip("/") or "index.html")
        if file.suffix != ".html" or not file.is_file():
            return super().send_head()
        page = file.read_text(encoding="utf-8").replace(
            "<head>", '<head><script src="/lab/recorder.js"></script>', 1
        )
        data = page.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        return io.BytesIO(data)

    def _html(self, text: str, cookie: str) -> None:
        self._body(text.encode(), "text/html; charset=utf-8", cookie)

    def _body(self, data: bytes, kind: str, cookie: str = "") -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        if cookie:
            self.send_header("set-cookie", cookie)
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    """A server that is not surprised when a browser goes away."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def collecting() -> Iterator[tuple[int, dict[str, Collected]]]:
    """Port of the shop while the block runs, and what its sessions sent so far."""
    sessions: dict[str, Collected] = {}
    handler = type("Handler", (CollectingHandler,), {"sessions": sessions})
    server = Server(("127.0.0.1", 0), functools.partial(handler, directory=str(SHOP)))
    with listening(server):
        yield server.server_address[1], sessions
