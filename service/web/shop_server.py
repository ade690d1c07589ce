"""Serves the shop on a loopback port, with the few answers that its pages ask for; the lab and the demo stand on it."""

from __future__ import annotations

import functools
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SHOP = Path(__file__).resolve().parent / "shop"
PASSWORD = "lamplight"
POLL_S = 0.05  # how soon a server ends when it is told to
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
    snippet = ""
    """What the owner of the shop has put into each page's head."""

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
        elif self.snippet and address.path.endswith(("/", ".html")):
            self.page()
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

    def page(self) -> None:
        """Answer a page with the snippet in its head."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_text("utf-8").replace("<script", f"{self.snippet}\n<script", 1).encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.send_header("cache-control", "no-cache")
        self.end_headers()
        self.wfile.write(data)

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
def listening(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let a server answer in threads of its own while the block runs; then it is closed."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def shop(ports: Iterable[int] = (), snippet: Callable[[str], str] = lambda address: "") -> Iterator[str]:
    """The shop's address while the block runs, which ends in no slash.

    Parameters
    ----------
    ports
        Tried in turn; then any that is free.
    snippet
        Told the shop's address as ``http://localhost:…``, gives what each page has in its head.
    """
    server = _server(ports)
    port = server.server_address[1]
    handler = type("Shop", (ShopHandler,), {"snippet": snippet(f"http://localhost:{port}")})
    server.RequestHandlerClass = functools.partial(handler, directory=str(SHOP))
    with listening(server):
        yield f"http://127.0.0.1:{port}"


def _server(ports: Iterable[int]) -> ThreadingHTTPServer:
    for port in (*ports, 0):
        try:
            return ThreadingHTTPServer(("127.0.0.1", port), ShopHandler)
        except OSError:
            continue
    raise OSError("no port is free")
