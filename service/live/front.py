"""The front of the application: a request id for each request, one shape for every error, one line in the log."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from itertools import count
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_contracts.errors import WatchworthyError
from service.live.metrics import Metrics
from service.live.refusals import Refusal, body, refusal_of

log = logging.getLogger("watchworthy.http")
LONGEST_PATH: Final = 200  # characters of it that are logged
LONGEST_METHOD: Final = 20


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
        request_id = f"{self._prefix}-{next(self._numbers):x}"
        named = (b"x-request-id", request_id.encode())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        begun = time.perf_counter()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["status"] = message["status"]
                message["headers"] = [*message["headers"], named]
            await send(message)

        refusal: Refusal | None = None
        try:
            await self.app(scope, receive, told)
        except Refusal as error:
            refusal = error
        except WatchworthyError as error:
            refusal = refusal_of(error)
        except HTTPException as error:
            refusal = Refusal({404: "not_found", 405: "method_refused"}.get(error.status_code, "bad_request"))
            refusal.headers |= dict(error.headers or {})
        except Exception:
            log.exception("failed", extra={"request_id": request_id, "path": scope["path"][:LONGEST_PATH]})
            refusal = Refusal("internal")
        if refusal is not None:
            forget(refusal)
            self.metrics.refused(refusal.code)
            if state.get("status"):
                return  # the answer had begun; the server closes the connection
            await _refuse(told, refusal, request_id, state.get("cors", []))
        self._log(scope, request_id, state.get("status", 0), begun, refusal)

    @staticmethod
    def _log(scope: Scope, request_id: str, status: int, begun: float, refusal: Refusal | None) -> None:
        quiet = status < 400 and scope["path"] in ("/v1/batches", "/healthz", "/readyz", "/metrics")
        level = logging.DEBUG if quiet else logging.INFO
        if log.isEnabledFor(level):
            extra = {
                "request_id": request_id,
                "method": scope["method"][:LONGEST_METHOD],
                "path": scope["path"][:LONGEST_PATH],
                "status": status,
                "code": refusal.code if refusal else None,
                "ms": round((time.perf_counter() - begun) * 1e3, 2),
            }
            log.log(level, "answered", extra=extra)


class Door:
    """Where every request comes in: a few calls go straight to what answers them, all others to the application.

    Parameters
    ----------
    app
        The application.
    straight
        What answers at paths that need nothing of the application, by method and path.
    """

    def __init__(self, app: ASGIApp, straight: Mapping[tuple[str, str], ASGIApp]) -> None:
        self.app = app
        self.straight = straight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        place = (scope["method"], scope["path"]) if scope["type"] == "http" else ("", "")
        await self.straight.get(place, self.app)(scope, receive, send)


def forget(error: BaseException | None) -> None:
    """Let go of the frames that an error came through: they hold the body, and this frame, that holds the error."""
    while error is not None:
        error.__traceback__ = None
        error.__cause__, error.__context__, error = None, None, error.__cause__ or error.__context__


async def _refuse(send: Send, refusal: Refusal, request_id: str, cors: list[tuple[bytes, bytes]]) -> None:
    data = body(refusal, request_id)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode()), *cors]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
