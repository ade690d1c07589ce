"""Stretches: moments that touch are one thing to watch, and the most severe are cited."""

import numpy as np
import pytest

from features.moments import CODES, MOMENT, WITHDRAWN
from models.reasons import STRETCHES_SHOWN, cited, stretches


def moments(*told: tuple[str, int, int, float]) -> np.ndarray:
    made = np.zeros(len(told), MOMENT)
    for one, (code, start, end, severity) in zip(made, told, strict=True):
        one["code"], one["start"], one["end"], one["severity"] = CODES.index(code), start, end, severity
    return made


def test_a_burst_is_one_stretch_with_the_weight_of_all() -> None:
    found = moments(
        ("dead_click", 5000, 7500, 0.4),
        ("rage_click", 5200, 6000, 0.5),
        ("dead_click", 7000, 9500, 0.4),
        ("dead_click", 20_000, 22_500, 0.25),
        ("reload", 5100, 5100, 1.0),
    )
    wanted = ("dead_click", "rage_click")
    assert stretches(wanted, found) == [
        (5000, 9500, pytest.approx(1.3)),
        (20_000, 22_500, pytest.approx(0.25)),
    ]
    long = moments(("page_loop", 4000, 30_000, 0.5), ("dead_click", 5000, 7500, 0.4))
    assert [(start, end) for start, end, _ in stretches(("page_loop", "dead_click"), long)] == [
        (4000, 30_000),
        (5000, 7500),
    ]
    found["state"][3] = WITHDRAWN
    assert [start for start, _, _ in stretches(wanted, found)] == [5000]


def test_the_most_severe_are_cited_in_order_of_time() -> None:
    many = moments(*(("dead_click", 10_000 * n, 10_000 * n + 10, 0.1 * (n % 10)) for n in range(20)))
    shown = [start for start, _, _ in cited(("dead_click",), many)]
    assert len(shown) == STRETCHES_SHOWN
    assert shown == sorted(shown)
    assert {90_000, 190_000, 80_000, 180_000} <= set(shown)
    assert 0 not in shown


def test_other_rows_than_moments_are_refused() -> None:
    assert stretches((), None) == []
    with pytest.raises(TypeError, match="MOMENT"):
        stretches(("reload",), np.zeros(1, "i8"))
