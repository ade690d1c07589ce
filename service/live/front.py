"""The front of the application: a request id for each request, one shape for every error, one line in the log."""

from __future__ import annotations

import logging
import secrets
import time
from itertools import count
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_contracts.errors import WatchworthyError
from service.live.batches_route import PATH, BatchesRoute
from service.live.metrics import Metrics
from service.live.refusals import Refusal, body, refusal_of

log = logging.getLogger("watchworthy.http")
LONGEST_PATH: Final = 200  # characters of it that are logged
LONGEST_METHOD: Final = 20
QUIET: Final = frozenset({"/v1/batches", "/healthz", "/readyz", "/metrics"})


class Front:
    """Pure ASGI middleware around everything else.

    Parameters
    ----------
    app
        What answers.
    metrics
        Where refusals are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics
        self._prefix = secrets.token_hex(4)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = self.next_id()
        named = (b"x-request-id", request_id.encode())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        begun = time.monotonic()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["status"] = message["status"]
                message["headers"] = [*message["headers"], named]
            await send(message)

        refusal: Refusal | None = None
        try:
            await self.app(scope, receive, told)
        except Exception as error:
            refusal = self.refusal(error, request_id, scope["path"])
            if state.get("status"):
                return  # the answer had begun; the server closes the connection
            await _refuse(told, refusal, request_id, state.get("cors", []))
        self.log(scope["method"], scope["path"], request_id, state.get("status", 0), begun, refusal)

    def next_id(self) -> str:
        """The id of one more request."""
        return f"{self._prefix}-{next(self._numbers):x}"

    def refusal(self, error: Exception, request_id: str, path: str) -> Refusal:
        """What is answered to whatever went wrong, counted; what was not meant to happen is logged."""
        match error:
            case Refusal():
                refusal = error
            case WatchworthyError():
                refusal = refusal_of(error)
            case HTTPException():
                code = {404: "not_found", 405: "method_refused"}.get(error.status_code, "bad_request")
                refusal = Refusal(code, headers=error.headers)
            case _:
                log.exception("failed", extra={"request_id": request_id, "path": path[:LONGEST_PATH]})
                refusal = Refusal("internal")
        forget(error)
        forget(refusal)
        self.metrics.refused(refusal.code)
        return refusal

    @staticmethod
    def log(
        method: str, path: str, request_id: str, status: int, begun: float, refusal: Refusal | None = None
    ) -> None:
        """One line on a request that was answered; of those that come all the time, only where all is told."""
        quiet = status < 400 and path in QUIET
        level = logging.DEBUG if quiet else logging.INFO
        if log.isEnabledFor(level):
            extra = {
                "request_id": request_id,
                "method": method[:LONGEST_METHOD],
                "path": path[:LONGEST_PATH],
                "status": status,
                "code": refusal.code if refusal else None,
                "ms": round((time.monotonic() - begun) * 1e3, 2),
            }
            log.log(level, "answered", extra=extra)


class Door:
    """Where every request comes in: batches go straight to what answers them, all else to the application.

    Parameters
    ----------
    app
        The application.
    route
        What answers batches, of which it needs nothing.
    metrics
        Where refusals are counted.
    """

    def __init__(self, app: ASGIApp, route: BatchesRoute, metrics: Metrics) -> None:
        self.app = app
        self.route = route
        self.front = Front(route, metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        straight = scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST"
        await (self.front if straight else self.app)(scope, receive, send)


def forget(error: BaseException | None) -> None:
    """Let go of the frames that an error came through: they hold the body, and this frame, that holds the error."""
    while error is not None:
        error.__traceback__ = None
        error.__cause__, error.__context__, error = None, None, error.__cause__ or error.__context__


def refusing(refusal: Refusal, request_id: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Body and headers of an answer that is an error."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
    return body(refusal, request_id), headers


async def _refuse(send: Send, refusal: Refusal, request_id: str, cors: list[tuple[bytes, bytes]]) -> None:
    data, headers = refusing(refusal, request_id)
    first = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send(
        {"type": "http.response.start", "status": refusal.status, "headers": [*first, *headers, *cors]}
    )
    await send({"type": "http.response.body", "body": data})
