"""Connections: only so many at once, and each must ask within its time and in HTTP, or hears why not and is closed."""

from __future__ import annotations

import asyncio
import http
import resource
import secrets
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.live.metrics import Metrics
from service.live.refusals import Refusal, body
from service.live.settings import Settings

SPARE_FILES: Final = 256  # that the process opens beside its connections: the store's, and what reads it


def allowed_files() -> int | None:
    """Let this process open as many files as it may at all; how many these are, None for no bound."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return None if soft == most else soft  # some systems say so and do not take it
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Connection(H11Protocol):
    """One connection, under the default bounds; ``of`` makes the class for a service.

    The server calls ``look`` on all connections every second: a clock for each request would cost more than that.
    """

    most: ClassVar[int] = Settings.model_fields["connections"].default
    seconds: ClassVar[float] = Settings.model_fields["request_seconds"].default
    metrics: ClassVar[Metrics | None] = None

    @classmethod
    def of(cls, settings: Settings, metrics: Metrics, **more: Any) -> type[Connection]:
        """The class for a service, with what more it needs to know; raises how many files its process may open."""
        files = allowed_files()
        most = settings.connections
        if files is not None:
            most = min(most, max(files - SPARE_FILES, 1))
        bounds = {"most": most, "seconds": settings.request_seconds, "metrics": metrics}
        return type("Connection", (cls,), bounds | more)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._waits_since: float | None = None  # for a request; None while one is answered

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away if there are too many."""
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        if len(self.connections) > self.most:
            self._refuse(Refusal("busy", "There are too many connections. Try again soon."))

    def data_received(self, data: bytes) -> None:
        """Take some bytes; the deadline stands until they are a request."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._waits_since = None

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the end of a body that nobody wants."""
        super().on_response_complete()
        if self.cycle is None or self.cycle.response_complete:
            self._waits_since = self.loop.time()

    def look(self, now: float) -> None:
        """Close the connection if it has not asked in time; ``now`` as the loop's clock has it, s."""
        if (
            self._waits_since is None
            or now - self._waits_since <= self.seconds
            or self.transport.is_closing()
        ):
            return
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(Refusal("request_slow"))
        else:
            self.transport.close()  # a browser may open a connection that it then does not need

    def send_400_response(self, msg: str) -> None:
        """Say in the one shape of errors that this is no HTTP."""
        self._refuse(Refusal("request_broken"))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for another protocol is answered in this one, and must not fill the log."""

    def _refuse(self, refusal: Refusal) -> None:
        if self.metrics is not None:
            self.metrics.refused(refusal.code)
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            request_id = secrets.token_hex(6)
            data = body(refusal, request_id)
            headers = refusal.headers | {
                "connection": "close",
                "content-type": "application/json",
                "content-length": str(len(data)),
                "x-request-id": request_id,
            }
            lines = [
                f"HTTP/1.1 {refusal.status} {http.HTTPStatus(refusal.status).phrase}",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + data)
        self.transport.close()
