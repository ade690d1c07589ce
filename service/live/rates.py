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
        self._held: OrderedDict[str, list[float]] = OrderedDict()  # tokens, and when they were counted

    def __len__(self) -> int:
        return len(self._held)

    def take(self, name: str, now: float) -> bool:
        """Take a token of ``name`` at ``now`` seconds; False if there is none."""
        if not self.rate:
            return True
        held = self._held
        bucket = held.get(name)
        if bucket is None:
            held[name] = [self.burst - 1.0, now]
            if len(held) > self.most:
                held.popitem(last=False)
            return True
        held.move_to_end(name)
        if now > bucket[1]:
            bucket[0] = min(self.burst, bucket[0] + (now - bucket[1]) * self.rate)
            bucket[1] = now
        if bucket[0] < 1.0:
            return False
        bucket[0] -= 1.0
        return True
