"""Watching: what has moved on a site since the time before, and whether what is raised is still right."""

from __future__ import annotations

import time
from typing import Final

import msgspec
import numpy as np

from data_contracts.decisions import Decision
from data_contracts.errors import WatchworthyError
from models.signal_rates import names
from pipelines.lifecycle.drift import LEAST_ROWS, Drift, drift
from pipelines.lifecycle.estimating import (
    Estimated,
    estimated_precision,
    estimated_recall,
    measured_precision,
)
from pipelines.lifecycle.people import EVEN, labelled
from pipelines.lifecycle.seen import Seen, seen
from pipelines.store.store import Store

DAY_MS: Final = 86_400_000


class HeadWatched(msgspec.Struct, frozen=True):
    """One head: what share of sessions it answers and raises, and how precise that is.

    ``estimated`` is by its own probabilities, ``measured`` by labels of the random slice. ``raised``: the bot head's
    verdict, the flag of struggle, else even odds.
    """

    head: str
    answered: float
    raised: int
    estimated: Estimated
    estimated_recall: float | None
    measured: Estimated


class Watched(msgspec.Struct, frozen=True):
    """What was found; times in Unix ms.

    Whether a move may be chance is judged by visitors, whose sessions are alike; a session of nobody's is its own.
    """

    site: str
    since_ms: int
    at_ms: int
    now: int
    before: int
    other_catalogue: int
    features: tuple[Drift, ...]
    scores: tuple[Drift, ...]
    heads: tuple[HeadWatched, ...]
    visitors_now: int = 0
    visitors_before: int = 0

    @property
    def moved(self) -> list[Drift]:
        """Scores and features that drifted, the farthest first, scores before features."""
        return [
            one
            for part in (self.scores, self.features)
            for one in sorted(part, key=lambda d: -d.effect)
            if one.drifted
        ]


def watch(store: Store, site: str, days: float, now_ms: int | None = None, seed: int = 0) -> Watched:
    """Hold the sessions of the last days against those before.

    Raises
    ------
    WatchworthyError
        ``slice_too_small`` if there are under 20 sessions on a side.
    """
    at_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    since = at_ms - int(days * DAY_MS)
    found = seen(store, site)
    now, before = found.take(found.start_ms >= since), found.take(found.start_ms < since)
    if min(len(now), len(before)) < LEAST_ROWS:
        raise WatchworthyError(
            "slice_too_small",
            f"Drift takes {LEAST_ROWS} sessions on each side; here are {len(now)} of the last {days:g} days and "
            f"{len(before)} before.",
            site,
        )
    features = drift(names(), before.vectors(), now.vectors(), before.who, now.who, seed=seed)
    heads = found.heads()
    scores = drift(heads, before.scores(heads), now.scores(heads), before.who, now.who, seed=seed)
    return Watched(
        site,
        since,
        at_ms,
        len(now),
        len(before),
        found.other_catalogue,
        tuple(features),
        tuple(scores),
        tuple(_head(store, site, name, now) for name in heads),
        len(np.unique(now.who)),
        len(np.unique(before.who)),
    )


def _head(store: Store, site: str, name: str, now: Seen) -> HeadWatched:
    p = now.scores([name])[:, 0]
    raised = np.array([_raised(name, one) for one in now.told])
    propensity = _propensities(store, site)
    right = {
        session: yes
        for session, yes in labelled(store, site, name).items()
        if session in propensity and propensity[session] > 0
    }
    drawn = [
        one.session_id for one, yes in zip(now.told, raised, strict=True) if yes and one.session_id in right
    ]
    measured = measured_precision(
        np.array([right[one] for one in drawn], "f8"), np.array([propensity[one] for one in drawn], "f8")
    )
    return HeadWatched(
        name,
        float((~np.isnan(p)).mean()),
        int(raised.sum()),
        estimated_precision(p, raised),
        estimated_recall(p, raised),
        measured,
    )


def _propensities(store: Store, site: str) -> dict[str, float]:
    """With which probability each session of the random slice was drawn into it."""
    rows = store.read(
        lambda db: db.execute(
            "SELECT part, propensity FROM cards JOIN sites ON sites.id = site_id"
            " WHERE sites.name = ? AND draw IS NOT NULL",
            (site,),
        ).fetchall()
    )
    return {part: float(propensity) for part, propensity in rows}


def _raised(name: str, one: Decision) -> bool:
    if name == "bot":
        return one.outcome.verdict == "automation"
    if name == "frustration":
        return bool(one.outcome.flagged)
    chance = one.outcome.heads[name].probability if name in one.outcome.heads else None
    return chance is not None and chance >= EVEN
