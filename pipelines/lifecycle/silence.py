"""Silence: recordings in which nothing is wrong, on which a head has nothing to raise."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from data_contracts.recordings import read
from features.log import sessions_of
from features.session import Session
from models.bundle import Bundle
from models.facts import facts_of
from models.heads import head as head_of
from models.heads.frustration import FRUSTRATION
from models.operating_points import tightest
from models.scorer import Scorer, named_by
from models.worth import worth

HERE: Final = Path(__file__).resolve().parents[1]
TRAPS: Final = HERE / "traps"
SAMPLES: Final = (HERE.parent / "samples", HERE.parent / "service" / "samples")


class Silent(NamedTuple):
    """What is made of a silent recording: whether a score passes its operating point, and whether it is flagged."""

    passed: bool = False
    flagged: bool = False


def recordings() -> dict[str, Path]:
    """Silent recordings by name: the traps in which no signal must fire, and the calm samples.

    A trap is silent if its truth demands nothing. A sample is silent if its index calls it calm.
    """
    found: dict[str, Path] = {}
    truth = TRAPS / "truth.toml"
    if truth.exists():
        told = tomllib.loads(truth.read_text(encoding="utf-8"))
        for name, one in told.items():
            path = TRAPS / "recordings" / f"{name}.json.gz"
            if not one.get("must") and path.exists():
                found[f"trap {name}"] = path
    for folder in SAMPLES:
        if (folder / "index.csv").exists():
            with (folder / "index.csv").open(newline="", encoding="utf-8") as stream:
                names = [row["file"] for row in csv.DictReader(stream) if row["file"].startswith("calm-")]
            found |= {f"sample {Path(name).name.partition('.')[0]}": folder / name for name in names}
            break
    return found


def folded(paths: dict[str, Path]) -> dict[str, list[Session]]:
    """The sessions of recordings, with the names of their elements."""
    return {name: sessions_of(read(str(path)).batches, name) for name, path in paths.items()}


def heard(
    head: str, bundle: Bundle, sessions: dict[str, list[Session]], progress: Callable[[], None] = lambda: None
) -> dict[str, Silent]:
    """What a bundle makes of recordings.

    A score passes where the head's tightest published point is passed; a head without one, at even odds. A session
    is flagged as the queue would flag it if nobody had ever seen its issue.
    """
    scorer = Scorer(bundle)
    found = {}
    for name, those in sessions.items():
        found[name] = Silent(
            any(_passes(head, scorer, one) for one in those), any(_flags(scorer, one) for one in those)
        )
        progress()
    return found


def _passes(name: str, scorer: Scorer, session: Session) -> bool:
    said = scorer.say(head_of(name), session.vector, session.coverage, session.moments)
    trained = scorer.bundle.heads.get(name)
    if said.margin is None or trained is None:
        return False
    point = tightest(trained.points)
    if point is not None and point.threshold is not None:
        return said.margin > point.threshold
    return bool(said.block["probability"] >= 0.5)


def _flags(scorer: Scorer, session: Session) -> bool:
    said = scorer.say(FRUSTRATION, session.vector, session.coverage, session.moments)
    facts = facts_of(session.moments, named_by(session), session.address)
    return worth(said.block.get("probability"), facts).flagged
