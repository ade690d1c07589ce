"""Recordings as a source: files, folders and globs; where an index lies beside them, it says who and what they are."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from data_contracts.decisions import Decision
from data_contracts.errors import WatchworthyError
from data_contracts.labels import Label
from data_contracts.order import IDLE_MS
from data_contracts.recordings import open_paths
from pipelines.datasets.recordings import person
from pipelines.readings import Reading, reading, session_name
from pipelines.workspace.logs import Erased, Heard, Known, Log

INDEX: Final = "index.csv"
TRUTHS: Final = {"label": "bot", "frustrated": "frustration"}
"""Columns of an index that answer a head."""
VALUES: Final = {"bot": 1, "human": 0, "1": 1, "0": 0}


class Recorded:
    """Recordings; each file is a log of its own, named after the file."""

    def __init__(self, paths: list[str | Path], idle_ms: int = IDLE_MS) -> None:
        self.files = list(open_paths(paths))
        self.idle_ms = idle_ms
        self.unread: dict[str, str] = {}
        self._readings: dict[str, Reading] = {}

    @cached_property
    def index(self) -> dict[str, dict[str, str]]:
        """What an ``index.csv`` beside the recordings says of each, by path."""
        found: dict[str, dict[str, str]] = {}
        for folder in {Path(file).parent for file in self.files}:
            if (folder / INDEX).is_file():
                with (folder / INDEX).open(encoding="utf-8-sig", newline="") as lines:
                    for row in csv.DictReader(lines):
                        if name := row.get("file"):
                            found[str(folder / name)] = row
        return found

    def readings(self) -> Iterator[Reading]:
        """What became of each file, read once."""
        for file in self.files:
            if file not in self._readings:
                self._readings[file] = reading(file, idle_ms=self.idle_ms)
            yield self._readings[file]

    def logs(self, sessions: Collection[str] | None = None) -> Iterator[Log]:
        """Logs one by one; those that cannot be read stand in ``unread``."""
        from data_contracts.recordings import read

        wanted = None if sessions is None else {one.partition(".")[0] for one in sessions}
        for file in self.files:
            name = session_name(file)
            if wanted is not None and name.partition(".")[0] not in wanted:
                continue
            try:
                recording = read(file)
                if not recording.events:
                    raise WatchworthyError("no_events", "The recording holds no events.", file)
            except WatchworthyError as error:
                self.unread[file] = str(error)
                continue
            yield Log(
                name,
                tuple(Heard(batch, None) for batch in recording.batches),
                visitor=self._who(file),
                source=file,
                known={name: self._known(file)},
            )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows of the sessions."""
        for one in self.readings():
            known = self._known(one.file)
            if not one.sessions:
                self.unread[one.file] = str(one.problems[0])
            for session in one.sessions:
                yield {
                    "session_id": session.id,
                    "log": one.file,
                    "site": "",
                    "visitor": self._who(one.file),
                    "started_at_ms": session.start_ms,
                    "duration_ms": session.coverage.duration_ms,
                    "status": "recorded",
                    "device": "",
                    "first_received_ms": None,
                    "last_received_ms": None,
                    "lane": "",
                    "drawn": False,
                    "propensity": None,
                    "person": known.person,
                    "scenario": known.scenario,
                }

    def labels(self) -> list[Label]:
        """What the index says of each recording: the script's truth, and named so."""
        found = []
        for file in self.files:
            row = self.index.get(file, {})
            for column, head in TRUTHS.items():
                value = VALUES.get(row.get(column, ""))
                if value is not None:
                    name = session_name(file)
                    found.append(
                        Label(
                            label_id=f"{head}:{name}",
                            session_id=name,
                            head=head,
                            value=1 if value else 0,
                            kind="script",
                            source=INDEX,
                            reason=row.get("scenario", ""),
                        )
                    )
        return found

    def erased(self) -> list[Erased]:
        """Nobody's: of recordings that are gone nothing is known."""
        return []

    def scores(self) -> Iterator[dict[str, Any]]:
        """Nothing was decided of recordings: see ``Workspace.scores``, which scores them."""
        yield from ()

    def decisions(self) -> Iterator[tuple[dict[str, Any], Decision | None]]:
        """Nothing was decided of recordings."""
        yield from ()

    def _known(self, file: str) -> Known:
        row = self.index.get(file, {})
        return Known(person=self._who(file), scenario=row.get("scenario", ""), family=row.get("family", ""))

    def _who(self, file: str) -> str:
        row = self.index.get(file, {})
        return row.get("person", "") or person(row.get("trace_user", ""))
