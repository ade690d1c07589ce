"""When a message that was not taken is sent again: later and later, at odd moments, and as the receiver asks."""

from __future__ import annotations

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE


class Patience(NamedTuple):
    """How long a webhook is waited for.

    Attributes
    ----------
    delays_s
        Pause after the first attempt, the second, …; there is one attempt more than pauses.
    jitter
        Share by which a pause is longer or shorter, so that what failed together does not come back together.
    longest_retry_after_s
        The longest pause that a receiver may ask for.
    connect_s, whole_s
        Deadlines of one attempt.
    lease_s
        How long an attempt is left alone before it counts as lost; well above ``whole_s``.
    """

    delays_s: tuple[float, ...] = (
        *(5.0, 30.0, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE),
        *(1 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR),
    )
    jitter: float = 0.2
    longest_retry_after_s: float = 24 * HOUR
    connect_s: float = 5.0
    whole_s: float = 15.0
    lease_s: float = 60.0

    @property
    def attempts(self) -> int:
        """Attempts before a message is dead."""
        return len(self.delays_s) + 1

    def pause_s(
        self, attempt: int, retry_after: str | None, now_s: float, chance: random.Random
    ) -> float | None:
        """Seconds until the next attempt after so many; None if it was the last.

        Parameters
        ----------
        retry_after
            What the receiver said in the header of this name, if it did.
        now_s
            Seconds since the epoch.
        """
        if attempt >= self.attempts:
            return None
        pause = self.delays_s[attempt - 1] * chance.uniform(1 - self.jitter, 1 + self.jitter)
        return max(pause, min(asked_s(retry_after, now_s), self.longest_retry_after_s))


def asked_s(retry_after: str | None, now_s: float) -> float:
    """Seconds that a ``Retry-After`` asks for (RFC 9110, 10.2.3); 0 for one that is neither a number nor a date.

    >>> asked_s("120", 0), asked_s("Thu, 01 Jan 1970 00:01:00 GMT", 0), asked_s("soon", 0)
    (120.0, 60.0, 0.0)
    """
    text = (retry_after or "").strip()[:64]
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now_s)
    except (ValueError, OverflowError):
        return 0.0
