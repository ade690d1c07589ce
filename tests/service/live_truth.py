"""What the library says of what is stored: the measure of what the service says."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np

from features.catalogue import engine
from features.session import Session
from models.live_scores import LiveScorer
from models.scorer import Scorer
from service.live.sessions_route import shown


def told_by_library(session: Session, scorer: LiveScorer | None = None) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        msgspec.json.encode(shown(session, scorer or LiveScorer(Scorer.starter())))
    )
    return told


def same(told: dict[str, Any], session: Session, scorer: LiveScorer | None = None) -> None:
    """Vector, signals and scores equal to the last bit."""
    vector = np.array([np.nan if v is None else v for v in told["vector"].values()], "f4")
    assert tuple(told["vector"]) == engine().names
    assert vector.tobytes() == np.where(np.isnan(session.vector), np.float32("nan"), session.vector).tobytes()
    ours = told_by_library(session, scorer)
    assert told["moments"] == ours["moments"]
    assert told["scores"] == ours["scores"]
    assert told["coverage"] == ours["coverage"]
