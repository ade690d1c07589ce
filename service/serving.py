"""How an application is served here: its socket, the settings of uvicorn, and the signals that end it."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType
from typing import Any, Final, NoReturn

import uvicorn
from starlette.types import ASGIApp

from service.live.connections import Connection

LOOPBACK: Final = "127.0.0.1"
GRACE_S: Final = 20
BACKLOG: Final = 2_048  # connections that the system lets wait for us
ACCEPTED: Final = (
    32  # taken at a time: all of those that wait could be more than there are files for, before any is closed
)
LOOK_TICKS: Final = 10  # uvicorn ticks every 0.1 s
COMPLAIN_S: Final = 60.0
LARGE_BYTES: Final = 1 << 20  # larger blocks of memory go back to the system as soon as they are free
MMAP_THRESHOLD: Final = -3  # its number in mallopt(3)
OUT_OF_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

log = logging.getLogger("watchworthy.http")


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections of this address.

    Raises
    ------
    OSError
        If the address is not ours, or taken.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def configuration(app: ASGIApp, connection: type[Connection] = Connection) -> uvicorn.Config:
    """How uvicorn runs an application here; the bench's peer runs under the same.

    Parameters
    ----------
    connection
        What becomes of each connection; by default one under the default bounds, whose refusals nobody counts.
    """
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours believes only the proxies that the settings name
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_S,
        backlog=ACCEPTED,
        http=connection,
        ws="none",
    )


def under() -> str:
    """What runs applications here: uvicorn, its version, and what it reads HTTP with."""
    return ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "h11"))


def give_back_memory() -> None:
    """Have large blocks of memory given back to the system at once.

    The allocator of GNU systems keeps blocks of up to 32 MB for later once it has seen one freed, so that a few large
    bodies would leave holes that nobody can use. Where there is no such allocator, nothing is done.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(MMAP_THRESHOLD, LARGE_BYTES)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run the main coroutine of a server, on the kind of event loop that every server here has."""
    asyncio.run(main)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: what it made and started is then cleaned up."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Complaints:
    """What an event loop cannot do: as ever, but a connection that finds no room is said once a minute only."""

    def __init__(self) -> None:
        self._said = float("-inf")
        self._unsaid = 0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Write to the log what the loop complains of."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in OUT_OF_FILES:
            loop.default_exception_handler(context)
            return
        self._unsaid += 1
        if loop.time() - self._said > COMPLAIN_S:
            log.error("no more connections can be taken (%d tries): %s", self._unsaid, error.strerror)
            self._said, self._unsaid = loop.time(), 0


class Server(uvicorn.Server):
    """Stops when it is told to, and then its process ends as one that did what it was told.

    Attributes
    ----------
    told_to_stop
        Called when it is, before it waits for the answers that are being given: what has no end must be ended.
    """

    told_to_stop: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        asyncio.get_running_loop().set_exception_handler(Complaints())
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(BACKLOG)  # asyncio has just let only as many wait as it takes at a time

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what has no end, then wait for the rest."""
        if self.told_to_stop is not None:
            self.told_to_stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Look at every connection each second."""
        if counter % LOOK_TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.look(now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT stop the server; uvicorn's own would then kill the process by the same signal."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
