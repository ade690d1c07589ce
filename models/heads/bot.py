"""The bot head: is this session driven by automation, as far as its movement can tell."""

from __future__ import annotations

from typing import Final

from data_contracts.assessments import Ineligible
from models.head import Boosting, Evidence, Group, Head, Use
from models.missing import Sights, partial

LEAST_POSITIONS: Final = 30  # at 50 ms a position, a second and a half of movement
LEAST_ACTS: Final = 3
VERDICT_TIMES: Final = (
    2  # a verdict takes twice the evidence of a probability: first seconds make extreme scores
)


def ineligible(evidence: Evidence) -> Ineligible | None:
    """Abstain without events, blind, or with under 30 positions and under 3 acts."""
    if evidence.rows == 0:
        return "no_events"
    if evidence.positions < LEAST_POSITIONS and evidence.acts < LEAST_ACTS:
        return "blind" if evidence.blind else "too_short"
    return None


def may_act(evidence: Evidence) -> bool:
    """Whether there is enough evidence for a verdict: 60 positions or 6 acts. Operating points look from then on."""
    enough = (
        evidence.positions >= VERDICT_TIMES * LEAST_POSITIONS or evidence.acts >= VERDICT_TIMES * LEAST_ACTS
    )
    return enough and ineligible(evidence) is None


def may_judge(evidence: Sights) -> bool:
    """Whether there may be a verdict: enough evidence, and no part of the session missing that might say otherwise."""
    return may_act(evidence) and not partial(evidence)


BOT = Head(
    name="bot",
    question="Is this session driven by automation?",
    label="recordings of people and of automation families; annotations",
    positive="bot",
    # Signs are set where motor control or geometry gives them beforehand, whatever the data: hands bend, vary,
    # slow down before they press, and peak early in a stroke; they seldom move along an axis to the pixel.
    # pointer_speed_cv is left out: it differs more between two tasks of people (0.4 and 1.3) than from automation.
    groups=(
        Group(
            up="POINTER_JUMPS",
            down="POINTER_TRAVELS",
            uses=(Use("pointer_jumps", 1),),
            signals=("automation_artifact",),
            hidden_together="pointer",
        ),
        Group(
            up="PATH_TOO_REGULAR",
            down="PATH_LIKE_PEOPLE",
            uses=(
                Use("turn_entropy", -1),
                Use("pointer_straightness_mean"),
                Use("pointer_straightness_sd", -1),
                Use("pointer_curvature"),
                Use("pointer_axis_share", 1),
            ),
            hidden_together="pointer",
        ),
        Group(
            up="SPEED_TOO_REGULAR",
            down="SPEED_LIKE_PEOPLE",
            uses=(
                Use("pointer_acceleration_flips"),
                Use("pointer_smoothness"),
                Use("stroke_peak_position", 1),
                Use("stroke_submovements"),
                Use("stroke_duration_cv", -1),
            ),
            hidden_together="pointer",
        ),
        Group(
            up="AIM_UNLIKE_PEOPLE",
            down="AIM_LIKE_PEOPLE",
            uses=(
                Use("approach_slowdown", 1),
                Use("overshoots", -1),
                Use("fitts_slope"),
                Use("fitts_residual"),
            ),
            hidden_together="pointer",
        ),
        Group(
            up="TIMING_IMPOSSIBLE",
            down="TIMING_POSSIBLE",
            uses=(Use("click_hold_zero", 1), Use("simultaneous_acts", 1)),
            signals=("automation_artifact",),
        ),
    ),
    split_by=("person", "family"),
    base_rate=0.05,
    ineligible=ineligible,
    slices=("family", "source", "recorder", "build", "viewport", "jank"),
    blind_to=(
        "user agent and network address; what assistive technology, password managers or the keyboard set too "
        "(clicks without movement, focus without an act, input without focus, pastes, acts without a cause); "
        "whether there is a mouse, a touch screen or neither; anything whose human values came from scripts "
        "(typing rhythm, touch, goals, page dwell, gaps between acts, totals); and how regularly the recorder "
        "itself sampled the pointer"
    ),
    hide_share={"pointer": 0.15},
    hide_group=0.3,
    boosting=Boosting(rounds=120, leaves=8, learning_rate=0.15, least_rows=40, ridge=3.0),
)
