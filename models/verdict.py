"""The verdict of the bot head, and the action that it alone would recommend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import Action, OperatingPoint, Verdict
from models.head import Head

CHALLENGE_FROM: Final = 0.01  # a challenge may meet one person in a hundred; a looser point only watches


def verdict(
    margin: float | None, point: OperatingPoint | None, enough: bool, miss_rates: Mapping[str, float]
) -> Verdict:
    """What the score says at an operating point.

    ``automation`` needs a published point and ``enough``: the evidence from which the people who bore the point out
    were looked at, and a mouse, for sessions by touch or keyboard have no bound of their own.
    ``no_evidence_of_automation`` also needs published miss rates by family; it never means that a person was there.
    """
    if margin is None or point is None or point.threshold is None or not enough:
        return "undetermined"
    if margin > point.threshold:
        return "automation"
    return "no_evidence_of_automation" if miss_rates else "undetermined"


def mouse_seen(head: Head, values: npt.NDArray[np.float32]) -> bool:
    """Whether anything of the pointer was there among the values that the head reads, f4[k] in their order."""
    parts = np.array([group.hidden_together == "pointer" for group in head.groups for _ in group.uses])
    return bool((~np.isnan(values[parts])).any())


def action(said: Verdict, point: OperatingPoint | None) -> Action:
    """What the verdict recommends while the owner has no rule: never more than the bound can carry.

    >>> action("automation", OperatingPoint(name="fpr_10", threshold=1.0, fpr_upper=0.09))
    'monitor'
    """
    if said != "automation" or point is None or point.fpr_upper is None:
        return "allow"
    return "challenge" if point.fpr_upper <= CHALLENGE_FROM else "monitor"
