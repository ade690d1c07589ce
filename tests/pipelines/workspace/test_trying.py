"""A fold of a notebook: held against each law, and what it adds told with its interval."""

from __future__ import annotations

from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from data_contracts.events import CONSOLE, IS_CONTROL, PRESS
from features.fold import Fold, feature, zeros
from models.heads.frustration import FRUSTRATION
from pipelines.learning.gain import gain
from pipelines.training.fit import Rows
from pipelines.workspace.recorded import Recorded
from pipelines.workspace.trying import engine_with, held_to_laws, names_of

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
SOME = [
    SAMPLES / f"{name}.json.gz"
    for name in ("struggling-failing-request", "calm-buy", "struggling-dead-clicks")
]


class Honest(Fold):
    """Presses on controls."""

    presses: int = 0
    hits: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        if event.kind == PRESS:
            self.presses += 1
            if event.flags & IS_CONTROL:
                self.hits += 1

    @feature(unit="share", sighted=True)
    def press_hit_share(self) -> float:
        """Share of presses on controls."""
        return self.hits / self.presses if self.presses else nan


class Clock(Fold):
    """Reads the time of day."""

    hour: float = 0.0

    def step(self, event: Any, now: Any, out: Any) -> None:
        self.hour = (event.t // 3_600_000) % 24

    @feature(unit="h", high=24)
    def hour_of_day(self) -> float:
        """When it is."""
        return self.hour


class Loose(Fold):
    """Leaves its range."""

    presses: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        if event.kind == PRESS:
            self.presses += 1

    @feature(unit="share")
    def press_share_of_two(self) -> float:
        """Presses over two."""
        return self.presses / 2


class Peeks(Fold):
    """Reads the page and does not say so."""

    hits: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        if event.kind == PRESS and event.flags & IS_CONTROL:
            self.hits += 1

    @feature(unit="presses")
    def press_hits(self) -> float:
        """Presses on controls."""
        return self.hits


class Listens(Fold):
    """Reads the console and does not say so."""

    lines: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        if event.kind == CONSOLE:
            self.lines += 1

    @feature(unit="lines")
    def console_lines(self) -> float:
        """Lines on the console."""
        return self.lines


class Huge(Fold):
    """Remembers too much."""

    seen: Any = zeros("f8", 600)

    def step(self, event: Any, now: Any, out: Any) -> None:
        self.seen[0] = event.t

    @feature()
    def first_seen(self) -> float:
        """The first."""
        return float(self.seen[0])


class Twin(Honest):
    """Bears a name that is taken."""

    clicks_seen: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        self.clicks_seen += 1

    @feature()
    def clicks(self) -> float:
        """Clicks."""
        return self.clicks_seen


def test_an_honest_fold_passes(capsys: pytest.CaptureFixture[str]) -> None:
    engine = held_to_laws(Recorded([*SOME]), [Honest])
    assert names_of(engine, [Honest]) == ["press_hit_share"]
    assert "six laws hold for press_hit_share on 3 recordings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fold", "law", "todo"),
    [
        (Clock, "translation", "now.t"),
        (Loose, "range", "0..1"),
        (Peeks, "fidelity", "sighted=True"),
        (Listens, "fidelity", 'channel="console"'),
    ],
)
def test_a_fold_that_breaks_a_law_is_told_which_and_what_to_do(fold: type[Fold], law: str, todo: str) -> None:
    with pytest.raises(WatchworthyError, match=f"Law of {law}") as error:
        held_to_laws(Recorded([*SOME]), [fold])
    assert todo in error.value.message
    assert "session " in error.value.where


def test_a_fold_too_large_or_of_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(WatchworthyError, match="bounded memory"):
        engine_with([Huge])
    with pytest.raises(WatchworthyError, match="has a feature of this name: clicks"):
        engine_with([Twin])


def test_what_a_feature_adds_is_told_with_its_interval() -> None:
    rng = np.random.default_rng(4)
    n = 160
    y = rng.integers(0, 2, n)
    x = rng.random((n, len(FRUSTRATION.features))).astype("f4")
    rows = Rows(x, y.astype("i8"), np.ones(n), np.array([f"v{i // 2}" for i in range(n)]))
    good = (y + rng.normal(0, 0.7, n)).astype("f4")[:, None]
    found = gain(FRUSTRATION, x, good, ["good"], rows, draws=2)
    assert found.interval[0] > 0.05
    assert found.interval[0] <= found.gain <= found.interval[1]
    assert found.with_them - found.without == pytest.approx(found.gain)
    assert "adds" in str(found)
    noise = gain(FRUSTRATION, x, rng.random((n, 1)).astype("f4"), ["noise"], rows, draws=2)
    assert noise.interval[0] < 0 < noise.interval[1]
    assert "cannot be told from nothing" in str(noise)
    with pytest.raises(WatchworthyError, match="takes 6 of each kind"):
        gain(FRUSTRATION, x[:8], good[:8], ["good"], rows.take(np.arange(8)))
