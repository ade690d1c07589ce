"""Ticks and lines of the console, the compiled way, turn into the very bytes that the reference makes of them."""

import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.batches import readable
from data_contracts.plain_others import checksum
from tests.data_contracts.test_plain_events import MUTATION, ODD, OPENING, TIME, both, some, texts
from tests.data_contracts.test_stream import T

TRACE = st.sampled_from(
    [
        "HTMLButtonElement.<anonymous> (http://halfmoon.example/js/lamp.js:64:29)",
        "",
        "f",
        "at (https://a.example/?token=abc)",
        "joe@shop.example",
        "4111 1111 1111 1111 of somebody",
        'a "quoted" \\ line',
        "größer",
    ]
)
LINE = st.fixed_dictionaries(
    {},
    optional={
        "level": some(
            st.sampled_from(["error", "warn", "log", "assert", "errors", "err", "", "trace", "debug"])
        ),
        "trace": some(st.none() | st.lists(TRACE, max_size=3)),
        "payload": some(st.lists(st.text(max_size=6), max_size=2)),
        "more": ODD,
    },
)
PRINTED = st.fixed_dictionaries(
    {
        "plugin": some(
            st.sampled_from(["rrweb/console@1", "rrweb/console@2.0", "rrweb/consol", "rrweb/network@1"])
        )
    },
    optional={"payload": some(LINE), "extra": ODD},
)
TICKED = st.fixed_dictionaries(
    {"tag": some(st.sampled_from(["ww.tick", "ww.ticks", "ww.tic", "mine", "ww.trust"]))},
    optional={
        "payload": some(st.just({}) | st.fixed_dictionaries({"id": st.integers(0, 9)})),
        "extra": ODD,
    },
)
EVENT = st.fixed_dictionaries(
    {
        "type": some(st.sampled_from([3, 5, 6])),
        "data": some(TICKED | PRINTED | MUTATION),
        "timestamp": TIME,
    },
    optional={"delay": st.integers(0, 3)},
)


@given(st.booleans(), st.lists(texts(EVENT), max_size=4))
def test_odd_ticks_and_lines_turn_into_the_same_bytes(sighted: bool, batches: list[list[bytes]]) -> None:
    both([OPENING if sighted else OPENING[:1], *batches])


@pytest.mark.parametrize(
    "event",
    [
        {"type": 5, "data": {"tag": "ww.tick", "payload": {}}},
        {
            "type": 6,
            "data": {
                "plugin": "rrweb/console@1",
                "payload": {"level": "warn", "trace": [], "payload": ['"a"']},
            },
        },
        {
            "type": 6,
            "data": {
                "plugin": "rrweb/console@1",
                "payload": {
                    "level": "error",
                    "trace": ["f (http://a.example/x.js:1:2)"],
                    "payload": ['{"a": 1}'],
                },
            },
        },
    ],
)
def test_what_recorders_write_is_plain(event: dict[str, Any]) -> None:
    text = json.dumps({**event, "timestamp": T + 1}).encode()
    assert both([OPENING, [text]]).plain == 1


def test_one_batch_of_many_seconds_is_counted_as_the_reference_counts_it() -> None:
    ticks = [
        json.dumps(
            {"type": 5, "data": {"tag": "ww.tick", "payload": {}}, "timestamp": T + 1_000 * i}
        ).encode()
        for i in range(40)
    ]
    assert both([OPENING, ticks[:5], ticks[5:]]).plain == 40


@given(st.binary(max_size=20))
def test_the_checksum_is_that_of_zlib(text: bytes) -> None:
    assert checksum(readable(b"." + text), 1, len(text) + 1) == (zlib.crc32(text) or 1 if text else 0)
    assert np.int64(checksum(readable(b"."), 1, 1)) == 0
