"""Traps: short recordings that signals are known to err on, made in a real browser, each with its truth."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from data_contracts.order import IDLE_MS
from data_contracts.recordings import read
from features.log import sessions_of
from features.moments import CODES, WITHDRAWN
from features.thresholds import thresholds

HERE: Final = Path(__file__).resolve().parent
RECORDINGS: Final = HERE / "recordings"
OTHER_RECORDERS: Final = HERE / "other_recorders"
OTHERS: Final = HERE / "others.json"


@dataclass(frozen=True)
class Span:
    """Something of a code between two moments, in s from the first event of a recording."""

    code: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Trap:
    """One recording and its truth.

    Attributes
    ----------
    name
        Of the trap and of the page that it stands in, as ``carousel-busy``.
    about
        What is done in it.
    group
        ``corpus``; ``hostile``, written to break the signals, measured, and then used to mend them; ``fresh``,
        written after that.
    must
        What has to be reported. Any other signal has to stay silent, but for those of ``may``.
    may
        Codes that are nobody's mistake here.
    """

    name: str
    about: str
    group: str
    must: tuple[Span, ...]
    may: frozenset[str]

    @property
    def file(self) -> Path:
        """Its recording."""
        return RECORDINGS / f"{self.name}.json.gz"


def traps(which: Literal["all", "corpus", "hostile", "fresh"] = "all") -> list[Trap]:
    """The traps, by name; all of them, or those of one group."""
    told = tomllib.loads((HERE / "truth.toml").read_text(encoding="utf-8"))
    found = []
    for name, one in sorted(told.items()):
        if which not in ("all", one["set"]):
            continue
        must = tuple(Span(code, *span) for code, spans in one["must"].items() for span in spans)
        found.append(Trap(name, one["about"], one["set"], must, frozenset(one["may"])))
    return found


def seen(trap: Trap, presets: tuple[str, ...] = ("watchworthy",)) -> dict[str, list[Span]]:
    """What our signals report of a trap, by the preset of their thresholds."""
    return spans_of(trap.file, presets)


def spans_of(file: Path, presets: tuple[str, ...] = ("watchworthy",)) -> dict[str, list[Span]]:
    """What our signals report of a recording, by the preset of their thresholds; the file is read once."""
    batches = read(str(file)).batches
    found = {}
    for preset in presets:
        sessions = sessions_of(batches, file.name, None, IDLE_MS, thresholds=thresholds(preset))
        first_ms = min((session.start_ms for session in sessions), default=0)
        found[preset] = [
            Span(
                CODES[moment["code"]],
                (session.start_ms - first_ms + int(moment["start"])) / 1000,
                (session.start_ms - first_ms + int(moment["end"])) / 1000,
            )
            for session in sessions
            for moment in session.moments
            if moment["state"] != WITHDRAWN
        ]
    return found


def others() -> dict[str, dict[str, list[Span]]]:
    """What others reported of the traps, by their name and that of the trap; written by the lab."""
    return {
        who: {trap: [Span(*span) for span in spans] for trap, spans in told.items()}
        for who, told in json.loads(OTHERS.read_text(encoding="utf-8")).items()
    }


def write_others(told: Mapping[str, Mapping[str, list[Span]]]) -> None:
    """Writes what others reported; what was written of anybody else stays."""
    known = json.loads(OTHERS.read_text(encoding="utf-8")) if OTHERS.is_file() else {}
    for who, by_trap in told.items():
        known[who] = {
            trap: [[one.code, round(one.begun, 2), round(one.ended, 2)] for one in spans]
            for trap, spans in sorted(by_trap.items())
        }
    lines = [
        f" {json.dumps(who)}: {{\n"
        + ",\n".join(f"  {json.dumps(trap)}: {json.dumps(spans)}" for trap, spans in by_trap.items())
        + "\n }"
        for who, by_trap in sorted(known.items())
    ]
    OTHERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def codes_of(spans: Mapping[str, list[Span]]) -> Iterator[str]:
    """Every code that anybody reported."""
    yield from sorted({span.code for by_trap in spans.values() for span in by_trap})
