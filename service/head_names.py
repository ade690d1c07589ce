"""Names of heads as arguments of commands: asked of the heads themselves, when a command runs."""

from __future__ import annotations

from collections.abc import Callable

import typer


def head_name(*beside: str) -> Callable[[str], str]:
    """A parser of names of heads.

    Parameters
    ----------
    beside
        Further names that the command takes.
    """

    def parsed(name: str) -> str:
        from models.heads import HEADS

        there = (*(head.name for head in HEADS), *beside)
        if name not in there:
            raise typer.BadParameter(f"there is no head {name!r}; choose one of {', '.join(there)}.")
        return name

    return parsed
