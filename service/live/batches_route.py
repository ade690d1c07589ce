"""``POST /v1/batches``: a plain ASGI route, because this is the one call that costs at every visitor's every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from starlette.types import Message, Receive, Scope, Send

from service.live.admission import Admission, cors, preflight
from service.live.batch_body import encoding_of, opened
from service.live.drawing import check_drawn
from service.live.reception import Reception
from service.live.refusals import Refusal
from service.live.room import Guest, Room
from service.live.settings import Settings

PATH: Final = "/v1/batches"
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
        self._aside_plain, self._aside_packed = settings.aside_bytes, settings.aside_bytes // PACKED_LESS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is refused is raised as ``Refusal``."""
        begun = time.monotonic()
        told = self.said(scope)
        if scope["method"] == "OPTIONS":
            allowed = told.origin is not None and self.admission.keys.open_to(told.origin)
            more = preflight() if allowed else []
            await _answer(send, 204, b"", [*cors(told.origin, allowed), *more])
            return
        scope["state"]["cors"] = self.cors(told)
        self.let_in(told.sender, length_of(scope["headers"]), begun)
        guest = self.room.guest()
        try:
            data = await self._body(receive, guest)
            answer = await self._taken(data, told, guest, time.monotonic())
        finally:
            guest.leave()
        await _answer(send, 200, answer, cors(told.origin, True))
        self.reception.metrics.taken.answered(time.monotonic() - begun)

    async def whole(self, data: bytes, told: Said, begun: float) -> bytes:
        """The answer to a request whose body came with its head.

        Parameters
        ----------
        told
            What ``said`` makes of its headers.
        begun
            When it came, by ``time.monotonic``, s.

        Raises
        ------
        Refusal
            Whatever is refused.
        """
        self.let_in(told.sender, len(data), begun)
        guest = self.room.guest()
        try:
            guest.take(len(data))
            answer = await self._taken(data, told, guest, begun)
        finally:
            guest.leave()
        self.reception.metrics.taken.answered(time.monotonic() - begun)
        return answer

    def said(self, asked: Mapping[str, Any]) -> Said:
        """What a request says before its body; ``asked`` holds ``client`` and ``headers`` as a scope of ASGI does."""
        encoding, origin = b"", None
        for name, value in asked["headers"]:
            if name == b"content-encoding":
                encoding = value
            elif name == b"origin":
                origin = value.decode("latin-1")
        return Said(encoding.decode("latin-1"), origin, self.admission.sender(asked))

    def cors(self, told: Said) -> list[tuple[bytes, bytes]]:
        """Headers of a refusal: until its key is known, a page may read why if any key would let it in."""
        return cors(told.origin, told.origin is not None and self.admission.keys.open_to(told.origin))

    def let_in(self, sender: str, length: int, now: float) -> None:
        """Refuse before any work is done, or count the request against its rates.

        Parameters
        ----------
        sender, now
            As ``Admission.knock`` takes them.
        length
            Of the body, in bytes, as far as it is known.

        Raises
        ------
        Refusal
            ``starting``, ``busy``, ``disk_full``, ``recording_off``, ``rate_address``, ``rate_whole``,
            ``body_too_long``.
        """
        self.check()
        if not self.settings.recording:
            raise Refusal("recording_off")
        self.admission.knock(sender, now)
        if length > self.settings.body_bytes:
            raise self._too_long()

    async def _taken(self, data: bytes, told: Said, guest: Guest, now: float) -> bytes:
        """Take a body that is there ``now``; the answer to it."""
        received_at_ms = time.time_ns() // 1_000_000
        packed = encoding_of(data, told.encoding)
        if len(data) > (self._aside_packed if packed else self._aside_plain):
            async with self._aside:  # what is unpacked must be counted before more is
                limits = self.reception.limits
                body = await asyncio.get_running_loop().run_in_executor(None, opened, data, packed, limits)
        else:
            body = opened(data, packed, self.reception.limits)
        if packed:
            guest.take(len(body.text))
        key = self.admission.writer(body.header.key, told.origin, now)
        check_drawn(body.header)
        return await self.reception.take(key.site, body, received_at_ms)

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

    def _too_long(self) -> Refusal:
        return Refusal(
            "body_too_long",
            f"The body is longer than {self.settings.body_bytes:,} bytes; send fewer events at once.",
        )  # what still comes is read and dropped until its deadline: else the sender might never read this answer


class Said(NamedTuple):
    """What a request says before its body.

    Attributes
    ----------
    encoding
        How the body is packed.
    origin
        Of the page that sent it.
    sender
        Under which name it is counted against the rate of its address.
    """

    encoding: str
    origin: str | None
    sender: str


def length_of(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The last Content-Length that is a number; 0 if there is none."""
    length = 0
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length


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
