from hypothesis import given
from hypothesis import strategies as st

from pipelines.store.ranges import added, gaps, highest, holds


@given(st.lists(st.integers(0, 40), unique=True))
def test_ranges_are_a_set_in_short(numbers: list[int]) -> None:
    ranges: list[int] = []
    for number in numbers:
        assert not holds(ranges, number)
        ranges = added(ranges, number)
    held = set(numbers)
    assert ranges == sorted(set(ranges))
    assert {n for n in range(45) if holds(ranges, n)} == held
    assert highest(ranges) == max(held, default=-1)
    missing = [n not in held for n in range(max(held, default=0))]
    assert gaps(ranges) == sum(gone and not (i and missing[i - 1]) for i, gone in enumerate(missing))
