"""Rows written by hand, run through one fold, and what came of them."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from data_contracts.events import EVENT, SIGHTED
from features.engine import Engine
from features.fold import Fold
from features.moments import CODES, PROVISIONAL, WITHDRAWN

DAY = 1_700_000_000_000


class Outcome(NamedTuple):
    """Feature values by name, and the moments that were not withdrawn."""

    values: dict[str, float]
    moments: list[Any]

    def codes(self) -> list[str]:
        return [CODES[moment["code"]] for moment in self.moments]

    def open(self) -> list[str]:
        return [CODES[moment["code"]] for moment in self.moments if moment["state"] == PROVISIONAL]

    def of(self, code: str) -> Any:
        found = [moment for moment in self.moments if CODES[moment["code"]] == code]
        assert len(found) == 1, (code, self.codes())
        return found[0]


def events(rows: list[dict[str, Any]]) -> np.ndarray:
    """Rows from dicts; `t` is ms from the start, and the page is sighted unless `flags` come as `blind`."""
    made = np.zeros(len(rows), EVENT)
    made["x"] = made["y"] = made["value"] = np.nan
    for row, given in zip(made, rows, strict=True):
        for name, value in given.items():
            row[name] = value
        row["t"] = DAY + given["t"]
        row["flags"] = given.get("flags", 0) | SIGHTED
    return made


@cache
def engine_of(fold: type[Fold]) -> Engine:
    return Engine((fold,))


@pytest.fixture
def run() -> Callable[..., Outcome]:
    """Run `run(Fold, {"t": 0, "kind": MOVE, ...}, ...)`; every channel is declared."""

    def go(fold: type[Fold], *rows: dict[str, Any], declared: int = -1) -> Outcome:
        engine = engine_of(fold)
        memory = engine.empty()
        moments = engine.fold(events(list(rows)), memory)
        values = dict(zip(engine.names, engine.vector(memory, declared).tolist(), strict=True))
        return Outcome(values, [moment for moment in moments if moment["state"] != WITHDRAWN])

    return go
