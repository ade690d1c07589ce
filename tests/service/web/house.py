"""A service filled by `watchworthy import`, its owner signed in by the link that it printed, and a real browser."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.service.live_process import PROGRAM, ROOT, chosen

GIVING_UP_S = 1_500  # where nothing is compiled yet, and others want the machine too
GUIDES = ROOT / "docs" / "guides"
TRIAGE = "triage-in-ten-minutes.md"


def commands(guide: str) -> list[str]:
    """The blocks of shell commands of a guide, in their order."""
    return re.findall(r"```sh\n(.*?)```", (GUIDES / guide).read_text("utf-8"), re.S)


def run(*arguments: str) -> str:
    """What a command prints."""
    command = [sys.executable, *PROGRAM, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=GIVING_UP_S)
    return done.stdout


class House:
    """``with House(folder) as one``: a service of a folder, and the lines that it printed."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, *PROGRAM, *command, "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | chosen(),
        )
        self._giving_up = threading.Timer(GIVING_UP_S, self._process.kill)
        self._giving_up.start()
        self.address = ""
        self.link = ""

    def __enter__(self) -> House:
        assert self._process.stdout is not None
        listens = self._process.stdout.readline()
        self.address = re.search(r"http://\S+", listens)[0]  # type: ignore[index]
        self.link = re.search(r"http://\S+", self._process.stdout.readline())[0]  # type: ignore[index]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._giving_up.cancel()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def player(self) -> str:
        """The player's origin."""
        return self.address.replace("127.0.0.1", "localhost")


class Trap:
    """A server on this machine that counts who connects, and answers nobody."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.visits: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(0.5)
            try:
                self.visits.append(connection.recv(200))
            except OSError:
                self.visits.append(b"")
            connection.close()

    def close(self) -> None:
        self._socket.close()


def element(
    number: int, tag: str, attributes: dict[str, Any] | None = None, *children: Any
) -> dict[str, Any]:
    return {
        "type": 2,
        "tagName": tag,
        "attributes": attributes or {},
        "childNodes": list(children),
        "id": number,
    }


def text(number: int, said: str) -> dict[str, Any]:
    return {"type": 3, "textContent": said, "id": number}


def recording(
    head: list[Any], body: list[Any], more: list[dict[str, Any]], start: int
) -> list[dict[str, Any]]:
    """A recording of one page: meta, snapshot, then some more events, at least a few seconds long."""
    page = {
        "type": 0,
        "id": 1,
        "childNodes": [
            {"type": 1, "name": "html", "publicId": "", "systemId": "", "id": 2},
            element(3, "html", {}, element(4, "head", {}, *head), element(5, "body", {}, *body)),
        ],
    }
    return [
        {
            "type": 4,
            "timestamp": start,
            "data": {"href": "http://stranger.example/", "width": 800, "height": 500},
        },
        {"type": 2, "timestamp": start + 20, "data": {"node": page, "initialOffset": {"top": 0, "left": 0}}},
        *more,
    ]


def clicks(start: int, node: int, times: int, every: int = 400) -> list[dict[str, Any]]:
    """Presses and clicks on one element."""
    found = []
    for i in range(times):
        for kind, late in ((1, 0), (0, 40), (2, 45)):
            data = {"source": 2, "type": kind, "id": node, "x": 120, "y": 90}
            found.append({"type": 3, "timestamp": start + i * every + late, "data": data})
    return found


def written(folder: Path, name: str, events: list[dict[str, Any]]) -> None:
    """A recording as a file: of events, or of batches, one a line."""
    folder.mkdir(exist_ok=True)
    batches = "stream" in events[0]
    told = "\n".join(map(json.dumps, events)) if batches else json.dumps(events)
    (folder / f"{name}.json").write_text(told)


def until(true: Callable[[], bool], page: Any, seconds: float = 20) -> None:
    """Wait for something that no element tells of."""
    for _ in range(int(seconds * 10)):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never came")
