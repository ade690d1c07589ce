"""A source of sessions made by hand: logs of generated streams, with receipt times, visitors and labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from data_contracts.batches import Batch
from data_contracts.labels import Label
from data_contracts.order import IDLE_MS
from pipelines.workspace.logs import Heard, Known, Log
from tests.features.streams import T0, encoded, stream

LATER = 3_600_000
"""When batches of these sessions were received, ms after they happened: an hour, so that nothing is close."""


def log(name: str, seed: int, acts: int = 40, cuts: int = 4, visitor: str = "", **known: Any) -> Log:
    """A log of a generated stream in some batches, received one a second."""
    events = encoded(stream(seed, acts=acts))
    step = -(-len(events) // cuts)
    heard = tuple(
        Heard(Batch(f"s{seed}", i, events[i * step : (i + 1) * step]), T0 + LATER + 1000 * i)
        for i in range(cuts)
    )
    return Log(name, heard, "default", visitor, "default", {name: Known(**known)})


def label(session: str, value: int, head: str = "frustration", **facts: Any) -> Label:
    """A label of a person's, recorded two hours after the sessions."""
    given = {
        "label_id": f"{session}-{value}-{facts.get('source', 'ann')}",
        "kind": "annotation",
        "source": "ann",
    }
    return Label(
        session_id=session,
        value=1 if value else 0,
        head=head,
        **given | {"recorded_at_ms": T0 + 2 * LATER} | facts,
    )


@dataclass
class Made:
    """A source as workspaces read them."""

    found: list[Log]
    given: list[Label] = field(default_factory=list)
    idle_ms: int = IDLE_MS
    unread: dict[str, str] = field(default_factory=dict)

    def logs(self, sessions: Collection[str] | None = None) -> Iterator[Log]:
        yield from (one for one in self.found if sessions is None or one.name in sessions)

    def labels(self) -> list[Label]:
        return list(self.given)

    def rows(self) -> Iterator[dict[str, Any]]:
        yield from ()

    def erased(self) -> list[Any]:
        return []

    def scores(self) -> Iterator[dict[str, Any]]:
        yield from ()

    def decisions(self) -> Iterator[Any]:
        yield from ()
