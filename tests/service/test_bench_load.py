"""The load generator against a server that answers as it is told."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable

import pytest

from service.benching.load import BenchFailed, request, send

GOOD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}'


class Server:
    """Takes requests; answers each with what ``answer`` says of its number, a few bytes at a time."""

    def __init__(self, answer: Callable[[int], bytes]) -> None:
        self.answer = answer
        self.connections = 0
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.rpartition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(length))
                answer = self.answer(len(self.bodies))
                if not answer:
                    break
                for i in range(0, len(answer), 40):
                    writer.write(answer[i : i + 40])
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def take(self, lanes: list[list[bytes]]) -> list[float]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            return await send(server.sockets[0].getsockname()[1], lanes)


def test_each_lane_keeps_its_connection_and_its_order() -> None:
    server = Server(lambda number: GOOD)
    lanes = [[request(b"%d %d" % (lane, i)) for i in range(20)] for lane in range(3)]
    answers = asyncio.run(server.take([*lanes, []]))
    assert len(answers) == 60
    assert all(0 < seconds < 60 for seconds in answers)
    assert server.connections == 3
    for lane in range(3):
        mine = [body for body in server.bodies if body.startswith(b"%d " % lane)]
        assert mine == [b"%d %d" % (lane, i) for i in range(20)]


def test_a_packed_body_says_so() -> None:
    server = Server(lambda number: GOOD)
    asyncio.run(server.take([[request(b"a" * 999, packed=True), request(b"b")]]))
    assert gzip.decompress(server.bodies[0]) == b"a" * 999
    assert [b"Content-Encoding: gzip" in head for head in server.heads] == [True, False]
    assert server.heads[1].startswith(b"POST /v1/batches HTTP/1.1\r\nHost: ")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 13\r\n\r\n{"error": {}}', '429 .*{"error": {}}'),
        (GOOD.replace(b"true}", b"null}"), "refused a batch: HTTP/1.1 200 OK"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "without a Content-Length"),
        (b"", "closed the connection"),
    ],
    ids=["refused", "not ok", "chunked", "closed"],
)
def test_whatever_else_is_answered_stops_it(answer: bytes, told: str) -> None:
    server = Server(lambda number: answer if number == 4 else GOOD)
    with pytest.raises(BenchFailed, match=told):
        asyncio.run(server.take([[request(b"x")] * 3, [request(b"y")] * 3]))


def test_no_server_is_said_so() -> None:
    with pytest.raises(BenchFailed, match="port 1:"):
        asyncio.run(send(1, [[request(b"x")]]))
