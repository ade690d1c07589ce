"""Functions that guess labels, from a file of the data scientist's own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from data_contracts.errors import WatchworthyError
from pipelines.learning.weak import WeakLabel


def functions_in(path: Path, head: str) -> list[WeakLabel]:
    """The functions of a file that guess labels of a head, in the order of their names. The file is run.

    Raises
    ------
    WatchworthyError
        ``file_missing``; ``training_refused`` if it cannot be run, or declares none for this head.
    """
    if not path.is_file():
        raise WatchworthyError("file_missing", "There is no file of functions of this name.", str(path))
    spec = importlib.util.spec_from_file_location(f"guesses_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise WatchworthyError(
            "training_refused", "Functions that guess stand in a file of Python.", str(path)
        )
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a stranger's file raises is said, with the file
        raise WatchworthyError(
            "training_refused", f"The file cannot be run: {error!r}.", str(path)
        ) from error
    found = [
        one for _, one in sorted(vars(module).items()) if isinstance(one, WeakLabel) and one.head == head
    ]
    if not found:
        raise WatchworthyError(
            "training_refused",
            f"It declares no function that guesses labels of {head!r}: mark them with "
            f'`@weak_label("{head}", reads=[…])` of pipelines.learning.weak.',
            str(path),
        )
    return found
