"""Instruments: what changes when the same session is recorded by another recorder.

In each quiet page three recorders ran at once, rrweb 2, rrweb 1 and PostHog's, and none knew of the others. So the
visitor, the page and the machine are the same to the millisecond, and only the instrument differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from data_contracts.batches import Batch
from data_contracts.order import IDLE_MS
from data_contracts.recordings import read
from features.log import sessions_of
from features.moments import CODES, WITHDRAWN
from models.scorer import Scorer
from pipelines.traps.corpus import OTHER_RECORDERS, Trap

INSTRUMENTS: Final[dict[str, str]] = {
    "rrweb2": "rrweb 2.2.2",
    "rrweb1": "rrweb 1.1.3",
    "posthog": "@posthog/rrweb 0.0.59",
}
CREATED: Final = "2026-01-01T00:00:00Z"  # an assessment bears a date; these are thrown away


@dataclass(frozen=True)
class Answer:
    """What is said of one recording.

    Attributes
    ----------
    signals
        Codes that fired, each once.
    verdict
        Of the bot head.
    struggle
        Probability of the frustration head; None where it abstains.
    """

    signals: frozenset[str]
    verdict: str
    struggle: float | None


@dataclass(frozen=True)
class Difference:
    """A trap whose signals or verdict another instrument changes, against plain rrweb 2."""

    trap: str
    instrument: str
    lost: frozenset[str]
    gained: frozenset[str]
    verdicts: tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """How the instruments compare: traps compared, what differs, and how far the struggle moves at most."""

    traps: int
    differences: tuple[Difference, ...]
    struggle_moves: dict[str, float]


def plain(batches: Iterable[Batch]) -> list[Batch]:
    """The same batches without the marks of our own recorder."""
    return [
        Batch(one.stream, one.seq, [text for text in one.events if not _is_mark(bytes(text))], one.channels)
        for one in batches
    ]


def _is_mark(text: bytes) -> bool:
    if b'"ww.' not in text:
        return False
    event = json.loads(text)
    return event.get("type") == 5 and str(event["data"].get("tag", "")).startswith("ww.")


def answer(scorer: Scorer, trap: Trap, instrument: str) -> Answer:
    """What is said of a trap as one instrument recorded it."""
    file = trap.file if instrument == "rrweb2" else OTHER_RECORDERS / f"{trap.name}.{instrument}.json.gz"
    session = sessions_of(plain(read(str(file)).batches), trap.name, None, IDLE_MS)[0]
    told = scorer.assess(session, trap.name, CREATED)
    fired = {CODES[one["code"]] for one in session.moments if one["state"] != WITHDRAWN}
    return Answer(frozenset(fired), told.bot.verdict, told.frustration.probability)


def compared(every: Iterable[Trap]) -> Comparison:
    """Compares the instruments on all traps in quiet pages."""
    scorer = Scorer.starter()
    quiet = [trap for trap in every if trap.name.endswith("-quiet")]
    differences = []
    moves = dict.fromkeys(list(INSTRUMENTS)[1:], 0.0)
    for trap in quiet:
        first = answer(scorer, trap, "rrweb2")
        for instrument in moves:
            other = answer(scorer, trap, instrument)
            if first.struggle is not None and other.struggle is not None:
                moves[instrument] = max(moves[instrument], abs(other.struggle - first.struggle))
            if (first.signals, first.verdict) != (other.signals, other.verdict):
                lost, gained = first.signals - other.signals, other.signals - first.signals
                verdicts = (first.verdict, other.verdict)
                differences.append(Difference(trap.name, instrument, lost, gained, verdicts))
    return Comparison(len(quiet), tuple(differences), moves)


def lines(found: Comparison) -> list[str]:
    """The comparison, as the page of the traps shows it."""
    told = [
        f"Each of {found.traps} traps in a quiet page was recorded by three recorders at once, so that the session is "
        "the same and only the instrument differs. Against plain rrweb 2 (no marks of our own recorder):\n",
        "| recorder | same signals and verdict |",
        "| --- | --- |",
    ]
    for instrument in found.struggle_moves:
        other = sum(one.instrument == instrument for one in found.differences)
        told.append(f"| {INSTRUMENTS[instrument]} | {found.traps - other} of {found.traps} |")
    told.append("")
    for one in found.differences:
        parts = [f"lacks `{code}`" for code in sorted(one.lost)]
        parts += [f"adds `{code}`" for code in sorted(one.gained)]
        if one.verdicts[0] != one.verdicts[1]:
            parts.append(f"verdict {one.verdicts[1]} instead of {one.verdicts[0]}")
        told.append(f"* {one.trap}, {INSTRUMENTS[one.instrument]}: {', '.join(parts)}")
    return [*told, ""]
