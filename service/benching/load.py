"""The load generator: bodies over keep-alive connections of HTTP/1.1, each sent when the one before it was answered."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Iterator, Sequence
from typing import Final, cast

import msgspec
from msgspec import Struct

from service.live.batches_route import PATH
from service.serving import LOOPBACK

LONGEST_S: Final = 600.0  # for all bodies of one call to be answered
GZIP_LEVEL: Final = 6  # what browsers pack with
TOLD: Final = 300  # characters of an answer that a failure shows


class BenchFailed(Exception):
    """The bench cannot go on; its text says why."""


class _Told(Struct):
    """What both servers answer if all is well."""

    ok: bool = False


_told: Final = msgspec.json.Decoder(_Told)


def request(body: bytes, packed: bool = False) -> bytes:
    """The bytes of a request with this body, packed or not."""
    encoding = ""
    if packed:
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        encoding = "Content-Encoding: gzip\r\n"
    head = f"POST {PATH} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: text/plain\r\n{encoding}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def send(port: int, lanes: Sequence[Sequence[bytes]]) -> list[float]:
    """Send the requests of each lane over a connection of its own, all lanes at once.

    Returns
    -------
    list
        Seconds from each request to the end of its answer.

    Raises
    ------
    BenchFailed
        If an answer is not 200 with ``"ok": true``, a connection ends early, or all takes too long.
    """
    loop = asyncio.get_running_loop()
    connections: list[_Connection] = []
    try:
        async with asyncio.timeout(LONGEST_S):
            for lane in lanes:
                if lane:
                    _, one = await loop.create_connection(_Connection, LOOPBACK, port)
                    connections.append(one)
                    one.queue = iter(lane)
            for one in connections:
                one.go_on()
            await asyncio.gather(*(one.done for one in connections))
    except TimeoutError:
        raise BenchFailed(f"The server has not answered everything within {LONGEST_S:g} s.") from None
    except OSError as error:
        raise BenchFailed(f"No connection to the server on port {port}: {error}.") from error
    finally:
        for one in connections:
            one.close()
    return [seconds for one in connections for seconds in one.seconds]


class _Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self.queue: Iterator[bytes] = iter(())
        self.seconds: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("The server closed the connection before it had answered everything.")

    def go_on(self) -> None:
        """Send the next request, or be done."""
        data = next(self.queue, None)
        if data is None:
            self.done.set_result(None)
        elif self._transport is not None:
            self._begun = time.perf_counter()
            self._transport.write(data)

    def close(self) -> None:
        """End the connection, whatever is on its way."""
        self.done.cancel()
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, rest = self._received.partition(b"\r\n\r\n")
        if not ended:
            return
        length = _length(head)
        if length is None:
            self._fail(f"The server answered without a Content-Length: {head.decode('latin-1')[:TOLD]}")
        elif len(rest) >= length:
            self.seconds.append(time.perf_counter() - self._begun)
            self._received = rest[length:]
            if head[9:12] == b"200" and _well(rest[:length]):
                self.go_on()
            else:
                line = head.partition(b"\r\n")[0].decode("latin-1")
                self._fail(f"The server refused a batch: {line}: {rest[:TOLD].decode('utf-8', 'replace')}")

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(BenchFailed(why))


def _well(body: bytes) -> bool:
    try:
        return _told.decode(body).ok
    except msgspec.MsgspecError:
        return False


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None
