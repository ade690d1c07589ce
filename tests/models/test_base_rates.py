"""What the history of an element says: much history excuses much, little excuses little, and never adds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.decisions import Fact
from data_contracts.errors import WatchworthyError
from models import base_rates
from models.base_rates import VAGUE, Key, excused, prior, table, telling

COUNTS = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def fact(element: str, severity: float = 0.6) -> Fact:
    return Fact("rage_click", 0, 900, severity, element, "https://shop.example/game?x=1")


@given(st.dictionaries(st.sampled_from("abcdefghij"), COUNTS, min_size=1), st.floats(0, 1))
def test_history_takes_away_and_never_adds(counts, severity):
    made = table(
        "site", "2026-11-27", 30, 2, {Key("rage_click", "/game", name): one for name, one in counts.items()}
    )
    for name in counts:
        told = made.severity(fact(name, severity))
        assert 0 <= told <= severity
    assert made.severity(fact("never seen", severity)) == severity


def test_the_same_share_excuses_the_more_the_more_sessions_show_it():
    shares = [excused(3 * n // 5, n, VAGUE) for n in (5, 20, 100, 1000)]
    assert shares == sorted(shares)
    assert shares[0] < 0.35 < 0.55 < shares[-1] < 0.6


def test_the_prior_is_found_again_from_what_it_made():
    rng = np.random.default_rng(20_261_127)
    rates = rng.beta(2, 18, 400)
    a, b = prior([(int(rng.binomial(200, rate)), 200) for rate in rates])
    assert a / (a + b) == pytest.approx(0.1, abs=0.015)
    assert a + b == pytest.approx(20, rel=0.35)


def test_elements_that_do_not_differ_get_the_vague_prior():
    assert prior([(10, 100)] * 50) == VAGUE
    assert prior([(10, 100)] * 3) == VAGUE


def test_what_the_history_explains_is_no_fact_to_show():
    made = table("site", "2026-11-27", 30, 2, {Key("rage_click", "/game", "roll"): (180, 200)})
    toy, fault = made.weighed([fact("roll"), fact("pay")])
    assert toy.severity == fault.severity == fault.site_severity == 0.6
    assert toy.site_severity is not None
    assert toy.site_severity < 0.1
    assert telling([toy, fault]) == (fault,)
    assert telling([fact("roll")]) == (fact("roll"),), "without a table everything tells"


def test_a_table_is_read_back_and_named_by_what_it_says():
    counts = {Key("rage_click", "/game", "roll"): (180, 200)}
    made = table("site", "2026-11-27", 30, 2, counts)
    assert base_rates.read(base_rates.write(made)) == made
    assert made.digest == base_rates.read(base_rates.write(made)).digest
    assert made.digest != table("site", "2026-11-28", 30, 2, counts).digest
    with pytest.raises(WatchworthyError, match="no table of base rates"):
        base_rates.read(b"{}", "site.json")
