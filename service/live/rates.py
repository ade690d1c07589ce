"""Rate limits: token buckets in tables of bounded size."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

MOST: Final = 65_536  # buckets kept; a bucket that is full need not be
ROUNDING: Final = 1e-3  # of a token: sums of times may be off by less


class Buckets:
    """One bucket of tokens for each name; each request takes one token, and they come back at a steady rate.

    Of a bucket, only the time is held when it is full again: the generic cell rate algorithm (ITU-T I.371).

    Parameters
    ----------
    rate
        Tokens a second; 0 stands for no limit.
    burst
        Most tokens that a bucket holds; at least 1.
    most
        Buckets kept, at least 2; if there are more, those go that are full, then those that will be first.

    Examples
    --------
    >>> buckets = Buckets(rate=1, burst=2)
    >>> [buckets.take("a", now) for now in (0, 0, 0, 1)]
    [True, True, False, True]
    """

    def __init__(self, rate: float, burst: float, most: int = MOST) -> None:
        self.rate = rate
        self.burst = max(burst, 1.0)
        self.most = most
        self._token_s = 1 / rate if rate else 0.0
        self._ahead_s = (self.burst - 1.0 + ROUNDING) * self._token_s
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str, now: float) -> bool:
        """Take a token of ``name`` at ``now`` seconds; False if there is none."""
        if not self.rate:
            return True
        held = self._full_at
        full_at = held.get(name)
        if full_at is None:
            if len(held) >= self.most:
                self._make_room(now)
            full_at = now
        elif full_at < now:
            full_at = now
        elif full_at - now > self._ahead_s:
            return False
        held[name] = full_at + self._token_s
        return True

    def _make_room(self, now: float) -> None:
        """Keep half as many buckets as may be kept, at most."""
        filling = [one for one in self._full_at.items() if one[1] > now]
        if len(filling) > self.most // 2:
            filling = sorted(filling, key=itemgetter(1))[-(self.most // 2) :]
        self._full_at = dict(filling)
