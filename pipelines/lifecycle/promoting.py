"""Promotion: a challenger takes the champion's place, or is refused with reasons; and the way back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, Bundle, load, load_head
from models.heads import HEADS
from pipelines.datasets.examples import Examples
from pipelines.lifecycle.comparing import Comparison, compare
from pipelines.lifecycle.gates import Refused, fitness, losses, silence, worn_out
from pipelines.lifecycle.ledger import Entry, Ledger
from pipelines.lifecycle.silence import folded, heard, recordings
from pipelines.store.shelf import Pointer, Shelf

KEPT_BEFORE: Final = 20  # champions that a rollback can go back through


class Desk:
    """Where promotions of a data folder are decided.

    Parameters
    ----------
    data_dir
        The folder.
    own
        The site's own folder of heads that the service begins with, if it has one.
    """

    def __init__(self, data_dir: Path, own: Path | None = None) -> None:
        self.shelf = Shelf(data_dir)
        self.ledger = Ledger(data_dir)
        self._own = own

    def champion(self) -> str:
        """Digest of the bundle that scores; where nobody was ever promoted, the one that a service begins with."""
        pointer = self.shelf.pointer()
        if pointer is not None:
            return pointer.champion
        heads = load(STARTER).heads | (load(self._own).heads if self._own is not None else {})
        return self.shelf.put({name: self._begin(name) for name in heads})

    def promote(
        self,
        head: str,
        challenger: Path,
        rows: Examples,
        why: str,
        *,
        champion: Path | None,
        draws: int = 400,
        progress: Callable[[], None] = lambda: None,
    ) -> tuple[Comparison, list[Refused]]:
        """Decide on a promotion, write the decision down, and let the challenger score if nothing speaks against it.

        Parameters
        ----------
        challenger, champion
            Folders of the heads, with the vectors that they were trained on; no champion where none scores yet.
        rows
            Sessions to compare on; those whose group either head has seen are left out.
        why
            What the asker hopes for, for the record.
        progress
            Called after each silent recording.

        Returns
        -------
        The comparison, and the reasons of a refusal: none if it was granted.

        Raises
        ------
        WatchworthyError
            ``training_refused`` if the rows cannot carry a comparison.
        """
        comparison = compare(head, champion, challenger, rows, draws)
        before = self.champion()
        bundle = self.shelf.bundle(before)
        refused = fitness(challenger) + losses(comparison)
        refused += worn_out(self.ledger.looks(head, comparison.groups))
        if not any(one.code == "cannot_serve" for one in refused):
            sessions = folded(recordings())
            after = Bundle(bundle.heads | {head: load_head(challenger)})
            refused += silence(
                head, heard(head, bundle, sessions, progress), heard(head, after, sessions, progress)
            )
        granted = not refused
        digest = self._point(head, challenger, why) if granted else before
        self._note(
            "promote", head, comparison.champion, comparison.challenger, digest, why, refused, comparison
        )
        return comparison, refused

    def challenge(self, head: str, challenger: Path, why: str) -> str:
        """Let a head score in shadow; the digest of its bundle.

        Raises
        ------
        WatchworthyError
            ``promotion_refused`` if it could not serve.
        """
        refused = [one for one in fitness(challenger) if one.code == "cannot_serve"]
        if refused:
            raise WatchworthyError("promotion_refused", refused[0].text, str(challenger))
        before = self.champion()
        digest = self._with(before, head, challenger)
        pointer = self.shelf.pointer() or Pointer(champion=before)
        self.shelf.point(
            Pointer(
                champion=before, challenger=digest, before=pointer.before, since_ms=_now_ms(), why=pointer.why
            )
        )
        ours = self.shelf.bundle(before).heads.get(head)
        self._note("challenge", head, ours.digest if ours else "", load_head(challenger).digest, before, why)
        return digest

    def rollback(self, why: str) -> str:
        """Let the bundle before score again; its digest.

        Raises
        ------
        WatchworthyError
            ``promotion_refused`` if there is none before.
        """
        pointer = self.shelf.pointer()
        if pointer is None or not pointer.before:
            raise WatchworthyError("promotion_refused", "There is no champion before this one to go back to.")
        to, *rest = pointer.before
        changed = [
            (name, theirs, self.shelf.bundle(to).heads.get(name))
            for name, theirs in self.shelf.bundle(pointer.champion).heads.items()
            if (ours := self.shelf.bundle(to).heads.get(name)) is None or ours.digest != theirs.digest
        ]
        self.shelf.point(Pointer(champion=to, before=tuple(rest), since_ms=_now_ms(), why=f"rollback: {why}"))
        for name, theirs, ours in changed:
            self._note("rollback", name, theirs.digest, ours.digest if ours else "", to, why)
        return to

    def _point(self, head: str, challenger: Path, why: str) -> str:
        before = self.champion()
        digest = self._with(before, head, challenger)
        pointer = self.shelf.pointer() or Pointer(champion=before)
        kept = (before, *pointer.before)[:KEPT_BEFORE] if digest != before else pointer.before
        waiting = pointer.challenger if pointer.challenger != digest else None
        self.shelf.point(
            Pointer(champion=digest, challenger=waiting, before=kept, since_ms=_now_ms(), why=why)
        )
        return digest

    def _with(self, bundle: str, head: str, folder: Path) -> str:
        """Put a bundle on the shelf that is another with one head replaced."""
        there = self.shelf.folder(bundle)
        heads = {one.name: there / one.name for one in HEADS if (there / one.name / "head.json").exists()}
        return self.shelf.put(heads | {head: folder})

    def _begin(self, name: str) -> Path:
        own = self._own / name if self._own is not None else None
        return own if own is not None and (own / "head.json").exists() else STARTER / name

    def _note(
        self,
        kind: str,
        head: str,
        champion: str,
        challenger: str,
        bundle: str,
        why: str,
        refused: list[Refused] | None = None,
        comparison: Comparison | None = None,
    ) -> None:
        self.ledger.add(
            Entry(
                kind=kind,
                head=head,
                at_ms=_now_ms(),
                champion=champion,
                challenger=challenger,
                bundle=bundle,
                why=why,
                granted=not refused,
                refused=tuple(str(one) for one in refused or ()),
                groups=comparison.groups if comparison else (),
                measures=comparison.measures if comparison else (),
            )
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
