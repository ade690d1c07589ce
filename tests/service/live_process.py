"""The service as a process of its own: started as its owner starts it, spoken to over HTTP, ended by a signal."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from service.live.keys import Keys
from tests.service.forked import Forked
from tests.service.live_store import SAMPLES

ROOT = SAMPLES.parent
PROGRAM = ("-c", "from service.command_line import main; main()")
GIVING_UP_S = 150  # a process that hangs is killed, so that the test fails and says where
OPEN = {
    "rate_address": 0,
    "rate_key": 0,
    "rate_whole": 0,
    "future_hours": 1e6,
    "register_starters": False,  # it has a test of its own, and takes a core for a while
}


def chosen(**settings: Any) -> dict[str, str]:
    """What lets every batch in, and these settings, as a process takes them from its environment."""
    return {f"WATCHWORTHY_{name.upper()}": str(value) for name, value in (OPEN | settings).items()}


class KeyPair(NamedTuple):
    """What a site holds."""

    write: str
    read: str


def make_keys(folder: Path) -> KeyPair:
    folder.mkdir(exist_ok=True)
    keys = Keys(folder)
    pair = KeyPair(keys.create("write")[0], keys.create("read")[0])
    keys.close()
    return pair


class Answer(NamedTuple):
    """Status and body of an answer; ``code`` is that of an error in the one shape, or empty."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        if self.status < 400:
            return ""
        told = self.json
        assert set(told) == {"error"}, told
        assert set(told["error"]) == {"code", "message", "retryable", "request_id", "docs"}, told
        return str(told["error"]["code"])


class Client:
    """One connection that stays open; whoever uses it knows what to do when the server is gone."""

    def __init__(self, port: int, timeout: float = 30) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, named)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.read())

    def close(self) -> None:
        self._connection.close()


class Process:
    """``with Process(folder, …) as one``: a server that listens, or that has ended and said why.

    It begins with its code loaded, unless it has a program of its own.

    Parameters
    ----------
    folder
        Its data directory.
    program
        What Python is told to run before ``serve``: then it is a process of its own from its first line on.
    before
        Called in it before it serves.
    giving_up_s
        After so long it is killed, so that a test of it ends.
    settings
        What is set beside what lets every batch in.
    """

    def __init__(
        self,
        folder: Path,
        program: tuple[str, ...] = (),
        before: Callable[[], None] | None = None,
        giving_up_s: float = GIVING_UP_S,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        words = ["serve", "--data-dir", str(folder), "--port", "0"]
        environment = os.environ | chosen(**settings)
        self._process: Forked | subprocess.Popen[str]
        if program:
            self._process = subprocess.Popen(
                [sys.executable, *program, *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                env=environment,
            )
        else:
            self._process = Forked(words, environment, self._errors, before)
        self._giving_up = threading.Timer(giving_up_s, self._process.kill)
        self._giving_up.start()
        self.port = 0
        """Where it listens; 0 if it ended before it did."""

    def __enter__(self) -> Process:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if line:
            self.port = int(line.rsplit(":", 1)[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._giving_up.cancel()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    @property
    def said(self) -> str:
        """Its standard error so far."""
        self._errors.seek(0)
        return self._errors.read()

    @property
    def resident(self) -> int:
        """Bytes of it that are in memory."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        """Its exit status, once it has ended."""
        return self._process.wait(seconds)

    def stop(self) -> int:
        """Tell it to stop; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def client(self, timeout: float = 30) -> Client:
        return Client(self.port, timeout)

    def get(self, path: str, key: str = "") -> Answer:
        return self._once("GET", path, None, {"authorization": f"Bearer {key}"} if key else {})

    def post(self, body: bytes, **headers: str) -> Answer:
        return self._once("POST", "/v1/batches", body, headers)

    def counted(self, reason: str) -> float:
        """Refusals for this reason, as the metrics have them."""
        return self.metric(f'watchworthy_refusals_total{{reason="{reason}"}}')

    def metric(self, name: str) -> float:
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        client = self.client()
        try:
            return client.ask(method, path, body, **headers)
        finally:
            client.close()
