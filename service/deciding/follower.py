"""The follower: takes up the bundles that the pointer names, checked and warm, or stays with what there is.

It reads files of the data folder alone. Where models come from, and whether that is up, is nothing to the service.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from data_contracts.errors import WatchworthyError
from models.golden import check_golden
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.store.shelf import Pointer, Shelf

log = logging.getLogger("watchworthy.live")


def ready(shelf: Shelf, digest: str) -> LiveScorer:
    """Load a bundle, check that it can serve here, and warm it.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if it is not here, or damaged; ``model_refused`` if it reads a feature that this release
        lacks or computes by another definition, or if it does not give its golden rows their margins.
    """
    bundle = shelf.bundle(digest)
    scorer = Scorer(bundle)
    if scorer.stopped:
        told = "; ".join(
            f"{head} reads {', '.join(features)}" for head, features in sorted(scorer.stopped.items())
        )
        raise WatchworthyError(
            "model_refused",
            f"This release lacks features or computes them by another definition: {told}. "
            "Train the head again with this release.",
            str(shelf.folder(digest)),
        )
    for name, trained in bundle.heads.items():
        check_golden(shelf.folder(digest) / name, trained)
    live = LiveScorer(scorer)
    live.warm()
    return live


def scores_now(shelf: Shelf, own: Path | None) -> LiveScorer:
    """What scores now, for a job beside the service: what the pointer names, or what a service begins with.

    Parameters
    ----------
    own
        The site's own folder of heads.
    """
    pointer = shelf.pointer()
    if pointer is not None:
        try:
            return ready(shelf, pointer.champion)
        except WatchworthyError as error:
            log.error("models: %s; the old one stays", error)
    return LiveScorer(Scorer.starter(own))


class Follower:
    """Follows the pointer of a data folder.

    Parameters
    ----------
    shelf
        The bundles, and the pointer.
    take_up
        Given the scorer of a new champion.
    now
        Digest of the bundle that scores now.

    Attributes
    ----------
    challenger
        What scores in shadow; None if nothing does.
    refused
        Why the last bundle that was pointed at does not serve; empty if it does.
    """

    def __init__(self, shelf: Shelf, take_up: Callable[[LiveScorer], None], now: str) -> None:
        self._shelf = shelf
        self._take_up = take_up
        self._now = now
        self._seen: Pointer | None = None
        self._read = False
        self.challenger: LiveScorer | None = None
        self.challenged_since_ms = 0
        self.refused = ""

    def look(self) -> None:
        """Read the pointer, and where it has moved, take up what it names; called beside the loop."""
        try:
            pointer = self._shelf.pointer()
        except WatchworthyError as error:
            self._refuse(error)
            return
        if self._read and pointer == self._seen:
            return
        self._seen, self._read = pointer, True
        if pointer is None:
            self.challenger = None
            return
        self.refused = ""
        if pointer.champion != self._now:
            try:
                scorer = ready(self._shelf, pointer.champion)
            except WatchworthyError as error:
                self._refuse(error)
            else:
                self._take_up(scorer)
                self._now = pointer.champion
                log.info("models: bundle %s scores from now on", self._now)
        self._challenge(pointer)

    def _challenge(self, pointer: Pointer) -> None:
        held = self.challenger
        if held is not None and held.scorer.bundle.digest == pointer.challenger:
            return
        self.challenger = None
        if pointer.challenger is not None and pointer.challenger != self._now:
            try:
                self.challenger = ready(self._shelf, pointer.challenger)
                self.challenged_since_ms = pointer.since_ms
            except WatchworthyError as error:
                self._refuse(error)

    def _refuse(self, error: WatchworthyError) -> None:
        if self.refused != str(error):
            log.error("models: %s; the old one stays", error)
        self.refused = str(error)
