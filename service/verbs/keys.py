"""``watchworthy keys``: make, list and revoke keys."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from data_contracts.errors import WatchworthyError
from service.live.keys import Keys
from service.screen import errors, out


def create(data_dir: Path, role: str, site: str, origins: list[str], note: str) -> int:
    """Make a key and print it, this once."""
    try:
        with closing(Keys(data_dir)) as keys:
            text, key = keys.create(role, site, tuple(origins), note)
    except WatchworthyError:
        raise  # of the data directory, not of what was typed
    except ValueError as error:
        print(f"watchworthy keys create: {error}", file=sys.stderr)
        return 2
    print(text)
    if role == "write":
        where = ", ".join(origins) or "pages of any origin; --origin narrows it"
        errors.print(f"It is public: put it into your pages. It can only send batches, from {where}.")
    else:
        errors.print("It is secret, and this is the only time it is shown: only a digest of it is kept.")
    errors.print(f"To make it worthless: watchworthy keys revoke {key.id}")
    return 0


def show(data_dir: Path) -> int:
    """Print every key but its secret."""
    with closing(Keys(data_dir)) as keys:
        known = keys.all()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "role", "site", "origins", "made", "revoked", "note"):
        table.add_column(name)
    for key in known:
        cells = (key.id, key.role, key.site, " ".join(key.origins) or "any", _day(key.created_at))
        table.add_row(*cells, _day(key.revoked_at), key.note, style="dim" if key.revoked_at else None)
    out.print(table)
    return 0


def revoke(data_dir: Path, key_id: str) -> int:
    """Make a key worthless; a service that runs knows it a second later."""
    with closing(Keys(data_dir)) as keys:
        done = keys.revoke(key_id)
    if not done:
        print(f"watchworthy keys revoke: there is no good key {key_id!r}; see `keys list`.", file=sys.stderr)
    return 0 if done else 1


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
