"""The chain: whatever is changed in the past is found, and what was erased is not missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from data_contracts.decisions import Decision as Record
from data_contracts.decisions import Outcome, Seen, canonical, read
from pipelines import audit
from pipelines.store import Decision, Store
from pipelines.store.bodies import pack
from pipelines.store.crypto import bound, encrypt
from service.verbs import audit as verb
from tests.pipelines.store.making import SITE, make_unit

MANY = 7


def decision(i: int) -> Decision:
    """A decision with a record that says what its row does."""
    seen = Seen(
        rows=1,
        positions=0,
        acts=0,
        unknown=0,
        duration_ms=1,
        sighted_ms=1,
        blind_ms=0,
        sighted=True,
        channels=(),
    )
    made = Record(
        decision_id=f"de_{i}",
        site=SITE,
        session_id=f"s{i}",
        log_number=1,
        cause="changed",
        created_at_ms=i,
        start_ms=0,
        as_of_ms=0,
        bundle="bundle",
        catalogue="catalogue",
        vector=b"",
        moments=b"",
        seen=seen,
        outcome=Outcome(heads={}, verdict="undetermined"),
    )
    return Decision(made.decision_id, made.bundle, canonical(made), created_at_ms=i)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Seven decisions in three blocks, and one that is not linked yet."""
    with Store.open(tmp_path) as one:
        for i in range(MANY):
            one.submit(make_unit(0, session=f"s{i}", decisions=(decision(i),))).result()
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
        ("UPDATE decisions SET bundle = 'x' WHERE id = 4", 2, "does not say what stands beside it"),
        ("UPDATE decisions SET cause = 'asked' WHERE id = 4", 2, "does not say what stands beside it"),
        ("UPDATE decisions SET payload = zeroblob(99) WHERE id = 4", 2, "cannot be read"),
        ("UPDATE chain SET at = -5 WHERE height = 2", 2, "block was changed"),
        (
            "INSERT INTO decisions (id, name, site_id, part, log_number, bundle, policy, cause, created_at, commitment)"
            " SELECT 0, 'x', site_id, 'x', 1, 'b', '', 'asked', 0, x'00' FROM decisions LIMIT 1",
            1,
            "covers 2 decisions, and 3",
        ),
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


def test_a_record_that_was_put_in_anothers_place_is_found(store: Store) -> None:
    """Under the key of its own session, as whoever holds the store could do it."""
    other = canonical(msgspec.structs.replace(read(decision(3).body), created_at_ms=77))
    payload = encrypt(store.keys.of(SITE, "s3"), bytes(32) + pack(other), bound("decision", SITE, "de_3"))
    store.write(
        lambda db: db.execute("UPDATE decisions SET payload = ? WHERE id = 4", (payload,)), ()
    ).result()
    fault = audit.verify(store)
    assert fault is not None
    assert (fault.height, "not the one that was committed to" in fault.said) == (2, True), fault


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
    store.write(
        lambda db: db.execute("UPDATE decisions SET commitment = x'00', payload = NULL WHERE id = 7"), ()
    ).result()
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
