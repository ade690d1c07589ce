"""JSON made to hurt: deep, long, repetitive. The scrub survives it, and looks at no byte more than some times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_contracts.scrub import Scrubbed, scrub

ROOT = Path(__file__).parents[2]
LOOKS = 12  # at a byte on average, whatever the text; the worst found is 9


def in_text(piece: str, size: int) -> str:
    return json.dumps([{"type": 5, "data": {"tag": "t", "payload": piece * (size // len(piece))}}])


def nested(opening: str, closing: str, size: int, inner: str = "") -> str:
    depth = size // len(opening + closing)
    return opening * depth + inner + closing * depth


HOSTILE = {
    "arrays": lambda size: nested("[", "]", size),
    "objects": lambda size: nested('{"a":', "}", size, "1"),
    "payload": lambda size: '{"data":{"payload":' + nested('{"token":[', "]}", size, '"x"') + "}}",
    "nodes": lambda size: (
        '{"data":{"node":' + nested('{"childNodes":[', '],"tagName":"textarea"}', size) + "}}"
    ),
    "nameless nodes": lambda size: (
        '{"data":{"node":{"childNodes":['
        + nested('{"childNodes":[', "]}", size, '{"childNodes":[{"textContent":"x"}],"tagName":"textarea"}')
        + '],"tagName":"textarea"}}}'
    ),
    "values": lambda size: (
        '{"data":{"node":{"attributes":{' + ",".join(['"value":"a@b.co"'] * (size // 16)) + "}}}}"
    ),
    "changes": lambda size: (
        '{"data":{"attributes":[{' + ",".join(['"attributes":{"value":"x"}'] * (size // 26)) + "}]}}"
    ),
    "ats": lambda size: in_text("@", size),
    "mails": lambda size: in_text("a@b", size),
    "mails after mails": lambda size: in_text("a@b.co.", size),
    "encoded ats": lambda size: in_text("%40", size),
    "dots": lambda size: in_text("a@" + "b." * 40, size),
    "one label": lambda size: in_text("a", size - 4)[:-5] + '@b.co"}}]',
    "digits": lambda size: in_text("4", size),
    "groups": lambda size: in_text("411 ", size),
    "short groups": lambda size: in_text("4 ", size),
    "cards": lambda size: in_text("4111 1111 1111 1111 ", size),
    "parameters": lambda size: in_text("token=", size),
    "names": lambda size: in_text("token", size)[:-4] + '=x"}}]',
    "encoded equals": lambda size: in_text("token%3D%26", size),
    "members": lambda size: in_text('token"', size),
    "members and spaces": lambda size: in_text('token"      ', size),
    "open quotes": lambda size: in_text('token="\\', size),
    "backslashes": lambda size: in_text("token=" + "\\" * 50 + "token", size),
    "schemes": lambda size: in_text("=://", size),
    "users": lambda size: in_text("://a@", size),
    "escapes": lambda size: '["' + "\\u0040\\u0061" * (size // 12) + '"]',
    "strings": lambda size: json.dumps(["x"] * (size // 5)),
    "keys": lambda size: json.dumps({"data": {"payload": {"k" * size: "x"}}}),
    "spaces": lambda size: "[" + " " * size + "1]",
    "documents": lambda size: "1 " * (size // 2),
}

COUNTING = """
import json, sys
import numpy as np
from data_contracts import scrub_walk, scrub_words, secret_values
from data_contracts.scrub_walk import scrub_array
from tests.data_contracts.test_scrub_hostile import HOSTILE

class Digest(int):  # 64 bits, as compiled code has them
    def __xor__(self, other): return Digest(int(self) ^ int(other))
    def __mul__(self, other):
        product = int(self) * int(other) & (1 << 64) - 1
        return Digest(product - (product >> 63 << 64))

class Text:  # counts how often it is looked at
    def __init__(self, text):
        self.bytes = bytearray(text.encode())
        self.size, self.looks = len(self.bytes), 0
    def __getitem__(self, at):
        self.looks += 1
        return self.bytes[at]
    def __setitem__(self, at, byte):
        self.looks += 1
        self.bytes[at] = int(byte)

scrub_words.FNV_BASIS = secret_values.FNV_BASIS = Digest(scrub_words.FNV_BASIS)
scrub_walk.unowned = lambda array: array
looks = {}
for name, make in HOSTILE.items():
    for size in (3_000, 6_000):
        text = Text(make(size))
        scrub_array(text, 0, np.empty((0, 2), np.int64))
        looks.setdefault(name, []).append((text.looks, text.size))
print(json.dumps(looks))
"""


def test_each_byte_is_looked_at_a_bounded_number_of_times():
    """Steps are counted, not timed: the same code, not compiled, over a text that counts."""
    run = subprocess.run(
        [sys.executable, "-c", COUNTING],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for name, ((few, small), (many, large)) in json.loads(run.stdout).items():
        assert many <= LOOKS * large, f"{name}: {many / large:.1f} looks a byte"
        assert many / large <= 1.25 * few / small + 1, f"{name}: more looks a byte in a longer text"


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_it_is_walked(make):
    text = bytearray(make(1 << 20).encode())
    assert scrub(text).walked
    assert scrub(text) == Scrubbed(True)


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"data":{"node":', '{"childNodes":[', '{"data":['])
def test_a_hundred_thousand_levels_are_no_harm_even_if_none_closes(opening):
    assert not scrub(bytearray(opening.encode() * 100_000)).walked


@pytest.mark.parametrize(
    "text",
    ["", "]", "{", '"', '"\\', '"\\u00', '{"', '{"a"', '{"a":', '{"a":1,', "[1", "[,", "nul", "-", '{"a":}'],
)
def test_a_stump_is_no_harm(text):
    for around in ("", '[{"type":3,"data":', '[{"type":2,"data":{"node":{"childNodes":['):
        before = (around + text).encode()
        after = bytearray(before)
        assert scrub(after).walked == (before == b"")
        assert after == before


@pytest.mark.parametrize(
    "half", ["\\ud83d", "\\ude00", "\\ud83d\\ud83d", "\\ude00\\ud83d", "\\ud83dx\\ude00"]
)
def test_half_a_pair_keeps_its_length(half):
    text = bytearray(f'[{{"type":3,"data":{{"source":5,"text":"a{half}b"}}}}]'.encode())
    units = len(json.loads(text)[0]["data"]["text"])
    assert scrub(text).inputs == 1
    masked = json.loads(text)[0]["data"]["text"]
    assert len(masked) == units
    assert set(masked) <= {"*", "•"}
