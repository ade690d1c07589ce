"""Serves the shop on a free loopback port, with the few answers that the shop's pages ask for."""

from __future__ import annotations

import functools
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SHOP = Path(__file__).resolve().parents[2] / "service" / "web" / "shop"
PASSWORD = "lamplight"
ARRIVAL_S = 1.9  # long enough to be felt as slow, short enough to be an answer


@functools.cache
def designs() -> tuple[tuple[str, str, str], ...]:
    """(id, name, kind) of each lamp design, read from the shop's own catalogue."""
    text = (SHOP / "js" / "catalogue.js").read_text(encoding="utf-8")
    return tuple(re.findall(r'\["(\w+)", "(\w+)", "(\w+)", \d', text))


class ShopHandler(SimpleHTTPRequestHandler):
    """Static files of the shop, and `api/`: suggestions, a slow answer, an order, a sign-in."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}
    protocol_version = "HTTP/1.1"
    orders = itertools.count(1042)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/api/suggest":
            words = parse_qs(address.query).get("q", [""])[0].lower()
            names = [
                {"id": id_, "text": f"{name} ({kind})"}
                for id_, name, kind in designs()
                if any(part.startswith(words) for part in (name.lower(), kind, "lamp"))
            ]
            self.answer(200, {"names": names[:6]})
        elif address.path == "/api/arrival":
            time.sleep(ARRIVAL_S)
            self.answer(200, {"text": "Order today and it leaves the workshop on Thursday."})
        else:
            super().do_GET()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.path == "/api/order":
            time.sleep(0.25)
            self.answer(200, {"order": f"HM-{next(self.orders)}"})
        elif self.path == "/api/signin":
            known = body.get("password") == PASSWORD
            self.answer(200 if known else 401, {"ok": known})
        else:
            self.answer(404, {"error": "no such address"})

    def answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Stays quiet: the lab's progress bar has the terminal."""


@contextmanager
def shop() -> Iterator[str]:
    """The shop's address while the block runs."""
    handler = functools.partial(ShopHandler, directory=str(SHOP))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
