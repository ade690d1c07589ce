"""Fidelity: whoever takes something away from a recording makes no claim about it firmer.

Without the first snapshot, a batch, the pointer, the console or the network, a head that spoke may fall silent and
never begins to speak, no verdict grows, and an interval holds all that it held before. Without the masked text of the
page nothing changes at all.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_contracts.assessments import Assessment
from data_contracts.batches import Batch
from data_contracts.recordings import read
from features.log import sessions_of
from features.session import Session
from models.scorer import Scorer
from pipelines.traps.corpus import OTHER_RECORDERS, RECORDINGS

Json = dict[str, Any]
Damage = Callable[[list[Json]], list[Batch]]

FULL_SNAPSHOT, INCREMENTAL, PLUGIN = 2, 3, 6
POSITIONS = 1  # source of an incremental event
PARTS = 4  # batches that a recording is cut into
TRAPS = ("rage-dead-quiet", "carousel-busy", "robot-quiet", "repeat-submit-busy", "error-click-quiet")
OUR_OWN = sorted(OTHER_RECORDERS.glob("*.watchworthy.json.gz"))  # by our own recorder, which tells requests
REQUESTING = ("optimistic-quiet", "repeat-submit-quiet", "slow-quiet")
CLOSE = 1e-9  # of a probability


def events_of(path: Path) -> list[Json]:
    return [json.loads(bytes(text)) for batch in read(str(path)).batches for text in batch.events]


def batches(events: list[Json], without: int | None = None) -> list[Batch]:
    """Events in a few batches, one of which may never have come."""
    texts = [json.dumps(event).encode() for event in events]
    size = max(1, -(-len(texts) // PARTS))
    cut = [texts[begin : begin + size] for begin in range(0, len(texts), size)]
    return [Batch("s", seq, part) for seq, part in enumerate(cut) if seq != without]


def no_snapshot(events: list[Json]) -> list[Batch]:
    first = next((n for n, event in enumerate(events) if event["type"] == FULL_SNAPSHOT), len(events))
    return batches(events[:first] + events[first + 1 :])


def no_batch(events: list[Json]) -> list[Batch]:
    return batches(events, without=1)


def no_pointer(events: list[Json]) -> list[Batch]:
    return batches(
        [one for one in events if not (one["type"] == INCREMENTAL and one["data"].get("source") == POSITIONS)]
    )


def no_plugin(name: str) -> Damage:
    def drop(events: list[Json]) -> list[Batch]:
        kept = [one for one in events if not (one["type"] == PLUGIN and name in one["data"]["plugin"])]
        return batches([undeclared(one, name) for one in kept])

    return drop


def undeclared(event: Json, channel: str) -> Json:
    """A declaration of channels without this one."""
    if event["type"] != 5 or event["data"].get("tag") != "ww.channels":
        return event
    kept = [name for name in event["data"]["payload"]["channels"] if name != channel]
    return event | {"data": {"tag": "ww.channels", "payload": {"channels": kept}}}


DAMAGES: dict[str, Damage] = {
    "first snapshot": no_snapshot,
    "a batch": no_batch,
    "pointer": no_pointer,
    "console": no_plugin("console"),
    "network": no_plugin("network"),
}


def session_of(made: list[Batch]) -> Session:
    return sessions_of(made, "session")[0]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.starter()


@pytest.fixture(scope="module")
def recordings(recording_sources: list[list[Path]]) -> list[list[Json]]:
    chosen = [RECORDINGS / f"{name}.json.gz" for name in TRAPS]
    chosen += [path for path in OUR_OWN if path.name.startswith(REQUESTING)]
    for source in recording_sources[:2]:
        chosen += source[:: max(1, len(source) // 5)]
    return [events for path in chosen if (events := events_of(path))]


def assessed(
    scorer: Scorer, recordings: list[list[Json]], damage: Damage
) -> Iterator[tuple[Assessment, Assessment]]:
    for events in recordings:
        whole, less = session_of(batches(events)), session_of(damage(events))
        yield tuple(scorer.assess(one, "session", "2026-01-01T00:00:00Z") for one in (whole, less))  # type: ignore[misc]


def check(name: str, whole: Assessment, less: Assessment, within: bool = True) -> int:
    """How many intervals were compared: nothing that is claimed of what is left is firmer than what was claimed.

    ``within`` asks that an interval holds all that it held before, and not only that it is as wide.
    """
    compared = 0
    assert less.bot.verdict in (whole.bot.verdict, "undetermined"), name
    for before, after in ((whole.bot, less.bot), (whole.frustration, less.frustration)):
        assert before.eligible or not after.eligible, (
            f"{name}: a head that was silent does not begin to speak"
        )
        if before.interval is not None and after.interval is not None:
            compared += 1
            assert after.interval[1] - after.interval[0] >= before.interval[1] - before.interval[0] - CLOSE, (
                name
            )
            if within:
                assert after.interval[0] <= before.interval[0] + CLOSE, name
                assert after.interval[1] >= before.interval[1] - CLOSE, name
    return compared


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_missing_makes_no_claim_firmer(
    name: str, scorer: Scorer, recordings: list[list[Json]]
) -> None:
    pairs = list(assessed(scorer, recordings, DAMAGES[name]))
    assert sum(check(name, *pair) for pair in pairs) >= len(recordings), "or nothing was shown"
    wider = sum(less.frustration.interval != whole.frustration.interval for whole, less in pairs)
    wider += sum(less.bot.interval != whole.bot.interval for whole, less in pairs)
    assert wider, f"nothing hung on the {name}, so nothing was shown"


@pytest.mark.full
@pytest.mark.parametrize("name", DAMAGES)
def test_of_every_recording_what_is_missing_makes_no_claim_firmer(
    name: str, scorer: Scorer, recording_sources: list[list[Path]]
) -> None:
    every = [
        *sorted(RECORDINGS.glob("*.json.gz")),
        *OUR_OWN,
        *(path for source in recording_sources[:2] for path in source),
    ]
    compared = 0
    for path in every:
        if events := events_of(path):
            compared += sum(
                # What a console said last also let time pass, in which the last stroke of the pointer ended.
                check(f"{name}, {path.name}", *pair, within=name != "console")
                for pair in assessed(scorer, [events], DAMAGES[name])
            )
    assert compared >= len(every)


TEXTS = ("textContent", "value")  # of a node, and of a text that changes


def told_by(node: Any, text: Callable[[str], str]) -> Any:
    """A snapshot or mutation whose texts are told otherwise."""
    if isinstance(node, list):
        return [told_by(one, text) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        name: text(one) if name in TEXTS and isinstance(one, str) else told_by(one, text)
        for name, one in node.items()
    }


def masked(text: str) -> str:
    return "*" * len(text)


def removed(text: str) -> str:
    return "" if not text.strip("* \n") else text


def page_text(event: Json, text: Callable[[str], str]) -> Json:
    """An event of the page, told otherwise; what is typed is no text of the page."""
    of_page = event["type"] == FULL_SNAPSHOT or (
        event["type"] == INCREMENTAL and event["data"].get("source") == 0
    )
    return told_by(event, text) if of_page else event


def test_removing_the_masked_text_of_a_page_changes_nothing_at_all(recordings: list[list[Json]]) -> None:
    for events in recordings:
        hidden = [page_text(event, masked) for event in events]
        bare = [page_text(event, removed) for event in hidden]
        first, second, whole = (session_of(batches(made)) for made in (hidden, bare, events))
        for other in (second, whole):
            np.testing.assert_array_equal(first.vector, other.vector)
            assert first.moments.tobytes() == other.moments.tobytes()
            assert first.coverage == other.coverage
