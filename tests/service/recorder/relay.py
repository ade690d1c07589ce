"""What stands between a page and the service in these tests: it notes each batch, passes it on, or fails as told."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.service.loopback import Loopback

PASSED_ON = ("content-type", "content-encoding", "origin", "accept-encoding", "if-none-match")


class Noted(NamedTuple):
    """One batch as it came over the wire, and when (ms since the epoch)."""

    first: dict[str, Any]
    events: list[dict[str, Any]]
    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def packed(self) -> bool:
        return self.body.startswith(b"\x1f\x8b")


def noted(body: bytes, headers: dict[str, str]) -> Noted:
    text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    first, _, events = text.partition(b"\n")
    return Noted(json.loads(first), json.loads(events), body, headers, time.time() * 1_000)


class Relay(Loopback):
    """``with Relay(port) as one``: an origin of its own, in front of the service at a port.

    Attributes
    ----------
    fault
        "" passes on; ``down`` closes the connection, ``slow`` never answers in time, ``nonsense`` answers a page of
        HTML, ``busy`` says 503 and when to come back, ``off`` says that the owner wants no recordings, ``lost``
        passes on and loses the answer.
    """

    def __init__(self, port: int) -> None:
        self.service = port
        self.batches: list[Noted] = []
        self.fault = ""
        self.retry_after_s = 2
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"relay": self}))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def clear(self) -> None:
        self.batches.clear()
        self.fault = ""

    def events(self, kept: Callable[[dict[str, Any]], bool] = lambda event: True) -> list[dict[str, Any]]:
        """Of all batches, each once, in the order of their numbers."""
        once = {(one.first["stream"], one.first["seq"]): one for one in self.batches}
        return [event for _, one in sorted(once.items()) for event in one.events if kept(event)]

    def custom(self, tag: str) -> list[Any]:
        return [e["data"]["payload"] for e in self.events() if e["type"] == 5 and e["data"]["tag"] == tag]


class _Handler(BaseHTTPRequestHandler):
    relay: Relay
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_OPTIONS(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/v1/batches":
            self.relay.batches.append(noted(body, {k.lower(): v for k, v in self.headers.items()}))
            fault = self.relay.fault
            if fault == "down":
                self.close_connection = True
                return
            if fault == "slow":
                time.sleep(25)
            if fault == "nonsense":
                self._answer(200, {"content-type": "text/html"}, b"<h1>Sign in to the network</h1>")
                return
            if fault == "busy":
                told = {"retry-after": str(self.relay.retry_after_s), "content-type": "text/plain"}
                self._answer(503, told | {"access-control-expose-headers": "retry-after"}, b"busy")
                return
            if fault == "off":
                error = {
                    "code": "recording_off",
                    "message": "",
                    "retryable": False,
                    "request_id": "",
                    "docs": "",
                }
                self._answer(403, {"content-type": "application/json"}, json.dumps({"error": error}).encode())
                return
            if fault == "lost":
                self._asked(body)
                self.close_connection = True
                return
        self._pass_on(body)

    def _asked(self, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.relay.service, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() in PASSED_ON}
        with closing(connection):
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def _pass_on(self, body: bytes | None) -> None:
        status, headers, data = self._asked(body)
        kept = {k: v for k, v in headers.items() if k.lower() not in ("content-length", "connection")}
        self._answer(status, kept, data)

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response(status)
        headers.setdefault("access-control-allow-origin", "*")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        with suppress(BrokenPipeError, ConnectionResetError):  # the page that asked is gone
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass
