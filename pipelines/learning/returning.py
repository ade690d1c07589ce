"""Returns: of each visit of an identified visitor, whether another followed in time, as it could be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from data_contracts.labels import Label
from models.head import Head
from models.heads.churn import DAY_MS, Stay, outcomes
from pipelines.learning.labels import Said
from pipelines.workspace.logs import Erased


def returns(
    head: Head,
    rows: Iterable[Mapping[str, Any]],
    labels: Iterable[Label],
    known_at_ms: int,
    erased: Sequence[Erased] = (),
) -> tuple[dict[str, Said], float]:
    """What became of each visit, by session, and the share that was censored.

    Parameters
    ----------
    head
        Says within how many days a return counts.
    rows
        Of ``data_contracts.frames.SESSIONS``; those that were received later than ``known_at_ms`` are not known.
    labels
        Those of the head say with ``censored_at_ms`` when a visitor withdrew or was erased.
    erased
        Visits that were erased. They have no rows to train by; those whose days were not over then speak for how long
        visits are seen, all of them are in the share, and one that followed another visit was a return.
    """
    visits: dict[str, list[tuple[int, int, str]]] = {}
    for row in rows:
        received = row["first_received_ms"]
        if row["visitor"] and (received is None or received <= known_at_ms):
            started = int(row["started_at_ms"])
            ended = started + int(row["duration_ms"])
            visits.setdefault(str(row["visitor"]), []).append((started, ended, str(row["session_id"])))
    horizon = int(head.days * DAY_MS)
    after: dict[str, list[int]] = {}
    for one in erased:
        if one.visitor:
            after.setdefault(one.visitor, []).append(one.ended_ms)
    gone = {
        one.session_id: one.censored_at_ms
        for one in labels
        if one.head == head.name and one.censored_at_ms is not None and one.recorded_at_ms <= known_at_ms
    }
    names: list[str] = []
    stays: list[Stay] = []
    for visitor, own in visits.items():
        own.sort()
        censored = min((gone[name] for _, _, name in own if name in gone), default=None)
        for i, (_, ended, name) in enumerate(own):
            later = [start for start, _, _ in own[i + 1 : i + 2]]
            later += [at for at in after.get(visitor, ()) if ended < at <= known_at_ms]
            names.append(name)
            stays.append(Stay(ended, min(later, default=None), censored))
    cut_off = [one for one in erased if one.at_ms < one.ended_ms + horizon]
    lost = [Stay(one.ended_ms, None, one.at_ms) for one in cut_off]
    found = outcomes([*stays, *lost], known_at_ms, head.days)
    told = {}
    for name, stay, label, weight in zip(
        names, stays, found.label[: len(names)].tolist(), found.weight[: len(names)].tolist(), strict=True
    ):
        closes = stay.at_ms + horizon
        if label >= 0:
            told[name] = Said(label, weight, "goal", ("visits",), stay.next_ms or 0 if label else 0, closes)
        else:
            told[name] = Said(None, why="window_still_open" if closes > known_at_ms else "censored")
    over = sum(one.at_ms + horizon <= known_at_ms for one in (*stays, *lost))
    late = sum(
        one.at_ms >= one.ended_ms + horizon and one.ended_ms + horizon <= known_at_ms for one in erased
    )
    share = (found.censored * over + late) / (over + late) if over + late else 0.0
    return told, share
