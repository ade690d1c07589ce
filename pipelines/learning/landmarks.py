"""A training set of conversion as the rows that its own trainer judges forward in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.landmarks import IDLE_MS, Landmark, Visit
from pipelines.training.conversion import Landmarked

if TYPE_CHECKING:
    from pipelines.learning.sets import TrainingSet


def landmarked(found: TrainingSet) -> Landmarked:
    """The rows of a set, with the visits that they are of.

    A visit is taken to have ended so that its rows are known when their windows had closed, and its goal to have come
    within the horizon of the last landmark that says so: neither is read for anything else.
    """
    names, first, place = np.unique(found["session"], return_index=True, return_inverse=True)
    visits = []
    for i, name in enumerate(names.tolist()):
        own = place == i
        reached = found["at_ms"][own & (found["label"] == 1)]
        visits.append(
            Visit(
                visitor=str(found["group"][first[i]]),
                session=str(name),
                started_ms=int(found["started_ms"][first[i]]),
                last_ms=max(
                    int(found["window_closed_ms"][own].min()) - IDLE_MS, int(found["at_ms"][own].max())
                ),
                goal_ms=int(reached.max()) if reached.size else None,
            )
        )
    at = tuple(
        Landmark(int(visit), int(at_ms), int(landmark), int(label), float(weight))
        for visit, at_ms, landmark, label, weight in zip(
            place, found["at_ms"], found["landmark_s"], found["label"], found["weight"], strict=True
        )
    )
    return Landmarked(found.rows(), tuple(visits), at)
