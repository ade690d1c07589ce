"""The catalogue: every fold that ships, and through it every feature and every signal."""

from __future__ import annotations

from functools import cache

from features.approach import Approach
from features.blunders import Blunders
from features.clicks import Clicks
from features.engine import Engine
from features.fold import Fold
from features.forms import Forms
from features.integrity import Integrity
from features.keys import Keys
from features.pages import Pages
from features.pauses import Pauses
from features.pointer import Pointer
from features.reactions import Reactions
from features.scrolling import Scrolling
from features.sketch import Sketch
from features.strokes import Strokes
from features.submits import Submits
from features.touch import Touch
from features.trouble import Trouble

FOLDS: tuple[type[Fold], ...] = (
    Pointer,
    Strokes,
    Approach,
    Clicks,
    Reactions,
    Blunders,
    Pauses,
    Scrolling,
    Keys,
    Forms,
    Submits,
    Pages,
    Trouble,
    Touch,
    Integrity,
    Sketch,
)
"""Folds in the order in which they move past an event."""


@cache
def engine() -> Engine:
    """The engine of the shipped catalogue, made once in a process."""
    return Engine(FOLDS)
