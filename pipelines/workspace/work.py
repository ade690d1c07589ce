"""What the rooms below need of a workspace; ``service.workspace.Workspace`` is one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.learning.sets import TrainingSet
    from pipelines.workspace.logs import Source


class Work(Protocol):
    """Sessions and what is known of them, as its methods in ``service.workspace.Workspace`` say."""

    @property
    def source(self) -> Source:
        """Where the sessions come from."""

    def events(self, session: str) -> pd.DataFrame:
        """Canonical events of one session."""

    def signals(self, sessions: Collection[str] | None = None) -> pd.DataFrame:
        """The moments that matter."""

    def score_rows(self) -> Iterator[dict[str, Any]]:
        """What was said of each session, one by one."""

    def training_set(self, head: str, *, allow_leaks: bool = False) -> TrainingSet:
        """Rows to train a head on."""
