"""What is kept of live sessions: rebuilt from checkpoints, bounded whatever comes, and dropped without a trace."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from data_contracts.batches import Batch
from data_contracts.limits import LIMITS
from data_contracts.page_index import MAX_NODES
from features.engine import MEMORY_LIMIT
from features.log import sessions_of
from features.memory import PAGES_KEPT, Memory
from features.moments import CAPACITY
from pipelines.readings import recut
from service.live.live_sessions import Live, LiveSessions, as_sent
from service.live.reception import CHECKPOINT_EVERY
from tests.features.streams import encoded, snapshot, stream
from tests.service.live_store import Served
from tests.service.test_live_scenarios import same

FULL = settings.get_current_profile_name() == "full"
T0 = 1_900_000_000_000


def cut(seed: int, batches: int, name: str = "p") -> list[Batch]:
    """A visit cut into so many batches."""
    events = encoded(stream(seed, acts=batches))
    edges = np.linspace(0, len(events), batches + 1).astype(int).tolist()
    return [Batch(name, seq, events[begin:end]) for seq, (begin, end) in enumerate(pairwise(edges))]


def test_a_rewind_reads_from_the_last_checkpoint_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = cut(3, 2 * CHECKPOINT_EVERY + 30)
    late = batches[-8]
    read: list[int] = []

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in batches:
                if batch is not late:
                    assert (await one.send(batch)).status_code == 200
            store, sessions = one.service.store, one.service.reception.sessions
            # Who is flagged is named, and to name them the whole log is read: that is not what is counted here.
            monkeypatch.setattr(one.service.reception.judge, "flagged", lambda *given: False)
            told = store.checkpoints("default", "s")
            assert [one.log_number for one in told] == [2 * CHECKPOINT_EVERY, CHECKPOINT_EVERY]
            whole = store.batches

            def counted(*name: Any) -> Any:
                for number, batch in whole(*name):
                    read.append(number)
                    yield number, batch

            monkeypatch.setattr(store, "batches", counted)
            assert (await one.send(late)).status_code == 200
            assert (sessions.rebuilds, sessions.thaws) == (1, 1)
            assert min(read) == 2 * CHECKPOINT_EVERY + 1
            assert sessions.held(("default", "s")).rewinds == 1  # type: ignore[union-attr]
            same((await one.session()).json(), sessions_of(batches, "s")[0])

    asyncio.run(scenario())


def test_a_batch_from_before_the_last_checkpoint_takes_an_older_one(tmp_path: Path) -> None:
    batches = cut(4, 2 * CHECKPOINT_EVERY + 10)
    late = batches[2 * CHECKPOINT_EVERY - 20]

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in batches:
                if batch is not late:
                    assert (await one.send(batch)).status_code == 200
            assert (await one.send(late)).status_code == 200
            assert one.service.reception.sessions.thaws == 2
            same((await one.session()).json(), sessions_of(batches, "s")[0])

    asyncio.run(scenario())


def test_what_was_evicted_is_read_from_its_checkpoint_and_nothing_changes(tmp_path: Path) -> None:
    ours, theirs = cut(5, CHECKPOINT_EVERY + 20), cut(6, CHECKPOINT_EVERY + 20)

    async def scenario() -> None:
        async with Served(tmp_path, live_bytes=0) as one:
            for mine, other in zip(ours, theirs, strict=True):
                assert (await one.send(mine, "mine")).status_code == 200
                assert (await one.send(other, "other")).status_code == 200
            sessions = one.service.reception.sessions
            assert len(sessions) == 1
            assert sessions.evictions > CHECKPOINT_EVERY
            assert sessions.thaws > 20
            for name, batches in (("mine", ours), ("other", theirs)):
                same((await one.session(name)).json(), sessions_of(batches, name)[0])

    asyncio.run(scenario())


def test_page_after_page_is_no_rewind(tmp_path: Path) -> None:
    loads = [
        Batch(f"load{i}", 0, encoded(stream(i, acts=5, start=T0 + i * 30_000, page=f"https://a.example/{i}")))
        for i in range(12)
    ]

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for i, batch in enumerate(loads):
                assert (await one.send(batch, end=i % 2 == 0)).status_code == 200
            live = one.service.reception.sessions.held(("default", "s"))
            assert live is not None
            assert live.rewinds == 0
            assert live.memory.gone >= 4
            same((await one.session()).json(), sessions_of(loads, "s")[0])

    asyncio.run(scenario())


def test_channels_that_a_recorder_declares_reach_the_vector(tmp_path: Path) -> None:
    batch = cut(7, 1)[0]

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            assert (await one.send(batch, channels=["trust", "canvas"])).status_code == 200
            told = (await one.session()).json()
            assert {"trust", "canvas"} <= set(told["coverage"]["channels"])
            (kept,) = (b for _, b in one.service.store.batches("default", "s"))
            same(told, sessions_of([kept], "s")[0])

    asyncio.run(scenario())


def test_batches_are_played_in_the_order_of_their_stream() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        numbers = {name: sorted(rng.choice(12, 8, replace=False).tolist()) for name in "ab"}
        batches = [Batch(name, seq, []) for name, ours in numbers.items() for seq in ours]
        held = {name: [edge for n in ours for edge in (n, n + 1)] for name, ours in numbers.items()}
        shuffled = [batches[i] for i in rng.permutation(len(batches))]
        due = {name: ours[0] for name, ours in numbers.items()}
        played = list(as_sent(shuffled, due, held))
        for name, ours in numbers.items():
            assert [batch.seq for batch in played if batch.stream == name] == ours


def page(size: int) -> bytes:
    """A real page's snapshot, grown to about so many bytes by its own rows."""
    told = snapshot()
    body = told["node"]["childNodes"][0]["childNodes"][1]["childNodes"]
    shelf, number = list(body), 1_000
    while len(json.dumps(told)) < size:
        copy = json.loads(json.dumps(shelf))
        for one in walked(copy):
            one["id"] = number = number + 1
        body.append(
            {
                "type": 2,
                "tagName": "div",
                "attributes": {"class": "row"},
                "childNodes": copy,
                "id": number + 1,
            }
        )
        number += 1
    return json.dumps({"type": 2, "data": told, "timestamp": T0 + 1}).encode()


