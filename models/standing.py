"""Signals that stand: the codes of which a session has a moment that was not withdrawn, one bit a code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from data_contracts.compiled import compiled
from features.moments import CODES, RAGE_CLICK
from models.worth import HEADLINES

ANGER: Final = 1 << RAGE_CLICK
HEADLINED: Final = sum(1 << code for code, name in enumerate(CODES) if name in HEADLINES)
"""The codes that a headline may tell of."""


@compiled
def standing(moments: Any, withdrawn: int) -> int:
    """The signals that stand; bit i for ``CODES[i]``.

    Parameters
    ----------
    moments
        ``MOMENT[n]``.
    withdrawn
        State of the moments that do not count.
    """
    bits = 0
    for i in range(moments.size):
        if moments[i].state != withdrawn:
            bits |= 1 << moments[i].code
    return bits


@lru_cache(1 << 10)
def names_of(bits: int) -> tuple[str, ...]:
    """Names of the signals whose bits are set, by code.

    >>> names_of(0b101)
    ('rage_click', 'slow_response')
    """
    return tuple(name for code, name in enumerate(CODES) if bits >> code & 1)
