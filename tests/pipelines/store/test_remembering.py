"""What the writer remembers of sessions is never believed longer than it holds, and spares it the reading."""

import sqlite3
from collections.abc import Callable

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Cap, Checkpoint, Decision, Outgoing, Store, faults, pack
from pipelines.store.crypto import Keys
from tests.pipelines.store.making import HOUR, SESSION, SITE, body_of, make_unit
from tests.pipelines.store.test_writer import Held


def put(store: Store, *units: object) -> list[int]:
    return [store.submit(unit).result().log_number for unit in units]


def group(store: Store, *units: object) -> list[object]:
    """What became of units that share one transaction: log numbers, and codes of errors."""
    held = Held(store)
    futures = [store.submit(unit) for unit in units]
    held.go()
    found: list[object] = []
    for future in futures:
        try:
            found.append(future.result().log_number)
        except WatchworthyError as error:
            found.append(error.code)
    return found


def bodies(store: Store, session: str = SESSION) -> list[bytes]:
    return [one.body for one in store.kept(SITE, session)]


class Statements:
    """The statements that the writer runs on a database."""

    def __init__(self, store: Store) -> None:
        self.said: list[str] = []
        store.write(lambda db: db.set_trace_callback(self.said.append), ()).result()
        store.keys._connection.set_trace_callback(self.said.append)
        self.said.clear()


def test_a_usual_group_takes_few_statements_whatever_its_size(store: Store) -> None:
    sessions = [f"s{i}" for i in range(16)]
    put(store, *(make_unit(0, session=name) for name in sessions))
    statements = Statements(store)
    for seq, some in ((1, sessions[:1]), (2, sessions[1:2]), (1, sessions[2:])):
        group(
            store,
            *(
                make_unit(seq, session=name, decisions=(Decision(f"{name} {seq}", "b", b""),))
                for name in some
            ),
        )
        said = statements.said
        begin = max(i for i, one in enumerate(said) if one.startswith("BEGIN"))
        assert [one.split("(")[0].strip() for one in said[begin:]] == [
            "BEGIN IMMEDIATE",
            *["PRAGMA data_version"] * 2,  # of sessions and of keys
            "INSERT OR FAIL INTO batches",
            "INSERT OR FAIL INTO decisions",
            "COMMIT",
        ]


def test_what_another_process_stores_between_groups_is_seen(opened: Callable[..., Store]) -> None:
    here, there = opened(), opened()
    for turn in range(6):
        assert put(here, make_unit(2 * turn)) == [2 * turn + 1]
        assert put(there, make_unit(2 * turn + 1, after=2 * turn + 1)) == [2 * turn + 2]
        again = here.submit(make_unit(2 * turn + 1)).result()
        assert (again.log_number, again.repeated) == (2 * turn + 2, True)
    assert bodies(here) == bodies(there) == [body_of(seq) for seq in range(12)]
    assert put(there, make_unit(0, stream="b", ends=True), make_unit(12, ends=True)) == [13, 14]
    assert here.submit(make_unit(13)).result().log_number == 15
    assert there.session(SITE, SESSION).status == here.session(SITE, SESSION).status == "open"


def test_what_another_process_seals_or_erases_is_seen(opened: Callable[..., Store]) -> None:
    here, there = opened(), opened()
    put(here, make_unit(0), make_unit(1))
    assert there.seal(SITE, SESSION, 1)
    assert put(here, make_unit(2), make_unit(0)) == [3, 1]
    assert there.erase(SITE, SESSION)
    assert put(here, make_unit(2)) == [1]
    assert bodies(there) == [body_of(2)]


@pytest.mark.parametrize("again", ["here", "there"])
def test_a_session_that_was_erased_gets_another_key(opened: Callable[..., Store], again: str) -> None:
    stores = {"here": opened(), "there": opened()}
    put(stores["here"], make_unit(0))
    bodies(stores["there"])  # now both know its key
    old = stores["here"].keys.of(SITE, SESSION)
    stores["there"].erase(SITE, SESSION)
    for store in stores.values():
        with pytest.raises(WatchworthyError, match="payload_expired"):
            store.keys.of(SITE, SESSION)
    assert put(stores[again], make_unit(3)) == [1]
    for store in stores.values():
        assert bodies(store) == [body_of(3)]
        assert store.keys.of(SITE, SESSION) is not old


