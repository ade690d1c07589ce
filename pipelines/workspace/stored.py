"""A service's data directory as a source: sessions, labels and decisions, read beside the running service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from data_contracts import decisions as records
from data_contracts.annotations import Annotation
from data_contracts.decisions import Decision
from data_contracts.errors import WatchworthyError
from data_contracts.labels import HEAD_OF, Label
from data_contracts.order import IDLE_MS
from models.heads import HEADS
from pipelines.store.annotating import annotations_of
from pipelines.store.censoring import censored_visitors, erased_visits
from pipelines.store.export_rows import score_row
from pipelines.store.read_only import ReadOnlyStore
from pipelines.store.units import SessionRow
from pipelines.workspace.logs import Erased, Heard, Known, Log

PAGE: Final = 500
_CARDS: Final = """
    SELECT sites.name, sessions.name, part, started_at, as_of_ms, device, lane, draw IS NOT NULL, propensity
    FROM cards JOIN sites ON sites.id = cards.site_id
    JOIN session_tallies AS sessions ON sessions.id = cards.session_id
    ORDER BY cards.id
"""


class Stored:
    """A data directory; each method opens and closes what it reads.

    Parameters
    ----------
    folder
        The data directory of ``watchworthy serve``.
    site
        One site alone; all by default.
    recordings_url, idle_ms
        As the service's settings say.
    """

    def __init__(
        self, folder: Path, site: str | None = None, recordings_url: str | None = None, idle_ms: int = IDLE_MS
    ) -> None:
        self.folder = folder
        self.site = site
        self.idle_ms = idle_ms
        self.unread: dict[str, str] = {}
        self._url = recordings_url
        self.open().close()  # so that what is wrong is said at once

    def open(self) -> ReadOnlyStore:
        """The store, for reading."""
        return ReadOnlyStore(self.folder, self._url)

    def logs(self, sessions: Collection[str] | None = None) -> Iterator[Log]:
        """Logs in the order of their first commit; those that are gone stand in ``unread``."""
        wanted = None if sessions is None else {one.partition(".")[0] for one in sessions}
        with self.open() as store:
            known = self._cards(store)
            for row in self._rows(store):
                if wanted is not None and row.session not in wanted:
                    continue
                try:
                    heard = [
                        Heard(one.batch(), one.received_at_ms) for one in store.kept(row.site, row.session)
                    ]
                except WatchworthyError as error:
                    self.unread[row.session] = str(error)
                    continue
                own = {part: facts[0] for part, facts in known.get((row.site, row.session), {}).items()}
                yield Log(row.session, tuple(heard), row.site, row.visitor, row.site, own)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows of the sessions: of each card one; a log of which nothing was decided yet is one session."""
        with self.open() as store:
            cards = self._cards(store)
            for row in self._rows(store):
                nothing = {row.session: (Known(), row.first_received_ms, 0)}
                for part, (known, started, seen) in (cards.get((row.site, row.session)) or nothing).items():
                    yield {
                        "session_id": part,
                        "log": row.session,
                        "site": row.site,
                        "visitor": row.visitor,
                        "started_at_ms": started,
                        "duration_ms": seen,
                        "status": row.status,
                        "device": known.device,
                        "first_received_ms": row.first_received_ms,
                        "last_received_ms": row.last_received_ms,
                        "lane": known.lane,
                        "drawn": known.drawn,
                        "propensity": known.propensity,
                        "person": "",
                        "scenario": "",
                    }

    def labels(self) -> list[Label]:
        """What people and their systems said, as labels of the heads; what was taken back says when.

        Of the heads that ask whether a visitor comes back there is one of each visit whose visitor was erased or
        withdrew: ``censored_at_ms`` says since when nothing is known.
        """
        with self.open() as store:
            found = [one for site in self._sites(store) for one in labels_of(_every_annotation(store, site))]
            for site in self._sites(store):
                since = store.read(partial(censored_visitors, site=site))
                found += censored(self.rows(), site, since)
            return found

    def erased(self) -> list[Erased]:
        """Visits that were erased."""
        with self.open() as store:
            return [
                Erased(*one)
                for site in self._sites(store)
                for one in store.read(partial(erased_visits, site=site))
            ]

    def scores(self) -> Iterator[dict[str, Any]]:
        """What was decided, in commit order; what was erased is left out."""
        with self.open() as store:
            for told, made in self._decided(store):
                if made is not None:
                    yield score_row(told, made)

    def decisions(self) -> Iterator[tuple[dict[str, Any], Decision | None]]:
        """Every decision on record."""
        with self.open() as store:
            for told, made in self._decided(store):
                said = None if made is None else made.outcome
                yield (
                    {
                        "cursor": told.id,
                        "decision_id": told.name,
                        "session_id": told.part,
                        "created_at_ms": told.created_at_ms,
                        "cause": told.cause,
                        "log_number": told.log_number,
                        "bundle": told.bundle,
                        "policy": told.policy,
                        "commitment": told.commitment.hex(),
                        "erased": made is None,
                        "verdict": said.verdict if said else None,
                        "threshold": said.threshold if said else None,
                        "action": said.action if said else None,
                        "flagged": said.flagged if said else None,
                        "mode": made.mode if made else None,
                        "override": made.override if made else None,
                    },
                    made,
                )

    def _decided(self, store: ReadOnlyStore) -> Iterator[tuple[Any, Decision | None]]:
        after = 0
        while found := store.decisions(after, PAGE, self.site):
            for told in found:
                yield told, None if told.body is None else records.read(told.body)
            after = found[-1].id

    def _rows(self, store: ReadOnlyStore) -> Iterator[SessionRow]:
        after = 0
        while found := store.sessions(after, PAGE, self.site):
            yield from found
            after = found[-1].number

    def _sites(self, store: ReadOnlyStore) -> list[str]:
        names = store.read(lambda db: [name for (name,) in db.execute("SELECT name FROM sites ORDER BY id")])
        return [name for name in names if self.site in (None, name)]

    def _cards(self, store: ReadOnlyStore) -> dict[tuple[str, str], dict[str, tuple[Known, int, int]]]:
        found: dict[tuple[str, str], dict[str, tuple[Known, int, int]]] = {}
        for site, log, part, started, seen, device, lane, drawn, propensity in store.read(
            lambda db: db.execute(_CARDS).fetchall()
        ):
            known = Known("", device, lane, bool(drawn), propensity if propensity > 0 else None)
            found.setdefault((site, log), {})[part] = (known, started, seen)
        return found


