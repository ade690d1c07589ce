"""Rate limits: token buckets in tables of bounded size."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST: Final = 65_536  # buckets kept; that which was used least lately goes first


class Buckets:
    """One bucket of tokens for each name; each request takes one token, and they come back at a steady rate.

    Parameters
    ----------
    rate
        Tokens a second; 0 stands for no limit.
    burst
        Most tokens that a bucket holds; at least 1.
    most
        Buckets kept.

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
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, name: str, now: float) -> bool:
        """Take a token of ``name`` at ``now`` seconds; False if there is none."""
        if not self.rate:
            return True
        tokens, then = self._held.pop(name, (self.burst, now))
        tokens = min(self.burst, tokens + max(now - then, 0.0) * self.rate)
        allowed = tokens >= 1.0
        self._held[name] = (tokens - 1.0 if allowed else tokens, max(now, then))
        if len(self._held) > self.most:
            self._held.popitem(last=False)
        return allowed
