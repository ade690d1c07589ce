"""A workspace: recordings, or what a service has stored, as a notebook or a script reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from data_contracts.assessments import Assessment
    from features.fold import Fold
    from pipelines.learning.sets import TrainingSet
    from pipelines.learning.weak import WeakLabel
    from pipelines.readings import Reading
    from pipelines.workspace.logs import Source
    from service.web.replaying import Replay


class Workspace:
    """Recordings, or what a service has stored, as pandas frames; docs/workspace.md lists their columns and types.

    Parameters
    ----------
    place
        The data directory of ``watchworthy serve`` or its ``sqlite:///`` URL, read beside the running service and
        never written to; or recordings: a file, folder or glob, or several.
    models
        Folder of trained heads; the starters by default.
    site
        Of a data directory, one site alone; all by default.

    Raises
    ------
    WatchworthyError
        ``workspace_wrong`` for a URL that no workspace can be opened on; what the store says of itself.
    """

    def __init__(
        self, place: str | Path | Iterable[str | Path], models: Path | None = None, site: str | None = None
    ) -> None:
        from pipelines.workspace.opening import opened

        self.models = models
        self.source: Source = opened(place, site)

    def sessions(self) -> pd.DataFrame:
        """One row a session: where it is from, how long it is, its part in the random slice."""
        from data_contracts.frames import SESSIONS
        from pipelines.workspace.frames import frame_of

        return frame_of(SESSIONS, self.source.rows())

    def events(self, session: str) -> pd.DataFrame:
        """Canonical events of one session, in order.

        Raises
        ------
        WatchworthyError
            ``workspace_wrong`` if there is no such session, or its recording is gone.
        """
        from data_contracts.frames import EVENTS
        from pipelines.workspace.folding import events_of
        from pipelines.workspace.frames import as_frame

        return as_frame(EVENTS, events_of(self.source, session))

    def features(
        self,
        sessions: Collection[str] | None = None,
        extra: Sequence[type[Fold]] = (),
        head: str = "",
    ) -> pd.DataFrame:
        """The vector of each session, one column a feature, computed from its events.

        Parameters
        ----------
        sessions
            Ids of those that are wanted; all by default.
        extra
            Folds of your own, as a notebook cell declares them. They are held against the six laws first, and their
            features stand after those of the catalogue.
        head
            Say what the features of ``extra`` add to this head on held-out groups, too: it is printed, and stands in
            the frame's ``attrs["added"]``.

        Raises
        ------
        WatchworthyError
            ``law_broken`` if a fold breaks a law; it says which, where, and what to do.
        """
        from features.catalogue import engine
        from pipelines.workspace.folding import features_of, wanted_of
        from pipelines.workspace.frames import as_frame

        wanted, idle_ms = wanted_of(sessions), self.source.idle_ms
        if not extra:
            return as_frame(*features_of(self.source.logs(sessions), engine(), idle_ms, wanted))
        from pipelines.workspace.trying import held_to_laws, names_of, told_gain

        tried = held_to_laws(self.source, extra)
        frame = as_frame(*features_of(self.source.logs(sessions), engine(), idle_ms, wanted))
        more = as_frame(*features_of(self.source.logs(sessions), tried, idle_ms, wanted))
        frame = frame.join(more[names_of(tried, extra)])
        if head:
            frame.attrs["added"] = told_gain(self, extra, head)
        return frame

    def signals(self, sessions: Collection[str] | None = None) -> pd.DataFrame:
        """The moments that matter, one row each, computed from the stored events."""
        from data_contracts.frames import SIGNALS
        from pipelines.workspace.folding import signals_of, wanted_of
        from pipelines.workspace.frames import frame_of

        logs = self.source.logs(sessions)
        return frame_of(SIGNALS, signals_of(logs, self.source.idle_ms, wanted_of(sessions)))

    def scores(self) -> pd.DataFrame:
        """What was said of each session, whenever it changed; of recordings, what is said of them now."""
        from data_contracts.tables import SCORES
        from pipelines.workspace.frames import frame_of

        return frame_of(SCORES, self.score_rows())

    def labels(self, *others: Path | str) -> pd.DataFrame:
        """What sessions were, as each head asks it: annotations, goals, and what an index says of recordings.

        Parameters
        ----------
        others
            Files of labels, one a line, to be added; see docs/labels.md.
        """
        from data_contracts.frames import LABELS
        from pipelines.learning.labels import every_label
        from pipelines.workspace.frames import frame_of, label_row

        return frame_of(LABELS, [label_row(one) for one in every_label(self.source, others)])

    def decisions(self) -> pd.DataFrame:
        """Every decision on record, those of erased sessions too."""
        from data_contracts.frames import DECISIONS
        from pipelines.workspace.frames import frame_of

        return frame_of(DECISIONS, (row for row, _ in self.source.decisions()))

    def training_set(
        self,
        head: str,
        as_of: datetime | int | None = None,
        known_at: datetime | int | None = None,
        landmarks: Sequence[int] | None = None,
        weak: Sequence[WeakLabel] = (),
        labels: Sequence[Path | str] = (),
        allow_leaks: bool = False,
    ) -> TrainingSet:
        """Rows to train a head on, as they could be known at a time.

        Parameters
        ----------
        head
            Its name.
        as_of
            No batch that was received later is read; a time, or ms since the epoch. The present by default.
        known_at
            No label that was recorded later is read, or whose window closed later; as ``as_of`` by default.
        landmarks
            Seconds from the start of a session at which rows are made of the events before; by default the end of
            each session, and for ``conversion`` the landmarks that it is trained by.
        weak
            Functions that guess labels; what they read is taken out of the head.
        labels
            Files of labels to be added.
        allow_leaks
            Keep a set that the linter refuses; its findings stand in ``set.findings`` either way.

        Raises
        ------
        WatchworthyError
            ``leakage`` if the linter finds what must not be learned from; ``training_refused`` without any label.
        """
        from pipelines.learning.training_set import training_set

        return training_set(
            self.source, head, as_of, known_at, landmarks, weak=weak, files=labels, allow_leaks=allow_leaks
        )

    def readings(self) -> list[Reading]:
        """Of recordings, what became of each file: its sessions, or why it has none."""
        from pipelines.workspace.recorded import Recorded

        return list(self.source.readings()) if isinstance(self.source, Recorded) else []

    def assessments(self) -> Iterator[Assessment]:
        """Of recordings, an assessment of each session.

        Raises
        ------
        WatchworthyError
            For the first file that cannot be read at all.
        """
        from models.scorer import Scorer
        from service.assessing import assess

        judge = Scorer.starter(self.models)
        for one in self.readings():
            if not one.sessions:
                raise one.problems[0].error()
            for session in one.sessions:
                yield assess(judge, session)

    def replay(
        self, session: str, t_ms: int | None = None, service: str | None = None, key: str | None = None
    ) -> Replay:
        """The replay of a session that a running service holds, as a notebook shows it, from a time on.

        Raises
        ------
        ValueError
            As ``service.web.replaying.replay``.
        """
        from service.web.replaying import replay

        return replay(session, t_ms, service, key)

    def score_rows(self) -> Iterator[dict[str, Any]]:
        """Rows of ``scores``, one by one."""
        from pipelines.workspace.recorded import Recorded
        from service.assessing import score_rows

        if isinstance(self.source, Recorded):
            yield from score_rows(self.assessments())
        else:
            yield from self.source.scores()
