"""Whether a rule is met by a session as it is now; most batches meet none, and cost next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import Verdict
from data_contracts.decisions import Score
from data_contracts.rules import (
    OF_FRAUD,
    AllOf,
    AnyOf,
    Condition,
    NotThis,
    OfCohort,
    OnPage,
    Rule,
    ScoreIs,
    SignalSeen,
    VerdictIs,
)
from features.moments import CODES, SETTLED, WITHDRAWN
from features.session import Session
from models.live_scores import Scores
from models.queue import uniform
from service.deciding.records import device

CODE: dict[str, int] = {name: code for code, name in enumerate(CODES)}


class State(NamedTuple):
    """A session as rules see it.

    Attributes
    ----------
    moments
        ``MOMENT[n]``.
    page
        Address of the page that is open; empty if it is not known.
    now_ms
        Time of the session, from its start.
    visitor
        Who it is, or the session where nobody said.
    """

    scores: dict[str, Score]
    verdict: Verdict
    moments: npt.NDArray[np.void]
    page: str
    device: str
    now_ms: int
    visitor: str


def checked(rule: Rule) -> Rule:
    """The rule, if each signal that it names is one.

    Raises
    ------
    ValueError
        Which is none.
    """

    def look(condition: Condition) -> None:
        if isinstance(condition, SignalSeen) and condition.code not in CODE:
            raise ValueError(
                f"$.when: there is no signal {condition.code!r}; `watchworthy catalogue` lists them."
            )
        if isinstance(condition, AllOf | AnyOf):
            for one in condition.of:
                look(one)
        if isinstance(condition, NotThis):
            look(condition.of)

    look(rule.when)
    return rule


def state_of(session: Session, scores: Scores, page: str, visitor: str) -> State:
    """A session as rules see it now; ``page`` is the address of the page that is open."""
    return State(
        scores.heads,
        scores.verdict,
        session.moments,
        page,
        device(session.coverage),
        session.coverage.duration_ms,
        visitor,
    )


def is_met(rule: Rule, state: State, secret: bytes) -> bool:
    """Whether a rule is met.

    What helps a person is never offered to a session judged automation, whatever the rule says.
    """
    if state.verdict == "automation" and rule.action.kind not in OF_FRAUD:
        return False
    return _holds(rule.when, state, secret)


def _holds(condition: Condition, state: State, secret: bytes) -> bool:
    match condition:
        case ScoreIs():
            score = state.scores.get(condition.head)
            p = None if score is None else score.probability
            return p is not None and condition.at_least <= p <= condition.at_most
        case VerdictIs():
            return state.verdict == condition.verdict
        case SignalSeen():
            return _seen(condition, state) >= condition.times
        case OnPage():
            return bool(state.page) and fnmatchcase(urlsplit(state.page).path or "/", condition.path)
        case OfCohort():
            return (
                condition.device in ("", state.device)
                and state.now_ms >= condition.age_s * 1_000
                and (condition.share >= 1 or uniform(secret, "cohort", state.visitor) < condition.share)
            )
        case AllOf():
            return all(_holds(one, state, secret) for one in condition.of)
        case AnyOf():
            return any(_holds(one, state, secret) for one in condition.of)
        case NotThis():
            return not _holds(condition.of, state, secret)


def _seen(condition: SignalSeen, state: State) -> int:
    moments = state.moments
    ours = moments["code"] == CODE[condition.code]
    ours &= moments["state"] == SETTLED if condition.state == "settled" else moments["state"] != WITHDRAWN
    if condition.within_s is not None:
        ours &= moments["end"] >= state.now_ms - condition.within_s * 1_000
    return int(np.count_nonzero(ours))


def held_out(rule: Rule, visitor: str, secret: bytes) -> bool:
    """Whether a visitor is never offered this; the same for ever, and independent of other rules."""
    return uniform(secret, f"holdout {rule.id}", visitor) < rule.holdout


def in_turn(rules: Sequence[Rule]) -> list[Rule]:
    """Those that are on, as they are asked."""
    return sorted((rule for rule in rules if rule.on), key=lambda rule: (-rule.priority, rule.id))
