"""Outcomes: what is said of a session at one moment, from its scores to the action; the same again from its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from data_contracts.assessments import Action
from data_contracts.decisions import Fact, Outcome
from models.base_rates import telling
from models.live_scores import LiveScorer, Scores
from models.standing import HEADLINED
from models.worth import FLAG_FROM, Told, tell, weighed
from service.deciding.policy import Policy

OVERRIDDEN: Final[dict[str, Action]] = {"allow": "allow", "deny": "block"}


def may_be_flagged(scores: Scores, stake: float = 1.0) -> bool:
    """Whether it would be flagged if its issue were new: only then are the names of its elements looked up."""
    if not scores.standing & HEADLINED or scores.verdict == "automation":
        return False
    struggle = scores.heads["frustration"].probability
    return struggle is not None and struggle * stake >= FLAG_FROM


def outcome(
    scorer: LiveScorer,
    scores: Scores,
    policy: Policy,
    facts: Sequence[Fact] | Told | None = None,
    seen_before: int = 0,
    stake: float = 1.0,
    asked: str = "",
    override: str = "",
    unusual: float | None = None,
) -> Outcome:
    """What is said, given the scores.

    Parameters
    ----------
    facts
        Moments with their names, and their severity on the site where that is known, or what they give to say;
        without them nothing is flagged, and worth is that of an issue never seen before.
    seen_before, stake
        As ``models.worth.worth`` takes them.
    asked
        The action that somebody asks about.
    override
        The owner's list that goes before the policy: ``allow``, ``deny`` or empty.
    unusual
        Of a session that has ended.
    """
    struggle = scores.heads["frustration"].probability
    told = facts if isinstance(facts, Told) else tell(telling(facts or ()))
    worth, flagged = weighed(struggle, told, seen_before, stake, scores.verdict == "automation")
    point = scorer.point
    return Outcome(
        heads=scores.heads,
        verdict=scores.verdict,
        point=point.name if point else None,
        threshold=point.threshold if point else None,
        worth=worth,
        flagged=flagged,
        issue=told.issue,
        headline=told.headline,
        action=OVERRIDDEN.get(override) or policy.advise(scores.verdict, point, asked).action,
        policy=policy.rule,
        unusual=unusual,
        forest=forest.digest if unusual is not None and (forest := scorer.scorer.forest) is not None else "",
    )