def walked(nodes: list[Any]) -> Any:
    """Every node of a tree."""
    for one in nodes:
        yield one
        yield from walked(one.get("childNodes", []))


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4_096


def test_many_sessions_with_large_pages_stay_within_the_limit() -> None:
    limit, count = 96 << 20, 100_000 if FULL else 4_000
    meta = json.dumps({"type": 4, "data": {"href": "/", "width": 9, "height": 9}, "timestamp": T0}).encode()
    opening, acts = [meta, page(100_000)], encoded(stream(8, acts=4))[3:]
    assert 95_000 < len(opening[1]) < 125_000
    sessions = LiveSessions(None, None, None, limit)  # type: ignore[arg-type]  # nothing is read here
    before = resident()
    for i in range(count):
        memory = Memory(f"s{i}", names=False)
        memory.push(Batch("p", 0, [*opening, *acts]))
        memory.latest()
        assert memory._folded.memory.nbytes <= MEMORY_LIMIT
        sessions.keep(("site", f"s{i}"), Live(memory, 1))
        assert sessions.bytes <= limit
    assert sessions.evictions == count - len(sessions) > 0
    assert len(sessions) > 300
    assert sessions.bytes == sum(live.weight for live in sessions._held.values())
    # The system's allocator keeps holes between what comes and goes: the more, the longer it goes on.
    assert resident() - before < (1.9 if FULL else 1.3) * limit


def test_a_flood_of_rows_and_a_page_without_end_stay_bounded() -> None:
    memory = Memory("s", names=False)
    memory.push(Batch("p", 0, encoded(stream(9, acts=2))))
    latest = memory.streams["p"].clock.latest or 0
    positions = [{"x": i % 900, "y": i % 700, "id": 10, "timeOffset": -(i % 500)} for i in range(1_000)]
    move = {"type": 3, "data": {"source": 1, "positions": positions}, "timestamp": latest + 900}
    memory.push(Batch("p", 1, [json.dumps(move).encode()] * 100))
    assert memory.counts.problems["rows_dropped"] > 90_000
    assert memory.nbytes < 1 << 20
    many = b",".join(b'{"type":3,"textContent":"","id":%d}' % i for i in range(10, 1_000_010))
    node = (
        b'{"type":0,"id":1,"childNodes":[{"type":2,"tagName":"p","attributes":{},"id":2,"childNodes":[' + many
    )
    huge = b'{"type":2,"data":{"node":' + node + b']}]}},"timestamp":%d}' % (latest + 2_000)
    memory.push(Batch("p", 2, [huge]))
    index = memory.streams["p"].index
    assert (index.nodes, index.overflow) == (MAX_NODES, True)
    assert memory.nbytes < 16 << 20


def test_what_is_kept_does_not_grow_with_the_session() -> None:
    memory, weights, seq = Memory("s", names=False), [], 0
    for hour in range(6 if not FULL else 60):
        events = encoded(stream(hour, acts=150, start=T0 + hour * 1_200_000))
        for at in range(0, len(events), 40):
            assert memory.push(Batch("p", seq, events[at : at + 40]))
            seq += 1
        moments = memory._folded.moments
        assert moments is not None
        assert moments.size <= CAPACITY
        weights.append(Live(memory).weigh() - moments.nbytes)
        assert len(memory._folded.pages.given) <= PAGES_KEPT + 16
    assert max(weights[2:]) < 1.5 * weights[1]


def test_a_memory_from_other_code_or_settings_is_not_gone_on_from() -> None:
    one = Memory("s", names=False)
    assert one.definition() == Memory("t", names=False).definition()
    assert one.definition() != Memory("s", None, 60_000, names=False).definition()
    assert one.definition() != Memory("s", None, limits=type(LIMITS)(depth=9), names=False).definition()


def test_a_late_batch_that_was_cut_anew_is_the_same_as_in_one_go(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    batches = recut([Batch("p", 0, encoded(stream(11, acts=40)))], 12, rng)
    order = [batches[i] for i in [0, 1, 4, 2, 3, 7, 5, 6, *range(8, len(batches))]]

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in order:
                assert (await one.send(batch)).status_code == 200
            told = (await one.session()).json()
            same(told, sessions_of(batches, "s")[0])

    asyncio.run(scenario())
