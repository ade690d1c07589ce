"""What a session leads to is the same through HTTP, however its batches come, and straight through the library."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_contracts.batches import Batch
from data_contracts.recordings import read
from features.catalogue import engine
from features.log import sessions_of
from models.bundle import Bundle, load
from models.heads import HEADS
from models.live_scores import LiveScorer
from models.logistic import Logistic
from models.scorer import Scorer
from pipelines.readings import recut
from service.live.reception import Reception
from tests.service.live_store import SAMPLES, Served
from tests.service.live_truth import same

Rng = np.random.Generator
FILES = sorted(SAMPLES.glob("*.json.gz"))


def of_sample(path: Path, rng: Rng, parts: int = 6) -> list[Batch]:
    """The batches of a recording, cut at random."""
    return recut(read(str(path)).batches, parts, rng)


def shaken(batches: list[Batch], rng: Rng) -> list[Batch]:
    """The same batches, some late, some twice."""
    places = np.arange(len(batches)) + rng.choice([0.0, 0.0, 0.0, 2.5], len(batches))
    late = [batches[i] for i in np.argsort(places, kind="stable")]
    again = [late[i] for i in rng.integers(0, len(late), len(late) // 3)]
    for batch in again:
        late.insert(int(rng.integers(0, len(late) + 1)), batch)
    return late


def test_every_sample_through_http_is_as_through_the_library(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            work = {path.stem.partition(".")[0]: of_sample(path, rng) for path in FILES}

            async def play(name: str, batches: list[Batch]) -> None:
                for batch in batches:
                    answer = await one.send(batch, name, ndjson=bool(batch.seq % 2))
                    assert answer.status_code == 200, answer.text

            await asyncio.gather(*(play(name, shaken(batches, rng)) for name, batches in work.items()))
            for name, batches in work.items():
                told = (await one.session(name)).json()
                (session,) = sessions_of(batches, name)
                same(told, session)
                assert told["log"]["batches"] == len(batches)

    asyncio.run(scenario())


def test_streams_of_one_session_may_come_in_any_order(tmp_path: Path) -> None:
    """Three page loads of one visitor, interleaved, delayed and repeated, with a batch that is lost."""
    rng = np.random.default_rng(8)
    files = [SAMPLES / f"{name}.json.gz" for name in ("calm-buy", "calm-search", "struggling-dead-coupon")]
    streams = [
        Batch(f"page{i}", batch.seq, batch.events)
        for i, path in enumerate(files)
        for batch in of_sample(path, rng)
    ]
    lost = streams.pop(8)
    assert lost.seq not in (0, 5), "the lost batch is in the middle of its stream"

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in shaken([streams[i] for i in rng.permutation(len(streams))], rng):
                assert (await one.send(batch)).status_code == 200
            sessions = sessions_of(streams, "s")
            for session in sessions:
                same((await one.session(session.id)).json(), session)
            assert (await one.session(f"s.{len(sessions) + 1}")).status_code == 404

    asyncio.run(scenario())


def test_eviction_and_restart_change_no_answer(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    batches = {path.stem.partition(".")[0]: of_sample(path, rng) for path in FILES[:4]}
    turns = [(name, batch) for name, ours in batches.items() for batch in ours]
    turns = [turns[i] for i in np.argsort([batch.seq for _, batch in turns], kind="stable")]

    async def scenario() -> None:
        half = len(turns) // 2
        async with Served(tmp_path, live_bytes=0) as one:
            for name, batch in turns[:half]:
                assert (await one.send(batch, name)).status_code == 200
            assert one.service.reception.sessions.evictions > half // 2
            assert len(one.service.reception.sessions) == 1
            before = one.write
        async with Served(tmp_path) as one:
            one.write = before
            answers = [await one.send(batch, name) for name, batch in turns]
            assert {answer.status_code for answer in answers} == {200}
            for name, ours in batches.items():
                (session,) = sessions_of(ours, name)
                told = (await one.session(name)).json()
                same(told, session)
                assert told["log"]["batches"] == len(ours)

    asyncio.run(scenario())


def test_two_services_on_one_folder_agree(tmp_path: Path) -> None:
    """Each finds out from the store that the other was faster, reads what it missed, and goes on."""
    batches = of_sample(SAMPLES / "calm-browse.json.gz", np.random.default_rng(4), 12)

    async def scenario() -> None:
        async with Served(tmp_path) as one, Served(tmp_path) as two:
            for i, batch in enumerate(batches):
                assert (await (one, one, two)[i % 3].send(batch)).status_code == 200
            again = await asyncio.gather(*(two.send(batch) for batch in batches))
            assert {answer.status_code for answer in again} == {200}
            await asyncio.gather(
                one.send(Batch("other", 0, batches[0].events)), two.send(Batch("other", 0, batches[0].events))
            )
            given = [*batches, Batch("other", 0, batches[0].events)]
            stored = [batch for _, batch in one.service.store.batches("default", "s")]
            assert sorted((b.stream, b.seq) for b in stored) == sorted((b.stream, b.seq) for b in given)
            (session,) = sessions_of(given, "s")
            for ours in (one, two):
                ours.service.reception.sessions.drop(("default", "s"))
                same((await ours.session()).json(), session)

    asyncio.run(scenario())


def test_a_session_rewound_too_often_says_so_and_is_right_when_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = of_sample(SAMPLES / "calm-browse.json.gz", np.random.default_rng(1), 24)
    folded = []
    fold = Reception._fold

    def counted(self: Reception, *given: Any) -> Any:
        folded.append(given)
        return fold(self, *given)

    monkeypatch.setattr(Reception, "_fold", counted)

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for batch in reversed(batches):
                assert (await one.send(batch)).status_code == 200
            told = (await one.session()).json()
            assert told["log"]["stale"]
            assert 16 <= len(folded) < len(batches)
            (session,) = sessions_of(batches, "s")
            same(told, session)
            ended = Batch("0", len(batches), [])
            assert (await one.send(ended, end=True)).status_code == 200
            told = (await one.session()).json()
            assert not told["log"]["stale"]
            same(told, session)

    asyncio.run(scenario())


def test_large_bodies_are_folded_beside_the_loop_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    work = {name: of_sample(SAMPLES / f"{name}.json.gz", rng) for name in ("calm-compare", "calm-buy")}
    engines = set()
    fold = Reception._fold

    def noted(self: Reception, live: Any, *rest: Any) -> Any:
        engines.add(live.memory.engine is engine())
        return fold(self, live, *rest)

    monkeypatch.setattr(Reception, "_fold", noted)

    async def scenario() -> None:
        async with Served(tmp_path, aside_bytes=8_000) as one:

            async def play(name: str) -> None:
                for batch in work[name]:
                    assert (await one.send(batch, name)).status_code == 200

            await asyncio.gather(*map(play, work))
            for name, batches in work.items():
                (session,) = sessions_of(batches, name)
                same((await one.session(name)).json(), session)

    asyncio.run(scenario())
    assert engines == {True, False}, "some batches beside the loop, some on it"


def without_trees() -> Scorer:
    """The starters, but for frustration, which is a regression as on a site with few labels."""
    heads = load().heads
    wanted = heads["frustration"].model.names
    some = tuple(np.linspace(-1, 1, len(wanted)).tolist())
    ones = (1.0,) * len(wanted)
    model = Logistic(wanted, some, ones, (-2.0,) * len(wanted), (2.0,) * len(wanted), some, 0.3)
    return Scorer(Bundle(heads | {"frustration": replace(heads["frustration"], model=model)}))


@pytest.mark.parametrize("judge", [Scorer.starter(), without_trees()], ids=["starters", "without trees"])
def test_live_scores_are_those_of_an_assessment(judge: Scorer) -> None:
    live = LiveScorer(judge)
    spoken = 0
    for path in FILES:
        (session,) = sessions_of(read(str(path)).batches, "s")
        scores = live.scores(session)
        whole = judge.assess(session, "s", "now")
        assert scores.verdict == whole.bot.verdict
        for head in HEADS:
            block = getattr(whole, head.name, None) or whole.heads.get(head.name)
            if block is None:  # a head that nobody has trained yet
                assert head.name not in scores.heads
                continue
            assert scores.heads[head.name].probability == block.probability
            assert scores.heads[head.name].ineligible_reason == block.ineligible_reason
            spoken += block.probability is not None
    assert spoken > len(FILES)
