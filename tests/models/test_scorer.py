"""The starters score, abstain, explain to the last decimal, and say what they may not say."""

import json
import subprocess
import sys
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from data_contracts.assessments import Assessment
from data_contracts.errors import WatchworthyError
from data_contracts.schemas import schema
from features.catalogue import engine
from features.moments import CODES, MOMENT
from models.bundle import STARTER, digest_of, load
from models.card import digest_in, text
from models.head import Head
from models.heads import HEADS, head
from models.heads.bot import BOT
from models.reason_codes import REASON_CODES
from models.scorer import Scorer
from models.signal_rates import digests, names

NOW = "2030-01-01T00:00:00Z"


@dataclass
class Seen:
    rows: int = 500
    positions: int = 200
    acts: int = 20
    blind: bool = False
    blind_ms: int = 0
    channels: tuple[str, ...] = ("pointer", "presses", "console", "network")


@dataclass
class Session:
    vector: np.ndarray
    moments: np.ndarray
    coverage: Seen


def session(values=None, moments=(), **seen):
    vector = np.full(len(engine().names), np.nan, "f4")
    for name, value in (values or {}).items():
        vector[engine().names.index(name)] = value
    rows = np.zeros(len(moments), MOMENT)
    for row, (code, start, severity) in zip(rows, moments, strict=True):
        row["code"], row["start"], row["end"], row["severity"] = (
            CODES.index(code),
            start,
            start + 900,
            severity,
        )
    return Session(vector, rows, Seen(**seen))


@pytest.fixture(scope="module")
def scorer():
    return Scorer.starter()


def test_the_starters_read_the_catalogue_as_it_is(scorer):
    assert scorer.stopped == {}, "Features were redefined: train the starters again."
    assert set(scorer.bundle.heads) == {"bot", "frustration"}


def test_no_card_is_older_than_its_model():
    for name in ("bot", "frustration"):
        assert digest_in(text(name)) == digest_of(STARTER / name)
        assert json.loads((STARTER / name / "measures.json").read_text())["digest"] == digest_of(
            STARTER / name
        )


def test_the_starters_are_small():
    assert sum(path.stat().st_size for path in STARTER.rglob("*")) < 3_500_000


def test_what_was_measured_beside_a_head_says_of_which():
    told = json.loads((STARTER / "frustration" / "external.json").read_text())
    card = text("frustration")
    assert "external, not blind" in card
    assert told["digest"] == digest_of(STARTER / "frustration") or told["digest"] in card


def test_reasons_and_base_value_sum_to_the_margin(scorer):
    rng = np.random.default_rng(1)
    for _ in range(20):
        values = {f.name: rng.random() for f in engine().features if rng.random() < 0.7}
        moments = [("dead_click", int(t), 0.5) for t in rng.integers(0, 9000, rng.integers(0, 4))]
        told = scorer.assess(session(values, moments), "s", NOW)
        for name, block in (("bot", told.bot), ("frustration", told.frustration)):
            steps = {step.name: step.log_odds for step in block.steps}
            weights = sum(reason.weight for reason in told.reasons if reason.head == name)
            assert steps["base_value"] + weights == pytest.approx(steps["margin"], abs=1e-9)
            assert block.steps[-1].probability == pytest.approx(block.probability)
            low, high = block.interval
            assert 0 <= low <= block.probability <= high <= 1


def test_cited_moments_carry_their_reason(scorer):
    struggled = session({}, [("rage_click", 4000, 1.0), ("dead_click", 2000, 0.6)], acts=6)
    calm = session({}, [], acts=6)
    one, other = (scorer.assess(which, "s", NOW) for which in (struggled, calm))
    cited = [reason for reason in one.reasons if reason.head == "frustration" and reason.t_ms]
    assert cited
    assert cited[0].t_ms == (2000, 4000)
    assert one.frustration.probability > other.frustration.probability
    assert all(reason.code in REASON_CODES for reason in one.reasons)


def test_a_reason_from_what_could_not_be_seen_says_so_in_words(scorer):
    missing, seen = (
        [
            reason
            for reason in scorer.assess(session(values), "s", NOW).reasons
            if reason.head == "frustration"
        ]
        for values in ({}, dict.fromkeys(engine().names, 0.5))
    )
    assert missing
    assert seen
    unseen = [reason for reason in missing if reason.value is None]
    assert unseen
    for reason in unseen:
        assert reason.text.endswith(" could not be seen, and the score reckons with that.")
        claim = REASON_CODES[reason.code].partition(" (")[0]
        assert claim not in reason.text, "what the page did is not claimed of a session that does not show it"
    for reason in seen:
        assert "seen" not in reason.text
        assert reason.text.rpartition("(")[2].count(": ") == 1


@pytest.mark.parametrize(
    ("seen", "bot", "frustration"),
    [
        ({"rows": 0, "positions": 0, "acts": 0}, "no_events", "no_events"),
        ({"positions": 29, "acts": 2}, "too_short", "too_short"),
        ({"positions": 30, "acts": 2}, None, "too_short"),
        ({"positions": 0, "acts": 3}, None, None),
        ({"positions": 10, "acts": 1, "blind": True}, "blind", "blind"),
        ({"positions": 100, "acts": 9, "blind": True}, None, "blind"),
    ],
)
def test_each_head_abstains_by_evidence(scorer, seen, bot, frustration):
    told = scorer.assess(session(**seen), "s", NOW)
    assert told.bot.ineligible_reason == bot
    assert told.frustration.ineligible_reason == frustration
    assert told.bot.eligible == (bot is None)
    assert (told.bot.probability is None) == (bot is not None)
    assert told.conversion.ineligible_reason in ("too_few_goals", "no_events", "blind")
    assert not told.conversion.eligible
    assert told.bot.base_rate == 0.05


