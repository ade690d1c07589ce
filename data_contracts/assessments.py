"""An assessment: what Watchworthy says of one session, always as probabilities, with what they stand on.

High means more likely. What was not computed is ``null`` and says why; it is never a low score.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Ineligible = Literal["too_short", "no_events", "blind", "too_few_goals", "model_missing"]
"""Why a head abstains."""

INELIGIBLE: dict[str, str] = {
    "too_short": "too little was done to judge: fewer acts and pointer positions than the head asks for",
    "no_events": "the recording holds no events of a visitor",
    "blind": "the page could not be seen: the first snapshot is missing, so nothing is known of what was clicked",
    "too_few_goals": "the site has not yet 50 goals in 500 sessions to learn conversion from",
    "model_missing": "no trained model of this head is loaded, or its features have changed since",
}
"""Why a head abstains, in words."""

Verdict = Literal["automation", "agent_assisted", "no_evidence_of_automation", "undetermined"]
"""What the bot head says at its operating point. It never says "human": a replayed human trace cannot be told."""

Basis = Literal["held_out", "cross_fitted"]
Action = Literal["allow", "monitor", "challenge", "review", "block"]
Fidelity = Literal["exact", "partial", "blind"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step on the way from the first guess of the model to the probability shown.

    ``log_odds`` is where the step leads to (natural logarithm), ``probability`` the same on 0..1. The step
    ``base_value`` plus every reason's weight gives the step ``margin``, and the two that follow are calibration
    and prior.
    """

    name: Literal["base_value", "margin", "calibrated", "prior"]
    log_odds: float
    probability: float


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold on the score with a bound on its false positives, or the reason why there is none.

    ``fpr_upper`` is the bound that holds with ``confidence``; it is null where the point is refused, and
    ``people_needed`` then says how many more people without automation it takes.
    """

    name: str
    threshold: float | None = None
    fpr_upper: float | None = None
    confidence: float = 0.95
    n_people: int = 0
    people_needed: int = 0
    basis: Basis = "cross_fitted"
    refused: Literal["insufficient_negatives"] | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What every head says: whether it may speak, and the probability at the stated base rate.

    ``interval`` is the 90 % range over refits that each leave whole groups out.
    """

    eligible: bool
    ineligible_reason: Ineligible | None = None
    probability: float | None = None
    interval: tuple[float, float] | None = None
    base_rate: float | None = None
    steps: tuple[Step, ...] = ()


class BotBlock(Block, frozen=True, kw_only=True):
    """The bot head: whether automation drives this session."""

    log_likelihood_ratio: float | None = None
    verdict: Verdict = "undetermined"
    operating_point: OperatingPoint | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of struggle: ``t_ms`` from the start of the session, ``weight`` 0..1 its severity."""

    t_ms: int
    code: str
    weight: float
    element: str | None = None


class FrustrationBlock(Block, frozen=True, kw_only=True):
    """The frustration head: whether a person who watches this would say that the visitor is struggling."""

    moments: tuple[Moment, ...] = ()


class ConversionBlock(Block, frozen=True, kw_only=True):
    """The conversion head: whether this session will reach the site's goal, given what is known by now."""

    goal: str | None = None
    horizon_s: float | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a head moved: ``weight`` in log-odds of its raw margin, summed over correlated features.

    ``code`` is of the closed list in ``models.reason_codes``, ``t_ms`` the moments that carry it, ``value`` the
    feature that weighed most, ``site_percentile`` where the site's own sessions put that value (0..100).
    """

    head: str
    code: str
    direction: Literal["up", "down"]
    weight: float
    text: str
    t_ms: tuple[int, ...] = ()
    value: float | None = None
    site_percentile: float | None = None


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the session is worth watching: 0..1, and the facts that say so."""

    score: float | None = None
    flagged: bool = False
    headline: str | None = None
    reasons: tuple[str, ...] = ()
    issue: str | None = None
    definition: str = ""


class Unusual(msgspec.Struct, frozen=True, kw_only=True):
    """How unlike other sessions this one is; null until it is computed."""

    score: float | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule that chose the recommended action."""

    id: str
    version: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What there was to see, and what was missing."""

    fidelity: Fidelity = "exact"
    blind_ms: int = 0
    channels: tuple[str, ...] = ()
    masked: bool | None = None
    events: int = 0
    unknown_events: int = 0
    behind: bool = False
    stale: bool = False
    bound: bool = False


class HeadVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Which model of a head spoke."""

    head: str
    version: str
    alias: str
    digest: str


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle that scored, by the digest of everything in it."""

    bundle: str
    heads: tuple[HeadVersion, ...] = ()


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What Watchworthy says of one session.

    In the mode ``shadow`` the recommended action is always ``allow``, and ``would_have`` says what it would have been.

    >>> Assessment(assessment_id="a", session_id="s", created_at="2030-01-01T00:00:00Z").bot.eligible
    False
    """

    assessment_id: str
    session_id: str
    created_at: str
    as_of_ms: int = 0
    revision: int = 0
    mode: Literal["enforce", "shadow"] = "enforce"
    bot: BotBlock = BotBlock(eligible=False, ineligible_reason="model_missing")
    frustration: FrustrationBlock = FrustrationBlock(eligible=False, ineligible_reason="model_missing")
    conversion: ConversionBlock = ConversionBlock(eligible=False, ineligible_reason="too_few_goals")
    heads: dict[str, Block] = {}
    worth: Worth = Worth()
    unusual: Unusual = Unusual()
    reasons: tuple[Reason, ...] = ()
    recommended_action: Action = "allow"
    would_have: Action | None = None
    rule: Rule | None = None
    coverage: Coverage = Coverage()
    models: Models = Models(bundle="")
