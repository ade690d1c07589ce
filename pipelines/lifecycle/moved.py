"""How far what a head is asked of has moved from what it was trained on, for the picture of its run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.head import Head
from models.signal_rates import names
from pipelines.datasets.examples import TRAIN, Examples
from pipelines.lifecycle.drift import LEAST_ROWS, Drift, drift
from pipelines.lifecycle.seen import seen
from pipelines.store.read_only import DATABASE, ReadOnlyStore

PERMUTED: Final = 60  # for the picture of a run; the monitor takes more
MOST: Final = 1_000  # sessions of each site


def moved(head: Head, examples: Examples, data_dir: Path | None = None) -> tuple[list[Drift], str]:
    """Drift of the head's features, and in words between what and what; nothing where there is nothing to compare.

    Where a service has seen enough, that is held against what the head was trained on: of a head with labels, against
    its negatives, which most sessions are. Else the last block of time against those before, where rows have one. Else
    one training source against another: how far sources differ, not how far anything has moved.
    """
    rows = examples.of(TRAIN)
    people = rows.take((rows["label"] == 0) | (head.truth != "labels"))
    if data_dir is not None and (found := _seen(head, people, data_dir)) is not None:
        return found
    if head.truth == "goal":
        last = people["fold"] == people["fold"].max()
        return _between(people, last, "The last part of the time beside what was before")
    sources, counts = np.unique(people["source"], return_counts=True)
    order = np.argsort(-counts)
    if len(order) < 2:
        return [], ""
    first, second = (str(sources[i]) for i in order[:2])
    both = people.take(np.isin(people["source"], (first, second)))
    return _between(both, both["source"] == second, f"Two training sources: “{second}” beside “{first}”")


def _seen(head: Head, people: Examples, data_dir: Path) -> tuple[list[Drift], str] | None:
    if not (data_dir / DATABASE).exists():
        return None
    try:
        with ReadOnlyStore(data_dir) as store:
            sites = store.read(
                lambda db: [one for (one,) in db.execute("SELECT name FROM sites ORDER BY id")]
            )
            each = [seen(store, site, MOST) for site in sites]
    except WatchworthyError:
        return None  # a picture is no reason to lose a run: a store of another release, or another master key
    each = [one for one in each if len(one)]
    columns = [names().index(name) for name in people.names]
    x = [one.vectors()[:, columns] for one in each if one.told[0].vector]
    if sum(map(len, x)) < LEAST_ROWS or len(people) < LEAST_ROWS:
        return None
    now = np.concatenate(x)
    who = np.concatenate([np.char.add(f"{i} ", one.who) for i, one in enumerate(each)])
    found = drift(people.names, people.x, now, _people(people), who, permutations=PERMUTED)
    kind = "the sessions" if head.truth != "labels" else "the negatives"
    return found, f"{len(now)} sessions that the service has seen beside {kind} it was trained on"


def _between(
    rows: Examples, second: np.ndarray[tuple[int], np.dtype[np.bool_]], words: str
) -> tuple[list[Drift], str]:
    a, b = rows.take(~second), rows.take(second)
    if min(len(a), len(b)) < LEAST_ROWS:
        return [], ""
    return drift(rows.names, a.x, b.x, _people(a), _people(b), permutations=PERMUTED), words


def _people(rows: Examples) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Whose each row is; of nobody, its session's."""
    return np.where(rows["person"] == "", rows["session"], rows["person"]).astype(str)
