"""The servers that are measured: each a process of its own, whose CPU time the kernel accounts for."""

from __future__ import annotations

import ctypes
import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from service.benching.load import BenchFailed
from service.live.settings import PREFIX
from service.serving import GRACE_S, LOOPBACK

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = frozenset({"WATCHWORTHY_CACHE"})
RATE: Final = "1e9"  # batches a second: every limit is computed, none is reached
SERVICE: Final = (
    "-c",
    "from service.command_line import main; main()",
    "serve",
    "--host",
    LOOPBACK,
    "--port",
    "0",
)
PEER: Final = ("-m", "service.benching.peer")
CLOSING_S: Final = 10  # for what the service closes once its requests are done
LOG_TOLD: Final = 2_000  # characters


class Running:
    """A server while it runs; ``with`` ends it.

    Parameters
    ----------
    words
        What Python is called with.
    log
        File that takes its standard error.
    settings
        Settings of the service, by name; those of the caller's environment are not taken over.

    Raises
    ------
    BenchFailed
        If it ends before it says where it listens.
    """

    def __init__(self, words: tuple[str, ...], log: Path, **settings: str) -> None:
        own = {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}
        ours = {
            name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(PREFIX)
        }
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._log = log
        with log.open("wb") as standard_error:
            self._process = subprocess.Popen(
                [sys.executable, "-P", *words],  # a folder `service` where we were called would come first
                stdout=subprocess.PIPE,
                stderr=standard_error,
                text=True,
                env=ours | own | {"PYTHONPATH": os.pathsep.join(paths)},
            )
        try:
            self.port = self._listens()
            self._clock = _clock(self._process.pid)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def _listens(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise BenchFailed("A server ended before it listened.")
        return int(line.rsplit(":", 1)[1])

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        said = self._log.read_text("utf-8", "replace")[-LOG_TOLD:].strip()
        if said and isinstance(error, BenchFailed):
            error.add_note(f"The end of {self._log.name}:\n{said}")

    def stop(self) -> None:
        """Have it finish what it does; kill it if it takes too long."""
        self._process.terminate()
        try:
            self._process.wait(GRACE_S + CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far, those that ended too."""
        return time.clock_gettime(self._clock)

    def metrics(self) -> dict[str, float]:
        """What it tells Prometheus now, without what bears labels.

        Raises
        ------
        BenchFailed
            If it does not answer.
        """
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        except (OSError, http.client.HTTPException) as error:
            raise BenchFailed(f"The service does not tell its metrics: {error}.") from error
        finally:
            connection.close()
        pairs = (line.rsplit(" ", 1) for line in lines if line[:1] != "#" and "{" not in line)
        return {name: float(value) for name, value in pairs}


def _clock(pid: int) -> int:
    """The clock that counts the CPU time of a process, in nanoseconds."""
    known = getattr(ctypes.CDLL(None), "clock_getcpuclockid", None)
    number = ctypes.c_int()
    if known is None or known(pid, ctypes.byref(number)):
        raise BenchFailed("This system does not tell the CPU time of another process; Linux does.")
    return number.value


def service(data_dir: Path, log: Path) -> Running:
    """The service as it is served, everything on."""
    rates = {"rate_address": RATE, "rate_key": RATE, "rate_whole": RATE}
    return Running((*SERVICE, "--data-dir", str(data_dir)), log, **rates)


def peer(log: Path) -> Running:
    """The empty application."""
    return Running(PEER, log)
