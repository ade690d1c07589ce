"""A receiver of webhooks on this machine: it verifies what comes, remembers it, and answers as it is told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks.webhooks import Webhook

from tests.service.loopback import Loopback

BLOCK = b"x" * 65_536


class Came(NamedTuple):
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The message, if it is signed with the secret."""
        return Webhook(secret).verify(self.body, self.headers)


class Say(NamedTuple):
    """An answer; ``blocks`` more of 64 KiB follow its head, or nothing until ``hold`` is set."""

    status: int = 200
    headers: dict[str, str] = {}
    blocks: int = 0
    hold: threading.Event | None = None


class Receiver(Loopback):
    """``with Receiver() as one``: it listens on loopback, in threads of its own.

    Parameters
    ----------
    answer
        Answers a request, given how many came before it; it may take its time.
    tls
        The receiver's own certificate.
    """

    def __init__(
        self,
        answer: Callable[[int, Came], Say] = lambda number, came: Say(),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.came: list[Came] = []
        self.written = 0
        """Blocks that were taken from it."""
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # who sent it was killed meanwhile: it has not come
                came = Came(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                with lock:
                    number = len(receiver.came)
                    receiver.came.append(came)
                say = answer(number, came)
                try:
                    self.send_response(say.status)
                    for name, value in say.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    if say.hold is not None:
                        say.hold.wait(20)
                    for _ in range(say.blocks):
                        self.wfile.write(BLOCK)
                        receiver.written += 1
                except OSError:
                    pass  # the sender had enough

            def do_GET(self) -> None:
                receiver.came.append(Came(self.path, {}, b""))

            def log_message(self, *given: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, *given: object) -> None:
                pass  # who asked went away

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.came]
