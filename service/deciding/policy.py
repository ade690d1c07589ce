"""Policies: which action a verdict recommends, and under which version of which rule."""

from __future__ import annotations

import hashlib
import inspect
from typing import Final

from data_contracts.assessments import Action, OperatingPoint, Rule, Verdict
from models import verdict as house


class Policy:
    """What the owner wants done at a verdict; of the house while the owner has said nothing.

    Attributes
    ----------
    rule
        Its id and version.
    """

    def __init__(self) -> None:
        said = inspect.getsource(house.action) + repr(house.CHALLENGE_FROM)
        self.rule: Final = Rule(id="house", version=hashlib.sha256(said.encode()).hexdigest()[:16])

    def action(self, verdict: Verdict, point: OperatingPoint | None) -> Action:
        """The action that it recommends."""
        return house.action(verdict, point)
