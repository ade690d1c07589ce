"""The front door for a notebook or a script: read recordings, get vectors, moments and scores.

>>> import watchworthy
>>> [one.bot.eligible for one in watchworthy.score([])]
[]
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from data_contracts.assessments import Assessment
    from pipelines.readings import Reading

__version__ = "0.1.0"

FLOORS = ("data_contracts", "features", "models", "pipelines", "service")


def check_floors() -> None:
    """Make sure that our packages are the ones that Python finds under their names.

    Raises
    ------
    ImportError
        If a folder of the same name comes first on the path; it names the folder and what to do.
    """
    home = Path(__file__).resolve().parent
    for floor in FLOORS:
        spec = importlib.util.find_spec(floor)
        places = [Path(place).resolve() for place in (spec.submodule_search_locations or [])] if spec else []
        if places and places[0] == home / floor:
            continue
        if not places:
            where = spec.origin if spec and spec.origin else "nothing"
            raise ImportError(f"'{floor}' is {where}, not Watchworthy's package; install Watchworthy again.")
        raise ImportError(
            f"The folder {places[0]} hides Watchworthy's own '{floor}'. Start Python in another folder, "
            f"or give that folder another name."
        )


def main() -> None:
    """Run the command line."""
    try:
        check_floors()
    except ImportError as error:
        sys.exit(f"watchworthy: {error}")
    from service.command_line import main as run

    run()


def score(paths: str | Path | Iterable[str | Path]) -> Iterator[Assessment]:
    """Assess every session of recordings.

    Parameters
    ----------
    paths
        A file, folder or glob, or several.

    Yields
    ------
    Assessment
        One for each session, files in order, sessions in order of time.

    Raises
    ------
    WatchworthyError
        For the first file that cannot be read at all.
    """
    yield from Workspace(paths).scores()


@dataclass
class Workspace:
    """A set of recordings, read once, seen as vectors, moments or scores.

    Parameters
    ----------
    paths
        A file, folder or glob, or several.
    models
        Folder of trained heads; the starters by default.
    """

    paths: str | Path | Iterable[str | Path]
    models: Path | None = None
    _readings: list[Reading] | None = field(default=None, init=False, repr=False)

    def readings(self) -> list[Reading]:
        """What became of each file: its sessions, or why it has none."""
        check_floors()
        from data_contracts.recordings import open_paths
        from pipelines.readings import readings

        if self._readings is None:
            given = [self.paths] if isinstance(self.paths, str | Path) else list(self.paths)
            self._readings = list(readings(open_paths(given)))
        return self._readings

    def scores(self) -> Iterator[Assessment]:
        """An assessment of each session.

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

    def features(self) -> pa.Table:
        """One row a session: file, session, start_ms, then every feature as float32 (null where undefined)."""
        from pipelines.tables import feature_table

        return feature_table(self.readings())

    def signals(self) -> pa.Table:
        """One row a moment: file, session, code, start_ms, end_ms, page, element, severity, state, evidence."""
        from pipelines.tables import signal_table

        return signal_table(self.readings())


if __name__ == "__main__":
    main()
