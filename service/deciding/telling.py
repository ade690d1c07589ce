"""Telling: which messages go out with a decision, given what was last said of the same session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, cast

from data_contracts.assessments import Verdict
from pipelines.store.units import Decision, Intervention, Outgoing

FLAGGED: Final = "flagged"
"""The last word of what a live session's decision is about, if it is flagged; the first is its id, then its verdict."""


ANGRY: Final = "angry"
"""The word before it, while a press in anger stands that nothing has answered."""


class Announce(Protocol):
    """Makes the messages that go out, in the transaction of what they tell of."""

    def decided(
        self, site: str, decision: Decision, before: Verdict, was_flagged: bool
    ) -> tuple[Outgoing, ...]:
        """Messages on a decision, given what the one before it said of the same session."""

    def shown(self, site: str, session: str, one: Intervention, at_ms: int) -> tuple[Outgoing, ...]:
        """Messages on an intervention that the visitor was shown."""


class Nobody:
    """What is announced while nobody listens: nothing."""

    def decided(
        self, site: str, decision: Decision, before: Verdict, was_flagged: bool
    ) -> tuple[Outgoing, ...]:
        """No messages."""
        return ()

    def shown(self, site: str, session: str, one: Intervention, at_ms: int) -> tuple[Outgoing, ...]:
        """No messages."""
        return ()


def messages(
    announce: Announce, site: str, said: Sequence[str], decisions: Sequence[Decision]
) -> tuple[Outgoing, ...]:
    """What decisions give cause to say, given what was last written down of their session."""
    found: tuple[Outgoing, ...] = ()
    for one in decisions:
        same = bool(said) and said[0] == one.part
        before = cast(Verdict, said[1]) if same else "undetermined"
        found += announce.decided(site, one, before, same and said[-1] == FLAGGED)
    return found
