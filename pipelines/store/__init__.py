"""The store: the durable log of batches, its keys, its sealed recordings."""

from pipelines.store.bodies import pack
from pipelines.store.limits import StoreLimits
from pipelines.store.recording import Kept
from pipelines.store.store import Health, Stats, Store
from pipelines.store.units import (
    Cap,
    Checkpoint,
    Decision,
    Intervention,
    Outgoing,
    SessionRow,
    Stored,
    StoredAnswer,
    Unit,
)

__all__ = [
    "Cap",
    "Checkpoint",
    "Decision",
    "Health",
    "Intervention",
    "Kept",
    "Outgoing",
    "SessionRow",
    "Stats",
    "Store",
    "StoreLimits",
    "Stored",
    "StoredAnswer",
    "Unit",
    "pack",
]
