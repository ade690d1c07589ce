"""A head in one file: what a newcomer would write, and all that they would."""

from __future__ import annotations

from data_contracts.assessments import Ineligible
from models.head import Boosting, Evidence, Group, Head, Use


def ineligible(evidence: Evidence) -> Ineligible | None:
    """Abstain without events, or with under 3 acts."""
    if evidence.rows == 0:
        return "no_events"
    return "too_short" if evidence.acts < 3 else None


HURRIED = Head(
    name="hurried",
    question="Does this visitor go faster than people go?",
    label="what a colleague said of each recording",
    positive="hurried",
    groups=(
        Group(up="ENGAGED", down="NOT_ENGAGED", uses=(Use("act_gap_p50"), Use("page_dwell_median"))),
        Group(up="PROGRESS", down="LITTLE_PROGRESS", uses=(Use("pages"), Use("clicks_on_controls"))),
    ),
    split_by=("visitor",),
    base_rate=0.2,
    ineligible=ineligible,
    blind_to="who the visitor is",
    boosting=Boosting(rounds=20, leaves=3, least_rows=3),
    always=False,
    data=("A colleague's labels of the samples.",),
    failures=("It is a test's head, and says nothing of anybody.",),
)
