"""The frustration head: would a person who watches this say that the visitor is struggling."""

from __future__ import annotations

from typing import Final

from data_contracts.assessments import Ineligible
from models.head import Boosting, Evidence, Group, Head, Use
from models.signal_rates import LOST, SHAKEN, SLOW, TROUBLE, UNANSWERED

LEAST_ACTS: Final = 3  # shares of fewer acts are all or nothing


def ineligible(evidence: Evidence) -> Ineligible | None:
    """Abstain without events, where the page cannot be seen, or with under 3 acts."""
    if evidence.rows == 0:
        return "no_events"
    if evidence.blind:
        return "blind"
    return "too_short" if evidence.acts < LEAST_ACTS else None


FRUSTRATION = Head(
    name="frustration",
    question="Would a person who watches this say that the visitor is struggling?",
    label="scripted struggles and calm look-alikes; annotations",
    positive="frustrated",
    groups=(
        Group(
            up="FRICTION",
            down="NO_FRICTION",
            uses=(Use("friction_per_act", 1),),
            signals=(*UNANSWERED, *SLOW, *TROUBLE, *LOST, *SHAKEN),
        ),
        Group(
            up="NO_ANSWER",
            down="ANSWERED",
            uses=(Use("no_reaction_share", 1), Use("unanswered_run_share", 1), Use("unanswered_per_act", 1)),
            signals=UNANSWERED,
        ),
        Group(
            up="SLOW_ANSWER",
            down="QUICK_ANSWER",
            uses=(Use("reaction_time_median", 1), Use("slow_reaction_share", 1)),
            signals=SLOW,
        ),
        Group(
            up="TRIED_AGAIN",
            down="NOT_TRIED_AGAIN",
            uses=(Use("retry_share", 1),),
            signals=("rage_click", "repeat_submit", "form_refill"),
        ),
        Group(
            up="ERRORS_FOLLOWED",
            down="NO_ERRORS",
            uses=(Use("errors_after_act", 1), Use("trouble_per_act", 1)),
            signals=TROUBLE,
            hidden_together="console",
        ),
        Group(up="LOST_THE_WAY", down="FOUND_THE_WAY", uses=(Use("lost_per_act", 1),), signals=LOST),
    ),
    split_by=("scenario", "person"),
    base_rate=0.10,
    ineligible=ineligible,
    slices=("scenario", "family", "recorder", "build"),
    blind_to=(
        "totals of the session (duration, events, pages, presses, inputs): rates and shares per act only; how the "
        "pointer moves, for movement shows no emotion (but for pointer_thrash, a gesture that anybody watching sees); "
        "any feature that restates the rule which made the label"
    ),
    hide_share={"console": 0.5},
    boosting=Boosting(rounds=60, leaves=3, learning_rate=0.08, least_rows=8, ridge=5.0, columns=0.7),
)
