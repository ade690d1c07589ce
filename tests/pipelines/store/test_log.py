"""What is stored of a batch, and what a repeat, a late one and a last one change."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Cap, Checkpoint, Decision, Intervention, Outgoing, Store
from pipelines.store.crypto import Keys
from pipelines.store.schema import MAIN
from tests.pipelines.store.making import HOUR, SESSION, SITE, body_of, make_unit


def put(store: Store, *units: object) -> list[int]:
    return [store.submit(unit).result().log_number for unit in units]


def count(store: Store, table: str) -> int:
    return store.read(lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_batches_come_back_by_log_number_as_they_were(store: Store) -> None:
    assert put(store, make_unit(1), make_unit(0), make_unit(0, stream="b")) == [1, 2, 3]
    found = list(store.batches(SITE, SESSION))
    assert [(n, b.stream, b.seq) for n, b in found] == [(1, "a", 1), (2, "a", 0), (3, "b", 0)]
    assert [b"[" + b", ".join(b.events) + b"]" for _, b in found] == [body_of(1), body_of(0), body_of(0)]
    assert [n for n, _ in store.batches(SITE, SESSION, after=2)] == [3]


def test_a_store_that_is_opened_again_goes_on_where_it_was(opened: Callable[..., Store]) -> None:
    first = opened()
    put(first, make_unit(0))
    first.close()
    second = opened()
    assert put(second, make_unit(1)) == [2]
    assert len(list(second.batches(SITE, SESSION))) == 2


def test_a_repeat_gets_the_stored_answer_and_changes_nothing(store: Store) -> None:
    first = store.submit(make_unit(0)).result()
    before = store.session(SITE, SESSION)
    again = store.submit(make_unit(0, received_at_ms=9_999, answer=b"other")).result()
    assert (first.answer, first.repeated) == (b"answer 1", False)
    assert again == first._replace(repeated=True)
    assert store.session(SITE, SESSION) == before


def test_the_same_unit_twice_in_one_commit_is_stored_once(store: Store) -> None:
    first, again = [store.submit(make_unit(0)) for _ in range(2)]
    assert (first.result().repeated, again.result().repeated) == (False, True)
    assert count(store, "batches") == 1


def test_another_digest_under_the_same_number_is_refused(store: Store) -> None:
    put(store, make_unit(0))
    with pytest.raises(WatchworthyError, match="seq_conflict"):
        store.submit(make_unit(0, body=body_of(7))).result()
    assert store.stats().refusals == {"seq_conflict": 1}


def test_known_says_what_was_answered(store: Store) -> None:
    unit = make_unit(4)
    put(store, unit)
    assert store.known(SITE, SESSION, "a", 4) == (1, unit.digest, b"answer 1")
    assert store.known(SITE, SESSION, "a", 3) is None
    assert store.known(SITE, SESSION, "b", 4) is None
    assert store.known(SITE, "other", "a", 4) is None


def test_sites_do_not_see_each_other(store: Store) -> None:
    put(store, make_unit(0), make_unit(0, site="other", body=body_of(5)))
    assert [n for n, _ in store.batches("other", SESSION)] == [1]
    assert [row.site for row in store.sessions(site="other")] == ["other"]


def test_a_unit_that_was_folded_on_an_older_log_is_refused(store: Store) -> None:
    put(store, make_unit(0, after=0))
    with pytest.raises(WatchworthyError, match="log_moved"):
        store.submit(make_unit(1, after=0)).result()
    assert put(store, make_unit(1, after=1)) == [2]


def test_all_that_goes_with_a_batch_is_stored_with_it_or_not_at_all(store: Store) -> None:
    everything = {
        "checkpoint": Checkpoint(b"memory", 5, b"digests"),
        "decisions": (Decision("d1", "bundle", b"{}"),),
        "interventions": (Intervention("i1", "rule", b"{}"),),
        "outbox": (Outgoing("o1", "topic", b"{}"),),
        "caps": (Cap("visitor", "v1"),),
    }
    put(store, make_unit(0, **everything))
    tables = ("batches", "checkpoints", "decisions", "interventions", "outbox", "caps")
    assert [count(store, table) for table in tables] == [1] * 6
    others = {
        "decisions": (Decision("d2", "bundle", b"{}"),),
        "interventions": (Intervention("i2", "rule", b"{}"),),
        "outbox": (Outgoing("o2", "topic", b"{}"),),
    }
    for taken in ("decisions", "interventions", "outbox", "caps"):
        with pytest.raises(WatchworthyError, match="already_stored"):
            store.submit(make_unit(1, **{**others, taken: everything[taken]})).result()
    assert [count(store, table) for table in tables] == [1] * 6


def test_a_decision_is_unique_by_session_log_number_and_bundle(store: Store) -> None:
    twice = (Decision("d1", "bundle", b"{}"), Decision("d2", "bundle", b"{}"))
    with pytest.raises(WatchworthyError, match="already_stored"):
        store.submit(make_unit(0, decisions=twice)).result()
    assert list(store.batches(SITE, SESSION)) == []


def test_the_latest_checkpoints_are_kept(opened: Callable[..., Store]) -> None:
    store = opened(checkpoints=2)
    put(store, *(make_unit(i, checkpoint=Checkpoint(b"%d" % i, 10 * i, b"d")) for i in range(4)))
    assert store.checkpoint(SITE, SESSION) == Checkpoint(b"3", 30, b"d", 4)
    assert store.checkpoint(SITE, SESSION, before=30) == Checkpoint(b"2", 20, b"d", 3)
    assert store.checkpoint(SITE, SESSION, before=20) is None
    assert [one.log_number for one in store.checkpoints(SITE, SESSION)] == [4, 3]


def test_a_checkpoint_is_chosen_from_a_list_by_its_log_number(store: Store) -> None:
    memory = bytes(range(256)) * 2_000
    put(
        store,
        make_unit(0, checkpoint=Checkpoint(memory, 7, b"d")),
        make_unit(1),
        make_unit(2, checkpoint=b"last"),
    )
    assert store.checkpoints(SITE, SESSION) == [Checkpoint(b"", 0, b"", 3), Checkpoint(b"", 7, b"d", 1)]
    chosen = next(one for one in store.checkpoints(SITE, SESSION) if one.log_number < 3)
    assert store.checkpoint(SITE, SESSION, log_number=chosen.log_number) == Checkpoint(memory, 7, b"d", 1)
    assert store.checkpoint(SITE, SESSION, log_number=2) is None
    assert store.checkpoints(SITE, "other") == []
    size = store.read(lambda db: db.execute("SELECT max(length(memory)) FROM checkpoints").fetchone()[0])
    assert size < len(memory) // 20


def test_listings_go_on_behind_the_last_session_whatever_came_meanwhile(store: Store) -> None:
    put(store, *(make_unit(0, session=f"s{i}") for i in range(5)))
    first = store.sessions(most=3)
    put(store, make_unit(1, session="s0"), make_unit(0, session="s5"))
    rest = store.sessions(after=first[-1].number)
    assert [row.session for row in [*first, *rest]] == [f"s{i}" for i in range(6)]


def test_a_session_ends_when_every_stream_has_said_its_end(store: Store) -> None:
    put(store, make_unit(0), make_unit(0, stream="b", ends=True))
    assert store.session(SITE, SESSION).status == "open"
    assert store.submit(make_unit(1, ends=True)).result().ended
    assert store.session(SITE, SESSION).status == "ended"


@pytest.mark.parametrize("later", [{"seq": 2}, {"seq": 0, "stream": "c"}])
def test_a_later_batch_undoes_an_end(store: Store, later: dict[str, object]) -> None:
    put(store, make_unit(1, ends=True), make_unit(**later))
    assert store.session(SITE, SESSION).status == "open"


def test_an_end_is_a_matter_of_numbers_not_of_arrival(store: Store) -> None:
    put(store, make_unit(1, ends=True), make_unit(0))
    assert store.session(SITE, SESSION).status == "ended"


def test_a_repeat_undoes_no_end(store: Store) -> None:
    put(store, make_unit(0), make_unit(1, ends=True), make_unit(0))
    assert store.session(SITE, SESSION).status == "ended"


def test_a_session_ends_when_it_was_silent_for_the_idle_time(store: Store) -> None:
    put(store, make_unit(0, received_at_ms=5))
    assert store.end_due(HOUR // 2 + 4) == []
    assert [row.session for row in store.end_due(HOUR // 2 + 5)] == [SESSION]
    assert store.session(SITE, SESSION).status == "ended"
    assert store.end_due(HOUR) == []
    put(store, make_unit(1, received_at_ms=HOUR))
    assert store.session(SITE, SESSION).status == "open"


def test_nothing_of_a_payload_can_be_read_on_the_disk(opened: Callable[..., Store], tmp_path: Path) -> None:
    store = opened()
    secret = b"only-this-batch-says-so"
    put(store, make_unit(0, body=b'[{"type": 5, "data": "%s"}]' % secret, checkpoint=b"memory of " + secret))
    store.seal(SITE, SESSION, 1)
    store.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert not [path for path in files if secret in path.read_bytes()]


def test_an_erased_session_is_gone_with_its_key_rows_and_object(store: Store) -> None:
    put(store, make_unit(0), make_unit(0, session="kept"))
    store.seal(SITE, SESSION, 1)
    put(store, make_unit(1, outbox=(Outgoing("o", "t", b""),)))
    assert store.erase(SITE, SESSION)
    assert store.session(SITE, SESSION) is None
    assert list(store.batches(SITE, SESSION)) == []
    assert not list((store.folder / "recordings").rglob("*.recording"))
    with pytest.raises(WatchworthyError, match="payload_expired"):
        store.keys.of(SITE, SESSION)
    assert not store.erase(SITE, SESSION)
    assert len(list(store.batches(SITE, "kept"))) == 1
    assert put(store, make_unit(0)) == [1]


def test_a_payload_moved_to_another_place_cannot_be_read(store: Store) -> None:
    put(store, make_unit(0), make_unit(1))
    swap = (
        "UPDATE batches SET payload = (SELECT payload FROM batches AS other"
        " WHERE other.log_number <> batches.log_number)"
    )
    store.write(lambda db: db.execute(swap)).result()
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        list(store.batches(SITE, SESSION))


def test_the_schema_has_a_version_and_a_later_one_is_refused(opened: Callable[..., Store]) -> None:
    store = opened()
    store.close()
    with sqlite3.connect(store.folder / "store.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MAIN),)
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(WatchworthyError, match="store_newer"):
        opened()


def test_every_commit_waits_for_the_disk(store: Store) -> None:
    def pragma(name: str) -> object:
        return store.write(lambda db: db.execute(f"PRAGMA {name}").fetchone()[0]).result()

    assert (pragma("journal_mode"), pragma("synchronous")) == ("wal", 2)  # 2 is FULL


def test_a_key_made_for_a_batch_that_was_never_stored_is_used_for_its_next_try(
    opened: Callable[..., Store], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    keys = Keys(tmp_path / "data")
    keys.make([(SITE, SESSION)])
    keys.close()
    store = opened()
    put(store, make_unit(0))
    assert len(list(store.batches(SITE, SESSION))) == 1
