"""Training sets: what could be known of sessions at a time, in two senses, with weights, groups and provenance.

Only events from before a row's landmark and batches that were received by ``as_of`` are read; only labels count that
were recorded by ``known_at`` and whose windows were over by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from data_contracts.labels import MAY_TEST, Label
from models.head import Head
from models.heads import head as head_of
from models.heads.conversion import HORIZON_S
from models.landmarks import LANDMARKS_S
from models.signal_rates import digests, names
from pipelines.learning.labels import Said, read_labels, said, standing
from pipelines.learning.linter import held_to, lint
from pipelines.learning.returning import returns
from pipelines.learning.rows import Moment, moments_of
from pipelines.learning.sets import TrainingSet
from pipelines.learning.weak import WeakLabel, kept_from, reports, together
from pipelines.training.fit import SEED, group_folds
from pipelines.workspace.logs import FOREVER, Source

FOLDS: Final = 5
WHOLE: Final = frozenset({"bot"})
"""Heads whose label holds from the first second of a session on."""
Labelling = Callable[[Moment, list[Label], int], Said]


def ms_of(when: datetime | int | None) -> int | None:
    """A time as ms since the epoch; None stays None.

    >>> from datetime import UTC
    >>> ms_of(datetime(1970, 1, 2, tzinfo=UTC))
    86400000

    Raises
    ------
    ValueError
        For a time that does not say its zone.
    """
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise ValueError(f"{when} does not say its time zone: give it one, as tzinfo=datetime.UTC.")
        return int(when.timestamp() * 1000)
    return when


def training_set(
    source: Source,
    name: str,
    as_of: datetime | int | None = None,
    known_at: datetime | int | None = None,
    landmarks: Sequence[int] | None = None,
    *,
    weak: Sequence[WeakLabel] = (),
    files: Sequence[Path | str] = (),
    allow_leaks: bool = False,
    seed: int = SEED,
) -> TrainingSet:
    """Rows to train a head on; parameters and errors as of ``watchworthy.Workspace.training_set``."""
    as_of_ms, known_at_ms = ms_of(as_of), ms_of(known_at)
    known_at_ms = known_at_ms if known_at_ms is not None else FOREVER if as_of_ms is None else as_of_ms
    wrong = [one.name for one in weak if one.head != name]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: these guess for another head than {name!r}.")
    head = kept_from(head_of(name), weak)
    if head.truth == "goal" and landmarks is None:
        landmarks = LANDMARKS_S
    dropped: Counter[str] = Counter()
    labels = source.labels() + [one for file in files for one in read_labels(file)]
    by_session: dict[str, list[Label]] = {}
    for one in standing(labels, name, known_at_ms, dropped):
        by_session.setdefault(one.session_id, []).append(one)
    censored: float | None = None
    if head.truth == "return":
        if landmarks is not None:
            raise ValueError(f"The head {name!r} is asked at the end of a visit: it takes no landmarks.")
        told_of, censored = returns(head, source.rows(), labels, known_at_ms, source.erased())
        label_of = _by_return(told_of)
    else:
        label_of = _by_goal(source.idle_ms) if head.truth == "goal" else _by_labels(name)
    kept: list[tuple[Moment, Said]] = []
    guessed: list[list[int | None]] = []
    for moment in _moments(source, as_of_ms, landmarks):
        if head.ineligible(moment.looked) is not None:
            dropped["too_little_to_see"] += 1
            continue
        told = label_of(moment, by_session.get(moment.session, []), known_at_ms)
        votes = [one.vote(moment.looked) for one in weak]
        guess, trust = together(votes)
        if told.value is None and told.why in ("no_label", "") and guess is not None:
            by = tuple(f.name for f, vote in zip(weak, votes, strict=True) if vote == guess)
            told = Said(guess, trust, "weak", by)
        if votes:
            guessed.append(votes)
        if told.value is None:
            dropped[told.why or "no_label"] += 1
        kept.append((moment, told))
    return _made(
        source,
        head,
        kept,
        guessed,
        weak,
        dropped,
        censored,
        (as_of_ms, known_at_ms, landmarks),
        seed,
        allow_leaks,
        lint,
        held_to,
    )


def _moments(source: Source, as_of_ms: int | None, landmarks: Sequence[int] | None) -> Iterator[Moment]:
    for log in source.logs():
        heard = log.received_by(as_of_ms)
        if heard.heard:
            yield from moments_of(heard, landmarks, source.idle_ms)


def _by_labels(name: str) -> Labelling:
    def told(moment: Moment, labels: list[Label], known_at_ms: int) -> Said:
        until = None if moment.landmark_s is None else 1000 * moment.landmark_s
        return said(labels, until, name in WHOLE)

    return told


def _by_return(told_of: Mapping[str, Said]) -> Labelling:
    """Whether the visitor came back, as ``returns`` found it for each visit."""

    def told(moment: Moment, labels: list[Label], known_at_ms: int) -> Said:
        return told_of.get(moment.session, Said(None, why="visitor_not_identified"))

    return told


def _by_goal(idle_ms: int) -> Labelling:
    """Whether the goal came within the horizon of the landmark; known once that, and the session, is over."""

    def told(moment: Moment, labels: list[Label], known_at_ms: int) -> Said:
        if moment.goal_ms is not None and moment.goal_ms < moment.at_ms:
            return Said(None, why="goal_was_reached_before")
        closes = max(moment.at_ms + int(1000 * HORIZON_S), moment.ended_ms + idle_ms)
        if closes > known_at_ms:
            return Said(None, why="window_still_open")
        reached = moment.goal_ms is not None and moment.goal_ms <= moment.at_ms + 1000 * HORIZON_S
        recorded = moment.goal.recorded_at_ms if moment.goal is not None and reached else 0
        if recorded > known_at_ms:
            return Said(None, why="label_not_known_by_then")
        return Said(int(reached), 1.0, "goal", ("recorder",), recorded, closes)

    return told


def _made(
    source: Source,
    head: Head,
    moments: list[tuple[Moment, Said]],
    guessed: list[list[int | None]],
    weak: Sequence[WeakLabel],
    dropped: Counter[str],
    censored: float | None,
    asked: tuple[int | None, int, Sequence[int] | None],
    seed: int,
    allow_leaks: bool,
    lint: Any,
    held_to: Any,
) -> TrainingSet:
    truth = np.array(
        [t.value if t.kind in MAY_TEST and t.value is not None else np.nan for _, t in moments], "f8"
    )
    votes = np.array([[np.nan if v is None else v for v in one] for one in guessed], "f8")
    functions = reports(weak, votes.reshape(len(moments), len(weak)), truth) if weak else ()
    liars = [one.name for one in functions if one.worse_than_chance]
    if liars:
        raise WatchworthyError(
            "training_refused",
            "People's labels show these guesses to be no better than chance: drop them.",
            ", ".join(liars),
        )
    kept = [(moment, told) for moment, told in moments if told.value is not None]
    if not kept:
        why = ", ".join(f"{name} {count}" for name, count in dropped.most_common()) or "no session"
        raise WatchworthyError("training_refused", f"Not one session has a label for {head.name!r}: {why}.")
    places = np.array(head.columns(names()), "i8")
    x = np.array([moment.looked.extended[places] for moment, _ in kept], "f4")
    columns = _columns(kept)
    columns["group"] = _groups(columns)
    folds = min(FOLDS, len(np.unique(columns["group"])))
    columns["fold"] = group_folds(
        columns["group"], columns["label"], max(folds, 1), np.random.default_rng(seed)
    )
    as_of_ms, known_at_ms, landmarks = asked
    provenance = {
        "head": head.name,
        "head_version": head.version,
        "features": {name: digests()[name] for name in head.features},
        "as_of_ms": as_of_ms,
        "known_at_ms": None if known_at_ms == FOREVER else known_at_ms,
        "landmarks_s": None if landmarks is None else list(landmarks),
        "rows": len(kept),
        "sessions": len(set(columns["session"].tolist())),
        "groups": len(set(columns["group"].tolist())),
        "by_kind": _counted(columns),
        "dropped": dict(dropped),
        "unread": len(source.unread),
        "weak": [{"name": one.name, "reads": list(one.reads), "text": one.text} for one in weak],
        "seed": seed,
    } | ({} if censored is None else {"censored_share": censored})
    made = TrainingSet(head, x, columns, provenance, functions, tuple(weak))
    found = lint(made)
    made = replace(made, findings=found, provenance=provenance | {"digest": made.digest})
    if not allow_leaks:
        held_to(found)
    return made


def _columns(kept: list[tuple[Moment, Said]]) -> dict[str, npt.NDArray[Any]]:
    texts: dict[str, list[str]] = {
        "session": [m.session for m, _ in kept],
        "log": [m.log for m, _ in kept],
        "visitor": [m.visitor for m, _ in kept],
        "person": [m.known.person for m, _ in kept],
        "scenario": [m.known.scenario for m, _ in kept],
        "family": [m.known.family for m, _ in kept],
        "digest": [m.digest for m, _ in kept],
        "kind": [t.kind for _, t in kept],
        "label_source": [" ".join(t.sources) for _, t in kept],
    }
    numbers: dict[str, list[int]] = {
        "label": [int(t.value or 0) for _, t in kept],
        "landmark_s": [-1 if m.landmark_s is None else m.landmark_s for m, _ in kept],
        "at_ms": [m.at_ms for m, _ in kept],
        "started_ms": [m.started_ms for m, _ in kept],
        "last_event_ms": [m.last_event_ms for m, _ in kept],
        "last_received_ms": [-1 if m.last_received_ms is None else m.last_received_ms for m, _ in kept],
        "recorded_at_ms": [t.recorded_at_ms for _, t in kept],
        "window_closed_ms": [-1 if t.window_closed_ms is None else t.window_closed_ms for _, t in kept],
        "positions": [m.looked.positions for m, _ in kept],
        "acts": [m.looked.acts for m, _ in kept],
        "t_ms": [m.looked.t_ms for m, _ in kept],
    }
    totals = [m.totals for m, _ in kept]
    numbers |= {name: [one[name] for one in totals] for name in totals[0]}
    per_session = Counter(texts["session"])  # long sessions, which see more landmarks, do not speak for all
    share = np.array([1 / per_session[name] for name in texts["session"]])
    drawn = np.array([m.known.drawn and m.known.propensity is not None for m, _ in kept], bool)
    propensity = np.array([m.known.propensity or np.nan for m, _ in kept], "f8")
    columns: dict[str, npt.NDArray[Any]] = {name: np.array(some, dtype=str) for name, some in texts.items()}
    columns |= {name: np.array(some, "i8") for name, some in numbers.items()}
    return columns | {
        "drawn": drawn,
        "may_test": np.array([t.kind in MAY_TEST for _, t in kept], bool),
        "weight": share * np.array([t.trust for _, t in kept], "f8"),
        "inclusion_weight": np.where(drawn, 1 / propensity, np.nan),
    }


def _groups(columns: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Who must not stand on both sides of a split: rows of one visitor, person or log, and copies of one session."""
    leads: dict[str, str] = {}

    def leader(key: str) -> str:
        while (other := leads.setdefault(key, key)) != key:
            leads[key] = leads[other]
            key = other
        return key

    logs = [f"log {name}" for name in columns["log"].tolist()]
    for name in ("visitor", "person", "digest"):
        for log, value in zip(logs, columns[name].tolist(), strict=True):
            if value:
                leads[leader(f"{name} {value}")] = leader(log)
    return np.array([leader(log) for log in logs], dtype=str)


def _counted(columns: dict[str, npt.NDArray[Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for kind, label in zip(columns["kind"].tolist(), columns["label"].tolist(), strict=True):
        own = counts.setdefault(kind, {"1": 0, "0": 0})
        own[str(label)] += 1
    return counts
