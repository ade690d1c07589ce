"""The queue at a million sessions: a store filled with cards like those of recorded sessions, and its lists read.

Each card is that of a recorded session with an issue, a rarity and a time of its own; how often issues come follows a
power law, and one of them is as common as the caller says. Cards alone are stored, neither batches nor decisions.
"""

from __future__ import annotations

import math
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from data_contracts.recordings import open_paths, read
from features.log import sessions_of
from models.live_scores import LiveScorer
from models.queue import Candidate, place
from models.scorer import Scorer
from models.worth import FLAG_FROM, scored
from pipelines.store.cards import find_card
from pipelines.store.deciding import CARDS
from pipelines.store.limits import StoreLimits
from pipelines.store.listing import Wanted
from pipelines.store.rows import insert
from pipelines.store.store import Store
from pipelines.store.units import Card
from service.deciding.judge import Judge
from service.deciding.records import paths as pages_of
from service.deciding.secrets import Secrets
from service.triage.pages import Cursor, Order, Page, Pages
from service.triage.why_not import why_not

Progress = Callable[[str, int], None]
SITE: Final = "default"
AT_ONCE: Final = 10_000  # cards in one transaction
PAGE: Final = 20
FAR: Final = 50  # pages turned before one far down is read
EVERY_MS: Final = 1_000  # between the beginnings of two sessions
START_MS: Final = 1_893_456_000_000
SEED: Final = 20_300_101


class Figure(NamedTuple):
    """One list: median, lowest and highest time of reading a page, in ms; ``common`` is as ``cards`` takes it."""

    name: str
    common: float
    median: float
    low: float
    high: float


def recorded(store: Store, files: list[str]) -> list[Card]:
    """The cards of recorded sessions, as the service makes them."""
    judge = Judge(LiveScorer(Scorer.starter()), store)
    found = []
    for file in open_paths(files):
        recording = read(file)
        for session in sessions_of(recording.batches, recording.name):
            scores, struggle = judge.scorer.scores(session), judge.struggle(SITE, session)
            made = judge.decision(
                SITE, session, scores, struggle, cause="ended", log_number=1, now_ms=START_MS
            )
            card = judge.stored(made, pages_of(session)).card
            assert card is not None
            found.append(card)
    return found


def cards(kinds: list[Card], many: int, common: float, secret: bytes) -> Iterator[tuple[str, Card]]:
    """Name and card of each session to be stored.

    Parameters
    ----------
    kinds
        Of recorded sessions.
    common
        Share of the sessions with an issue that show the most common one, 0..1.
    """
    rng = np.random.default_rng(SEED)
    seen: Counter[str] = Counter()
    for i in range(many):
        kind = kinds[int(rng.integers(len(kinds)))]
        name, started = f"s{i:08}", START_MS + i * EVERY_MS
        issue, worth = "", kind.worth
        if kind.issue:
            number = 0 if rng.random() < common else 1 + int(rng.pareto(0.6))
            issue = f"{kind.issue.partition(':')[0]}:{number:08x}"
            worth = scored(kind.frustration or 0.0, seen[issue], 1.0)
        flagged = bool(issue) and (worth or 0.0) >= FLAG_FROM
        where = place(
            Candidate(name, worth, kind.frustration, None, kind.verdict, issue if flagged else None, started),
            secret,
        )
        yield (
            name,
            kind._replace(
                started_at_ms=started,
                worth=worth,
                flagged=flagged,
                seen_before=seen[issue],
                issue=issue,
                lane=where.lane,
                rank=where.key[0],
                stratum=where.stratum,
                propensity=where.propensity,
                draw=where.draw,
            ),
        )
        if issue:
            seen[issue] += 1


def fill(store: Store, some: Iterator[tuple[str, Card]], many: int, progress: Progress) -> None:
    """Store cards, each with a session of its own."""
    store.write(lambda db: db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (SITE,)), ()).result()
    progress("Storing cards", math.ceil(many / AT_ONCE))
    begin = 0
    while begin < many:
        part = list(islice(some, AT_ONCE))
        store.write(partial(_store, part=part, begin=begin), ()).result()
        begin += len(part)
        progress("", 0)


def _store(db: Any, part: list[tuple[str, Card]], begin: int) -> None:
    sessions = [(begin + i + 1, 1, name, "", START_MS, START_MS) for i, (name, _) in enumerate(part)]
    insert(db, "session_tallies (id, site_id, name, visitor, first_received, last_received)", sessions)
    rows = []
    for i, (name, card) in enumerate(part):
        facts, more = card[:12], card[14:]
        told = f" {' '.join(card.signals)} " if card.signals else ""
        rows.append(
            (1, begin + i + 1, name, 1, f"de_{begin + i}", *facts, told, "\n".join(card.pages), *more, 1)
        )
    insert(db, CARDS, rows)


def measured(
    files: list[str], folder: Path, many: int, common: float, rounds: int, progress: Progress
) -> list[Figure]:
    """Fill a store and read its lists, in turn, so many times each.

    Raises
    ------
    WatchworthyError
        If a file is no recording.
    """
    store = Store(folder, None, StoreLimits(disk_free_bytes=0))
    try:
        secrets = Secrets(store.keys)
        kinds = recorded(store, files)
        fill(store, cards(kinds, many, common, secrets.of(SITE)), many, progress)
        asked = _questions(store, Pages(secrets), many)
        times: dict[str, list[float]] = {name: [] for name in asked}
        progress("Reading lists", rounds)
        for _ in range(rounds):
            for name, ask in asked.items():
                begun = time.perf_counter()
                ask()
                times[name].append((time.perf_counter() - begun) * 1e3)
            progress("", 0)
        return [Figure(name, common, statistics.median(ms), min(ms), max(ms)) for name, ms in times.items()]
    finally:
        store.close()


def _questions(store: Store, pages: Pages, many: int) -> dict[str, Callable[[], Any]]:
    now_ms = START_MS + many * EVERY_MS

    def page(order: Order, wanted: Wanted, turned: int = 0) -> Callable[[], Page]:
        def read_page(at: Cursor, db: sqlite3.Connection) -> Page:
            return pages.read(db, SITE, order, wanted, at, now_ms, PAGE)

        at = pages.begin(order, wanted)
        for _ in range(turned):
            found = store.read(partial(read_page, at))
            if found.cursor is None:
                break
            at = found.cursor
        return partial(store.read, partial(read_page, at))

    return {
        "one card by its key": lambda: store.read(lambda db: find_card(db, SITE, f"s{many // 2:08}")),
        "queue, first page": page("queue", Wanted()),
        f"queue, page {FAR + 1}": page("queue", Wanted(), FAR),
        "automation, first page": page("automation", Wanted()),
        "worth, first page": page("worth", Wanted()),
        f"newest, page {FAR + 1}": page("newest", Wanted(), FAR),
        "queue of one signal": page("queue", Wanted(signals=("dead_click",))),
        "queue that nobody passes": page("queue", Wanted(page="/nowhere")),
        "why the last session is not there": lambda: why_not(
            store, SITE, f"s{many - 1:08}", Wanted(), now_ms
        ),
    }
