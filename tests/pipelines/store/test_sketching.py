"""Sketches: paths that were replayed are found within a site, expire, and go with their session."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from features.sketch import SECOND_BITS
from pipelines.store import Store
from pipelines.store.sketching import KEPT_MS, Twin, note, twins
from tests.pipelines.store.making import SITE, make_unit


def sketch(first: int, start_s: int, count: int = 16) -> npt.NDArray[np.uint32]:
    """Hashes from ``first`` on, a run every two seconds from ``start_s`` on."""
    return np.array([((first + i) << SECOND_BITS) | (start_s + 2 * i) for i in range(count)], "u4")


def known(store: Store, *names: str, site: str = SITE) -> None:
    for name in names:
        store.submit(make_unit(session=name, site=site, stream=name)).result()


def noted(
    store: Store, name: str, its: npt.NDArray[np.uint32], now_ms: int = 0, site: str = SITE
) -> list[Twin]:
    found: list[Twin] = store.write(lambda db: note(db, site, name, name, its, now_ms), ()).result()
    return found


def told(store: Store, name: str, site: str = SITE) -> list[Twin]:
    return store.read(lambda db: twins(db, site, name, name))


def rows(store: Store) -> tuple[int, int]:
    return store.read(
        lambda db: (
            db.execute("SELECT count(*) FROM sketches").fetchone()[0],
            db.execute("SELECT count(*) FROM twins").fetchone()[0],
        )
    )


def test_both_sessions_are_told_of_each_other_with_both_moments(store: Store) -> None:
    known(store, "a", "b", "c")
    assert noted(store, "a", sketch(100, 10)) == []
    assert noted(store, "b", sketch(100, 40)) == [
        Twin("a", 16, 10_000, 40_000)._replace(here_ms=40_000, there_ms=10_000)
    ]
    assert noted(store, "c", sketch(500, 10)) == []
    assert told(store, "a") == [Twin("b", 16, 10_000, 40_000)]
    assert told(store, "b") == [Twin("a", 16, 40_000, 10_000)]
    assert told(store, "c") == []


def test_few_shared_runs_and_another_site_are_no_twins(store: Store) -> None:
    known(store, "a", "b")
    known(store, "d", site="other")
    noted(store, "a", sketch(100, 10))
    few = np.sort(np.concatenate([sketch(100, 40, 3), sketch(900, 80, 13)]))
    assert noted(store, "b", few) == []
    assert noted(store, "d", sketch(100, 10), site="other") == []


def test_sketches_expire_and_go_with_their_session(opened: Callable[..., Store]) -> None:
    store = opened()
    known(store, "a", "b", "c")
    noted(store, "a", sketch(100, 10), now_ms=0)
    noted(store, "b", sketch(100, 40), now_ms=1)
    assert rows(store) == (32, 2)
    assert store.erase(SITE, "a")
    assert rows(store) == (16, 0)
    assert told(store, "b") == []
    assert noted(store, "c", sketch(100, 10), now_ms=KEPT_MS + 1) == []
    assert rows(store) == (16, 0)


def test_nothing_comes_back_of_a_session_that_was_erased(store: Store) -> None:
    known(store, "a")
    store.erase(SITE, "a")
    assert noted(store, "a", sketch(100, 10)) == []
    assert rows(store) == (0, 0)


def test_said_again_it_is_the_same(store: Store) -> None:
    known(store, "a", "b")
    noted(store, "a", sketch(100, 10))
    first = noted(store, "b", sketch(100, 40))
    assert noted(store, "b", sketch(100, 40)) == first
    assert rows(store) == (32, 2)
