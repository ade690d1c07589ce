"""Pauses: longer and longer, never the same, and never shorter than a receiver asks for, up to a bound."""

import random
from email.utils import formatdate

import pytest

from service.sending.retrying import HOUR, Patience, asked_s

NOW = 1_700_000_000


def test_pauses_grow_and_differ_and_end() -> None:
    patience, chance = Patience(), random.Random(1)
    pauses = [
        [patience.pause_s(attempt, None, 0, chance) for attempt in range(1, patience.attempts)]
        for _ in range(20)
    ]
    for one in pauses:
        assert one == sorted(one, key=lambda pause: pause or 0)
        for pause, middle in zip(one, patience.delays_s, strict=True):
            assert pause is not None
            assert 0.8 * middle <= pause <= 1.2 * middle
    assert len({one[0] for one in pauses}) > 10
    assert patience.pause_s(patience.attempts, "1", 0, chance) is None
    assert 40 * HOUR < sum(patience.delays_s) < 60 * HOUR


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("120", 120, 120),
        (formatdate(NOW + 300, usegmt=True), 300, 300),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0, 0),  # a date that is over, as it was once written
        ("999999999999", 24 * HOUR, 24 * HOUR),
        ("9" * 500, 24 * HOUR, 24 * HOUR),
        (formatdate(9_000_000_000, usegmt=True), 24 * HOUR, 24 * HOUR),
        *((wrong, 0, 0) for wrong in ("", "soon", "-5", "1e9", "١٢٠", "Mon, 99 Foo 2000 00:00:00 GMT")),
    ],
)
def test_a_receiver_is_heard_but_not_for_ever(said: str, least: float, most: float) -> None:
    pause = Patience(jitter=0).pause_s(1, said, NOW, random.Random(1))
    floor = Patience().delays_s[0]
    assert pause is not None
    assert max(floor, least) <= pause <= max(floor, most)
    assert asked_s(None, 0) == 0
