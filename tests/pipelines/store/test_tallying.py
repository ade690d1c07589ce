"""A session's row follows its log in steps; whoever asks hears what the session is now."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.store import Store, sealing
from pipelines.store.remembered import read_sessions, read_streams
from tests.pipelines.store.making import HOUR, SESSION, SITE, body_of, make_unit

TALLY = "SELECT next_log, bytes, rows, last_received FROM session_tallies"


def put(store: Store, *units: object) -> None:
    for future in [store.submit(unit) for unit in units]:
        future.result()


def behind(store: Store) -> int:
    """Batches that the row does not know of."""
    (next_log, *_) = store.read(lambda db: db.execute(TALLY).fetchone())
    return store.session(SITE, SESSION).next_log - next_log


def test_a_row_lags_so_many_batches_at_most_and_nobody_sees_it(opened: Callable[..., Store]) -> None:
    store = opened(tally_batches=4)
    lags, size = [], 0
    for seq in range(9):
        put(store, make_unit(seq, rows=2, received_at_ms=1_000 - seq))
        size += len(body_of(seq))
        row = store.session(SITE, SESSION)
        assert (row.next_log, row.bytes, row.rows, row.last_received_ms) == (
            seq + 2,
            size,
            2 * seq + 2,
            1_000,
        )
        assert store.sessions() == [row]
        lags.append(behind(store))
    assert lags == [1, 2, 3, 0, 1, 2, 3, 0, 1]


def test_what_ends_or_reopens_a_session_or_names_its_visitor_is_in_its_row_at_once(store: Store) -> None:
    for unit, status, visitor, lag in (
        (make_unit(0, ends=True), "ended", "", 0),
        (make_unit(1), "open", "", 0),
        (make_unit(0, stream="b"), "open", "", 1),
        (make_unit(1, stream="b", visitor="v"), "open", "v", 0),
        (make_unit(2, stream="b", visitor="w"), "open", "v", 1),
        (make_unit(3, ends=True), "open", "v", 0),
        (make_unit(2), "open", "v", 0),
        (make_unit(3, stream="b", ends=True), "ended", "v", 0),
    ):
        put(store, unit)
        row = store.session(SITE, SESSION)
        assert (row.status, row.visitor, behind(store)) == (status, visitor, lag)


def test_a_session_is_silent_since_its_last_batch_not_since_its_last_tally(store: Store) -> None:
    put(store, make_unit(0, received_at_ms=0), make_unit(1, received_at_ms=HOUR // 3))
    assert behind(store) == 2
    assert store.end_due(HOUR // 2) == []
    assert store.session(SITE, SESSION).status == "open"
    (ended,) = store.end_due(HOUR // 3 + HOUR // 2)
    assert (ended.status, ended.next_log, ended.last_received_ms) == ("ended", 3, HOUR // 3)
    assert store.session(SITE, SESSION) == ended
    assert behind(store) == 0


def test_as_many_as_are_silent_end_some_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 3)
    put(store, *(make_unit(0, session=f"s{i}", received_at_ms=i) for i in range(10)))
    put(store, *(make_unit(1, session=f"s{i}", received_at_ms=HOUR) for i in (2, 4, 5)))
    commits = store.stats().commits
    assert [row.session for row in store.end_due(HOUR // 2 + 8)] == ["s0", "s1", "s3", "s6", "s7", "s8"]
    assert store.stats().commits == commits + 4
    assert {row.session for row in store.sessions() if row.status == "open"} == {"s2", "s4", "s5", "s9"}
    assert store.end_due(HOUR // 2 + 8) == []
    assert store.stats().commits == commits + 4


def test_a_batch_is_known_whether_it_is_tallied_or_not(opened: Callable[..., Store]) -> None:
    store = opened(tally_batches=10)
    put(store, *(make_unit(seq) for seq in range(25)))
    for seq in range(25):
        assert store.submit(make_unit(seq)).result() == (seq + 1, b"answer %d" % (seq + 1), True, False)
        assert store.known(SITE, SESSION, "a", seq).log_number == seq + 1
    assert store.known(SITE, SESSION, "a", 25) is None


@contextmanager
def steps_of(store: Store) -> Iterator[list[int]]:
    """Counts, by tens, the steps that SQLite takes for all who read."""
    steps = [0]

    def count() -> None:
        steps[0] += 1

    connections: list[sqlite3.Connection] = []

    def watch(db: sqlite3.Connection) -> None:
        db.set_progress_handler(count, 10)
        connections.append(db)

    store.read(watch)
    yield steps
    for db in connections:
        db.set_progress_handler(None, 0)


def test_a_repeat_costs_no_more_the_longer_the_session(opened: Callable[..., Store]) -> None:
    store = opened(seq_ahead=1 << 20, tally_batches=8)
    taken: list[int] = []
    for begin, length in ((0, 100), (100, 1_000)):
        put(store, *(make_unit(seq) for seq in range(begin, length)))
        for sealed in (False, True):
            if sealed:
                store.seal(SITE, SESSION, length)
            with steps_of(store) as steps:
                for seq in (0, length // 2, length - 1):
                    assert store.known(SITE, SESSION, "a", seq).log_number == seq + 1
            taken.append(steps[0])
    assert max(taken) < 100, taken
    assert max(taken[2:]) <= max(taken[:2]) + 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    session=st.uuids().map(str),
    sent=st.lists(
        st.tuples(
            *(
                st.sampled_from("abc"),
                st.integers(0, 9),
                st.booleans(),
                st.sampled_from(["", "v"]),
                st.integers(0, 3),
            )
        ),
        max_size=30,
    ),
)
def test_what_is_read_of_a_session_is_what_is_remembered_of_it(
    tallying: Store, session: str, sent: list[tuple[str, int, bool, str, int]]
) -> None:
    for turn, (stream, seq, ends, visitor, pause) in enumerate(sent):
        given = {"session": session, "stream": stream, "ends": ends, "visitor": visitor, "rows": turn}
        put(tallying, make_unit(seq, received_at_ms=turn * pause, **given))
        remembered = tallying._acceptor.remembered.get((SITE, session))
        with tallying._reads.snapshot() as db:
            found = read_sessions(db, [(SITE, session)])[SITE, session]
            read_streams(db, [(found, name) for name in remembered.streams.keys() - found.streams.keys()])
        for name in (
            "id",
            "next_log",
            "tallied",
            "bytes",
            "rows",
            "status",
            "visitor",
            "first_received",
            "changed",
        ):
            assert getattr(found, name) == getattr(remembered, name)
        assert found.last_received == remembered.last_received
        assert {name: facts(one) for name, one in found.streams.items()} == {
            name: facts(one) for name, one in remembered.streams.items()
        }


@pytest.fixture
def tallying(opened: Callable[..., Store]) -> Store:
    """A store that tallies every three batches."""
    return opened(tally_batches=3)


def facts(stream: object) -> list[object]:
    return [getattr(stream, name) for name in ("id", "ranges", "end_seq", "ended", "last_received")]
