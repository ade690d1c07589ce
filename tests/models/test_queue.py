"""The queue loses nobody, shuffles nobody, folds issues, keeps automation apart, and draws as it says it does."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from data_contracts.errors import WatchworthyError
from models.queue import EDGES, FIRST, PLACES, RATES, Candidate, doubt, place, queue

SECRET = b"a secret of a site, long enough"
share = st.floats(0, 1)


@st.composite
def candidates(draw):
    low, high = sorted((draw(share), draw(share)))
    return Candidate(
        draw(st.uuids()).hex,
        draw(st.none() | share),
        draw(st.none() | share),
        draw(st.none() | st.just((low, high))),
        draw(st.sampled_from(["automation", "undetermined", "no_evidence_of_automation"])),
        draw(st.none() | st.sampled_from([f"dead_click:{i:08}" for i in range(14)])),
        draw(st.integers(0, 2**41)),
        draw(st.none() | share),
    )


many = st.lists(candidates(), max_size=60, unique_by=lambda one: one.session)


def calm(i: int, **other: object) -> Candidate:
    return replace(Candidate(f"s{i}", 0.02, 0.02, (0.01, 0.03), "undetermined", None, i), **other)


@given(many)
def test_nobody_is_lost_or_doubled(given_):
    found = queue(given_, SECRET)
    shown = [one.candidate.session for card in found.cards for one in (card.place, *card.folded)]
    shown += [one.candidate.session for one in found.automation]
    assert sorted(shown) == sorted(one.session for one in given_)
    assert sum(card.count for card in found.cards) + len(found.automation) == len(given_)


@given(many)
def test_the_first_ten_show_different_issues_and_what_shares_one_is_folded(given_):
    cards = queue(given_, SECRET).cards
    first = [card.place.candidate.issue for card in cards[:FIRST] if card.place.candidate.issue]
    assert len(set(first)) == len(first)
    assert not set(first) & {card.place.candidate.issue for card in cards[FIRST:]}
    for card in cards:
        assert {one.candidate.issue for one in card.folded} <= {card.place.candidate.issue}
    struggle = [one.issue or one.session for one in given_ if one.verdict != "automation"]
    assert len(cards[:FIRST]) == min(FIRST, len(set(struggle)))


@given(many)
def test_automation_has_a_queue_of_its_own_and_no_headline_no_flag(given_):
    found = queue(given_, SECRET)
    for card in found.cards:
        for one in (card.place, *card.folded):
            assert one.candidate.verdict != "automation"
            assert one.propensity > 0
            assert one.candidate.issue is not None or not one.flagged
    starts = [one.candidate.start_ms for one in found.automation]
    assert starts == sorted(starts, reverse=True)
    assert not any(one.flagged or one.drawn for one in found.automation)


@given(many, st.randoms())
def test_the_order_is_that_of_the_set(given_, random):
    shuffled = list(given_)
    random.shuffle(shuffled)
    assert queue(shuffled, SECRET) == queue(given_, SECRET)


@given(candidates(), many)
def test_where_a_candidate_stands_does_not_depend_on_others(one, others):
    others = [other for other in others if other.session != one.session]
    found = queue([one, *others], SECRET)
    everywhere = [place for card in found.cards for place in (card.place, *card.folded)]
    assert place(one, SECRET) in [*everywhere, *found.automation]


@pytest.mark.parametrize("stratum", range(len(RATES)))
def test_each_stratum_is_drawn_at_its_propensity(stratum):
    p = (0.0, *EDGES)[stratum]
    found = [place(calm(i, probability=p, worth=p), SECRET) for i in range(20_000)]
    assert {one.propensity for one in found} == {RATES[stratum]}
    drawn, weight = sum(one.drawn for one in found), sum(1 / one.propensity for one in found if one.drawn)
    spread = (RATES[stratum] * (1 - RATES[stratum]) * len(found)) ** 0.5
    assert abs(drawn - RATES[stratum] * len(found)) < 4 * spread
    assert abs(weight - len(found)) < 4 * spread / RATES[stratum]


def test_the_slice_is_ordered_without_regard_to_the_score_and_another_secret_draws_others():
    given_ = [calm(i, probability=(i % 100) / 100) for i in range(20_000)]
    found = queue(given_, SECRET).slice
    early = found[: len(found) // 2]
    mean = [sum(one.candidate.probability for one in part) / len(part) for part in (early, found)]
    assert abs(mean[0] - mean[1]) < 4 * 0.3 / len(early) ** 0.5
    other = {one.candidate.session for one in queue(given_, SECRET[::-1]).slice}
    both = other & {one.candidate.session for one in found}
    assert len(both) < len(found) / 4


def test_lanes_take_the_turns_that_are_stated():
    given_ = [calm(i, worth=0.9, probability=0.9, issue=f"i{i}") for i in range(400)]
    given_ += [calm(1000 + i, probability=0.5) for i in range(400)]
    lanes = [card.place.lane for card in queue(given_, SECRET).cards[: len(PLACES)]]
    assert tuple(lanes) == PLACES
    assert Counter(PLACES) == {"worth": 14, "doubt": 3, "slice": 3}


def test_doubt_hears_a_challenger_only_where_there_is_one():
    quiet = calm(1)
    assert doubt(replace(quiet, disagreement=0.7)) == 0.7
    assert doubt(quiet) < 0.1
    assert doubt(replace(quiet, probability=None, disagreement=0.7)) == 0


def test_what_cannot_be_placed_is_refused():
    with pytest.raises(WatchworthyError, match="twice"):
        queue([calm(1), calm(1)], SECRET)
    with pytest.raises(ValueError, match="secret has 5 bytes"):
        place(calm(1), b"short")
    with pytest.raises(ValueError, match="between 0 and 1"):
        place(calm(1, worth=1.5), SECRET)
