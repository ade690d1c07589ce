"""The catalogue: every fold that ships, and through it every feature and every signal."""

from __future__ import annotations

from functools import cache

from features.engine import Engine
from features.fold import Fold

FOLDS: tuple[type[Fold], ...] = ()
"""Folds in the order in which they move past an event."""


@cache
def engine() -> Engine:
    """The engine of the shipped catalogue, made once in a process."""
    return Engine(FOLDS)
