"""Tells those who wait what became of their jobs: threads at once, all of an event loop in one call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import InvalidStateError

from pipelines.store.jobs import Job, Outcome, Result

log = logging.getLogger("watchworthy.store")

Next = Callable[[asyncio.AbstractEventLoop], None]
"""What an event loop does once all are told that wait in it."""


def tell(results: Sequence[Result], then: Next | None) -> bool:
    """Hand out results.

    Parameters
    ----------
    then
        Called by one event loop, after its results.

    Returns
    -------
    bool
        Whether an event loop will call it.
    """
    loops = dict.fromkeys([result[0].loop for result in results])
    if None in loops:
        for job, outcome in results:
            if job.loop is None:
                _settle(job, outcome)
    told = False
    for loop in loops:
        if loop is None:
            continue
        some = results if len(loops) == 1 else [result for result in results if result[0].loop is loop]
        try:
            loop.call_soon_threadsafe(_tell_loop, loop, some, None if told else then)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue
        told = True
    return told and then is not None


def _tell_loop(loop: asyncio.AbstractEventLoop, results: Sequence[Result], then: Next | None) -> None:
    for job, outcome in results:
        if job.then is None:
            _settle(job, outcome)
            continue
        try:
            job.then(*outcome)
        except (Exception, asyncio.CancelledError):  # its own fault: the others are told all the same
            log.exception("Who waited for a unit failed when told of it.")
    if then is not None:
        then(loop)


def _settle(job: Job, outcome: Outcome) -> None:
    future = job.future
    if future is None or future.done():
        return
    value, problem = outcome
    try:
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(value)
    except (InvalidStateError, asyncio.InvalidStateError):
        pass  # given up in this very moment
