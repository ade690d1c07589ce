"""A trial: a visit to a trap page that notes, as it acts, which signal has to fire and when."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from visit import NOTCH_PX, Visit

SETTLES_S = 2.9  # a press is judged after 2.5 s, and the stream has to go on until then


@dataclass(frozen=True)
class Due:
    """A signal that has to fire for what was done between two moments, s since 1970."""

    code: str
    begun: float
    ended: float


Act = Callable[["Trial"], Awaitable[None]]


@dataclass(frozen=True)
class Trap:
    """One trap. `may` names signals that are nobody's mistake in it, fire or not."""

    name: str
    act: Act
    about: str
    group: str = "corpus"
    may: tuple[str, ...] = ()
    touch: bool = False
    zoom: bool = False


class Traps(list[Trap]):
    """A group of traps that functions are added to by a decorator: ``corpus``, ``hostile`` or ``fresh``."""

    def __init__(self, group: str = "corpus") -> None:
        super().__init__()
        self.group = group

    def add(self, *may: str, touch: bool = False, zoom: bool = False) -> Callable[[Act], Act]:
        """Registers the function below under its own name."""

        def register(act: Act) -> Act:
            about = (act.__doc__ or "").strip().splitlines()[0]
            self.append(Trap(act.__name__, act, about, self.group, may, touch, zoom))
            return act

        return register


class Trial(Visit):
    """A visit that keeps what is due."""

    def __init__(self, mode: str, *visit: Any) -> None:
        super().__init__(*visit)
        self.mode = mode
        self.due: list[Due] = []

    @contextmanager
    def must(self, *codes: str) -> Iterator[None]:
        """What is done in this block has to make each of these signals fire."""
        begun = time.time()
        yield
        self.due.extend(Due(code, begun, time.time()) for code in codes)

    async def enter(self, name: str) -> None:
        """Opens a trap page and looks about, as people do before they press anything."""
        await self.open(f"{self.mode}/{name}")
        await self.wander()
        await self.pause(1.0, 1.6)

    async def rest(self) -> None:
        """Waits until a press is judged, and moves on."""
        await self.pause(SETTLES_S, SETTLES_S + 0.2)
        await self.wander()

    async def away(self) -> None:
        """Moves well away from what was pressed."""
        await self.move(self.rng.uniform(0.6, 0.9) * self.width, self.rng.uniform(0.6, 0.8) * self.height)

    async def drag(self, selector: str, dx: float, dy: float, seconds: float = 0.7) -> None:
        """Presses on an element, moves by (dx, dy) px with the button held, and lets go."""
        await self.reach(selector)
        await self.draw(dx, dy, seconds)

    async def draw(self, dx: float, dy: float, seconds: float) -> None:
        """Presses where the pointer is, moves by (dx, dy) px with the button held, and lets go."""
        x, y = self.at
        self._mouse("mousePressed", x, y, button="left", clickCount=1, buttons=1)
        start, steps = time.perf_counter(), max(6, round(seconds / 0.02))
        for n in range(1, steps + 1):
            s = n / steps
            along = s * s * (3 - 2 * s)
            await self._until(start + s * seconds)
            self._mouse("mouseMoved", x + dx * along, y + dy * along, button="left", buttons=1)
        self.at = (x + dx, y + dy)
        self._mouse("mouseReleased", *self.at, button="left", clickCount=1)
        await self._settle()

    async def shake(self, times: int, reach: float = 260) -> None:
        """Throws the pointer left and right in anger."""
        x, y = self.at
        for n in range(times):
            aim = x + reach * (1 if n % 2 else -1) * self.rng.uniform(0.85, 1.15)
            start, origin = time.perf_counter(), self.at
            for step in range(1, 15):
                s = step / 14
                along = s * s * (3 - 2 * s)
                await self._until(start + 0.24 * s)
                self._mouse(
                    "mouseMoved", origin[0] + (aim - origin[0]) * along, y + 12 * math.sin(math.pi * s)
                )
            self.at = (aim, y)
        await self._settle()

    async def press_beside(self, selector: str, beside: float) -> None:
        """Presses on nothing, `beside` px to the right of an element."""
        box = await self.box(selector)
        await self.move(box["x"] + box["width"] + beside, box["y"] + box["height"] / 2)
        await self._press(*self.at, 0.08)
        await self._settle()

    async def step(self, selector: str) -> None:
        """Follows a link and stays a moment."""
        await self.follow(selector)
        await self.pause(0.6, 1.2)

    async def wheel_at(self, selector: str, notches: int) -> None:
        """Turns the wheel over an element."""
        await self.reach(selector)
        for _ in range(abs(notches)):
            self._mouse("mouseWheel", *self.at, deltaX=0, deltaY=math.copysign(100, notches))
            await self.pause(0.08, 0.16)
        await self._settle()

    async def middle(self, selector: str) -> tuple[float, float]:
        """The middle of an element."""
        box = await self.box(selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    async def press_inside(self, selector: str, across: float, down: float, times: int = 1) -> None:
        """Presses at a share of an element's width and height, about 0.8 s apart."""
        box = await self.box(selector)
        await self.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        for n in range(times):
            if n:
                await self.pause(0.7, 0.9)
            await self._press(*self.at, 0.08)
        await self._settle()

    def jump_press(self, x: float, y: float) -> None:
        """Presses somewhere else without a way there and without holding, as scripts do."""
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", clickCount=1, buttons=1)
        self._mouse("mouseReleased", x, y, button="left", clickCount=1)
        self.at = (x, y)

    async def wheel_at_once(self, distance: float) -> None:
        """Turns the wheel by about `distance` px in one go, without a look at what passes."""
        for _ in range(round(abs(distance) / NOTCH_PX)):
            self._mouse("mouseWheel", *self.at, deltaX=0, deltaY=math.copysign(NOTCH_PX, distance))
            await self.pause(0.03, 0.06)
        await self._settle()
        await self.pause(0.15, 0.25)

    async def leave(self) -> None:
        """Closes the page, as by its tab."""
        await self.page.goto("about:blank")
