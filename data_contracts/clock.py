"""When an event of a stream was sent: one clock out of the many that a browser and its recorder may have.

The rules see the order of events only, never the time of arrival, so a recording read in one go and the same
one received in batches give the same times.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Generic, NamedTuple, TypeVar

LATENESS_MS: Final = (
    1_000  # how much earlier than the stream's latest event a row may lie; rrweb's batches span 500
)
FORWARD_MS: Final = (
    30 * 60_000
)  # the idle cut: a longer leap is an absence or a broken clock, the next event tells
BACKWARD_MS: Final = 60_000  # a clock set back further than this is another clock
TIME_MAX: Final = 8_640_000_000_000_000  # the last instant that a JavaScript Date can hold
HELD_MAX: Final = 64  # events without a time that may queue behind an unconfirmed one

Item = TypeVar("Item")


class Placed(NamedTuple, Generic[Item]):
    """An item with its place in stream time.

    ``emitted`` is when it was sent, in ms; None before the first event with a time. ``floor`` is the earliest
    time that its rows may have.
    """

    item: Item
    emitted: int | None
    floor: int


class Clock(Generic[Item]):
    """Stream time by the rules of order.

    A leap forward of more than 30 minutes waits for the stream's next event to confirm it; unconfirmed, it is
    dropped and counted ``clock_outlier``. A leap back of more than 60 s that the next event confirms starts a new
    segment, shifted to go on at the latest time so far; unconfirmed, its rows are moved to that time. An event
    without a time takes the latest time so far.

    Parameters
    ----------
    problems
        Counts ``clock_outlier``, ``clock_segments`` and ``no_timestamp``.

    Examples
    --------
    >>> clock = Clock(Counter())
    >>> [clock.offer(name, t) for name, t in [("a", 1000), ("b", 253_402_300_800_000)]]
    [[Placed(item='a', emitted=1000, floor=0)], []]
    >>> clock.offer("c", 1500)
    [Placed(item='c', emitted=1500, floor=0)]
    """

    def __init__(self, problems: Counter[str]) -> None:
        self.problems = problems
        self.latest: int | None = None
        """Largest emission time so far (W), in ms; None before the first."""
        self.shift = 0
        self._held: list[Item] = []
        self._held_at = 0
        self._back: int | None = None

    @property
    def waiting(self) -> int:
        """Events that wait for the next one to confirm their time."""
        return len(self._held)

    def tick(self, time: int | float | None) -> int | None:
        """Emission time of the stream's next event, in ms, where no rule need be asked; None where ``offer`` must be.

        The quick way for nearly every event: its floor is the latest time before, less ``LATENESS_MS``.
        """
        latest = self.latest
        if time is None or latest is None or self._held:
            return None
        at = time + self.shift
        if not latest <= at <= latest + FORWARD_MS:
            return None
        self._back = None
        self.latest = at = int(at // 1)
        return at

    def freeze(self) -> tuple[int | None, int, int | None]:
        """Its state while nothing waits: latest time, shift, and where it last leapt back to."""
        return self.latest, self.shift, self._back

    def thaw(self, latest: int | None, shift: int, back: int | None, problems: Counter[str]) -> None:
        """Take on a frozen state."""
        self.latest, self.shift, self._back, self.problems = latest, shift, back, problems

    def go_on(self, latest: int) -> None:
        """Take note of events that no rule had to be asked about, up to ``latest`` ms."""
        self._back = None
        self.latest = latest

    def offer(self, item: Item, time: int | float | None) -> list[Placed[Item]]:
        """The items whose place is now known, in stream order.

        Parameters
        ----------
        item
            The stream's next event.
        time
            Its own time in ms since the epoch, None if it has none that is a number.
        """
        if time is None or not -TIME_MAX <= time <= TIME_MAX:
            self.problems["no_timestamp"] += 1
            return self.follow(item)
        at = int(time // 1) + self.shift
        placed = self._release(at >= self._held_at - BACKWARD_MS) if self._held else []
        placed += self._judge(item, at)
        return placed

    def follow(self, item: Item) -> list[Placed[Item]]:
        """Place an item that has no time of its own directly behind the one before it."""
        if not self._held:
            return [self._place(item, self.latest)]
        self._held.append(item)
        return self._release(False) if len(self._held) > HELD_MAX else []

    def _judge(self, item: Item, at: int) -> list[Placed[Item]]:
        if self.latest is not None:
            if at > self.latest + FORWARD_MS:
                self._held = [item]
                self._held_at = at
                return []
            if at < self.latest - BACKWARD_MS:
                if self._back is None or not self._back - BACKWARD_MS <= at <= self._back + FORWARD_MS:
                    self._back = at
                    return [self._place(item, at)]
                moved = self.latest - self._back
                self.shift += moved
                at += moved
                self.problems["clock_segments"] += 1
        self._back = None
        return [self._place(item, at)]

    def _release(self, confirmed: bool) -> list[Placed[Item]]:
        """Place what was held, or drop its first and place what queued behind it."""
        first, *behind = self._held
        self._held = []
        placed = []
        if confirmed:
            self._back = None
            placed.append(self._place(first, self._held_at))
        else:
            self.problems["clock_outlier"] += 1
        placed += [self._place(item, self.latest) for item in behind]
        return placed

    def _place(self, item: Item, at: int | None) -> Placed[Item]:
        before = self.latest
        if at is not None:
            if before is None or at > before:
                self.latest = at
            if before is None:
                before = at
        return Placed(item, at, (before or 0) - LATENESS_MS)
