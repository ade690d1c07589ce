"""Filters of the queue as the address bar has them: few, in words, and turned into what the store is asked."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import Query

from features.moments import CODES
from pipelines.store.listing import Wanted
from service.triage.pages import Order

HOUR_MS: Final = 3_600_000
SINCE: Final = {"": 0, "1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 7 * 24 * HOUR_MS, "30d": 30 * 24 * HOUR_MS}
SINCE_WORDS: Final = {
    "": "any time",
    "1h": "last hour",
    "24h": "last 24 h",
    "7d": "last 7 days",
    "30d": "last 30 days",
}
SHOW_WORDS: Final[dict[str, str]] = {
    "queue": "to watch",
    "automation": "automation",
    "worth": "all, by worth",
    "newest": "all, newest first",
}
STATUS_WORDS: Final = {
    "": "not dealt with",
    "new": "new",
    "seen": "seen",
    "assigned": "assigned",
    "snoozed": "snoozed",
    "resolved": "resolved",
}
DEVICE_WORDS: Final = {"": "any device", "mouse": "mouse", "touch": "touch", "keyboard": "keyboard"}
SESSION: Final = re.compile(r"^[A-Za-z0-9_-]{1,64}(\.[1-9][0-9]{0,6})?$")

Show = Literal["queue", "automation", "worth", "newest"]
Since = Literal["", "1h", "24h", "7d", "30d"]
Status = Literal["", "new", "seen", "assigned", "snoozed", "resolved"]
Device = Literal["", "mouse", "touch", "keyboard"]


class Filters(NamedTuple):
    """What the reader of the queue wants to see.

    Attributes
    ----------
    show
        Which list.
    signal
        A code, or empty.
    q
        What was typed into the search: the beginning of a path, a signal, or a session.
    """

    show: Show = "queue"
    signal: str = ""
    since: Since = ""
    status: Status = ""
    device: Device = ""
    issue: str = ""
    q: str = ""

    @property
    def order(self) -> Order:
        """The order of the list."""
        return self.show

    @property
    def asked_for(self) -> str:
        """The session that the search names, empty if it means something else."""
        return "" if self.page or self.searched_signal or not SESSION.match(self.q) else self.q

    @property
    def page(self) -> str:
        """The beginning of a path that the search names, or empty."""
        return self.q if self.q.startswith("/") else ""

    @property
    def searched_signal(self) -> str:
        """The signal that the search names, or empty."""
        name = self.q.strip().lower().replace(" ", "_").replace("-", "_")
        return name if name in CODES else ""

    @property
    def misunderstood(self) -> bool:
        """Whether the search is nothing that can be found."""
        return bool(self.q) and not (self.page or self.searched_signal or self.asked_for)

    def wanted(self, now_ms: int) -> Wanted:
        """What the store is asked for."""
        signals = {one for one in (self.signal, self.searched_signal) if one}
        return Wanted(
            signals=tuple(sorted(signals)),
            page=self.page,
            since_ms=now_ms - SINCE[self.since] if self.since else None,
            device=self.device,
            statuses=(self.status,) if self.status else (),
            issue=self.issue,
        )

    @property
    def narrowing(self) -> dict[str, str]:
        """What leaves cards out, in words, by the name of the filter."""
        found = {
            "signal": self.signal.replace("_", " "),
            "since": SINCE_WORDS[self.since] if self.since else "",
            "status": STATUS_WORDS[self.status] if self.status else "",
            "device": self.device,
            "issue": self.issue,
            "q": self.q,
        }
        return {name: said for name, said in found.items() if said}

    def query(self, **other: Any) -> str:
        """The part of an address behind the question mark that says the same; what is plain stays out."""
        told = self._asdict() | other
        plain = Filters._field_defaults
        return urlencode({name: one for name, one in told.items() if one != plain.get(name, "")})


def filters(
    show: Show = "queue",
    signal: Annotated[str, Query(max_length=40)] = "",
    since: Since = "",
    status: Status = "",
    device: Device = "",
    issue: Annotated[str, Query(max_length=60)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> Filters:
    """The filters of a request; a signal that there is not leaves nothing out."""
    return Filters(show, signal if signal in CODES else "", since, status, device, issue, q.strip())
