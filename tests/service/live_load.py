"""Visitors under whom a service may die: they send, note what they hear, and repeat what they are not sure of."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from data_contracts.batches import Batch
from data_contracts.recordings import read
from pipelines.readings import recut
from tests.service.live_process import Client, Process
from tests.service.live_store import SAMPLES, request

PARTS = 12  # batches of a page load
LATEST = 3  # batches that are sent once more when the service is back
PLAYED = ("calm-buy", "calm-touch-only", "struggling-dead-coupon", "struggling-reloads", "automated-scraper")


class Turn(NamedTuple):
    """One batch of one session, as it is sent."""

    session: str
    batch: Batch
    end: bool

    @property
    def place(self) -> tuple[str, int]:
        return self.batch.stream, self.batch.seq


class Ledger:
    """What all visitors have sent and heard, over all lives of the service.

    Attributes
    ----------
    sent
        Batches by session and place; what was not answered is there too.
    heard
        Answers in the same way.
    touched
        Sessions that something was sent to since ``take_touched``.
    """

    def __init__(self) -> None:
        self.sent: dict[str, dict[tuple[str, int], Batch]] = {}
        self.heard: dict[str, dict[tuple[str, int], bytes]] = {}
        self.touched: set[str] = set()

    def send(self, turn: Turn) -> None:
        self.touched.add(turn.session)
        self.sent.setdefault(turn.session, {})[turn.place] = turn.batch
        self.heard.setdefault(turn.session, {})

    def take_touched(self) -> set[str]:
        touched, self.touched = self.touched, set()
        return touched

    @property
    def acknowledged(self) -> int:
        return sum(map(len, self.heard.values()))


class Visitor:
    """One browser after another, one batch at a time; goes on where it was when the service comes back."""

    def __init__(self, name: str, key: str, ledger: Ledger, seed: int) -> None:
        self.key = key
        self.ledger = ledger
        self.doubt: Turn | None = None
        """What was on its way when the service died."""
        self.failure: BaseException | None = None
        self._turns = turns(name, np.random.default_rng(seed))
        self._latest: list[Turn] = []

    def live(self, client: Client, stop: threading.Event) -> None:
        """Send until the service is gone or nobody wants more; keep what went wrong."""
        try:
            for turn in [*self._latest, self.doubt]:
                if turn is not None:
                    self._send(client, turn)
            while not stop.is_set():
                self.doubt = next(self._turns)
                self._send(client, self.doubt)
        except (OSError, http.client.HTTPException):
            pass  # the service is dead
        except BaseException as error:
            self.failure = error
        finally:
            client.close()

    def _send(self, client: Client, turn: Turn) -> None:
        body = request(self.key, turn.batch, turn.session, end=turn.end)
        self.ledger.send(turn)
        answer = client.ask("POST", "/v1/batches", body)
        while answer.code == "busy":
            time.sleep(0.02)
            answer = client.ask("POST", "/v1/batches", body)
        assert answer.status == 200, (turn.session, turn.place, answer)
        before = self.ledger.heard[turn.session].setdefault(turn.place, answer.body)
        assert before == answer.body, "a repeat is answered as the first was"
        if turn is self.doubt:
            self.doubt = None
        self._latest = [*self._latest, turn][-LATEST:]


def turns(name: str, rng: np.random.Generator) -> Iterator[Turn]:
    """Sessions without end, of one or two page loads, some batches late; some end, some fall silent, some come back."""
    pages = {one: read(str(SAMPLES / f"{one}.json.gz")).batches for one in PLAYED}
    for number in range(1 << 30):
        session = f"{name}-{number}"
        for load in range(1 + number % 2):
            batches = page_load(pages, f"page{load}", rng)
            places = np.arange(len(batches)) + rng.choice([0.0, 0.0, 0.0, 2.5], len(batches))
            says = bool(rng.random() < 0.5)
            for i in np.argsort(places, kind="stable"):
                yield Turn(session, batches[i], says and batches[i].seq == len(batches) - 1)
        if number > 3 and number % 2:
            back = page_load(pages, "back", rng)[:3]
            yield from (Turn(f"{name}-{number - 3}", batch, batch is back[-1]) for batch in back)


def page_load(pages: dict[str, list[Batch]], stream: str, rng: np.random.Generator) -> list[Batch]:
    """A sample as one page load, cut at random."""
    chosen = pages[str(rng.choice(list(pages)))]
    whole = Batch(stream, 0, [event for batch in chosen for event in batch.events])
    return recut([whole], PARTS, rng)


class Crowd:
    """Some visitors at once."""

    def __init__(self, key: str, many: int, seed: int) -> None:
        self.ledger = Ledger()
        self.visitors = [Visitor(f"v{i}", key, self.ledger, seed + i) for i in range(many)]
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def come(self, process: Process) -> None:
        """Have all of them send to a service."""
        self._stop.clear()
        self._threads = [
            threading.Thread(target=visitor.live, args=(process.client(), self._stop), daemon=True)
            for visitor in self.visitors
        ]
        for thread in self._threads:
            thread.start()

    def go(self, stop: bool = True) -> None:
        """Wait until all have gone, because they were told to or because the service is dead."""
        if stop:
            self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "somebody waits for an answer for ever"
        for visitor in self.visitors:
            if visitor.failure is not None:
                raise visitor.failure

    def wait_for(self, acknowledged: int, seconds: float = 30) -> None:
        """Wait until so many more batches are acknowledged."""
        wanted = self.ledger.acknowledged + acknowledged
        until = time.monotonic() + seconds
        while self.ledger.acknowledged < wanted:
            assert time.monotonic() < until, "nothing is acknowledged any more"
            if any(visitor.failure for visitor in self.visitors):
                break
            time.sleep(0.005)

    @property
    def in_doubt(self) -> set[tuple[str, tuple[str, int]]]:
        return {(one.doubt.session, one.doubt.place) for one in self.visitors if one.doubt is not None}
