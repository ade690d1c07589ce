"""The story of a session: its pages, acts, troubles and scores over time, read off its log and kept for a while."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Batch
from data_contracts.decisions import Fact, Seen
from data_contracts.events import (
    CLICK,
    CONSOLE,
    EVENT,
    GOAL,
    INPUT,
    LOST,
    PAGE,
    PRESS,
    REQUEST,
    SCROLL,
    SIGHTED,
    SUBMIT,
    TAP,
    Events,
)
from data_contracts.order import PageNumbers, cut, interleave, number_pages
from features.catalogue import engine as folds
from features.engine import Engine, live
from features.log import in_turn
from features.memory import Memory
from features.moments import CODES
from features.session import Session, covered
from models.facts import facts_of
from models.heads import HEADS
from models.naming import called
from models.scorer import Scorer, named_by
from service.live.batch_body import events_within
from service.live.reception import Reception
from service.live.rehearsal import REHEARSAL
from service.live.sessions_route import PART
from service.live.twin import twin

SLICES: Final = 32  # points at which scores are shown: more than a reader can tell apart on a strip
KEPT: Final = 256  # stories at hand; each takes some 20 KB
ACTS_KEPT: Final = 2_000
TROUBLES_KEPT: Final = 500
ERROR: Final = 3  # of CONSOLE
SLOW_MS: Final = 2_000  # a request that a visitor waits for


class Band(NamedTuple):
    """A stretch of time, ms from the start of the session: a page, or a time without sight."""

    start_ms: int
    end_ms: int
    text: str = ""


class Point(NamedTuple):
    """What a head said at a time: probability and the ends of its interval, None where it abstains."""

    t_ms: int
    probability: float | None
    low: float | None = None
    high: float | None = None


class Trouble(NamedTuple):
    """Something that went wrong on the site: an error in the console, a request that failed or was slow."""

    t_ms: int
    text: str


class Act(NamedTuple):
    """Something that the visitor did, as ``service.web.steps`` writes it down."""

    t_ms: int
    kind: str
    name: str
    selector: str
    value: float
    page: str


class Story(NamedTuple):
    """A session from beginning to end; times in ms from its start."""

    session_id: str
    start_ms: int
    length_ms: int
    pages: tuple[Band, ...]
    blind: tuple[Band, ...]
    scores: dict[str, tuple[Point, ...]]
    facts: tuple[Fact, ...]
    artifacts: tuple[int, ...]
    troubles: tuple[Trouble, ...]
    goals: tuple[int, ...]
    acts: tuple[Act, ...]
    vector: npt.NDArray[np.float32]
    moments: npt.NDArray[np.void]
    seen: Seen


class Stories:
    """Tells stories, and keeps those told last.

    Parameters
    ----------
    reception
        Knows the sessions.
    """

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._kept: OrderedDict[tuple[str, str], tuple[int, Story]] = OrderedDict()
        self._lock = Lock()

    def kept(self, site: str, part: str, decided: int) -> Story | None:
        """A story that is at hand and knows at least as much as the decision of a log number."""
        with self._lock:
            found = self._kept.get((site, part))
            if found is None or found[0] < decided:
                return None
            self._kept.move_to_end((site, part))
            return found[1]

    async def of(self, site: str, part: str, decided: int) -> Story | None:
        """The story of a session; None if the store has nothing of it any more.

        Parameters
        ----------
        decided
            Log number of its latest decision.

        Raises
        ------
        WatchworthyError
            What the store says of a recording that it cannot read.
        """
        found = self.kept(site, part, decided)
        return found or await self._reception.beside(lambda: self._read(site, part))

    def warm(self) -> None:
        """Compile what a story needs and a batch does not, or load it from disk: the first reader need not wait."""
        engine, scorer = twin(folds()), self._reception.judge.scorer.scorer
        memory = Memory("rehearsal", engine, self._reception.settings.idle_ms, self._reception.limits)
        for seq, text in enumerate(REHEARSAL):
            memory.push_all([Batch("0", seq, events_within(text, self._reception.limits, math.inf).events)])
        told(memory, "rehearsal", engine, scorer, self._reception.settings.idle_ms)
        for trained in scorer.bundle.heads.values():
            values = np.zeros(len(trained.model.names), "f4")
            trained.model.contributions(values)
            for model in (trained.model, *trained.refits):
                model.margin(values)
                model.reach(values, np.zeros(values.size, "u1"))

    def forget(self, site: str, part: str) -> None:
        """Drop what is at hand of a session."""
        with self._lock:
            self._kept.pop((site, part), None)

    def _read(self, site: str, part: str) -> Story | None:
        named = PART.match(part)
        row = self._reception.store.session(site, named["log"]) if named else None
        if named is None or row is None:
            return None
        number = row.next_log - 1
        settings, engine = self._reception.settings, self._reception.aside_engine
        memory = Memory(named["log"], engine, settings.idle_ms, self._reception.limits)
        stored = self._reception.store.batches(site, named["log"])
        memory.push_all(in_turn(batch for at, batch in stored if at <= number))
        story = told(memory, part, engine, self._reception.judge.scorer.scorer, settings.idle_ms)
        if story is not None:
            with self._lock:
                self._kept[site, part] = (number, story)
                self._kept.move_to_end((site, part))
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return story


def told(memory: Memory, part: str, engine: Engine, scorer: Scorer, idle_ms: int) -> Story | None:
    """The story of a session of a log, from a memory that has taken all its batches."""
    session = next((one for one in memory.sessions() if one.id == part), None)
    if session is None:
        return None
    rows = _rows(memory, idle_ms, session)
    length = max(session.coverage.duration_ms, 1)
    times = rows["t"] - session.start_ms
    name = named_by(session)
    return Story(
        session_id=part,
        start_ms=session.start_ms,
        length_ms=length,
        pages=_pages(rows, times, session, length),
        blind=_blind(rows, times, length),
        scores=_scores(rows, times, memory.channels, engine, scorer, length),
        facts=tuple(facts_of(session.moments, name, session.address)),
        artifacts=tuple(
            int(one["start"]) for one in session.moments if CODES[one["code"]] == "automation_artifact"
        ),
        troubles=_troubles(rows, times),
        goals=tuple(int(t) for t in times[rows["kind"] == GOAL][:TROUBLES_KEPT]),
        acts=_acts(rows, times, session),
        vector=session.vector,
        moments=session.moments,
        seen=session.coverage,
    )


def _rows(memory: Memory, idle_ms: int, session: Session) -> Events:
    """The rows of one session of a log, with page views numbered as its moments have them."""
    names = sorted(name for name, stream in memory.streams.items() if stream.waiting.size)
    if not names:
        return np.empty(0, EVENT)
    order = list(memory.streams)
    rows, rank = interleave([memory.streams[name].waiting for name in names])
    number_pages(rows, np.array([order.index(name) for name in names], "i8")[rank], PageNumbers())
    for one in cut(rows, idle_ms):
        if int(rows["t"][one.start]) == session.start_ms:
            found: Events = rows[one]
            return found
    return np.empty(0, EVENT)


def _pages(rows: Events, times: npt.NDArray[np.int64], session: Session, length: int) -> tuple[Band, ...]:
    found: list[Band] = []
    for place in np.flatnonzero((rows["kind"] == PAGE) & (rows["page"] >= 0)):
        address = session.address(int(rows["page"][place]))
        if found:
            found[-1] = found[-1]._replace(end_ms=int(times[place]))
        found.append(Band(int(times[place]) if found else 0, length, address))
    return tuple(found)


def _blind(rows: Events, times: npt.NDArray[np.int64], length: int) -> tuple[Band, ...]:
    """When the page could not be seen: before its first snapshot, and after a batch was lost."""
    found: list[Band] = []
    acting = np.isin(rows["kind"], (CLICK, PRESS, INPUT, SCROLL, TAP, LOST))
    begun: int | None = None
    for place in np.flatnonzero(acting | (rows["flags"] & SIGHTED > 0)):
        sighted = bool(rows["flags"][place] & SIGHTED) and rows["kind"][place] != LOST
        if not sighted and begun is None:
            begun = int(times[place])
        elif sighted and begun is not None:
            found.append(Band(begun, int(times[place])))
            begun = None
    if begun is not None:
        found.append(Band(begun, length))
    return tuple(found)


def _scores(
    rows: Events,
    times: npt.NDArray[np.int64],
    channels: int,
    engine: Engine,
    scorer: Scorer,
    length: int,
) -> dict[str, tuple[Point, ...]]:
    """What each head would have said at some points in time, had it known all until then and nothing later."""
    found: dict[str, list[Point]] = {head.name: [] for head in HEADS}
    memory, moments, at = engine.empty(), None, 0
    for number in range(1, SLICES + 1):
        t = round(length * number / SLICES)
        end = rows.size if number == SLICES else int(np.searchsorted(times, t, "right"))
        moments = engine.fold(rows[at:end], memory, moments)
        at = end
        if not end:
            continue
        seen, standing = covered(memory, channels), live(moments)
        vector = engine.vector(memory, channels)
        for head in HEADS:
            block = scorer.say(head, vector, seen, standing).block
            low, high = block.get("interval") or (None, None)
            found[head.name].append(Point(t, block.get("probability"), low, high))
    return {name: tuple(points) for name, points in found.items()}


def _troubles(rows: Events, times: npt.NDArray[np.int64]) -> tuple[Trouble, ...]:
    found: list[Trouble] = []
    for row, t in zip(rows, times.tolist(), strict=True):
        if row["kind"] == CONSOLE and row["value"] == ERROR:
            found.append(Trouble(t, "error in the console"))
        elif row["kind"] == REQUEST:
            status, took = float(row["x"]), float(row["value"])
            if status == 0:
                found.append(Trouble(t, "a request failed"))
            elif status >= 400:
                found.append(Trouble(t, f"a request was answered with {status:.0f}"))
            elif took >= SLOW_MS:
                found.append(Trouble(t, f"a request took {took / 1000:.1f} s"))
        if len(found) == TROUBLES_KEPT:
            break
    return tuple(found)


def _acts(rows: Events, times: npt.NDArray[np.int64], session: Session) -> tuple[Act, ...]:
    kinds = {CLICK: "click", INPUT: "input", SUBMIT: "submit", PAGE: "page", SCROLL: "scroll", TAP: "click"}
    found: list[Act] = []
    for row, t in zip(rows, times.tolist(), strict=True):
        kind = kinds.get(int(row["kind"]))
        if kind is None:
            continue
        page = int(row["page"])
        element = session.element(page, int(row["control"]) or int(row["target"])) if kind != "page" else None
        value = float(row["y"]) if kind == "scroll" else float(row["value"])
        act = Act(
            t,
            kind,
            called(element) if element else "",
            element.selector if element else "",
            value,
            session.address(page),
        )
        again = bool(found) and found[-1][1:4] == act[1:4] and found[-1].page == act.page
        if again and kind in ("input", "scroll"):
            found[-1] = act._replace(t_ms=found[-1].t_ms)  # one act goes on: what it leads to counts
        elif len(found) < ACTS_KEPT:
            found.append(act)
    return tuple(found)


def line(points: Sequence[Point], length: int) -> list[tuple[float, float]]:
    """The points of a score as shares of time and height, for a strip; where the head abstains there is none."""
    return [(one.t_ms / length, one.probability) for one in points if one.probability is not None]


def at(share: float) -> str:
    """A share as SVG takes it.

    >>> at(0.12345)
    '12.35%'
    """
    return f"{100 * share:.2f}%"


def as_json(points: Sequence[Point]) -> list[Any]:
    """The points of a score as a chart takes them: times in s, then probability, low and high."""
    return [
        [one.t_ms / 1000 for one in points],
        [one.probability for one in points],
        [one.low for one in points],
        [one.high for one in points],
    ]
