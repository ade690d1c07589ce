"""``POST /v1/batches``: a plain ASGI route, because this is the one call that costs at every visitor's every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send

from service.live.admission import Admission, cors, preflight
from service.live.batch_body import Body, encoding_of, opened
from service.live.drawing import check_drawn
from service.live.reception import Reception
from service.live.refusals import Refusal
from service.live.room import Guest, Room
from service.live.settings import Settings

PATH: Final = "/v1/batches"
WHOLE: Final = "whole_body"  # in a scope: the body, where it came with its head
REPLY: Final = "reply"  # in a scope, perhaps: what takes the answer in one piece
Reply = Callable[[int, bytes, list[tuple[bytes, bytes]]], None]
"""Takes status, body and headers beside those of every answer."""
ASIDE: Final = 1  # large bodies that are unpacked at the same time: only then are they counted
PACKED_LESS: Final = 16  # what is packed unpacks to about so many times its size


class BatchesRoute:
    """Takes batches from recorders.

    Parameters
    ----------
    reception
        What takes them in.
    admission
        Who may send them.
    settings
        Bounds on bodies.
    check
        Refuses before any work is done.
    """

    def __init__(
        self, reception: Reception, admission: Admission, settings: Settings, check: Callable[[], None]
    ) -> None:
        self.check = check
        self.reception = reception
        self.admission = admission
        self.settings = settings
        self.room = Room(settings.receiving_bytes)
        self._aside = asyncio.Semaphore(ASIDE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is refused is raised as ``Refusal``."""
        begun = time.perf_counter()
        encoding, origin, length = _headers(scope)
        text = origin.decode("latin-1") if origin is not None else None
        if scope["method"] == "OPTIONS":
            allowed = text is not None and self.admission.keys.open_to(text)
            more = preflight() if allowed else []
            await _answer(send, 204, b"", [*cors(text, allowed), *more])
            return
        # Until its key is known, a page may read why it was refused if any key would let it in.
        scope["state"]["cors"] = cors(text, text is not None and self.admission.keys.open_to(text))
        self.check()
        if not self.settings.recording:
            raise Refusal("recording_off")
        self.admission.knock(scope)
        if length > self.settings.body_bytes:
            raise self._too_long()
        whole: bytes | None = scope.get(WHOLE)
        with self.room.guest() as guest:
            if whole is not None:
                guest.take(len(whole))
            data = await self._body(receive, guest) if whole is None else whole
            received_at_ms = time.time_ns() // 1_000_000
            packed = encoding_of(data, encoding.decode("latin-1"))
            body = await self._opened(data, packed)
            if packed:
                guest.take(len(body.text))
            key = self.admission.writer(body.header.key, text)
            check_drawn(body.header)
            answer = await self.reception.take(key.site, body, received_at_ms)
        reply: Reply | None = scope.get(REPLY)
        if reply is not None:
            reply(200, answer, cors(text, True))
        else:
            await _answer(send, 200, answer, cors(text, True))
        self.reception.metrics.taken.answered(time.perf_counter() - begun)

    async def _body(self, receive: Receive, guest: Guest) -> bytes:
        message: Message
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.settings.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise Refusal("body_slow", "The connection ended before the body did.")
                    piece = message.get("body", b"")
                    size += len(piece)
                    if size > self.settings.body_bytes:
                        raise self._too_long()
                    guest.take(len(piece))
                    pieces.append(piece)
                    if not message.get("more_body", False):
                        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except TimeoutError:
            raise Refusal("body_slow", headers={"connection": "close"}) from None

    async def _opened(self, data: bytes, encoding: str) -> Body:
        limits = self.reception.limits
        most = self.settings.aside_bytes
        if len(data) > (most // PACKED_LESS if encoding else most):
            async with self._aside:  # what is unpacked must be counted before more is
                return await asyncio.get_running_loop().run_in_executor(None, opened, data, encoding, limits)
        return opened(data, encoding, limits)

    def _too_long(self) -> Refusal:
        return Refusal(
            "body_too_long",
            f"The body is longer than {self.settings.body_bytes:,} bytes; send fewer events at once.",
        )  # what still comes is read and dropped until its deadline: else the sender might never read this answer


def _headers(scope: Scope) -> tuple[bytes, bytes | None, int]:
    """Content-Encoding, Origin and Content-Length of a request."""
    encoding, origin, length = b"", None, 0
    for name, value in scope["headers"]:
        if name == b"content-encoding":
            encoding = value
        elif name == b"origin":
            origin = value
        elif name == b"content-length" and value.isdigit():
            length = int(value)
    return encoding, origin, length


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*head, *headers]})
    await send({"type": "http.response.body", "body": body})


OPENAPI: Final[dict[str, Any]] = {
    "post": {
        "summary": "Take a batch of events from a recorder",
        "description": "The first line is a JSON object that says whose events these are; the rest are the events, "
        "as a JSON array or one a line. It may be packed, and gzip needs no Content-Encoding. "
        "The same batch may be sent again: it gets the same answer.",
        "operationId": "post_batch",
        "tags": ["recorder"],
        "requestBody": {
            "required": True,
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        "responses": {
            "200": {
                "description": "The batch is on disk.",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["ok", "seq", "interventions"],
                            "properties": {
                                "ok": {"const": True},
                                "seq": {"type": "integer", "minimum": 0},
                                "interventions": {"type": "array", "items": {"type": "object"}},
                                "refused": {
                                    "type": "object",
                                    "additionalProperties": {"type": "integer", "minimum": 1},
                                },
                            },
                        }
                    }
                },
            },
            "default": {
                "description": "The batch was refused; nothing of it was kept.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
}
"""What the API description says of this call, which FastAPI does not see."""

ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "retryable", "request_id", "docs"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "retryable": {"type": "boolean"},
                "request_id": {"type": "string"},
                "docs": {"type": "string"},
            },
        }
    },
}
"""The one shape of every error."""
