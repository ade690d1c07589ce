"""How a hand moves to a target: reaches cut from real people's pointer traces, or a model of them."""

from __future__ import annotations

import hashlib
import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

REST_MS = 250  # a pause this long parts one movement from the next
SHORTEST_PX = 60.0
LONGEST_MS = 2_500
FEWEST_POINTS = 8
MOST_DETOUR = 1.8  # path over straight distance; beyond it the person was not on the way to a target
FEWEST_REACHES = 20
PEOPLE = 6
LONGEST_HOLD_MS = 300  # longer presses are drags


@dataclass(frozen=True)
class Reach:
    """One movement that ended in a press. `points` are (ms, px, px) from its start; the hold is in ms."""

    points: tuple[tuple[float, float, float], ...]
    pressed_ms: float
    hold_ms: float

    @property
    def distance(self) -> float:
        """Straight distance from start to press, in px."""
        _, x, y = self.points[-1]
        return math.hypot(x, y)


class Hand(Protocol):
    """Gives a movement over a distance."""

    source: str
    person: str

    def reach(self, distance: float) -> Reach: ...


def placed(
    reach: Reach, start: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float, float]]:
    """The reach's points (ms, px, px) turned and scaled so that it runs from `start` to `end`."""
    _, ex, ey = reach.points[-1]
    turn = complex(end[0] - start[0], end[1] - start[1]) / complex(ex, ey)
    moved = [(t, complex(x, y) * turn) for t, x, y in reach.points]
    return [(t, start[0] + z.real, start[1] + z.imag) for t, z in moved]


class PersonHand:
    """Reaches of one person of SapiMouse, chosen near the distance asked for."""

    def __init__(self, user: str, reaches: Sequence[Reach], rng: random.Random) -> None:
        self.source = "pointer: real reaches (SapiMouse), turned and scaled"
        self.person = hashlib.sha256(f"sapimouse:{user}".encode()).hexdigest()[:12]
        self.reaches = sorted(reaches, key=lambda reach: reach.distance)
        self.rng = rng

    def reach(self, distance: float) -> Reach:
        nearest = sorted(self.reaches, key=lambda reach: abs(math.log(reach.distance / max(distance, 1.0))))
        return self.rng.choice(nearest[:6])


class ModelHand:
    """A minimum-jerk model with noise, for machines without the traces. Not a person."""

    def __init__(self, rng: random.Random) -> None:
        self.source = "pointer: minimum-jerk model with noise, no person"
        self.person = ""
        self.rng = rng

    def reach(self, distance: float) -> Reach:
        rng = self.rng
        duration = (180 + 130 * math.log2(1 + distance / 20)) * rng.uniform(0.8, 1.3)
        bend = rng.gauss(0, 0.05) * distance
        points = []
        t = 0.0
        while t < duration:
            s = t / duration
            along = s**3 * (10 - 15 * s + 6 * s * s)
            side = bend * math.sin(math.pi * along) + rng.gauss(0, 0.8)
            points.append((t, along * distance, side))
            t += rng.choice((8, 8, 16, 17))
        points.append((duration, distance, 0.0))
        return Reach(tuple(points), duration + rng.uniform(40, 220), rng.uniform(60, 130))


def cut(rows: Sequence[tuple[int, str, float, float]]) -> list[Reach]:
    """Reaches in one session's rows of (ms, kind, px, px): from a rest to the press that ends it."""
    found: list[Reach] = []
    run: list[tuple[int, float, float]] = []
    for index, (t, kind, x, y) in enumerate(rows):
        if kind == "down":
            up = next((later for later in rows[index + 1 : index + 40] if later[1] == "up"), None)
            reach = _whole(run, t, up[0] - t if up else LONGEST_HOLD_MS + 1)
            if reach:
                found.append(reach)
        if kind != "move" or (run and t - run[-1][0] >= REST_MS):
            run = []
        if kind == "move":
            run.append((t, x, y))
    return found


def _whole(run: Sequence[tuple[int, float, float]], pressed: int, hold: int) -> Reach | None:
    if len(run) < FEWEST_POINTS or not 0 < hold <= LONGEST_HOLD_MS:
        return None
    t0, x0, y0 = run[0]
    length = math.hypot(run[-1][1] - x0, run[-1][2] - y0)
    path = sum(math.hypot(b[1] - a[1], b[2] - a[2]) for a, b in pairwise(run))
    wait = pressed - run[-1][0]
    if length < SHORTEST_PX or path > MOST_DETOUR * length or run[-1][0] - t0 > LONGEST_MS or wait > 1_500:
        return None
    return Reach(tuple((t - t0, x - x0, y - y0) for t, x, y in run), pressed - t0, hold)


def traces_file() -> Path:
    """Where SapiMouse would lie: in the data beside the repository, or in those of `WATCHWORTHY_SHARED`."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    return Path(os.environ.get("WATCHWORTHY_SHARED") or beside) / "data" / "sapimouse.parquet"


def hand_for(seed: int, number: int, traces: Path) -> Hand:
    """The hand of scenario `number`: one of few people drawn by `seed`, or the model without the traces.

    Few, because whoever has reaches in the samples is lost to training and to what is counted in people.
    """
    rng = random.Random(seed * 1_000 + number)
    if not traces.is_file():
        return ModelHand(rng)
    from pyarrow import parquet

    column = parquet.read_table(traces, columns=["user_id"])["user_id"]
    users = random.Random(seed).sample(sorted(map(str, column.unique().to_pylist())), PEOPLE)
    user = users[number % PEOPLE]
    columns = ["session_id", "t_ms", "kind", "x", "y"]
    table = parquet.read_table(traces, columns=columns, filters=[("user_id", "=", user)])
    sessions: dict[str, list[tuple[int, str, float, float]]] = {}
    for row in table.to_pylist():
        sessions.setdefault(row["session_id"], []).append((row["t_ms"], row["kind"], row["x"], row["y"]))
    reaches = [reach for rows in sessions.values() for reach in cut(rows)]
    return PersonHand(user.split(".")[0], reaches, rng) if len(reaches) >= FEWEST_REACHES else ModelHand(rng)
