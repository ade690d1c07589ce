"""The ledger: every promotion that was asked for, granted or refused, on which held-out groups, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from data_contracts.errors import WatchworthyError
from pipelines.lifecycle.measuring import Paired

FILE: Final = "promotions.jsonl"
MOST_LOOKS: Final = 10
"""Promotions that may be decided on the same held-out groups. Each picks the best of what was tried on them, so after
some the groups are no judge any more: they have been learned by selection."""
SAME: Final = 0.5  # share of groups in common from which two sets are the same judge


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on a promotion, or a rollback.

    Attributes
    ----------
    kind
        ``promote``, ``challenge`` or ``rollback``.
    champion, challenger
        Digests of the heads.
    bundle
        Digest of the bundle that scored from then on.
    why
        What the asker gave as the reason.
    refused
        Reasons of the refusal; none if it was granted.
    groups
        Hashed names of the held-out groups that it was decided on.
    """

    kind: str
    head: str
    at_ms: int
    champion: str
    challenger: str
    bundle: str
    why: str
    granted: bool
    refused: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    measures: tuple[Paired, ...] = ()


class Ledger:
    """The decisions of a data folder, in the order in which they were made.

    Parameters
    ----------
    data_dir
        The folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE

    def entries(self) -> list[Entry]:
        """Every entry.

        Raises
        ------
        WatchworthyError
            ``store_corrupt`` if a line is none.
        """
        if not self._path.exists():
            return []
        found = []
        for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
            try:
                found.append(msgspec.json.decode(line, type=Entry))
            except msgspec.MsgspecError as error:
                raise WatchworthyError(
                    "store_corrupt",
                    f"The ledger of promotions cannot be read: {error}.",
                    f"{self._path}:{number}",
                ) from error
        return found

    def add(self, entry: Entry) -> None:
        """Add an entry; it is on disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as stream:
            stream.write(msgspec.json.encode(entry) + b"\n")
            stream.flush()

    def looks(self, head: str, groups: tuple[str, ...]) -> int:
        """How often a promotion of a head was decided on these groups, or on a set that has half of them in common."""
        wanted = set(groups)
        return sum(
            one.kind == "promote"
            and one.head == head
            and len(wanted & set(one.groups)) >= SAME * max(1, min(len(wanted), len(one.groups)))
            for one in self.entries()
            if one.groups
        )
