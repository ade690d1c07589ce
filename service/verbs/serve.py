"""``watchworthy serve``: the service, with everything embedded, until it is told to stop."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from service import serving
from service.app import Service, application
from service.deciding.policy import Policy
from service.live import logs, settings
from service.live.keys import SITE
from service.live.opening import open_store
from service.live.whole import WholeConnection
from service.modelling import registering
from service.serving import Server, configuration, give_back_memory, listen
from service.web.links import first_link


def run(data_dir: Path, host: str | None, port: int | None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    try:
        chosen = settings.load(data_dir, host=host, port=port)
        Policy.load(data_dir)  # to say what is wrong with it before anything begins
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


def listens(address: str, link: str) -> None:
    """Say where the service listens, and the first time how its owner signs in."""
    print(f"Watchworthy listens on {address}", flush=True)
    if link:
        print(f"Sign in once, within a day: {link}", flush=True)


def serve(
    data_dir: Path,
    chosen: settings.Settings,
    listening: socket.socket,
    ready: Callable[[str, str], None] = listens,
    site: str = SITE,
) -> None:
    """Serve on a socket until a signal comes.

    Parameters
    ----------
    ready
        Told the address once batches can be taken, and the link by which the owner signs in; empty if they have.
    site
        That the link is for.
    """
    give_back_memory()
    store = open_store(data_dir, chosen)
    try:
        service = Service(data_dir, chosen, store)
    except BaseException:
        store.close()
        raise
    door = application(service)
    connection = WholeConnection.of(chosen, service.metrics, front=door.front, route=door.route)
    server = Server(configuration(door, connection))
    server.told_to_stop = service.following.close

    async def main() -> None:
        served = asyncio.create_task(server.serve([listening]))
        while not service.warm and not served.done():
            await asyncio.sleep(0.02)
            if service.failure is not None:
                server.should_exit = True
        if service.warm:
            host, port = listening.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            ready(address, first_link(service.owner, chosen, address, site))
        noting = asyncio.create_task(registering.starters(data_dir, chosen.register_starters))
        await served
        noting.cancel()
        await asyncio.gather(noting, return_exceptions=True)
        if service.failure is not None:
            raise service.failure

    serving.run(main())
