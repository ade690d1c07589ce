"""Policies: data that says what is wrong with it, and that never recommends more than a bound can carry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_contracts.assessments import OperatingPoint
from service.deciding.policy import FILE, Policy
from tests.service.live_store import SAMPLES

PAGE = SAMPLES.parent / "docs" / "fraud.md"
TIGHT = OperatingPoint(name="fpr_1", threshold=1.0, fpr_upper=0.009)
LOOSE = OperatingPoint(name="fpr_10", threshold=1.0, fpr_upper=0.09)
REFUSED = OperatingPoint(name="fpr_1", refused="insufficient_negatives")


def policy(folder: Path, text: str) -> Policy:
    (folder / FILE).write_text(text)
    return Policy.load(folder)


def test_the_policy_that_the_page_explains_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    one = policy(tmp_path, text)
    assert one.advise("automation", TIGHT, "login").action == "challenge"
    assert one.advise("automation", LOOSE, "login").action == "monitor", "the point is not bounded so well"
    assert one.advise("automation", TIGHT, "checkout").rule.id == "house"
    assert one.mode == "enforce"


def test_without_a_file_the_house_advises(tmp_path: Path) -> None:
    house = Policy.load(tmp_path)
    assert house.advise("automation", TIGHT).action == "challenge"
    assert house.advise("automation", LOOSE).action == "monitor"
    assert house.advise("undetermined", TIGHT).action == "allow"


def test_nothing_strong_is_recommended_where_no_bound_stands_behind_it(tmp_path: Path) -> None:
    text = '[[policy]]\nid = "x"\nverdict = "{verdict}"\nrecommend = "{action}"\n'
    for verdict in ("automation", "undetermined"):
        for action, most in (("block", "monitor"), ("challenge", "monitor"), ("allow", "allow")):
            one = policy(tmp_path, text.format(verdict=verdict, action=action))
            assert one.advise(verdict, REFUSED).action == most  # type: ignore[arg-type]
            assert one.advise(verdict, None).action == most  # type: ignore[arg-type]


def test_a_changed_policy_is_another_version(tmp_path: Path) -> None:
    text = '[[policy]]\nid = "x"\nverdict = "automation"\nrecommend = "{}"\n'
    versions = {policy(tmp_path, text.format(action)).rule.version for action in ("block", "review", "block")}
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policy = [", FILE),
        ('mode = "loud"', "$.mode"),
        ('[[policy]]\nid = "x"\nverdict = "human"\nrecommend = "block"\n', "$.policy[0].verdict"),
        ('[[policy]]\nid = "x"\nverdict = "automation"\nrecommend = "ban"\n', "$.policy[0].recommend"),
        ('[[policy]]\nid = "x"\nverdict = "automation"\nrecomend = "block"\n', "recomend"),
        (
            '[[policy]]\nid = "x"\nverdict = "automation"\nrecommend = "block"\n' * 2,
            "two policies have the id",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as wrong:
        policy(tmp_path, text)
    assert FILE in str(wrong.value)
    assert said in str(wrong.value)
