"""Watching: what has moved on a site since the time before, and whether what is raised is still right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from data_contracts import decisions
from data_contracts.decisions import Decision
from data_contracts.errors import WatchworthyError
from models.calibration import Floats
from models.signal_rates import extended, names
from pipelines.lifecycle.drift import LEAST_ROWS, Drift, drift
from pipelines.lifecycle.estimating import (
    Estimated,
    estimated_precision,
    estimated_recall,
    measured_precision,
)
from pipelines.lifecycle.people import EVEN, labelled
from pipelines.store.store import Store

MOST: Final = 4_000  # sessions that are looked at, the latest
DAY_MS: Final = 86_400_000
HEADS: Final = ("bot", "frustration", "conversion")


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
    """What was found; times in Unix ms."""

    site: str
    since_ms: int
    at_ms: int
    now: int
    before: int
    other_catalogue: int
    features: tuple[Drift, ...]
    scores: tuple[Drift, ...]
    heads: tuple[HeadWatched, ...]

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
    told = [decisions.read(one.body) for one in store.ended(site, MOST) if one.body is not None]
    lengths = {len(one.vector) for one in told[:1]}
    same = [one for one in told if len(one.vector) in lengths and one.catalogue == told[0].catalogue]
    now = [one for one in same if one.start_ms >= since]
    before = [one for one in same if one.start_ms < since]
    if min(len(now), len(before)) < LEAST_ROWS:
        raise WatchworthyError(
            "slice_too_small",
            f"Drift takes {LEAST_ROWS} sessions on each side; here are {len(now)} of the last {days:g} days and "
            f"{len(before)} before.",
            site,
        )
    features = drift(names(), _vectors(before), _vectors(now), seed=seed)
    heads = [name for name in HEADS if not np.isnan(_scores(same, [name])).all()]
    scores = drift(heads, _scores(before, heads), _scores(now, heads), seed=seed)
    return Watched(
        site,
        since,
        at_ms,
        len(now),
        len(before),
        len(told) - len(same),
        tuple(features),
        tuple(scores),
        tuple(_head(store, site, name, now) for name in heads),
    )


def _head(store: Store, site: str, name: str, now: Sequence[Decision]) -> HeadWatched:
    p = _scores(now, [name])[:, 0]
    raised = np.array([_raised(name, one) for one in now])
    propensity = _propensities(store, site)
    right = {
        session: yes
        for session, yes in labelled(store, site, name).items()
        if session in propensity and propensity[session] > 0
    }
    drawn = [one.session_id for one, yes in zip(now, raised, strict=True) if yes and one.session_id in right]
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


def _vectors(told: Sequence[Decision]) -> Floats:
    from models.kept import Kept

    kept = [(Kept(one), one.seen.acts) for one in told]
    return np.array([extended(one.vector, one.moments, acts) for one, acts in kept], "f8")


def _scores(told: Sequence[Decision], heads: Sequence[str]) -> Floats:
    found = np.full((len(told), len(heads)), np.nan)
    for i, one in enumerate(told):
        for j, name in enumerate(heads):
            said = one.outcome.heads.get(name)
            if said is not None and said.probability is not None:
                found[i, j] = said.probability
    return found
