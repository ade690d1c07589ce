"""Worth rises with what it is made of, needs a fact to flag, and its card is the definition that runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.decisions import Fact
from models.worth import FLAG_FROM, card, worth

RAGE = Fact("rage_click", 41_000, 43_000, 0.9, "Apply coupon", "/cart", {"presses": 4.0})
share = st.floats(0, 1)


@given(share, share, share, share, st.integers(0, 10_000), st.integers(0, 10_000))
def test_worth_rises_with_struggle_and_stake_and_falls_with_what_was_seen(a, b, c, d, m, n):
    low, high = sorted((a, b))
    least, most = sorted((c, d))
    rarer, commoner = sorted((m, n))
    assert worth(low, [RAGE], commoner, least).score <= worth(high, [RAGE], rarer, most).score
    assert 0 <= worth(high, [RAGE], rarer, most).score <= 1


def test_a_flag_needs_a_fact_and_no_automation():
    assert worth(0.9, [RAGE]).flagged
    assert not worth(0.9, []).flagged
    assert not worth(0.9, [RAGE], automation=True).flagged
    assert not worth(FLAG_FROM - 0.01, [RAGE]).flagged
    assert worth(None, [RAGE]).score is None
    assert not worth(None, [RAGE]).flagged


def test_the_headline_is_made_of_facts():
    told = worth(0.9, [Fact("dead_click", 1, 2, 0.4, "Help"), RAGE])
    assert told.headline == "clicked Apply coupon 4 times in 2 s, no response"
    assert told.reasons[1] == "clicked Help, nothing happened"


def test_one_issue_whoever_meets_it_and_whenever():
    other = Fact("rage_click", 7, 9, 0.2, "Apply coupon", "/cart")
    assert worth(0.5, [RAGE]).issue == worth(0.1, [other]).issue
    assert (
        worth(0.5, [RAGE]).issue != worth(0.5, [Fact("rage_click", 7, 9, 0.2, "Apply coupon", "/help")]).issue
    )


def test_what_is_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        worth(1.2, [RAGE])
    with pytest.raises(ValueError, match="between 0 and 1"):
        worth(0.2, [RAGE], stake=-0.1)


def test_the_card_says_what_runs():
    assert "1 / (1 + ln(1 + n))" in card()
    assert "Parameters" not in card()