def test_without_a_mouse_there_is_no_verdict(scorer):
    told = scorer.assess(session({"click_hold_zero": 1.0, "simultaneous_acts": 1.0}, positions=0), "s", NOW)
    assert told.bot.verdict == "undetermined"
    assert told.bot.eligible
    nothing = scorer.assess(session(positions=0), "s", NOW)
    assert nothing.bot.verdict == "undetermined"
    assert abs(nothing.bot.log_likelihood_ratio) < 1.0, "what is missing must say next to nothing"


def test_plain_tools_are_told_and_never_called_human(scorer):
    plain = session({"pointer_jumps": 1.0, "click_hold_zero": 1.0, "pointer_axis_share": 0.5})
    told = scorer.assess(plain, "s", NOW)
    assert told.bot.verdict == "automation"
    assert told.recommended_action == "monitor"
    assert not told.worth.flagged
    assert "human" not in msgspec.json.encode(told).decode()


def test_only_ten_percent_is_published_from_58_people(scorer):
    points = {point.name: point for point in scorer.bundle.heads["bot"].points}
    assert {name: point.refused for name, point in points.items()} == {
        "fpr_10": None,
        "fpr_5": "insufficient_negatives",
        "fpr_1": "insufficient_negatives",
        "fpr_0.1": "insufficient_negatives",
    }
    assert {point.n_people for point in points.values()} == {58}
    assert points["fpr_10"].basis == "cross_fitted"


def test_a_changed_feature_stops_exactly_the_heads_that_read_it(monkeypatch, scorer):
    changed = digests() | {"retry_share": "another"}
    monkeypatch.setattr("models.scorer.digests", lambda: changed)
    stopped = Scorer(load())
    assert stopped.stopped == {"frustration": ("retry_share",)}
    told = stopped.assess(session(), "s", NOW)
    assert told.frustration.ineligible_reason == "model_missing"
    assert told.bot.eligible


def test_a_vector_of_another_catalogue_is_refused(scorer):
    with pytest.raises(WatchworthyError) as refusal:
        scorer.say(BOT, np.zeros(3, "f4"), Seen())
    assert refusal.value.code == "vector_mismatch"


def test_an_assessment_survives_the_wire_and_has_a_schema(scorer):
    told = scorer.assess(session({}, [("dead_click", 10, 0.5)]), "s", NOW)
    assert msgspec.json.decode(msgspec.json.encode(told), type=Assessment) == told
    assert set(schema("assessment")["$defs"]["Assessment"]["properties"]) == set(msgspec.structs.asdict(told))


def test_scoring_loads_neither_scikit_learn_nor_lightgbm():
    code = "import sys; from models.scorer import Scorer; Scorer.starter(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"sklearn", "pandas", "lightgbm", "shap", "fastapi"} & set(loaded)


FORBIDDEN_TO_BOT = """
click_without_movement focus_without_act input_without_focus pastes act_without_cause
pointer_sampling_cv key_interval_mean key_interval_cv key_interval_entropy typing_speed corrections
taps tap_hold_mean tap_drift swipes goal_events page_dwell_mean page_dwell_median page_dwell_cv
page_dwell_min act_gap_mean act_gap_p50 act_gap_p90 act_gap_entropy burstiness duration pages inputs
clicks pointer_moves pointer_path strokes untrusted_share
"""
TOTALS = """
duration pages inputs clicks fields scrolls submits taps strokes pointer_moves pointer_path retries
hesitations field_refills field_revisits console_errors failed_requests idle_longest
"""


def test_heads_do_not_see_what_they_must_not():
    assert not set(FORBIDDEN_TO_BOT.split()) & set(BOT.features)
    assert not set(TOTALS.split()) & set(head("frustration").features)
    assert "goal_events" not in head("conversion").features


def test_every_head_names_features_and_reasons_that_there_are():
    for one in HEADS:
        one.columns(names())
        assert len(set(one.features)) == len(one.features)
        for group in one.groups:
            assert {group.up, group.down} <= set(REASON_CODES)
            assert set(group.signals) <= set(CODES)


def test_a_head_that_reads_what_there_is_not_says_so():
    odd = Head(**{**BOT.__dict__, "groups": BOT.groups[:1]})
    with pytest.raises(ValueError, match="pointer_jumps"):
        odd.columns(("something",))
    with pytest.raises(ValueError, match="choose one of"):
        head("nobody")


def test_after_a_gap_there_is_no_verdict_and_the_interval_holds_nearly_anything(scorer: Scorer) -> None:
    plain = {
        "pointer_jumps": 1.0,
        "pointer_straightness_mean": 1.0,
        "turn_entropy": 0.0,
        "pointer_axis_share": 1.0,
    }
    whole = scorer.assess(session(plain), "s", NOW).bot
    gap = scorer.assess(session(plain, blind_ms=900), "s", NOW).bot
    assert (whole.verdict, gap.verdict) == ("automation", "undetermined")
    assert gap.probability == whole.probability
    assert whole.interval is not None
    assert gap.interval is not None
    assert gap.interval[0] < 0.05 < whole.interval[0]
    assert gap.interval[1] >= whole.interval[1]
