"""Agreement: how far annotators say the same of the same sessions, beyond what chance would give (Cohen 1960)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from data_contracts.labels import Label

DRAWS: Final = 400  # of sessions drawn again
LEAST: Final = 10  # sessions that two annotators share, below which a kappa is a rumour


@dataclass(frozen=True)
class Agreement:
    """Of two annotators on one head.

    Attributes
    ----------
    sessions
        Sessions that both labelled.
    same
        Share of which both said the same.
    kappa, interval
        Cohen's kappa and its 95 % interval over sessions drawn again; None under 10 sessions, or where both always
        say one thing and there is nothing to agree on.
    """

    head: str
    one: str
    other: str
    sessions: int
    same: float
    kappa: float | None
    interval: tuple[float, float] | None


def agreements(labels: Iterable[Label], seed: int = 0) -> list[Agreement]:
    """Of every two annotators that share a session, by head; what was taken back does not count."""
    from sklearn.metrics import cohen_kappa_score

    said: dict[tuple[str, str], dict[str, Label]] = {}
    for label in labels:
        if label.kind == "annotation" and label.retracted_at_ms is None and label.from_ms is None:
            own = said.setdefault((label.head, label.source), {})
            before = own.get(label.session_id)
            if before is None or before.recorded_at_ms <= label.recorded_at_ms:
                own[label.session_id] = label
    found = []
    for (head, one), (of, other) in combinations(sorted(said), 2):
        if head != of:
            continue
        mine, theirs = said[head, one], said[of, other]
        shared = sorted(mine.keys() & theirs.keys())
        if not shared:
            continue
        a = np.array([mine[name].value for name in shared])
        b = np.array([theirs[name].value for name in shared])
        kappa, interval = None, None
        if len(shared) >= LEAST and len(np.unique(np.concatenate([a, b]))) == 2:
            kappa = float(cohen_kappa_score(a, b))
            rng, drawn = np.random.default_rng(seed), []
            for _ in range(DRAWS):
                rows = rng.integers(0, len(a), len(a))
                if len(np.unique(np.concatenate([a[rows], b[rows]]))) == 2:
                    drawn.append(cohen_kappa_score(a[rows], b[rows]))
            low, high = np.quantile(drawn, [0.025, 0.975])
            interval = (float(low), float(high))
        found.append(Agreement(head, one, other, len(shared), float((a == b).mean()), kappa, interval))
    return found