def test_a_key_erased_between_the_making_of_keys_and_the_transaction_is_made_again(
    opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = opened(), opened()
    make = Keys.make

    def erased(self: Keys, names: object) -> None:
        make(self, names)
        if self is here.keys:
            monkeypatch.setattr(Keys, "make", make)
            there.keys.erase(SITE, SESSION)

    monkeypatch.setattr(Keys, "make", erased)
    put(here, make_unit(0))
    assert bodies(there) == [body_of(0)]


def test_after_an_erasing_that_broke_off_no_batch_is_written_under_the_key_that_is_gone(
    opened: Callable[..., Store],
) -> None:
    here, there = opened(), opened()
    put(here, make_unit(0))
    there.keys.erase(SITE, SESSION)
    with pytest.raises(WatchworthyError, match="payload_expired"):
        bodies(here)
    assert put(here, make_unit(1)) == [2]
    assert [one.body for one in there.kept(SITE, SESSION, after=1)] == [body_of(1)]


def test_a_refused_unit_among_good_ones_leaves_no_trace(store: Store) -> None:
    put(store, make_unit(0))
    row = {"outbox": (Outgoing("o", "t", b""),), "caps": (Cap("c", "k"),), "checkpoint": Checkpoint(b"m")}
    found = group(
        store,
        make_unit(1),
        make_unit(900, **row),
        make_unit(0, body=body_of(9), **row),
        make_unit(900, session="never", **row),
        make_unit(2, after=0, **row),
        make_unit(0, stream="b"),
        make_unit(2),
    )
    assert found == [2, "seq_too_far", "seq_conflict", "seq_too_far", "log_moved", 3, 4]
    assert bodies(store) == [body_of(seq) for seq in (0, 1, 0, 2)]
    assert store.session(SITE, "never") is None
    assert store.checkpoints(SITE, SESSION) == []
    counts = store.read(
        lambda db: [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("outbox", "caps")]
    )
    assert counts == [0, 0]
    assert store.stats().refusals == {"seq_too_far": 2, "seq_conflict": 1, "log_moved": 1}


@pytest.mark.parametrize("among_others", [False, True])
def test_a_row_that_is_there_already_fails_its_own_unit_only(store: Store, among_others: bool) -> None:
    put(store, make_unit(0, decisions=(Decision("d0", "b", b""),)))
    ran: list[int] = []
    held = Held(store)
    units = [
        make_unit(1, decisions=(Decision("d1", "b", b""),)),
        make_unit(2, decisions=(Decision("d0", "b", b""),), caps=(Cap("c", "2"),)),
        make_unit(2, body=body_of(7), decisions=(Decision("d2", "b", b""),)),
        make_unit(0, session="t", visitor="v", outbox=(Outgoing("o", "t", b""),)),
        make_unit(0, session="u", outbox=(Outgoing("o", "t", b""),)),
        make_unit(700),
        make_unit(1),
    ]
    futures = [store.submit(unit) for unit in units]
    if among_others:
        store.write(lambda db: ran.append(1))
        futures.append(store.submit(make_unit(3)))
    held.go()
    found = [future.exception() or future.result().log_number for future in futures]
    codes = [one.code if isinstance(one, WatchworthyError) else one for one in found]
    late = [4] if among_others else []
    assert codes == [2, "already_stored", 3, 1, "already_stored", "seq_too_far", 2, *late]
    assert futures[6].result().repeated
    assert ran == [1] * among_others
    assert store.session(SITE, "u") is None
    names = store.read(lambda db: [name for (name,) in db.execute("SELECT name FROM decisions ORDER BY id")])
    assert names == ["d0", "d1", "d2"]
    assert store.stats().refusals == {"seq_too_far": 1}
    assert put(store, make_unit(0, session="u"), make_unit(5)) == [1, 4 + among_others]


def test_good_groups_follow_a_commit_that_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, make_unit(0), make_unit(1))
    monkeypatch.setattr(faults, "_reached", faults.Counter())
    monkeypatch.setenv("WATCHWORTHY_FAULT", "before_commit:1:raise")
    for unit in (make_unit(2, ends=True, visitor="v"), make_unit(0, session="t")):
        monkeypatch.setattr(faults, "_reached", faults.Counter())
        with pytest.raises(faults.Fault):
            store.submit(unit).result()
    monkeypatch.delenv("WATCHWORTHY_FAULT")
    assert store.session(SITE, SESSION).status == "open"
    assert put(store, make_unit(3), make_unit(2), make_unit(0, session="t")) == [3, 4, 1]
    assert bodies(store) == [body_of(seq) for seq in (0, 1, 3, 2)]
    assert store.session(SITE, SESSION).visitor == ""


