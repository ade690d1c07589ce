"""What strangers may send: a clear refusal or a closed connection, counted; and the next batch is answered as ever."""

from __future__ import annotations

import gzip
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from data_contracts.batches import Batch
from tests.service.live_process import PROGRAM, Answer, KeyPair, Process, make_keys
from tests.service.live_sender import eventually
from tests.service.live_store import request

MB = 1 << 20
BOUND = (
    256 * MB
)  # what a hostile stranger may make a service take beside what it begins with, under these settings
DEADLINE_S = 2.0
SETTINGS = {
    "body_seconds": DEADLINE_S,
    "request_seconds": DEADLINE_S,
    "receiving_bytes": 32 * MB,
    "live_bytes": 32 * MB,
    "connections": 3_000,
    "log_level": "warning",
}
POST = b"POST /v1/batches HTTP/1.1\r\nhost: x\r\n"
EVENT = b'{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":5}'


class Service:
    """A service, its keys, and what it took when it began."""

    def __init__(self, process: Process, keys: KeyPair) -> None:
        self.process, self.keys = process, keys
        self.began_with = process.resident
        self._sent = 0

    def head(self, session: str = "hostile") -> bytes:
        return request(self.keys.write, Batch("p", 0, []), session).partition(b"\n")[0] + b"\n"

    def well(self) -> None:
        """It takes the batch of an honest visitor, and is no larger than it may be."""
        self._sent += 1
        body = request(self.keys.write, Batch("p", 0, [EVENT]), f"honest{self._sent}")
        assert self.process.post(body).status == 200
        assert self.process.get("/readyz").status == 200
        assert self.process.resident < self.began_with + BOUND

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.process.port), timeout=60)

    def refusals(self) -> float:
        lines = self.process.get("/metrics").body.decode().splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("watchworthy_refusals_total{")
        )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("hostile") / "data"
    keys = make_keys(folder)
    with Process(folder, PROGRAM, **SETTINGS) as process:  # what it takes is then its own alone
        one = Service(process, keys)
        yield one
        one.well()
        assert process.stop() == 0
        assert "Traceback" not in process.said
        assert len(process.said) < 100_000


def answered(connection: socket.socket) -> Answer | None:
    """The last answer before the connection closes; None if it closes without one."""
    told = b""
    try:
        while some := connection.recv(1 << 16):
            told += some
    except ConnectionError:
        pass
    head, _, body = told.rpartition(b"\r\n\r\n")
    if not head:
        return None
    status = head.rpartition(b"HTTP/1.1 ")[2].split(b" ")[0]
    return Answer(int(status), body)


def pour(connection: socket.socket, piece: bytes, most: int) -> None:
    """Send the same again and again until the other side has had enough."""
    try:
        for _ in range(most // len(piece)):
            connection.sendall(piece)
    except OSError:
        pass


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), {"request_broken"}),
        (b"GET /healthz\r\n\r\n", {"request_broken"}),
        (POST + b"content-length: many\r\n\r\n", {"request_broken"}),
        (POST + b"content-length: -5\r\n\r\n", {"request_broken"}),
        (POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\n[]", {"request_broken"}),
        (POST + b"transfer-encoding: chunked\r\n\r\nno number\r\n", {"request_broken"}),
        (POST + b"x: " + b"a" * 300_000, {"request_broken"}),
        (POST + b"x: y\r\n" * 50_000 + b"\r\n", {"request_broken"}),
        (b"GET /v1/sessions/" + b"a" * 300_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", {"request_broken"}),
        (POST + b"content-length: 99999999999999999999\r\n\r\n", {"body_too_long"}),
        (POST + b"content-length: 20\r\n\r\n{}", {"body_slow"}),
        (POST + b"content-length: 0\r\nconnection: close\r\n\r\n", {"bad_header"}),
        (b"GET /v1/nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", {"not_found"}),
        (b"BREW /v1/batches HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", {"method_refused"}),
        (b"POST /v1/bat", {"request_slow"}),
        (POST + b"content-length", {"request_slow"}),
    ],
)
def test_what_is_no_request_is_refused_in_the_one_shape(
    service: Service, text: bytes, codes: set[str]
) -> None:
    before = service.refusals()
    with closing(service.connect()) as connection:
        connection.sendall(text)
        answer = answered(connection)
    if answer is not None:  # closed while we still sent, the answer may be lost on the way
        assert answer.code in codes
    assert service.refusals() > before
    service.well()


def bomb(session: bytes) -> bytes:
    return gzip.compress(session + b" " * (500 * MB), 1)


