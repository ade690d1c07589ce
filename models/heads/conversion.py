"""The conversion head: will this session reach the goal, given what is known by now."""

from __future__ import annotations

from typing import Final

from data_contracts.assessments import Ineligible
from models.head import Boosting, Evidence, Group, Head, Use

HORIZON_S: Final = 600.0  # a goal within ten minutes of the landmark, in the same session
LEAST_GOALS: Final = 50
LEAST_SESSIONS: Final = 500
BOOSTED_GOALS: Final = 200  # under so many goals, trees have nothing to split
MOST_FEATURES: Final = 8  # of the logistic regression: some 6 goals a coefficient at 50 goals


def ineligible(evidence: Evidence) -> Ineligible | None:
    """Abstain without events, or where the page cannot be seen."""
    if evidence.rows == 0:
        return "no_events"
    return "blind" if evidence.blind else None


CONVERSION = Head(
    name="conversion",
    question="Will this session reach the site's goal, given what is known by now?",
    label="the goal within the horizon of the landmark, in the same session",
    positive="goal",
    groups=(
        Group(
            up="PROGRESS",
            down="LITTLE_PROGRESS",
            uses=(
                Use("pages"),
                Use("distinct_page_share"),
                Use("clicks_on_controls"),
                Use("fields"),
                Use("submits"),
                Use("funnel_stage", 1),
            ),
        ),
        Group(
            up="ENGAGED",
            down="NOT_ENGAGED",
            uses=(
                Use("pages_per_minute"),
                Use("page_dwell_median"),
                Use("act_gap_p50"),
                Use("active_share"),
                Use("scroll_depth"),
            ),
        ),
        Group(
            up="UNOBSTRUCTED",
            down="OBSTRUCTED",
            uses=(Use("no_reaction_share", -1), Use("retry_share", -1), Use("errors_after_act", -1)),
            signals=("dead_click", "rage_click", "error_click", "error_shown"),
        ),
    ),
    split_by=("visitor", "time"),
    base_rate=0.03,
    ineligible=ineligible,
    slices=("landmark",),
    truth="goal",
    never=("goal_events",),
    pairs=False,
    least_each=LEAST_GOALS,
    least_groups=LEAST_SESSIONS,
    blind_to="everything at and after the goal, and anything that depends on when the session will end",
    boosting=Boosting(rounds=80, leaves=4, learning_rate=0.06, least_rows=30, ridge=10.0),
)