def test_sessions_that_are_no_longer_remembered_are_read(opened: Callable[..., Store]) -> None:
    store = opened(remembered=2, tally_batches=3)
    names = [f"s{i}" for i in range(7)]
    for seq in range(5):
        assert put(store, *(make_unit(seq, session=name) for name in names)) == [2 * seq + 1] * 7
        assert (
            group(store, *(make_unit(seq, session=name, stream="b") for name in names)) == [2 * seq + 2] * 7
        )
    for name in names:
        assert bodies(store, name) == [body_of(seq) for seq in range(5) for _ in "ab"]


def test_a_page_load_that_ended_is_known_when_it_is_no_longer_remembered(
    opened: Callable[..., Store],
) -> None:
    store = opened(remembered=0)
    put(store, make_unit(0), make_unit(1, ends=True), make_unit(0, stream="b"))
    assert store.submit(make_unit(1)).result() == (2, b"answer 2", True, False)
    assert store.submit(make_unit(1, stream="b", ends=True)).result().ended


def test_other_work_that_changes_a_session_is_seen(store: Store) -> None:
    put(store, make_unit(0))
    large = "UPDATE session_tallies SET bytes = 1 << 40"
    store.write(lambda db: db.execute(large).rowcount, [(SITE, SESSION)]).result()
    assert group(store, make_unit(1)) == ["session_too_large"]
    store.write(lambda db: db.execute("UPDATE session_tallies SET bytes = 0").rowcount).result()
    assert group(store, make_unit(1)) == [2]


def test_a_body_that_was_packed_by_the_caller_is_stored_as_it_is(store: Store) -> None:
    unit = make_unit(0, body=b"[" + b" " * 300_000 + b"]")
    put(store, make_unit(0, body=unit.body, packed=pack(unit.body)))
    assert bodies(store) == [unit.body]
    assert store.session(SITE, SESSION).bytes == 300_002


def test_two_processes_that_send_at_once_share_one_log(opened: Callable[..., Store]) -> None:
    stores = [opened(tally_batches=5), opened(tally_batches=5)]
    futures = [
        stores[seq % 2].submit(make_unit(seq, session=f"s{i}", received_at_ms=HOUR + seq))
        for seq in range(40)
        for i in range(3)
    ]
    numbers = [future.result().log_number for future in futures]
    for i in range(3):
        assert sorted(numbers[i::3]) == list(range(1, 41))
        assert sorted(bodies(stores[0], f"s{i}")) == sorted(body_of(seq) for seq in range(40))
        for store in stores:
            assert store.session(SITE, f"s{i}").next_log == 41


def test_a_database_that_fails_in_the_middle_of_a_group_fails_all_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, make_unit(0))

    def broken(*arguments: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.store.accepting.insert", broken)
        assert group(store, make_unit(1), make_unit(2)) == ["store_failed"] * 2
    assert group(store, make_unit(2), make_unit(1)) == [2, 3]
