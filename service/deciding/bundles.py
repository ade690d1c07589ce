"""Bundles that have scored: kept, so that a decision can be made again when the models are others."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, Bundle
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.store.shelf import Shelf
from pipelines.store.store import Store
from service.deciding.judge import Judge
from service.deciding.policy import Policy

AT_HAND: Final = 2  # judges of other bundles that stay loaded


class Bundles:
    """The bundles of a data folder.

    Parameters
    ----------
    data_dir
        The folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self.shelf = Shelf(data_dir)
        self._judges: OrderedDict[str, Judge] = OrderedDict()

    def keep(self, bundle: Bundle, own: Path | None) -> None:
        """Keep what decides the scores of a bundle, whole or not at all.

        Parameters
        ----------
        own
            The site's own folder of heads, that go before the starters.
        """
        self.shelf.put({name: folder_of(name, own) for name in bundle.heads}, bundle.digest)

    def judge(self, digest: str, store: Store, policy: Policy) -> Judge | None:
        """A judge whose models are those of a bundle; None if it was never kept here, or is damaged."""
        found = self._judges.pop(digest, None)
        if found is None and self.shelf.holds(digest):
            try:
                found = Judge(LiveScorer(Scorer(self.shelf.bundle(digest))), store, policy)
            except WatchworthyError:
                found = None
        if found is not None:
            self._judges[digest] = found
            if len(self._judges) > AT_HAND:
                self._judges.popitem(last=False)
        return found


def folder_of(name: str, own: Path | None) -> Path:
    """Where a head stands that a service begins with: among the site's own, or among the starters."""
    if own is not None and (own / name / "head.json").exists():
        return own / name
    return STARTER / name