def _every_annotation(store: ReadOnlyStore, site: str) -> list[Annotation]:
    found: list[Annotation] = []
    after = 0
    while page := store.read(lambda db, after=after: annotations_of(db, site, None, after, PAGE)):  # type: ignore[misc]
        found += [one for _, one in page]
        after = page[-1][0]
    return found


def censored(rows: Iterable[dict[str, Any]], site: str, since: dict[str, int]) -> list[Label]:
    """Labels of the visits of visitors of whom nothing is known any more.

    Parameters
    ----------
    rows
        Of ``data_contracts.frames.SESSIONS``.
    since
        From when on nothing is known of a visitor, Unix ms.
    """
    heads = [head.name for head in HEADS if head.truth == "return"]
    return [
        Label(
            label_id=f"censored:{head}:{row['session_id']}",
            session_id=row["session_id"],
            head=head,
            value=0,
            kind="goal",
            source="erasure or withdrawal",
            note="Nothing is known of this visitor from then on.",
            recorded_at_ms=since[row["visitor"]],
            censored_at_ms=since[row["visitor"]],
        )
        for row in (rows if since else ())
        if row["site"] == site and row["visitor"] in since
        for head in heads
    ]


def labels_of(annotations: list[Annotation]) -> list[Label]:
    """Annotations as labels; a retraction is no label but the end of one."""
    ended = {one.retracts: one.recorded_at_ms for one in annotations if one.retracts is not None}
    found = []
    for one in annotations:
        if one.retracts is not None:
            continue
        head, value = HEAD_OF[one.label]
        found.append(
            Label(
                label_id=one.annotation_id,
                session_id=one.session_id,
                head=head,
                value=1 if value else 0,
                kind="annotation",
                source=one.source,
                reason=one.reason,
                confidence=one.confidence,
                from_ms=one.from_ms,
                to_ms=one.to_ms,
                model_seen=one.model_seen,
                note=one.note,
                recorded_at_ms=one.recorded_at_ms,
                retracted_at_ms=ended.get(one.annotation_id),
            )
        )
    return found
