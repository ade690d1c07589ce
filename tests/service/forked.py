"""Our commands in processes that begin with their code loaded: forked from one that has done nothing but load it.

To load the code takes a core for some seconds, and services under test are started by the dozen.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from tests.service.live_store import SAMPLES

ROOT = SAMPLES.parent
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.service.loaded"])


class Forked:
    """A command that runs, spoken of as ``subprocess.Popen`` speaks of one.

    Parameters
    ----------
    words
        What stands behind ``watchworthy``.
    environment
        All of its environment.
    errors
        A file for its standard error.
    before
        Called in it before the command begins.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        errors: IO[Any],
        before: Callable[[], None] | None = None,
    ) -> None:
        reads, writes = _CONTEXT.Pipe(duplex=False)
        complains = Connection(os.dup(errors.fileno()), readable=False)
        with reads, writes, complains:
            given = (list(words), dict(environment), writes, complains, before)
            self._process = _CONTEXT.Process(target=_run, args=given)
            self._process.start()
            self.stdout = os.fdopen(os.dup(reads.fileno()), "r", encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, as ``subprocess`` has it."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, f"it still runs after {timeout} s"
        return self._process.exitcode


def _run(
    words: list[str],
    environment: dict[str, str],
    says: Connection,
    complains: Connection,
    before: Callable[[], None] | None,
) -> None:
    from service.command_line import main

    for connection, number in ((says, 1), (complains, 2)):
        os.dup2(connection.fileno(), number)
        connection.close()
    os.chdir(Path(ROOT))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["watchworthy", *words]
    if before is not None:
        before()
    main()
