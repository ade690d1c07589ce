"""The bounds are those of the binomial law, and they hold when they are put to the test."""

import math

import numpy as np
import pytest
from scipy.stats import beta, binom, norm

from models.operating_points import (
    allowed,
    chance_of_at_most,
    highest_by_person,
    operating_point,
    operating_points,
    people_for,
    tightest,
    upper_bound,
)


def test_people_it_takes_with_no_false_positive():
    assert [people_for(rate) for rate in (0.10, 0.05, 0.01, 0.001)] == [29, 59, 299, 2995]


@pytest.mark.parametrize(("rate", "people"), [(0.10, 29), (0.05, 59), (0.01, 299), (0.001, 2995)])
def test_one_person_fewer_is_refused(rate, people):
    scores = list(np.linspace(0, 1, people))
    assert operating_point("p", rate, scores, "held_out").threshold == 1.0
    refused = operating_point("p", rate, scores[1:], "held_out")
    assert (refused.refused, refused.people_needed) == ("insufficient_negatives", 1)
    assert refused.threshold is None
    assert refused.fpr_upper is None


def test_chances_and_limits_equal_scipy():
    for n in (5, 58, 400):
        for k in range(0, n, 7):
            assert chance_of_at_most(k, n, 0.1) == pytest.approx(binom.cdf(k, n, 0.1), rel=1e-9)
            assert upper_bound(k, n) == pytest.approx(beta.ppf(0.95, k + 1, n - k), abs=1e-9)


def test_what_is_allowed_is_the_most_that_the_bound_carries():
    for n in (29, 58, 59, 300):
        k = allowed(n, 0.10)
        assert upper_bound(k, n) <= 0.10 < upper_bound(k + 1, n)


def test_with_58_people_only_10_percent_is_published():
    scores = np.random.default_rng(0).normal(size=58)
    points = {p.name: p for p in operating_points(range(58), scores.tolist(), "cross_fitted")}
    assert points["fpr_10"].refused is None
    assert {name: p.people_needed for name, p in points.items() if p.refused} == {
        "fpr_5": 1,
        "fpr_1": 241,
        "fpr_0.1": 2937,
    }
    assert tightest(tuple(points.values())) == points["fpr_10"]


def test_the_bound_holds_in_simulation():
    """Of many draws of people, at most 5 % (and sampling error) give a threshold that more than alpha pass."""
    rng = np.random.default_rng(11)
    for n, rate in ((29, 0.10), (58, 0.10), (59, 0.05), (150, 0.05)):
        broken = 0
        for _ in range(2000):
            point = operating_point("p", rate, rng.random(n).tolist(), "held_out")
            broken += 1 - point.threshold > rate  # scores are uniform: this is the true rate
        assert broken / 2000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_a_person_counts_once_by_the_highest_score_of_any_session():
    highest = highest_by_person(["a", "a", "b", "b"], [0.1, 0.9, math.nan, 0.3])
    assert highest == {"a": 0.9, "b": 0.3}
    many = operating_points(["a"] * 500, [float(i) for i in range(500)], "held_out")
    assert all(point.refused and point.n_people == 1 for point in many)


DRAWS = 10_000


def test_the_bound_holds_over_people_whose_sessions_are_alike_and_fails_over_sessions():
    """10,000 draws of 59 people with 8 sessions each, which are alike: what is promised is at most 5 % of people.

    A session scores its person's own level and some noise. Of a threshold the true share of people who pass is known:
    a person passes if the highest session does. Taken over people, the bound is broken in at most 5 % of draws; taken
    over sessions as if they were independent, even the share of sessions that it promises is broken far more often.
    """
    rng = np.random.default_rng(23)
    people, sessions, alike, rate = 59, 8, 0.9, 0.05
    level = np.linspace(-6, 6, 2001)
    mass = norm.pdf(level) / norm.pdf(level).sum()

    def share_over(threshold, of):
        """True share of people (of=8) or sessions (of=1) over each threshold."""
        under = norm.cdf((threshold[:, None] - alike * level) / math.sqrt(1 - alike**2))
        return 1 - (under**of) @ mass

    k_people, k_sessions = allowed(people, rate), allowed(people * sessions, rate)
    over_people, over_sessions = [], []
    for _ in range(DRAWS // 1000):
        own = rng.normal(size=(1000, people, 1))
        scores = alike * own + math.sqrt(1 - alike**2) * rng.normal(size=(1000, people, sessions))
        over_people.append(np.sort(scores.max(axis=2))[:, ::-1][:, k_people])
        over_sessions.append(np.sort(scores.reshape(1000, -1))[:, ::-1][:, k_sessions])
        point = operating_point("p", rate, scores[0].max(axis=1).tolist(), "held_out")
        assert point.threshold == over_people[-1][0], "what is simulated is what the service does"
    error = 3 * math.sqrt(0.05 * 0.95 / DRAWS)
    broken = float((share_over(np.concatenate(over_people), sessions) > rate).mean())
    assert 0.03 < broken <= 0.05 + error, "it holds in 95 % of draws, and is not loose"
    naive = np.concatenate(over_sessions)
    assert (share_over(naive, 1) > rate).mean() > 0.15, "sessions are not independent"
    assert (share_over(naive, sessions) > rate).mean() > 0.8, "and a person has many of them"
