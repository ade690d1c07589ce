"""Facts: the moments of a session that a headline may tell of, with the names of their elements and pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isfinite
from struct import Struct
from typing import Any, Final

import numpy.typing as npt

from data_contracts.decisions import Fact
from features.catalogue import engine
from features.moments import CODES, WITHDRAWN
from models.standing import HEADLINED

Name = Callable[[int, int], str | None]
"""Names an element for people, from its page view and node id."""

ROW: Final = Struct("=2q2i5f2B2x")
"""A row of ``MOMENT``: start, end, page, element, severity, four of evidence, code, state."""


@cache
def evidence_names() -> dict[int, tuple[str, ...]]:
    """What the evidence of each signal is called, by its code."""
    return {signal.code: signal.evidence for signal in engine().signals}


def facts_of(moments: npt.NDArray[Any], element: Name, address: Callable[[int], str]) -> list[Fact]:
    """The moments among ``MOMENT[n]`` that a headline may tell of, with the names of their elements and pages."""
    names = evidence_names()
    elements: dict[tuple[int, int], str] = {}
    addresses: dict[int, str] = {}
    found = []
    # Read as plain bytes: moments are few, and NumPy would take longer to look up a field than to read it.
    for start, end, page, node, severity, *evidence, code, state in ROW.iter_unpack(moments.tobytes()):
        if state == WITHDRAWN or not HEADLINED >> code & 1:
            continue
        where = (page, node)
        if where not in elements:
            elements[where] = element(page, node) or ""
            addresses[page] = address(page)
        told = dict(zip(names.get(code, ()), evidence, strict=False))
        if not all(map(isfinite, told.values())):
            told = {name: value for name, value in told.items() if isfinite(value)}
        found.append(Fact(CODES[code], start, end, severity, elements[where], addresses[page], told))
    return found
