"""What an attacker adds to a tool so that it passes for a person: jitter, pauses, overshoots, each in doses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.events import MOVE, PRESS
from pipelines.datasets.traces import Trace, stable_seed

Column = npt.NDArray[Any]

OVERSHOOT_STEPS: Final = 6
STEP_MS: Final = 16


@dataclass(frozen=True)
class Trick:
    """One trick in one dose.

    Parameters
    ----------
    name
        Trick and dose, as the card prints them.
    jitter_px, jitter_ms
        Spread of noise on places and on times.
    pause_s
        Mean of the rests put before presses, drawn from an exponential.
    overshoot
        Share of presses that are reached from beyond them.
    """

    name: str
    jitter_px: float = 0.0
    jitter_ms: float = 0.0
    pause_s: float = 0.0
    overshoot: float = 0.0


TRICKS: Final = (
    Trick("none"),
    Trick("jitter 1 px", jitter_px=1.0, jitter_ms=4.0),
    Trick("jitter 2 px", jitter_px=2.0, jitter_ms=8.0),
    Trick("jitter 4 px", jitter_px=4.0, jitter_ms=16.0),
    Trick("pauses 0.5 s", pause_s=0.5),
    Trick("pauses 2 s", pause_s=2.0),
    Trick("overshoot 30 %", overshoot=0.3),
    Trick("overshoot 80 %", overshoot=0.8),
    Trick("all of them", jitter_px=2.0, jitter_ms=8.0, pause_s=0.5, overshoot=0.3),
)


def tricked(trace: Trace, trick: Trick, seed: int) -> Trace:
    """A trace of automation with a trick; its times stay in order."""
    rng = np.random.default_rng(stable_seed(seed, trick.name, trace.session))
    t, x, y, kind = (
        trace.t.astype("f8"),
        trace.x.astype("f8"),
        trace.y.astype("f8"),
        trace.kind,
    )
    presses = np.flatnonzero(kind == PRESS)
    if trick.overshoot:
        t, x, y, kind = _overshot(t, x, y, kind, presses[rng.random(len(presses)) < trick.overshoot], rng)
        presses = np.flatnonzero(kind == PRESS)
    if trick.pause_s:
        rests = np.zeros(len(t))
        rests[presses] = rng.exponential(1000 * trick.pause_s, len(presses))
        t = t + np.cumsum(rests)
    moves = kind == MOVE
    if trick.jitter_px:
        x, y = (
            x + moves * rng.normal(0, trick.jitter_px, len(x)),
            y + moves * rng.normal(0, trick.jitter_px, len(y)),
        )
    if trick.jitter_ms:
        t = t + moves * rng.normal(0, trick.jitter_ms, len(t))
    return replace(
        trace,
        t=np.maximum.accumulate(t).astype("i8"),
        x=x.astype("f4"),
        y=y.astype("f4"),
        kind=kind.astype("u1"),
    )


def _overshot(
    t: Column,
    x: Column,
    y: Column,
    kind: Column,
    presses: Column,
    rng: np.random.Generator,
) -> tuple[Column, ...]:
    """Go on beyond each of these presses by a tenth of the way, and come back, before pressing."""
    parts: list[tuple[Column, ...]] = []
    done, shift = 0, 0.0
    for press in presses.tolist():
        before = max(0, press - 20)
        dx, dy = (x[press] - x[before]) * 0.12, (y[press] - y[before]) * 0.12
        there = np.sin(np.linspace(0, np.pi, OVERSHOOT_STEPS + 2)[1:-1])
        length = OVERSHOOT_STEPS * STEP_MS
        parts.append((t[done:press] + shift, x[done:press], y[done:press], kind[done:press]))
        steps = t[press] + shift - STEP_MS + STEP_MS * np.arange(1, OVERSHOOT_STEPS + 1)
        noise = rng.normal(0, 0.5, OVERSHOOT_STEPS)
        parts.append(
            (steps, x[press] + dx * there + noise, y[press] + dy * there, np.full(len(there), MOVE, "u1"))
        )
        done, shift = press, shift + length
    parts.append((t[done:] + shift, x[done:], y[done:], kind[done:]))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))
