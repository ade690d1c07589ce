"""The screen: two consoles, progress on long work, and how times and numbers are written for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from data_contracts.batches import Problem
from pipelines.readings import Reading

out = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@contextmanager
def compiling() -> Iterator[None]:
    """Show that code compiles: some 40 s the first time on a machine, nothing worth a word after that."""
    from features.catalogue import engine

    if errors.is_terminal:
        with errors.status("Compiling the folds (the first time takes about a minute) …"):
            engine().warm()
    else:
        engine().warm()
    yield


def progress() -> Progress:
    """A progress bar on stderr that leaves no trace."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )


@contextmanager
def phases() -> Iterator[Callable[[str, int], None]]:
    """Progress of a job of several phases: called with a name and a number of steps, then with "" for each step."""
    with progress() as bar:
        task: list[TaskID] = []

        def told(what: str, steps: int) -> None:
            if what:
                for one in task:
                    bar.remove_task(one)
                task[:] = [bar.add_task(what, total=steps or None)]
            elif task:
                bar.advance(task[0])

        yield told


def tracked(readings: Iterable[Reading], total: int, what: str) -> Iterator[Reading]:
    """Show progress over files, and say on stderr what was wrong with each."""
    with progress() as bar:
        task = bar.add_task(what, total=total)
        for one in readings:
            for problem in one.problems:
                say(problem)
            yield one
            bar.advance(task)


def say(problem: Problem) -> None:
    """Print one problem on stderr as ``where: sentence (code)``."""
    where = f"{problem.where}: " if problem.where else ""
    print(f"{where}{problem.message} ({problem.code})", file=sys.stderr)


def clock(ms: float) -> str:
    """Time from the start of a session as a player shows it.

    >>> clock(83_400), clock(3_725_000)
    ('1:23.4', '1:02:05.0')
    """
    tenths = round(ms / 100)
    seconds, tenth = divmod(tenths, 10)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    head = f"{hours}:{minute:02}" if hours else f"{minute}"
    return f"{head}:{second:02}.{tenth}"


def percent(p: float | None) -> str:
    """A probability as a person reads it; never 0 or 100 %.

    >>> percent(0.0004), percent(0.5), percent(None)
    ('<0.1 %', '50 %', '–')
    """
    if p is None:
        return "–"
    if p < 0.001:
        return "<0.1 %"
    if p > 0.999:
        return ">99.9 %"
    return f"{p:.1%}".replace("%", " %") if p < 0.1 or p > 0.9 else f"{p:.0%}".replace("%", " %")
