"""``watchworthy audit``: walk the chain of decisions, or write its newest root down outside."""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines import audit
from service.live.opening import open_store
from service.live.settings import load
from service.screen import errors, out, progress


def verify(data_dir: Path, root: str | None) -> int:
    """Walk the chain; return the exit status: 1 if it does not fit."""
    known = None
    if root is not None:
        height, _, text = root.partition(":")
        try:
            known = int(height), bytes.fromhex(text)
        except ValueError:
            print(f"watchworthy audit verify: {root!r} is no root; `audit root` prints one.", file=sys.stderr)
            return 2
    with open_store(data_dir, load(data_dir)) as store:
        (decisions,) = store.read(lambda db: db.execute("SELECT count(*) FROM decisions").fetchone())
        (linked,) = store.read(lambda db: db.execute("SELECT coalesce(sum(count), 0) FROM chain").fetchone())
        with progress() as bar:
            task = bar.add_task("Verifying", total=linked)
            fault = audit.verify(store, known, lambda count: bar.advance(task, count))
        last = audit.newest(store)
    if fault is not None:
        errors.print(f"Block {fault.height}: {fault.said}.")
        return 1
    if last is None:
        out.print("There is no chain yet: nothing was decided, or the service has not linked it.")
        return 0
    out.print(
        f"{last[0]:,} blocks fit, from the first to the last: {linked:,} decisions. "
        f"{decisions - linked:,} newer ones wait to be linked."
    )
    return 0


def root(data_dir: Path, file: Path | None) -> int:
    """Print the newest root, or add it to a file; return the exit status."""
    with open_store(data_dir, load(data_dir)) as store:
        last = audit.newest(store)
    if last is None:
        print("watchworthy audit root: there is no chain yet.", file=sys.stderr)
        return 1
    line = told(*last)
    if file is None:
        print(line)
    else:
        with file.open("a", encoding="ascii") as lines:
            lines.write(line + "\n")
    return 0


def told(height: int, hashed: bytes) -> str:
    """A root as ``audit verify --root`` takes it.

    >>> told(7, bytes(2))
    '7:0000'
    """
    return f"{height}:{hashed.hex()}"
