"""Labels gathered: annotations, goals, what an index says; which of them hold at a time, and what they say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_contracts.errors import WatchworthyError
from data_contracts.events import GOAL
from data_contracts.labels import MAY_TEST, Label, from_lines
from pipelines.workspace.logs import Log, Part, Source, parts


def read_labels(path: Path | str) -> list[Label]:
    """Labels of a file, one a line.

    Raises
    ------
    WatchworthyError
        ``file_missing``; ``label_wrong`` with the line.
    """
    try:
        with Path(path).open("rb") as lines:
            return list(from_lines(lines, str(path)))
    except FileNotFoundError:
        raise WatchworthyError(
            "file_missing", "There is no file of labels of this name.", str(path)
        ) from None


def goals_of(log: Log, part: Part) -> list[Label]:
    """The goal of a session as a label of ``conversion``, if it was reached; the first, if there were several."""
    at = part.rows["t"][part.rows["kind"] == GOAL]
    if not at.size:
        return []
    t = int(at[0])
    received = [one.received_at_ms for one in log.heard if one.received_at_ms is not None]
    after = min((one for one in received if one >= t), default=max(received, default=t))
    return [
        Label(
            label_id=f"goal:{part.session}",
            session_id=part.session,
            head="conversion",
            value=1,
            kind="goal",
            source="recorder",
            from_ms=t - part.start_ms,
            to_ms=t - part.start_ms,
            recorded_at_ms=after,
        )
    ]


def every_label(source: Source, files: Iterable[Path | str] = ()) -> list[Label]:
    """Annotations and indexes of a source, the goals of its sessions, and the labels of files."""
    found = source.labels()
    for log in source.logs():
        for part in parts(log, source.idle_ms):
            found += goals_of(log, part)
    for file in files:
        found += read_labels(file)
    return found


@dataclass(frozen=True)
class Said:
    """What labels say of a session, or of what had happened in it by a moment.

    Attributes
    ----------
    value
        1 or 0; None where they disagree or none is left.
    trust
        Mean confidence of those that say it; those that do not tell theirs count as sure.
    why
        Why there is no value.
    """

    value: int | None
    trust: float = 1.0
    kind: str = ""
    sources: tuple[str, ...] = ()
    recorded_at_ms: int = 0
    window_closed_ms: int | None = None
    why: str = ""


def standing(labels: Iterable[Label], head: str, known_at_ms: int, dropped: Counter[str]) -> list[Label]:
    """Labels of a head that were known by a time, of each source and span the latest; the others are counted."""
    latest: dict[tuple[str, str, int | None], Label] = {}
    for one in labels:
        if one.head != head:
            continue
        if not one.known_by(known_at_ms):
            dropped["label_not_known_by_then"] += 1
            continue
        key = (one.session_id, one.source, one.from_ms)
        before = latest.get(key)
        if before is not None:
            dropped["label_replaced_by_a_later_one"] += 1
        if before is None or before.recorded_at_ms <= one.recorded_at_ms:
            latest[key] = one
    return list(latest.values())


def said(labels: Sequence[Label], until_ms: int | None, whole: bool) -> Said:
    """What labels of one session say by a moment of it; those that may test go before guesses.

    Parameters
    ----------
    until_ms
        The moment, ms from the start of the session; None for its end.
    whole
        Whether a label without a span holds from the first second on, as automation does. A struggle without a span
        is known only of the whole session.
    """
    able = [one for one in labels if one.kind in MAY_TEST] or list(labels)
    fitting = []
    for one in able:
        if until_ms is None:
            fitting.append(one)
        elif one.to_ms is not None:
            if one.to_ms < until_ms:
                fitting.append(one)
        elif whole or one.value == 0:
            fitting.append(one)
    if not fitting:
        return Said(None, why="label_of_what_came_later" if able else "no_label")
    # A span of calm says nothing of the rest; a span of struggle says that there was one.
    values = {one.value for one in fitting}
    spans = {one.value for one in fitting if one.from_ms is not None}
    if len(values) == 2 and not (spans == {1} and all(o.value == 1 for o in fitting if o.from_ms is None)):
        return Said(None, why="labels_disagree")
    value = max(values)
    speaking = [one for one in fitting if one.value == value]
    sure = [1.0 if one.confidence is None else one.confidence for one in speaking]
    return Said(
        value,
        sum(sure) / len(sure),
        speaking[0].kind,
        tuple(sorted({one.source for one in speaking})),
        max(one.recorded_at_ms for one in speaking),
        max((one.window_closed_ms for one in speaking if one.window_closed_ms is not None), default=None),
    )
