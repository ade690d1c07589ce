"""Waiting for what a page or the service does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(found: Callable[[], T], seconds: float = 20) -> T:
    """The first truth that this gives, or its last answer as a failure."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"still {value!r} after {seconds} s"
        time.sleep(0.05)
    return value
