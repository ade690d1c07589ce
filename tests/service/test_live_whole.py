"""Requests that come in one piece are answered as those are that come in many, and strangers' tricks change nothing."""

from __future__ import annotations

import gzip
import re
import socket
import time
from contextlib import closing
from pathlib import Path

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.batches import Batch
from service.live.batches_route import Said
from service.live.whole import Heads, whole
from tests.service.live_process import Process, make_keys
from tests.service.live_store import request as body_of

EVENT = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":5}'
HOST = b"Host: x\r\n"


def posted(body: bytes, headers: bytes = HOST, version: bytes = b"1.1") -> bytes:
    return b"POST /v1/batches HTTP/%b\r\n%bContent-Length: %d\r\n\r\n%b" % (version, headers, len(body), body)


@pytest.mark.parametrize(
    "text",
    [
        posted(b"{}", b""),
        posted(b"{}", HOST * 2),
        posted(b"{}", HOST, b"1.0"),
        posted(b"{}", HOST + b"Connection: close\r\n"),
        posted(b"{}", HOST + b"Expect: 100-continue\r\n"),
        posted(b"{}", HOST + b"Transfer-Encoding: chunked\r\n"),
        posted(b"{}", HOST + b"Content-Length: 2\r\n"),
        posted(b"{}", HOST + b"Content-Length: 1\r\n"),
        posted(b"{}", HOST + b"X : y\r\n"),
        posted(b"{}", HOST + b"X: a\r\n b\r\n"),
        posted(b"{}", HOST + b"X: a\x00b\r\n"),
        posted(b"{}", HOST + b"X: a\nb\r\n"),
        posted(b"{}", HOST + b"X: y\r\n" * 64),
        posted(b"{}") + b"{",
        posted(b"{}")[:-1],
        posted(b"{}").replace(b"Length: 2", b"Length: +2"),
        posted(b"{}").replace(b"Length: 2", b"Length: 02"),
        posted(b"{}").replace(b"batches", b"batches?x"),
        posted(b"{}").replace(b"POST", b"PUT"),
        posted(b"{}").replace(b"\r\n", b"\n"),
    ],
)
def test_what_is_not_plainly_one_batch_is_left_to_the_parser(text: bytes) -> None:
    assert whole(text) is None


@given(
    st.lists(
        st.tuples(
            st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,9}", fullmatch=True),
            st.from_regex(rb"[\t ]?[\x21-\x7e\x80-\xff]?[\t\x20-\x7e\x80-\xff]{0,9}", fullmatch=True),
        ),
        max_size=6,
    ),
    st.binary(max_size=40),
)
def test_what_is_read_is_what_the_parser_reads(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    text = posted(body, HOST + b"".join(b"%b:%b\r\n" % one for one in headers))
    found = whole(text)
    if found is None:
        return
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(text)
    asked = parser.next_event()
    assert isinstance(asked, h11.Request)
    assert found.headers == list(asked.headers)
    got = b""
    while isinstance(event := parser.next_event(), h11.Data):
        got += bytes(event.data)
    assert type(event) is h11.EndOfMessage
    assert found.body == got == body


HEADERS = st.lists(
    st.sampled_from(
        [
            b"Origin: https://a.example\r\n",
            b"Origin: https://b.example\r\n",
            b"Content-Encoding: gzip\r\n",
            b"X: y\r\n",
        ]
    ),
    max_size=3,
)
LENGTHS = st.sampled_from(
    [b"%d", b" %d", b"\t%d", b"%d ", b"0%d", b"%d\r\nContent-Length: 1", b"%d\r\nX: \r\ncontent-length:7"]
)
BODIES = st.sampled_from([b"", b"1", b"\r\n", b"x" * 9, b"x" * 10, b"content-length: 3\r\n"])


@given(st.lists(st.tuples(HEADERS, LENGTHS, BODIES, HEADERS, st.integers(-1, 1)), max_size=9))
def test_what_a_connection_remembers_of_its_heads_changes_nothing(
    requests: list[tuple[list[bytes], bytes, bytes, list[bytes], int]],
) -> None:
    def of(headers: list[tuple[bytes, bytes]]) -> Said:
        return Said(repr([one for one in headers if one[0] != b"content-length"]), None, "")

    heads = Heads(of)
    for before, length, body, after, off in requests:
        told = b"".join(
            [*before, HOST, b"Content-Length:", length % max(len(body) + off, 0), b"\r\n", *after]
        )
        data = b"POST /v1/batches HTTP/1.1\r\n" + told + b"\r\n" + body
        plain = whole(data)
        found = heads.read(data)
        if plain is None:
            assert found is None
        else:
            assert found == (plain.body, of(plain.headers))


def answers(process: Process, pieces: list[bytes], count: int) -> list[bytes]:
    """So many answers to what is sent in these pieces, without the ids of the requests and the lengths of these."""
    with closing(socket.create_connection(("127.0.0.1", process.port), timeout=30)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        told = b""
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)  # else the server may well read all of them in one piece
        found: list[bytes] = []
        while len(found) < count:
            some = connection.recv(1 << 16)
            assert some, told
            told += some
            while b"\r\n\r\n" in told:
                head, _, rest = told.partition(b"\r\n\r\n")
                size = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
                if len(rest) < size:
                    break
                found.append(head + rest[:size])
                told = rest[size:]
        named = rb'("request_id":"|x-request-id: |content-length: )[0-9a-f-]+'
        return [re.sub(named, rb"\1", one) for one in found]


def test_in_one_piece_or_in_many_the_answers_are_the_same(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)

    def of(session: str, seq: int = 0) -> bytes:
        return body_of(keys.write, Batch("p", seq, [EVENT]), session)

    origin = HOST + b"Origin: https://shop.example\r\n"
    with Process(tmp_path, body_bytes=9_000, log_level="warning") as process:
        for i, (body, headers) in enumerate(
            [
                (of("a"), origin),
                (of("b").replace(keys.write.encode(), b"ww_write_no_no"), origin),
                (of("c")[:-1], HOST),
                (b"\xff", HOST),
                (b"", HOST),
                (gzip.compress(of("d")), origin + b"Content-Encoding: gzip\r\n"),
                (b"{}", HOST + b"Content-Encoding: br\r\n"),
                (of("e") + b" " * 9_000, origin),
            ]
        ):
            text = posted(body, headers)
            other = text if i else posted(of("a-again"), headers)
            assert whole(text) is not None
            split = other.index(b"\r\n\r\n") + 4
            (one,) = answers(process, [text], 1)
            (many,) = answers(process, [other[:30], other[30:split], other[split:]], 1)
            assert one == many
        many = [posted(of("f", seq)) for seq in range(6)]
        asked = [*many, b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", *many[:2]]
        first, *rest = answers(process, asked, 9)
        assert first.startswith(b"HTTP/1.1 200 ")
        assert [one[-1:] for one in rest] == [b"}"] * 8
        assert [int(one.partition(b'"seq":')[2][:1] or b"9") for one in [first, *rest]] == [
            *(0, 1, 2, 3, 4, 5),
            *(9, 0, 1),
        ], "in the order in which they were asked"
        assert process.stop() == 0
        assert process.said == ""