@pytest.mark.parametrize(
    ("make", "encoding", "code"),
    [
        (lambda head: head + b"[" + b"0," * 999_999 + b"0]", "", "too_many_events"),
        (lambda head: head + b"{}\n" * 1_000_000, "", "too_many_events"),
        (lambda head: head + b"[" * 8_000_000, "", "input_too_deep"),
        (lambda head: head + b'{"a":' * 1_600_000, "", "input_too_deep"),
        (lambda head: b'{"x":' + b"[" * 4_000 + b"]" * 4_000 + b"}\n[]", "", "bad_header"),
        (lambda head: b'{"x":' + b"[" * 1_900 + b"]" * 1_900 + b"}\n[]", "", "bad_header"),
        (lambda head: b"\xff\xfe" + head + b"[]", "", "bad_header"),
        (lambda head: head.replace(b'"p"', b'"\\ud800"') + b"[]", "", "bad_header"),
        (lambda head: head + b" " * (9 * MB), "", "body_too_long"),
        (lambda head: gzip.compress(gzip.compress(bytes(30 * MB))), "gzip", "compression_bomb"),
        (bomb, "gzip", "body_too_long"),
        (
            lambda head: gzip.compress(head + os.urandom(5_000).hex().encode())[:-2_000],
            "gzip",
            "compression_broken",
        ),
        (lambda head: head + b"[]", "gzip", "compression_broken"),
        (lambda head: head + b"[]", "br", "encoding_refused"),
    ],
)
def test_a_body_that_is_no_batch_is_refused(
    service: Service, make: Callable[[bytes], bytes], encoding: str, code: str
) -> None:
    before = service.process.counted(code)
    answer = service.process.post(
        make(service.head()), **({"content_encoding": encoding} if encoding else {})
    )
    assert answer.code == code, answer
    assert service.process.counted(code) == before + 1
    service.well()


def test_a_body_without_an_end_is_cut_off(service: Service) -> None:
    """In chunks, behind the length that was said, and after it was refused already."""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for begin, piece in (
        (POST + b"transfer-encoding: chunked\r\n\r\n", chunk),
        (POST + b"content-length: 5\r\n\r\n", b" " * 0x10000),
        (
            POST.replace(b"POST /v1/batches", b"POST /v1/nothing") + b"transfer-encoding: chunked\r\n\r\n",
            chunk,
        ),
    ):
        with closing(service.connect()) as connection:
            connection.sendall(begin)
            pour(connection, piece, 2_000 * MB)
            answer = answered(connection)
            assert answer is None or answer.status in (400, 404, 408, 413)
        service.well()


def test_thousands_of_connections_that_ask_for_nothing_keep_nobody_out(service: Service) -> None:
    many = 2_500
    most_files(many + 200)
    for text in (b"", b"POST /v1/batches HTTP/1.1\r\nx-half", POST + b"content-length: 100000\r\n\r\nhalf"):
        with ExitStack() as open_ones:
            connections = [open_ones.enter_context(service.connect()) for _ in range(many)]
            for connection in connections:
                connection.sendall(text)
            service.well()
            for connection in connections:
                answer = answered(connection)  # ends when the service closes it
                assert (answer is None) == (not text), text
                assert answer is None or answer.code in ("request_slow", "body_slow")
        service.well()
    assert service.process.counted("request_slow") >= many
    assert service.process.counted("body_slow") >= many


def test_more_connections_than_there_may_be_are_turned_away(service: Service) -> None:
    most = int(SETTINGS["connections"])
    most_files(most + 500)
    before = service.process.counted("busy")
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(service.connect()) for _ in range(most + 100)]
        last = connections[-1]
        last.settimeout(60)
        assert (answered(last) or Answer(0, b"")).code in ("busy", "")
        turned_away = [connection for connection in connections[:-1] if hung_up(connection)]
        assert 0 < len(turned_away) <= 100
        assert {answer.code for answer in map(answered, turned_away) if answer} <= {"busy"}
    assert eventually(lambda: service.process.get("/healthz").status == 200)
    assert service.process.counted("busy") - before >= len(turned_away)
    service.well()


def hung_up(connection: socket.socket) -> bool:
    """Whether the other side has said something, or closed."""
    connection.settimeout(0.0)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(60)
    return True


def test_large_bodies_all_at_once_have_only_so_much_room(service: Service) -> None:
    """Each is within every limit: slow ones of 8 MB, and packed ones of 28 MB that are refused only once unpacked."""
    slow = POST + b"content-length: %d\r\n\r\n" % (8 * MB)
    pad = b'{"type":5,"data":{"tag":"x","payload":"%s"},"timestamp":5}'
    text = b"[" + b",".join([pad % os.urandom(60_000).hex().encode(), *[pad % (b"a" * 2 * MB)] * 13]) + b"]"
    packed = gzip.compress(service.head() + text, 1)
    codes: list[str] = []

    def send_slowly() -> None:
        with closing(service.connect()) as connection:
            connection.sendall(slow)
            pour(connection, b" " * 0x10000, 7 * MB)
            answer = answered(connection)
            codes.append(answer.code if answer else "closed")

    def send_packed() -> None:
        codes.append(service.process.post(packed, content_encoding="gzip").code)

    for send, many in ((send_slowly, 60), (send_packed, 40)):
        codes.clear()
        threads = [threading.Thread(target=send) for _ in range(many)]
        for thread in threads:
            thread.start()
        peak = 0
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, service.process.resident)
            time.sleep(0.01)
        for thread in threads:
            thread.join()
        assert len(codes) == many
        assert set(codes) <= {"busy", "closed", "body_slow", ""}, codes
        assert "busy" in codes or "closed" in codes
        assert peak < service.began_with + BOUND, f"{(peak - service.began_with) // MB} MB"
        service.well()
    assert service.process.counted("busy") > 0


def most_files(many: int) -> None:
    """Let this process open so many files, or skip."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < many:
        pytest.skip(f"this process may open only {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, many), hard))
