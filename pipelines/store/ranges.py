"""Sets of batch numbers as ascending stretches ``[begin, end, begin, end, ...]``, ends not included."""

from __future__ import annotations

from bisect import bisect_right

Ranges = list[int]


def holds(ranges: Ranges, number: int) -> bool:
    """Whether a number is in the set.

    >>> holds([0, 3], 2), holds([0, 3], 3)
    (True, False)
    """
    return bisect_right(ranges, number) % 2 == 1


def added(ranges: Ranges, number: int) -> Ranges:
    """The set with one number more, which it does not hold yet.

    >>> added([0, 3, 4, 5], 3), added([0, 3], 7)
    ([0, 5], [0, 3, 7, 8])
    """
    at = bisect_right(ranges, number)
    joins_left = at > 0 and ranges[at - 1] == number
    joins_right = at < len(ranges) and ranges[at] == number + 1
    middle = ([] if joins_left else [number]) + ([] if joins_right else [number + 1])
    return ranges[: at - joins_left] + middle + ranges[at + joins_right :]


def gaps(ranges: Ranges) -> int:
    """How many stretches are missing below the highest number.

    >>> gaps([0, 3]), gaps([1, 3, 5, 6])
    (0, 2)
    """
    return len(ranges) // 2 - (1 if ranges and ranges[0] == 0 else 0)


def highest(ranges: Ranges) -> int:
    """The highest number, -1 if there is none."""
    return ranges[-1] - 1 if ranges else -1


def first_from(ranges: Ranges, number: int) -> int:
    """The lowest number from ``number`` on that the set holds; ``number`` itself if there is none.

    >>> first_from([0, 3, 5, 6], 2), first_from([0, 3, 5, 6], 3), first_from([0, 3], 7)
    (2, 5, 7)
    """
    at = bisect_right(ranges, number)
    return number if at % 2 == 1 or at == len(ranges) else ranges[at]
