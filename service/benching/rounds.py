"""The rounds: service and peer get the same bodies in turn, and the kernel tells what each spent on them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from pipelines.store.store import Store
from service.benching.bodies import Page, Visits, dealt
from service.benching.load import BenchFailed, request, send
from service.benching.servers import Running, peer, service
from service.live.keys import Keys
from service.serving import under

Progress = Callable[[str, int], None]
LEG: Final = 500  # batches between two looks at the clock; the sessions are led on in between
LEADING: Final = 32  # connections over which sessions are led on
COMMITS: Final = "watchworthy_commits_total"
LOOK_S: Final = 0.05  # between two looks whether a server is at rest
LOOKS: Final = 200
IDLE_S: Final = 0.001  # CPU that a server at rest may take between two looks


@dataclass(frozen=True, slots=True)
class Load:
    """One way to send.

    Attributes
    ----------
    connections
        Keep-alive connections that each have one request on its way.
    packed
        Whether bodies are gzip.
    batches
        Batches of a round.
    limit
        Highest ratio that is allowed; None: none was set.
    """

    name: str
    connections: int
    packed: bool
    batches: int
    limit: float | None


@dataclass(slots=True)
class Spent:
    """What one server spent on the same bodies in one round: CPU seconds, and seconds to each answer."""

    cpu_s: float = 0.0
    answers_s: list[float] = field(default_factory=list)

    @property
    def request_us(self) -> float:
        """CPU of a request, µs."""
        return self.cpu_s / len(self.answers_s) * 1e6


@dataclass(slots=True)
class Round:
    """One round of one load; ``commits`` is None where the service does not tell it."""

    service: Spent = field(default_factory=Spent)
    peer: Spent = field(default_factory=Spent)
    commits: float | None = None

    @property
    def ratio(self) -> float:
        """CPU of a durable scored batch by CPU of an empty request."""
        return self.service.request_us / self.peer.request_us


@dataclass(slots=True)
class Findings:
    """All rounds of each load, and facts about what was sent.

    Attributes
    ----------
    body_bytes
        Mean of the measured bodies, unpacked.
    sent
        Batches in all that the service acknowledged; as many were found in its store.
    rebuilds
        Sessions that it had dropped from memory and read again; more than none and the sessions were not warm.
    under
        What runs both applications.
    """

    rounds: dict[Load, list[Round]]
    body_bytes: float
    sent: int
    rebuilds: float
    under: str


class Bench:
    """Two servers and the visits that are paid to them.

    Parameters
    ----------
    service, peer
        The service and the empty application.
    visits
        The sessions, dealt over the pages in turn.
    """

    def __init__(self, service: Running, peer: Running, visits: Sequence[Visits]) -> None:
        self.service = service
        self.peer = peer
        self.visits = visits
        self.pages = len({id(one.page) for one in visits})
        self.sent = 0
        self.sizes: list[int] = []
        self._turns = cycle(range(len(visits)))

    def legs(self, batches: int) -> list[int]:
        """So many batches in parts in which no session has two."""
        most = min(LEG, len(self.visits))
        whole, rest = divmod(batches, most)
        return [most] * whole + [rest] * (rest > 0)

    async def warm(self, progress: Progress) -> None:
        """Begin every session, and let both servers get up to speed.

        Sessions on the same page are led to different places of it, so that every round has the same mixture.
        """
        legs = self.legs(len(self.visits))
        progress(f"Warming {len(self.visits):,} sessions", len(legs))
        for count in legs:
            lanes: list[list[bytes]] = [[] for _ in range(LEADING)]
            for i in islice(self._turns, count):
                visits = self.visits[i]
                places = sum(piece.measured for piece in visits.page)
                lanes[i % LEADING] += map(request, visits.lead(now(), i // self.pages % places))
            await self._take(lanes)
            await send(self.peer.port, lanes)
            progress("", 0)

    async def round(self, load: Load, progress: Progress) -> Round:
        """Send the batches of a round to both, a leg at a time."""
        found = Round()
        for count in self.legs(load.batches):
            lanes = await self._led(count, load.connections, load.packed)
            before = self.service.metrics()
            await _measured(self.service, found.service, self._take(lanes))
            after = self.service.metrics()
            if COMMITS in after:
                found.commits = (found.commits or 0.0) + after[COMMITS] - before[COMMITS]
            await _measured(self.peer, found.peer, send(self.peer.port, lanes))
            progress("", 0)
        return found

    async def _led(self, count: int, connections: int, packed: bool) -> list[list[bytes]]:
        """Lead the next sessions up to what is measured, and make a request of each, by connection."""
        chosen = list(islice(self._turns, count))
        leads: list[list[bytes]] = [[] for _ in range(LEADING)]
        for i in chosen:
            leads[i % LEADING] += map(request, self.visits[i].lead(now()))
        await self._take(leads)
        lanes: list[list[bytes]] = [[] for _ in range(connections)]
        for i in chosen:
            body = self.visits[i].next(now())
            self.sizes.append(len(body))
            lanes[i % connections].append(request(body, packed))
        return lanes

    async def _take(self, lanes: list[list[bytes]]) -> list[float]:
        answers = await send(self.service.port, lanes)
        self.sent += len(answers)
        return answers


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


async def _measured(server: Running, spent: Spent, sending: Awaitable[list[float]]) -> None:
    before = await quiet(server)
    spent.answers_s += await sending
    spent.cpu_s += await quiet(server) - before


async def quiet(server: Running) -> float:
    """CPU seconds of a server once it does nothing any more: what it put off until after its answers counts too."""
    cpu_s = server.cpu_s()
    for _ in range(LOOKS):
        await asyncio.sleep(LOOK_S)
        last_s, cpu_s = cpu_s, server.cpu_s()
        if cpu_s - last_s < IDLE_S:
            break
    return cpu_s


def measured(
    pages: list[Page], loads: Sequence[Load], rounds: int, sessions: int, folder: Path, progress: Progress
) -> Findings:
    """Start both servers, send all rounds of all loads in turn, and look whether everything is in the store.

    Parameters
    ----------
    pages
        What is sent.
    loads, rounds, sessions
        How, how often, and in how many sessions.
    folder
        A folder for the service's data and the servers' logs.
    progress
        Told of each phase and step.

    Raises
    ------
    BenchFailed
        If a server does not start, refuses a batch, or has not kept one that it acknowledged.
    """
    data = folder / "data"
    keys = Keys(data)
    key, _ = keys.create("write")
    keys.close()
    progress("Starting both servers", 0)
    found: dict[Load, list[Round]] = {load: [] for load in loads}
    with service(data, folder / "service.log") as ours, peer(folder / "peer.log") as theirs:
        bench = Bench(ours, theirs, dealt(pages, key, sessions))

        async def all_rounds() -> None:
            await bench.warm(progress)
            bench.sizes.clear()
            progress("Measuring", rounds * sum(len(bench.legs(load.batches)) for load in loads))
            for _ in range(rounds):
                for load in loads:
                    found[load].append(await bench.round(load, progress))

        asyncio.run(all_rounds())
        told = ours.metrics()
    kept = stored(data)
    if kept != bench.sent:
        raise BenchFailed(f"{bench.sent:,} batches were acknowledged, but {kept:,} are in the store.")
    return Findings(found, statistics.mean(bench.sizes), kept, told["watchworthy_rebuilds"], under())


def stored(data: Path) -> int:
    """How many batches a data folder holds, by the log numbers of its sessions."""
    count, after = 0, 0
    with Store.open(data) as store:
        while rows := store.sessions(after):
            count += sum(row.next_log - 1 for row in rows)
            after = rows[-1].number
    return count
