"""Seconds that the reasons of the frustration head cite, held against what the scripts of the traps acted out.

The head never sees a trap in training, so no trap is held out of anything here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from data_contracts.recordings import read
from models.heads.frustration import FRUSTRATION
from models.reasons import cited, group_weights
from models.signal_rates import names
from models.trees import Trees
from pipelines.datasets.examples import looks
from pipelines.traps.corpus import Trap, traps
from pipelines.traps.marking import NEAR_S, interval

FIRST: Final = (1, 3, 8)

Stretch = tuple[int, int, float]


def measured(model: Trees, which: Iterable[Trap] | None = None) -> dict[str, Any]:
    """Precision of the first k stretches that a session's reasons cite, the most severe first.

    A stretch is right if it comes within ``NEAR_S`` seconds of anything that the script acted out.

    Returns
    -------
    dict
        ``traps``, ``silent`` (the head must abstain), ``uncited`` (no reason cites anything), and ``first``: for each k
        ``k``, ``cited``, ``right``, ``precision`` and its exact 95 % interval, two recordings of a trap as one.
    """
    every = list(traps() if which is None else which)
    columns = [names().index(name) for name in FRUSTRATION.features]
    found: list[list[bool]] = []
    silent = 0
    for trap in every:
        decoded = read(str(trap.file)).decode()
        looked = list(looks(decoded.rows, declared=decoded.channels))[-1]
        if FRUSTRATION.ineligible(looked) is not None:
            silent += 1
            continue
        weights = group_weights(FRUSTRATION, model.contributions(looked.extended[columns])[:-1])
        shown: set[Stretch] = set()
        for group, weight in zip(FRUSTRATION.groups, weights, strict=True):
            shown |= set(cited(group.signals, looked.moments)) if weight > 0 else set()
        ranked = sorted(shown, key=lambda one: (-one[2], one[0]))
        found.append([_is_right(one, trap) for one in ranked])
    first = []
    for k in FIRST:
        right = [one for session in found for one in session[:k]]
        hit = sum(right)
        share = {"precision": hit / len(right), "interval": interval(hit, len(right))} if right else {}
        first.append({"k": k, "cited": len(right), "right": hit, **share})
    uncited = sum(not session for session in found)
    return {"traps": len(every), "silent": silent, "uncited": uncited, "first": first}


def _is_right(stretch: Stretch, trap: Trap) -> bool:
    start, end = stretch[0] / 1000, stretch[1] / 1000
    return any(start <= truth.ended + NEAR_S and end >= truth.begun - NEAR_S for truth in trap.must)
