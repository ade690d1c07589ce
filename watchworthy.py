"""The front door for a notebook or a script: read recordings, get vectors, moments and scores.

>>> import watchworthy
>>> [one.bot.eligible for one in watchworthy.score([])]
[]
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data_contracts.assessments import Assessment

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
    check_floors()
    from service.workspace import Workspace

    yield from Workspace(paths).assessments()


def __getattr__(name: str) -> Any:
    """``Workspace`` is looked up when it is asked for, once it is sure that the packages found are ours."""
    if name != "Workspace":
        raise AttributeError(f"watchworthy has no {name!r}.")
    check_floors()
    from service.workspace import Workspace

    return Workspace


if __name__ == "__main__":
    main()
