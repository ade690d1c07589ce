"""A memory without its batches: it may be frozen and thawed anywhere, and says when it must be built anew."""

from pathlib import Path

import numpy as np
import pytest

from data_contracts.batches import Batch
from data_contracts.events import CHANNELS
from data_contracts.recordings import read
from features.log import sessions_of
from features.memory import Memory
from features.session import Session
from pipelines.readings import recut
from tests.features.streams import encoded, stream


def same(ours: list[Session], theirs: list[Session]) -> None:
    """Equal to the last bit, names of elements aside."""
    assert [one.id for one in ours] == [one.id for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.memory.tobytes() == other.memory.tobytes()
        assert one.vector.tobytes() == other.vector.tobytes()
        assert one.moments.tobytes() == other.moments.tobytes()
        assert (one.start_ms, one.coverage) == (other.start_ms, other.coverage)


def plays(batches: list[Batch], rng: np.random.Generator) -> Memory:
    """Push batches in order, now and then through a freeze, and compare with the library at the end."""
    memory = Memory("x", names=False)
    for batch in batches:
        assert memory.push(batch)
        if rng.random() < 0.4:
            frozen = memory.freeze()
            if frozen is not None:
                again = Memory.thaw(frozen, "x")
                assert again.freeze() == frozen
                assert again.definition() == memory.definition()
                memory = again
    same(memory.sessions(), sessions_of(batches, "x"))
    return memory


def test_a_thawed_memory_goes_on_as_the_frozen_one(some_recordings: list[Path]) -> None:
    rng = np.random.default_rng(8)
    frozen = 0
    for path in some_recordings[::2]:
        batches = recut(read(path).batches, 7, rng)
        if len({batch.stream for batch in batches}) == 1 and batches:
            plays(batches, rng)
            frozen += 1
    assert frozen > 10


def test_the_last_session_and_its_rows_are_those_of_all() -> None:
    events = encoded([*stream(3), *stream(4, start=1_900_000_000_000 + 3 * 3_600_000)])
    memory = Memory("x", names=False)
    assert memory.latest() == (None, 0)
    memory.push(Batch("s", 0, events))
    sessions = memory.sessions()
    last, rows = memory.latest()
    assert last is not None
    assert len(sessions) == 2
    same([last], sessions[-1:])
    assert rows == sum(one.coverage.rows for one in sessions)


def test_what_comes_too_late_is_told() -> None:
    events = encoded(stream(5, acts=30))
    parts = [events[i : i + 20] for i in range(0, len(events), 20)]
    memory = Memory("x")
    assert memory.push(Batch("s", 0, parts[0]))
    assert memory.push(Batch("s", 2, parts[2]))
    assert not memory.push(Batch("s", 1, parts[1]))


def test_a_tab_that_was_silent_may_speak_of_the_present_but_not_of_the_past() -> None:
    early, late = (encoded(stream(6, start=1_900_000_000_000 + s * 1_000)) for s in (0, 120))
    memory = Memory("x")
    assert memory.push(Batch("a", 0, early[:10]))
    assert memory.push(Batch("b", 0, late))
    assert not memory.push(Batch("a", 1, early[10:]))
    memory = Memory("x")
    assert memory.push(Batch("a", 0, early))
    assert memory.push(Batch("b", 0, late))
    later = encoded(stream(7, start=1_900_000_000_000 + 900_000))
    assert memory.push(Batch("a", 1, later))
    same(memory.sessions(), sessions_of([Batch("a", 0, [*early, *later]), Batch("b", 0, late)], "x"))


def test_streams_that_end_are_let_go_of() -> None:
    memory, batches = Memory("x", names=False), []
    for i in range(40):
        events = encoded(stream(i, acts=4, start=1_900_000_000_000 + i * 60_000))
        batches.append(Batch(f"load{i}", 0, events))
        assert memory.push(batches[-1], ends=True)
        assert len(memory.streams) <= 2
        assert len(memory._folded.pages.given) <= 8
    same(memory.sessions(), sessions_of(batches, "x"))
    assert memory.due("load3") is None
    assert (memory.due("load39"), memory.due("new")) == (1, 0)
    assert not memory.push(Batch("load3", 1, []))
    same(Memory.thaw(memory.freeze() or b"", "x").sessions(), memory.sessions())


@pytest.mark.parametrize("name", ["trust", "visibility"])
def test_a_channel_that_the_sender_declares_is_one_that_can_be_seen(name: str) -> None:
    events = encoded(stream(9))
    channel = CHANNELS.index(name)
    (without,) = sessions_of([Batch("s", 0, events)], "x")
    (with_it,) = sessions_of([Batch("s", 0, events, 1 << channel)], "x")
    seen = {f.name for f in with_it.log.engine.features if f.channel == name}
    names = with_it.log.engine.names
    assert name not in without.coverage.channels
    assert name in with_it.coverage.channels
    for feature, before, after in zip(names, without.vector, with_it.vector, strict=True):
        if feature in seen:
            assert np.isnan(before)
        else:
            assert np.array_equal(before, after, equal_nan=True)
