"""The chain: whatever is changed in the past is found, and what was erased is not missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines import audit
from pipelines.store import Decision, Store
from service.verbs import audit as verb
from tests.pipelines.store.making import SITE, make_unit

MANY = 7


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Seven decisions in three blocks, and one that is not linked yet."""
    with Store.open(tmp_path) as one:
        for i in range(MANY):
            made = (Decision(f"de_{i}", "bundle", b'{"n":%d}' % i, created_at_ms=i),)
            one.submit(make_unit(0, session=f"s{i}", decisions=made)).result()
            if i in (1, 4, 5):
                assert audit.link(one, 1_000 + i) is not None
        assert audit.link(one, 2_000) is not None
        assert audit.link(one, 3_000) is None
        yield one


def test_a_chain_that_nobody_touched_fits(store: Store) -> None:
    blocks = []
    assert audit.verify(store, progress=blocks.append) is None
    assert blocks == [2, 3, 1, 1]
    assert audit.verify(store, audit.newest(store)) is None


def test_what_was_erased_is_not_missed(store: Store) -> None:
    assert store.erase(SITE, "s2")
    assert audit.verify(store) is None


@pytest.mark.parametrize(
    ("statement", "height", "said"),
    [
        ("UPDATE decisions SET commitment = zeroblob(32) WHERE id = 4", 2, "changed"),
        ("UPDATE decisions SET created_at = 99 WHERE id = 1", 1, "changed"),
        ("UPDATE decisions SET name = 'x' WHERE id = 1", 1, "changed"),
        ("DELETE FROM decisions WHERE id = 4", 2, "covers 3 decisions, and 2"),
        ("DELETE FROM decisions WHERE id = 1", 1, "covers 2 decisions, and 1"),
        ("UPDATE chain SET root = zeroblob(32) WHERE height = 2", 2, "block was changed"),
        ("UPDATE chain SET at = 5 WHERE height = 2", 2, "block was changed"),
        ("UPDATE chain SET hash = zeroblob(32) WHERE height = 2", 2, "block was changed"),
        ("DELETE FROM chain WHERE height = 1", 2, "block 1 is missing"),
        ("UPDATE decisions SET id = CASE id WHEN 3 THEN 40 ELSE id END", 2, "covers 3 decisions, and 2"),
    ],
)
def test_each_change_of_the_past_is_found(store: Store, statement: str, height: int, said: str) -> None:
    store.write(lambda db: db.execute(statement), ()).result()
    fault = audit.verify(store)
    assert fault is not None
    assert (fault.height, said in fault.said) == (height, True), fault


def test_two_decisions_that_changed_places_are_found(store: Store) -> None:
    def swap(db):  # type: ignore[no-untyped-def]
        for before, after in ((3, 90), (4, 3), (90, 4)):
            db.execute("UPDATE decisions SET id = ? WHERE id = ?", (after, before))

    store.write(swap, ()).result()
    fault = audit.verify(store)
    assert fault is not None
    assert fault.height == 2


def test_a_chain_made_anew_does_not_fit_what_was_written_down_outside(store: Store) -> None:
    known = audit.newest(store)
    store.write(lambda db: db.execute("DELETE FROM chain WHERE height >= 3"), ()).result()
    fault = audit.verify(store, known)
    assert fault is not None
    assert "written down outside" in fault.said
    store.write(lambda db: db.execute("UPDATE decisions SET commitment = x'00' WHERE id = 7"), ()).result()
    while audit.link(store, 9_000):
        pass
    assert audit.verify(store) is None, "whoever holds the store can make another chain"
    assert audit.verify(store, known) is not None, "but not one with a root that is known outside"


def test_the_commands_say_what_they_find(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb.root(tmp_path, None) == 0
    root = capsys.readouterr().out.strip()
    assert verb.verify(tmp_path, root) == 0
    assert "4 blocks fit" in capsys.readouterr().out
    assert verb.verify(tmp_path, "4:zz") == 2
    assert verb.root(tmp_path, tmp_path / "roots") == 0
    assert (tmp_path / "roots").read_text().strip() == root
    store.write(lambda db: db.execute("DELETE FROM decisions WHERE id = 6"), ()).result()
    assert verb.verify(tmp_path, None) == 1
    assert "Block 3" in capsys.readouterr().err


def test_the_shape_of_the_tree_is_that_of_the_standard() -> None:
    leaf: Callable[[int], bytes] = lambda i: bytes([i]) * 32  # noqa: E731
    three = audit.merkle_root([leaf(0), leaf(1), leaf(2)])
    two = audit.merkle_root([leaf(0), leaf(1)])
    assert three == audit.merkle_root([two, leaf(2)])
    assert audit.merkle_root([leaf(i) for i in range(7)]) != audit.merkle_root([leaf(i) for i in range(8)])
