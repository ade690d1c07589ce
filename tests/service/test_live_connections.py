"""Connections that nobody uses well: they keep nobody out, are told why in the one shape, and do not fill the log."""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import logging
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from data_contracts.batches import Batch
from service.serving import Complaints
from tests.service.live_process import PROGRAM, Process, make_keys
from tests.service.live_sender import eventually
from tests.service.live_store import request

EVENT = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":5}'
FEW = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 400)); "
"""So few files, and of these first less than the service needs for itself: it raises the bound as far as it may."""


def said_to(process: Process, text: bytes) -> bytes:
    """All that is answered to some bytes until the connection closes."""
    with closing(socket.create_connection(("127.0.0.1", process.port), timeout=30)) as connection:
        connection.sendall(text)
        told = b""
        while some := connection.recv(1 << 16):
            told += some
    return told


def test_more_silent_connections_than_there_are_files(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    program = (PROGRAM[0], FEW + PROGRAM[1])
    with Process(tmp_path, program, request_seconds=1, log_level="warning") as process:
        with ExitStack() as open_ones:
            for _ in range(700):
                open_ones.enter_context(socket.create_connection(("127.0.0.1", process.port), timeout=30))

            def takes() -> bool:
                body = request(keys.write, Batch("p", 0, [EVENT]))
                try:
                    return process.post(body).status == 200
                except (OSError, http.client.HTTPException):
                    return False  # turned away: there are too many, for now

            assert eventually(takes), "the silent ones are still there, but not for ever"
        assert process.get("/readyz").status == 200
        assert process.stop() == 0
        assert len(process.said) < 2_000, process.said[:2_000]
        assert "Traceback" not in process.said


def code(told: bytes) -> str:
    """The code of the last of some answers."""
    return str(json.loads(told.rpartition(b"\r\n\r\n")[2])["error"]["code"])


def test_what_is_no_request_is_answered_and_fills_no_log(tmp_path: Path) -> None:
    make_keys(tmp_path)
    asked = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"
    with Process(tmp_path, request_seconds=1, log_level="warning") as process:
        told = said_to(process, asked + b"\r\n" + asked + b"\r\n" + asked)
        assert [one[:3] for one in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"408"]
        assert code(told) == "request_slow", "for the third request it is waited as long as for a first"
        assert said_to(process, asked + b"\r\n").count(b"HTTP/1.1 ") == 1, "closed without a word"
        assert process.counted("request_slow") == 1
        for times in range(1, 4):
            assert code(said_to(process, b"\x16\x03\x01\r\n\r\n")) == "request_broken"
            assert process.counted("request_broken") == times
            upgrade = asked + b"connection: upgrade, close\r\nupgrade: websocket\r\n\r\n"
            assert said_to(process, upgrade).startswith(b"HTTP/1.1 200 ")
        assert process.stop() == 0
        assert process.said == ""


def test_no_room_for_connections_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    with closing(loop), caplog.at_level(logging.ERROR):
        complaints = Complaints()
        for _ in range(3_000):
            complaints(loop, {"message": "accept", "exception": OSError(errno.EMFILE, "Too many open files")})
        assert [record.getMessage() for record in caplog.records] == [
            "no more connections can be taken (1 tries): Too many open files"
        ]
        complaints(loop, {"message": "a task failed", "exception": ValueError("ours")})
        assert len(caplog.records) == 2, "anything else is said as ever"
