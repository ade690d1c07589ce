"""How a card writes lists, tables, shares and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def bullets(lines: Iterable[str]) -> str:
    """A list in Markdown."""
    return "\n".join(f"* {line}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; what is None stays blank."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def percent(share: float | None, digits: int = 0) -> str:
    """A share as per cent; blank where there is none.

    >>> percent(0.125), percent(0.125, 1), percent(None)
    ('12 %', '12.5 %', '')
    """
    return "" if share is None else f"{100 * share:.{digits}f} %"


def with_interval(value: float | None, interval: Sequence[float | None] | None) -> str:
    """A number of two digits and its interval.

    >>> with_interval(0.9, (0.8, 0.951)), with_interval(0.9, (None, None))
    ('0.90 (0.80 to 0.95)', '0.90')
    """
    if value is None:
        return ""
    low, high = interval or (None, None)
    return f"{value:.2f}" + (f" ({low:.2f} to {high:.2f})" if low is not None and high is not None else "")


def share_interval(value: float | None, interval: Sequence[float] | None) -> str:
    """A share as per cent and its interval.

    >>> share_interval(0.9, (0.8, 0.95))
    '90 % (80 to 95)'
    """
    if value is None or interval is None:
        return ""
    return f"{percent(value)} ({100 * interval[0]:.0f} to {100 * interval[1]:.0f})"
