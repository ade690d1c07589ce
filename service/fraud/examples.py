"""What an answer looks like, for the API's description."""

from __future__ import annotations

from typing import Final

from data_contracts.assessments import (
    Assessment,
    BotBlock,
    ConversionBlock,
    Coverage,
    FrustrationBlock,
    OperatingPoint,
    Reason,
    Rule,
    Worth,
)
from models.reason_codes import sentence

_FEW: Final = OperatingPoint(name="fpr_1", n_people=58, people_needed=241, refused="insufficient_negatives")
_TEN: Final = OperatingPoint(name="fpr_10", threshold=3.8, fpr_upper=0.079, n_people=58)
_NO_GOALS: Final = ConversionBlock(eligible=False, ineligible_reason="too_few_goals")

AUTOMATION: Final = Assessment(
    assessment_id="as_0f6d2a913b7c4e5f8a90b1c2",
    session_id="s-81f2",
    created_at="2030-01-01T12:00:00Z",
    as_of_ms=20_400,
    bot=BotBlock(
        eligible=True,
        probability=0.952,
        interval=(0.91, 0.98),
        base_rate=0.05,
        log_likelihood_ratio=5.9,
        verdict="automation",
        operating_point=_TEN,
    ),
    frustration=FrustrationBlock(eligible=True, probability=0.018, interval=(0.011, 0.03), base_rate=0.1),
    conversion=_NO_GOALS,
    worth=Worth(score=0.018),
    reasons=(
        Reason(
            head="bot",
            code="PATH_TOO_REGULAR",
            direction="up",
            weight=3.4,
            value=0.99,
            site_percentile=99.5,
            text=sentence("PATH_TOO_REGULAR", "pointer_straightness_mean", 0.99, "share"),
        ),
    ),
    recommended_action="challenge",
    rule=Rule(id="default", version="1"),
    coverage=Coverage(channels=("pointer", "console"), events=412, bound=True),
)
"""A session called automation at an operating point that a bound carries."""

UNDETERMINED: Final = Assessment(
    assessment_id="as_5b1e0c7d92f84a36b0c1d2e3",
    session_id="s-90aa",
    created_at="2030-01-01T12:00:03Z",
    as_of_ms=2_100,
    bot=BotBlock(eligible=False, ineligible_reason="too_short", base_rate=0.05, operating_point=_FEW),
    frustration=FrustrationBlock(eligible=False, ineligible_reason="too_short", base_rate=0.1),
    conversion=_NO_GOALS,
    coverage=Coverage(events=9),
)
"""Too little was seen: nothing is said, which is no low score."""
