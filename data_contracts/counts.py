"""What a decoder met: how many events of each kind, and what it did not understand, by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

NAMES_KEPT = 64  # names come from the input, so their number must be bounded
NAME_LENGTH = 80
OTHER = "(other)"


@dataclass(slots=True)
class Counts:
    """Counts of one stream or recording; names beyond the first 64 are counted together as ``(other)``."""

    events: int = 0
    """Events offered to the decoder, understood or not."""
    types: Counter[int] = field(default_factory=Counter)
    """Events by envelope type, of the types that are known."""
    sources: Counter[int] = field(default_factory=Counter)
    """Incremental events by source, of the sources that are known."""
    acts: Counter[str] = field(default_factory=Counter)
    """Acts of the acts contract by type."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Names that were not understood: ``type 12``, ``source 40``, ``plugin x@1``, ``tag y``, ``field $.data.z``."""
    unknown_events: int = 0
    """Events of unknown type, source or plugin."""
    malformed: int = 0
    """Events whose fields were not what their type asks for."""
    malformed_example: str = ""
    """Where the first malformed event was and what was wrong, as ``$.events[12].data.x: Expected ...``."""
    problems: Counter[str] = field(default_factory=Counter)
    """Other deviations by code: ``no_timestamp``, ``clock_outlier``, ``moved_in_time``, ``rows_dropped`` and so on."""

    def miss(self, name: str, *, event: bool = False) -> None:
        """Count a name that was not understood; ``event`` if it makes its whole event unknown."""
        name = name[:NAME_LENGTH]
        if name not in self.unknown and len(self.unknown) >= NAMES_KEPT:
            name = OTHER
        self.unknown[name] += 1
        self.unknown_events += event

    def spoil(self, where: str, what: str) -> None:
        """Count a malformed event and keep the first as the example."""
        self.malformed += 1
        if not self.malformed_example:
            self.malformed_example = f"{where}: {what}"[: 4 * NAME_LENGTH]

    def add_plain(self, sources: list[int], moved: int) -> None:
        """Count incremental events by source, then ticks and lines of the console; and rows that were moved in time."""
        *incremental, ticked, printed = sources
        for kind, count in ((3, sum(incremental)), (5, ticked), (6, printed)):
            if count:
                self.events += count
                self.types[kind] += count
        for source, number in enumerate(incremental):
            if number:
                self.sources[source] += number
        if moved:
            self.problems["moved_in_time"] += moved

    def freeze(self) -> dict[str, Any]:
        """The counts as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def thaw(cls, frozen: dict[str, Any]) -> Counts:
        """Counts of plain values."""
        counts = cls()
        for name, value in frozen.items():
            setattr(counts, name, Counter(value) if isinstance(value, dict) else value)
        return counts

    def add(self, other: Counts) -> None:
        """Add the counts of another stream to these."""
        self.events += other.events
        self.types.update(other.types)
        self.sources.update(other.sources)
        self.acts.update(other.acts)
        for name, number in other.unknown.items():
            kept = name if name in self.unknown or len(self.unknown) < NAMES_KEPT else OTHER
            self.unknown[kept] += number
        self.unknown_events += other.unknown_events
        self.malformed += other.malformed
        self.malformed_example = self.malformed_example or other.malformed_example
        self.problems.update(other.problems)
