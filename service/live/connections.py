"""Connections: only so many at once, and each must ask within its time and in HTTP, or hears why not and is closed."""

from __future__ import annotations

import asyncio
import http
import resource
import secrets
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from service.live.metrics import Metrics
from service.live.refusals import Refusal, body
from service.live.settings import Settings

SPARE_FILES: Final = (
    256  # files that the process opens beside its connections: the store's, and what reads it
)


def allowed_files() -> int:
    """Let this process open as many files as it may at all; how many these are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Connection(H11Protocol):
    """One connection; ``of`` makes the class that uvicorn is given."""

    most: ClassVar[int]
    seconds: ClassVar[float]
    metrics: ClassVar[Metrics]

    @classmethod
    def of(cls, settings: Settings, metrics: Metrics) -> type[Connection]:
        """The class for a service; raises how many files its process may open."""
        most = min(settings.connections, max(allowed_files() - SPARE_FILES, 1))
        return type(
            "Connection", (cls,), {"most": most, "seconds": settings.request_seconds, "metrics": metrics}
        )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(Refusal("busy", "There are too many connections. Try again soon."))
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Take some bytes; the deadline stands until they are a request."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_longer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the end of a body that nobody wants."""
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Say in the one shape of errors that this is no HTTP."""
        self._refuse(Refusal("request_broken"))

    def _wait(self) -> None:
        self._wait_no_longer()
        self._due = self.loop.call_later(self.seconds, self._late)

    def _wait_no_longer(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        if self.transport.is_closing():
            return
        if self.conn.trailing_data[0]:
            self._refuse(Refusal("request_slow"))
        else:
            self.transport.close()  # a browser may open a connection that it then does not need

    def _refuse(self, refusal: Refusal) -> None:
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
            phrase = http.HTTPStatus(refusal.status).phrase
            lines = [
                f"HTTP/1.1 {refusal.status} {phrase}",
                *(f"{n}: {v}" for n, v in headers.items()),
                "",
                "",
            ]
            self.transport.write("\r\n".join(lines).encode("latin-1") + data)
        self._wait_no_longer()
        self.transport.close()
