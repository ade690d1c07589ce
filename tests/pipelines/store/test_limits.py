"""What a session may hold; each refusal has its code and is counted."""

from collections.abc import Callable

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Store, StoreLimits, Unit
from tests.pipelines.store.making import HOUR, SESSION, SITE, make_unit


def refused(store: Store, unit: Unit, code: str) -> None:
    before = store.session(SITE, SESSION)
    counted = store.stats().refusals.get(code, 0)
    with pytest.raises(WatchworthyError) as caught:
        store.submit(unit).result()
    assert caught.value.code == code
    assert store.stats().refusals[code] == counted + 1
    assert store.session(SITE, SESSION) == before


def test_a_number_may_lie_256_past_the_highest_and_no_further(store: Store) -> None:
    refused(store, make_unit(256), "seq_too_far")
    store.submit(make_unit(255)).result()
    refused(store, make_unit(512), "seq_too_far")
    store.submit(make_unit(511)).result()


def test_a_stream_may_have_64_gaps_and_not_65(store: Store) -> None:
    for seq in range(1, 128, 2):  # before each of these 64 one is missing
        store.submit(make_unit(seq)).result()
    refused(store, make_unit(129), "too_many_gaps")
    store.submit(make_unit(128)).result()
    store.submit(make_unit(0)).result()
    store.submit(make_unit(130)).result()
    refused(store, make_unit(132), "too_many_gaps")


def test_a_late_batch_may_cut_a_gap_in_two_only_within_the_limit(opened: Callable[..., Store]) -> None:
    store = opened(gaps=1)
    store.submit(make_unit(4)).result()
    refused(store, make_unit(2), "too_many_gaps")
    store.submit(make_unit(3)).result()


def test_a_session_may_have_32_open_streams_and_not_33(store: Store) -> None:
    for number in range(32):
        store.submit(make_unit(0, stream=f"s{number}")).result()
    refused(store, make_unit(0, stream="more"), "too_many_streams")
    store.submit(make_unit(1, stream="s5", ends=True)).result()
    store.submit(make_unit(0, stream="more")).result()
    refused(store, make_unit(0, stream="still more"), "too_many_streams")


def test_a_stream_that_is_silent_for_the_idle_time_is_not_open(opened: Callable[..., Store]) -> None:
    store = opened(open_streams=1)
    store.submit(make_unit(0, received_at_ms=0)).result()
    refused(store, make_unit(0, stream="b", received_at_ms=HOUR // 2), "too_many_streams")
    store.submit(make_unit(0, stream="b", received_at_ms=HOUR // 2 + 1)).result()


def test_a_session_may_hold_so_many_bytes(opened: Callable[..., Store]) -> None:
    store = opened(session_bytes=len(make_unit(0).body) + len(make_unit(1).body))
    store.submit(make_unit(0)).result()
    store.submit(make_unit(1)).result()
    refused(store, make_unit(2), "session_too_large")


def test_a_session_may_last_24_hours(store: Store) -> None:
    store.submit(make_unit(0, received_at_ms=0)).result()
    store.submit(make_unit(1, received_at_ms=24 * HOUR)).result()
    refused(store, make_unit(2, received_at_ms=24 * HOUR + 1), "session_too_long")
    assert store.submit(make_unit(0, received_at_ms=99 * HOUR)).result().repeated


def early(store: Store, unit: Unit) -> str | None:
    """The code that a unit would be refused with early; what the transaction says of it must be the same."""
    refused = store.refuse_early(
        unit.site, unit.session, unit.stream, unit.seq, len(unit.body), unit.received_at_ms
    )
    return refused and refused.code


def test_what_breaks_a_limit_is_refused_before_any_work_is_done_on_it(opened: Callable[..., Store]) -> None:
    store = opened(gaps=1, open_streams=2, session_bytes=5_000, seq_ahead=9)
    assert early(store, make_unit(99)) is None  # nothing is known of the session yet
    for unit in (make_unit(0), make_unit(2), make_unit(0, stream="b")):
        assert early(store, unit) is None
        store.submit(unit).result()
    units = {
        "seq_too_far": make_unit(12),
        "too_many_gaps": make_unit(4),
        "too_many_streams": make_unit(0, stream="c"),
        "session_too_large": make_unit(1, body=b"[" + b" " * 5_000 + b"]"),
        "session_too_long": make_unit(1, received_at_ms=25 * HOUR),
    }
    for code, unit in units.items():
        assert early(store, unit) == code
        assert store.stats().refusals[code] == 1
        refused(store, unit, code)
    assert early(store, make_unit(0, received_at_ms=25 * HOUR)) is None  # a repeat
    assert early(store, make_unit(1)) is None


def test_an_early_refusal_asks_whether_another_process_knows_better(opened: Callable[..., Store]) -> None:
    here, there = opened(gaps=1), opened(gaps=1)
    here.submit(make_unit(1)).result()
    assert early(here, make_unit(3)) == "too_many_gaps"
    assert early(there, make_unit(3)) is None
    there.submit(make_unit(0)).result()
    assert early(here, make_unit(3)) is None
    assert here.submit(make_unit(3)).result().log_number == 3


def test_a_batch_that_breaks_no_limit_is_not_refused_early_at_the_price_of_a_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.submit(make_unit(0)).result()
    monkeypatch.setattr(store, "_reads", None)
    assert early(store, make_unit(1)) is None
    with pytest.raises(AttributeError):
        early(store, make_unit(999))
    monkeypatch.undo()


def test_the_limits_are_those_that_are_published() -> None:
    limits = StoreLimits()
    assert (limits.seq_ahead, limits.gaps, limits.open_streams) == (256, 64, 32)
    assert (limits.session_ms, limits.idle_ms) == (24 * HOUR, HOUR // 2)
