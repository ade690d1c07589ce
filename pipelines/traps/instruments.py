"""Instruments: what changes when the same session is recorded by another recorder.

In each quiet page four recorders ran at once, ours, rrweb 2, rrweb 1 and PostHog's, and none knew of the others. So
the visitor, the page and the machine are the same to the millisecond, and only the instrument differs.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from data_contracts.batches import Batch
from data_contracts.events import CHANNELS
from data_contracts.order import IDLE_MS
from data_contracts.recordings import read
from features.log import sessions_of
from features.moments import CODES, WITHDRAWN
from models.scorer import Scorer
from pipelines.traps.corpus import OTHER_RECORDERS, Trap

PLAIN: Final = "rrweb2"
OURS: Final = "watchworthy"
INSTRUMENTS: Final[dict[str, str]] = {
    PLAIN: "rrweb 2.2.2",
    OURS: "this recorder, on @rrweb/record 2.1.6",
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
    chances
        Probabilities of the heads ``bot`` and ``frustration``; None where one abstains.
    """

    signals: frozenset[str]
    verdict: str
    chances: tuple[float | None, float | None]


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
    """How the instruments compare.

    Attributes
    ----------
    traps
        Traps compared.
    differences
        Whose signals or verdict differ.
    moves
        By instrument, how far the probabilities of ``bot`` and ``frustration`` move at most.
    """

    traps: int
    differences: tuple[Difference, ...]
    moves: dict[str, tuple[float, float]]


class _Sent(msgspec.Struct):
    """A batch as our recorder sent it."""

    stream: str
    seq: int
    channels: list[str]
    events: list[msgspec.Raw]


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


def batches_of(trap: str, instrument: str) -> list[Batch]:
    """A trap as one instrument recorded it; ours with all that it adds, a stream for each page load."""
    file = OTHER_RECORDERS / f"{trap}.{instrument}.json.gz"
    return sent(file) if instrument == OURS else plain(read(str(file)).batches)


def sent(file: Path) -> list[Batch]:
    """The batches that our recorder sent, one a line."""
    decoder = msgspec.json.Decoder(_Sent)
    return [
        Batch(
            one.stream,
            one.seq,
            [bytes(event) for event in one.events],
            sum(1 << CHANNELS.index(name) for name in one.channels if name in CHANNELS),
        )
        for one in decoder.decode_lines(gzip.decompress(file.read_bytes()))
    ]


def answer(scorer: Scorer, trap: str, instrument: str) -> Answer:
    """What is said of a trap as one instrument recorded it."""
    session = sessions_of(batches_of(trap, instrument), trap, None, IDLE_MS)[0]
    told = scorer.assess(session, trap, CREATED)
    fired = {CODES[one["code"]] for one in session.moments if one["state"] != WITHDRAWN}
    return Answer(frozenset(fired), told.bot.verdict, (told.bot.probability, told.frustration.probability))


def compared(every: Iterable[Trap]) -> Comparison:
    """Compares the instruments on all traps in quiet pages."""
    scorer = Scorer.starter()
    quiet = [trap.name for trap in every if trap.name.endswith("-quiet")]
    differences = []
    moves = {name: (0.0, 0.0) for name in INSTRUMENTS if name != PLAIN}
    for trap in quiet:
        first = answer(scorer, trap, PLAIN)
        for instrument, (bot, struggle) in moves.items():
            other = answer(scorer, trap, instrument)
            bots, struggles = zip(first.chances, other.chances, strict=True)
            moves[instrument] = (max(bot, _moved(*bots)), max(struggle, _moved(*struggles)))
            if (first.signals, first.verdict) != (other.signals, other.verdict):
                lost, gained = first.signals - other.signals, other.signals - first.signals
                verdicts = (first.verdict, other.verdict)
                differences.append(Difference(trap, instrument, lost, gained, verdicts))
    return Comparison(len(quiet), tuple(differences), moves)


def _moved(one: float | None, other: float | None) -> float:
    return 0.0 if one is None or other is None else abs(one - other)


def lines(found: Comparison) -> list[str]:
    """The comparison, as the page of the traps shows it."""
    told = [
        f"Each of {found.traps} traps in a quiet page was acted out once more with four recorders in the page at "
        "once, so that the session is the same and only the instrument differs. Against plain rrweb 2:\n",
        "| recorder | same signals and verdict | bot moves at most | struggle moves at most |",
        "| --- | --- | --- | --- |",
    ]
    for instrument, (bot, struggle) in found.moves.items():
        other = sum(one.instrument == instrument for one in found.differences)
        told.append(
            f"| {INSTRUMENTS[instrument]} | {found.traps - other} of {found.traps} | {bot:.2f} | {struggle:.2f} |"
        )
    told.append("")
    for one in found.differences:
        parts = [f"lacks `{code}`" for code in sorted(one.lost)]
        parts += [f"adds `{code}`" for code in sorted(one.gained)]
        if one.verdicts[0] != one.verdicts[1]:
            parts.append(f"verdict {one.verdicts[1]} instead of {one.verdicts[0]}")
        told.append(f"* {one.trap}, {INSTRUMENTS[one.instrument]}: {', '.join(parts)}")
    return [*told, "", WHY, ""]


WHY: Final = (
    "What ours adds explains all that it changes, as leaving it out shows. It says of each press which kind of "
    "pointer made it, and not of the click alone: so it is known that the robot's mouse was pressed where it had never "
    "moved to (`pointer_jumps`). And it tells requests: a press whose request failed is an error and no longer dead, "
    "which that trap's truth does not call for; and a press that was answered at once, while its request took two "
    "seconds more, is called slow, which is a mistake. Plain rrweb 2 makes neither of these two."
)
