"""How an application is served here: its socket, the settings of uvicorn, and the signals that end it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

LOOPBACK: Final = "127.0.0.1"
GRACE_S: Final = 20
BACKLOG: Final = 2_048


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


def configuration(app: FastAPI) -> uvicorn.Config:
    """How uvicorn runs an application here; the bench's peer runs under the same."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours believes only the proxies that the settings name
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ws="none",
    )


def under() -> str:
    """What runs applications here: uvicorn, its version, and what it reads HTTP with."""
    config = configuration(FastAPI())
    config.load()
    return f"uvicorn {uvicorn.__version__}, {config.http_protocol_class.__name__}"


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run the main coroutine of a server, on the kind of event loop that every server here has."""
    asyncio.run(main)


class Server(uvicorn.Server):
    """Stops when it is told to, and then its process ends as one that did what it was told."""

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
