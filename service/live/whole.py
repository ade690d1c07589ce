"""Whole batches: a request that comes in one piece is read and answered beside the machinery that any other may need.

Nearly every batch is a POST of a few kB that a sender writes at once. What such a request says is read by one pattern,
as strict as the parser of HTTP is; all that is not of this form is left to that parser, byte for byte.
"""

from __future__ import annotations

import http
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import h11
from msgspec import Struct

from service.live.admission import cors
from service.live.batches_route import PATH, BatchesRoute, Said
from service.live.connections import Connection
from service.live.errands import Errand
from service.live.front import Front, refusing

LONGEST_HEAD: Final = 8_192  # bytes
MOST_HEADERS: Final = 64
LINE: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n"
HEAD: Final = re.compile(b"POST %b HTTP/1\\.1\r\n((?:%b){1,%d})\r\n" % (PATH.encode(), LINE, MOST_HEADERS))
OTHERWISE: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"})
"""Headers that ask for more than to be read once and answered once."""
STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus
}
LENGTH: Final = re.compile(rb"\r\ncontent-length:[\t ]*", re.IGNORECASE)
LONGEST_NUMBER: Final = 20  # digits


class Whole(Struct, frozen=True, gc=False):
    """A request that came in one piece: its headers with their names in lower case, and its body."""

    headers: list[tuple[bytes, bytes]]
    body: bytes


def whole(data: bytes) -> Whole | None:
    """The one batch that these bytes are from their first to their last; None if they are anything else.

    >>> whole(b"POST /v1/batches HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    Whole(headers=[(b'host', b'x'), (b'content-length', b'2')], body=b'{}')
    """
    match = HEAD.match(data, 0, LONGEST_HEAD)
    if match is None:
        return None
    headers: list[tuple[bytes, bytes]] = []
    hosts = lengths = 0
    size = len(data) - match.end()
    for line in match[1].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        headers.append((name, value))
        if name == b"content-length":
            if value != b"%d" % size:
                return None
            lengths += 1
        elif name == b"host":
            hosts += 1
        elif name in OTHERWISE or (name == b"connection" and value.lower() != b"keep-alive"):
            return None
    return Whole(headers, data[match.end() :]) if hosts == lengths == 1 else None


class Heads:
    """What a connection has sent before its last body: a sender writes the same again, but for the number of bytes.

    Parameters
    ----------
    said
        Tells what the headers say.
    """

    __slots__ = ("_after", "_before", "_said", "_told")

    def __init__(self, said: Callable[[list[tuple[bytes, bytes]]], Said]) -> None:
        self._said = said
        self._before = self._after = b""
        self._told: Said | None = None

    def read(self, data: bytes) -> tuple[bytes, Said] | None:
        """The body of the one batch that these bytes are, as ``whole`` has it, and what its headers say."""
        if self._told is not None and data.startswith(self._before):
            begin = len(self._before)
            end = data.find(b"\r\n", begin, begin + LONGEST_NUMBER)
            if data.startswith(self._after, end):
                body = data[end + len(self._after) :]
                if data[begin:end] == b"%d" % len(body):
                    return body, self._told
        found = whole(data)
        if found is None:
            return None
        head = data[: len(data) - len(found.body)]
        length = LENGTH.search(head)
        assert length is not None
        self._before, self._after = head[: length.end()], head[head.index(b"\r\n", length.end()) :]
        self._told = self._said(found.headers)
        return found.body, self._told


def lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are written."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class Nobody:
    """Who waits for more of a request that is whole."""

    def set(self) -> None:
        """Tell that there is more."""


class Cycle:
    """The one request in hand and its answer, in the words of uvicorn's own."""

    __slots__ = ("disconnected", "keep_alive", "response_complete", "response_started")

    message_event = Nobody()

    def __init__(self) -> None:
        self.disconnected = False
        self.keep_alive = True
        self.response_started = False
        self.response_complete = False


class WholeConnection(Connection):
    """A connection that hands whole batches to what answers them.

    Attributes
    ----------
    front, route
        What numbers requests and words refusals, and what answers batches.
    """

    front: Front  # of the class: `of` takes them
    route: BatchesRoute

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._heads = Heads(self._said)
        self._is_apart = True  # from the machinery: that has never had a byte
        self._hand: Cycle | None = None
        self._early = bytearray()

    def data_received(self, data: bytes) -> None:
        """Take some bytes: a whole batch here, anything else as ever."""
        hand = self._hand
        if hand is not None and not hand.response_complete:
            self._early += data  # of the next request; it is read when this one is answered
            self.flow.pause_reading()
            return
        found = self._heads.read(data) if self._could_answer() else None
        if found is None:
            self._is_apart = False
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        self._waits_since = None
        self.cycle = self._hand = Cycle()  # type: ignore[assignment]  # it has all that others ask of uvicorn's
        Errand(self._answer(*found, self._hand), self.loop, self.tasks)

    def _could_answer(self) -> bool:
        """Whether nothing of a request is in hand, and an answer could be written at once."""
        if self.flow.write_paused or self.transport.is_closing():
            return False
        if self._is_apart:
            return True
        conn = self.conn
        idle = conn.their_state is h11.IDLE and conn.our_state is h11.IDLE
        return idle and not conn.trailing_data[0]

    def _said(self, headers: list[tuple[bytes, bytes]]) -> Said:
        return self.route.said({"client": self.client, "headers": headers})

    async def _answer(self, data: bytes, told: Said, cycle: Cycle) -> None:
        begun = time.monotonic()
        front, route = self.front, self.route
        request_id, refusal = front.next_id(), None
        try:
            try:
                status, body = 200, await route.whole(data, told, begun)
                headers = cors(told.origin, True)
            except Exception as error:
                refusal = front.refusal(error, request_id, PATH)
                status = refusal.status
                body, headers = refusing(refusal, request_id)
                headers += route.cors(told)
            self._write(cycle, status, body, headers, request_id)
            front.log("POST", PATH, request_id, status, begun, refusal)
        except Exception:
            self.logger.exception("A batch was not answered")
        finally:
            if not cycle.response_complete:
                self.transport.close()

    def _write(
        self, cycle: Cycle, status: int, body: bytes, headers: list[tuple[bytes, bytes]], request_id: str
    ) -> None:
        """Write an answer, then take up what came meanwhile."""
        cycle.response_started = cycle.response_complete = True
        transport = self.transport
        if cycle.disconnected or transport.is_closing():
            return
        before, after = self.server_state.default_headers, lines(headers) if headers else b""
        head = b"%b%bcontent-type: application/json\r\ncontent-length: %d\r\n%bx-request-id: %b\r\n\r\n%b"
        first = lines(before) if before else b""
        transport.write(head % (STATUS_LINES[status], first, len(body), after, request_id.encode(), body))
        self.server_state.total_requests += 1
        if not cycle.keep_alive:
            transport.close()
            return
        self._waits_since = self.loop.time()  # what then asks nothing is closed by `look`
        if self._early:
            early, self._early = bytes(self._early), bytearray()
            self.flow.resume_reading()
            self.data_received(early)
