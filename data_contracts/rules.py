"""Rules: when a visitor is offered something while there is time, as data that an owner writes and versions."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from data_contracts.assessments import Verdict
from data_contracts.decisions import Device

DEEPEST: Final = 5  # nesting of conditions
MOST: Final = 30  # conditions of a rule
LEAST_HOLDOUT: Final = 0.01
OF_FRAUD: Final = frozenset({"challenge", "webhook"})
"""Actions that may be meant for automation, and that may have no holdout."""

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Share = Annotated[float, Meta(ge=0, le=1)]


class Fact(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A condition."""


class ScoreIs(Fact, frozen=True, tag="score"):
    """The probability of a head at its stated base rate lies between two bounds; a head that abstains meets nothing."""

    head: Literal["bot", "frustration", "conversion"]
    at_least: Share = 0.0
    at_most: Share = 1.0


class VerdictIs(Fact, frozen=True, tag="verdict"):
    """The verdict of the bot head."""

    verdict: Verdict


class SignalSeen(Fact, frozen=True, tag="signal"):
    """A signal came up, so often, within so many seconds of the session's time.

    ``settled`` waits until its window has closed; ``provisional`` takes it as soon as its evidence stands.
    """

    code: Annotated[str, Meta(max_length=40)]
    times: Annotated[int, Meta(ge=1, le=100)] = 1
    state: Literal["settled", "provisional"] = "settled"
    within_s: Annotated[float, Meta(gt=0, le=86_400)] | None = None


class OnPage(Fact, frozen=True, tag="page"):
    """The path of the page that is open; ``*`` stands for anything."""

    path: Annotated[str, Meta(min_length=1, max_length=200)]


class OfCohort(Fact, frozen=True, tag="cohort"):
    """What the visitor moves and presses with, how long the session lasts already, and a share of all visitors."""

    device: Device = ""
    age_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    share: Share = 1.0


class AllOf(Fact, frozen=True, tag="all"):
    """All of these."""

    of: Annotated[list[Condition], Meta(min_length=1, max_length=MOST)]


class AnyOf(Fact, frozen=True, tag="any"):
    """Any of these."""

    of: Annotated[list[Condition], Meta(min_length=1, max_length=MOST)]


class NotThis(Fact, frozen=True, tag="not"):
    """Not this."""

    of: Condition


Condition = ScoreIs | VerdictIs | SignalSeen | OnPage | OfCohort | AllOf | AnyOf | NotThis


class Action(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is offered; plain text, which the page shows as text."""

    kind: Literal["message", "chat", "callback", "webhook", "challenge"]
    title: Annotated[str, Meta(max_length=100)] = ""
    text: Annotated[str, Meta(max_length=1_000)] = ""
    button: Annotated[str, Meta(max_length=40)] = ""
    name: Annotated[str, Meta(max_length=64)] = ""


class Caps(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often at most: to one visitor ever, to all of them on one day (UTC); once in a session in any case."""

    per_visitor: Annotated[int, Meta(ge=1, le=20)] = 1
    per_day: Annotated[int, Meta(ge=1, le=100_000)] = 1_000


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule.

    Attributes
    ----------
    on
        Whether it acts.
    priority
        Of two that are due at once, the higher one is offered.
    quiet_hours
        After a visitor has dismissed anything, this is not offered for so long.
    holdout
        Share of visitors who are never offered it, so that its effect can be known.
    holdout_reason
        Why there is none, where there is none.
    """

    id: Name
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    on: bool = False
    when: Condition
    action: Action
    caps: Caps = Caps()
    quiet_hours: Annotated[float, Meta(ge=0, le=8_760)] = 24.0
    priority: Annotated[int, Meta(ge=0, le=100)] = 50
    holdout: Share = 0.10
    holdout_reason: Annotated[str, Meta(max_length=300)] = ""


def rule_of(told: Any) -> Rule:
    """A rule from plain data, as TOML or JSON gives it.

    Raises
    ------
    ValueError
        What is wrong, and where.
    """
    try:
        rule = msgspec.convert(told, Rule)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    count, depth = _size(rule.when)
    if count > MOST or depth > DEEPEST:
        raise ValueError(
            f"$.when: {count} conditions {depth} deep; a rule may have {MOST}, nested {DEEPEST} deep."
        )
    if rule.holdout < LEAST_HOLDOUT:
        if rule.action.kind not in OF_FRAUD:
            raise ValueError(
                f"$.holdout: at least {LEAST_HOLDOUT:g}, or nobody will ever know what the rule does."
            )
        if not rule.holdout_reason:
            raise ValueError("$.holdout_reason: say why there is no holdout; it goes on record.")
    return rule


def _size(condition: Condition) -> tuple[int, int]:
    inner = condition.of if isinstance(condition, AllOf | AnyOf) else []
    if isinstance(condition, NotThis):
        inner = [condition.of]
    sizes = [_size(one) for one in inner]
    return 1 + sum(count for count, _ in sizes), 1 + max((depth for _, depth in sizes), default=0)


def version(rule: Rule) -> str:
    """Digest of all that a rule says but whether it is on."""
    told = msgspec.structs.replace(rule, on=False)
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()[:16]
