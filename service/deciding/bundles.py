"""Bundles that have scored: kept, so that a decision can be made again when the models are others."""

from __future__ import annotations

import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Final

from models.bundle import SCORED_BY, STARTER, Bundle, load
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.store.store import Store
from service.deciding.judge import Judge
from service.deciding.policy import Policy

FOLDER: Final = "bundles"
AT_HAND: Final = 2  # judges of other bundles that stay loaded


class Bundles:
    """The bundles of a data folder.

    Parameters
    ----------
    data_dir
        The folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._judges: OrderedDict[str, Judge] = OrderedDict()

    def keep(self, bundle: Bundle, own: Path | None) -> None:
        """Keep what decides the scores of a bundle, whole or not at all.

        Parameters
        ----------
        own
            The site's own folder of heads, that go before the starters.
        """
        target = self._folder / bundle.digest
        if target.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="partial-") as partial:
            for name in bundle.heads:
                ours = (
                    own / name if own is not None and (own / name / "head.json").exists() else STARTER / name
                )
                copy = Path(partial) / "whole" / name
                copy.mkdir(parents=True)
                for file in SCORED_BY:
                    if (ours / file).exists():
                        shutil.copy(ours / file, copy)
            if not target.exists():
                (Path(partial) / "whole").rename(target)

    def judge(self, digest: str, store: Store, policy: Policy) -> Judge | None:
        """A judge whose models are those of a bundle; None if it was never kept here, or is damaged.

        Raises
        ------
        WatchworthyError
            ``model_missing``.
        """
        found = self._judges.pop(digest, None)
        folder = self._folder / digest
        if found is None and digest.isalnum() and folder.is_dir():
            bundle = load(folder)
            found = Judge(LiveScorer(Scorer(bundle)), store, policy) if bundle.digest == digest else None
        if found is not None:
            self._judges[digest] = found
            if len(self._judges) > AT_HAND:
                self._judges.popitem(last=False)
        return found
