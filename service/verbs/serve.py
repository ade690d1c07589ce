"""``watchworthy serve``: the service, with everything embedded, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from service.live import logs, settings
from service.live.app import Service, application
from service.live.opening import open_store

GRACE_S: Final = 20
BACKLOG: Final = 2_048


def run(data_dir: Path, host: str | None, port: int | None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    try:
        chosen = settings.load(data_dir, host=host, port=port)
    except ValueError as error:
        print(f"watchworthy serve: {error}", file=sys.stderr)
        return 2
    logs.begin(chosen.log_level)
    try:
        listening = listen(chosen.host, chosen.port)
    except OSError as error:
        print(
            f"watchworthy serve: cannot listen on {chosen.host} port {chosen.port}: {error}", file=sys.stderr
        )
        return 1
    with listening:
        serve(data_dir, chosen, listening)
    return 0


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


def serve(data_dir: Path, chosen: settings.Settings, listening: socket.socket) -> None:
    """Serve on a socket until a signal comes."""
    service = Service(data_dir, chosen, open_store(data_dir, chosen))
    server = Server(
        uvicorn.Config(
            application(service),
            log_config=None,
            access_log=False,
            proxy_headers=False,  # ours believes only the proxies that the settings name
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE_S,
            ws="none",
        )
    )

    async def main() -> None:
        serving = asyncio.create_task(server.serve([listening]))
        while not service.warm and not serving.done():
            await asyncio.sleep(0.02)
        if service.warm:
            host, port = listening.getsockname()[:2]
            print(f"Watchworthy listens on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        await serving

    asyncio.run(main())
