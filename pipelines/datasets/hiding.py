"""What a recorder may add to rrweb's own events, taken out at random: a head must not lean on who recorded."""

from __future__ import annotations

from typing import Final

import numpy as np

from data_contracts.events import (
    CHANNELS,
    CONSOLE,
    KEY,
    REQUEST,
    TICK,
    TRUSTED,
    UNTRUSTED,
    VISIBILITY,
    Events,
)
from pipelines.datasets.traces import stable_seed

ADDED: Final = {"console": CONSOLE, "network": REQUEST, "visibility": VISIBILITY, "keys": KEY, "ticks": TICK}
"""What a recorder may add, by channel, and the kind of its rows; ticks are told by no channel."""
TRUST: Final = "trust"
HIDDEN: Final = 0.5  # of all sessions, for each of them


def less(rows: Events, channels: int, gone: frozenset[str]) -> tuple[Events, int]:
    """A session as a recorder without the channels of ``gone`` would have told it.

    Parameters
    ----------
    rows
        ``EVENT[n]``; a copy is returned.
    channels
        Channels seen or declared; bit i stands for ``CHANNELS[i]``.
    """
    kept = rows[~np.isin(rows["kind"], [kind for name, kind in ADDED.items() if name in gone])].copy()
    if TRUST in gone:
        kept["flags"] &= ~np.array(TRUSTED | UNTRUSTED, kept["flags"].dtype)
    for name in gone & set(CHANNELS):
        channels &= ~(1 << CHANNELS.index(name))
    return kept, channels


def drawn(seed: int, session: str) -> frozenset[str]:
    """Which of them a session is to go without, the same every time."""
    rng = np.random.default_rng(stable_seed(seed, "less", session))
    return frozenset(name for name in (*ADDED, TRUST) if rng.random() < HIDDEN)
