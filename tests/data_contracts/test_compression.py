import gzip
import io
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.compression import Budget, kind_of, unpack, zstd
from data_contracts.errors import WatchworthyError
from data_contracts.limits import Limits

PACKERS = {"gzip": gzip.compress, "zstd": zstd.compress, "zlib": zlib.compress}


@given(st.binary(max_size=2_000), st.lists(st.sampled_from(sorted(PACKERS)), max_size=3))
def test_layers_come_off(data, layers):
    if kind_of(data):
        data = b"{" + data
    packed = data
    for layer in layers:
        packed = PACKERS[layer](packed)
    assert unpack(packed).data == data


def test_parts_after_one_another_are_one():
    for packer in (gzip.compress, zstd.compress):
        assert unpack(packer(b"[1,") + packer(b"2]")).data == b"[1,2]"


def test_padding_after_gzip_is_not_read():
    assert unpack(gzip.compress(b"[]") + b"\0" * 512).data == b"[]"


@pytest.mark.parametrize("kind", PACKERS)
def test_what_is_cut_short_keeps_what_could_be_unpacked(kind):
    text = random.Random(1).randbytes(300_000).hex().encode()
    packed = PACKERS[kind](text)
    result = unpack(packed[: len(packed) * 2 // 3])
    assert text.startswith(result.data)
    assert len(result.data) > len(text) // 3
    assert kind in result.damage


def test_damage_at_the_end_keeps_everything():
    packed = bytearray(gzip.compress(b"x" * 1_000))
    packed[-6] ^= 0xFF  # the checksum
    result = unpack(bytes(packed))
    assert (result.data, "check" in result.damage) == (b"x" * 1_000, True)
    packed = bytearray(zlib.compress(random.Random(2).randbytes(100_000)))
    packed[50_000] ^= 0xFF
    assert unpack(bytes(packed)).damage


def test_nothing_but_damage_is_refused():
    with pytest.raises(WatchworthyError, match="compression_broken"):
        unpack(gzip.compress(b"x" * 1_000)[:10])


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_refused_before_it_is_unpacked(kind):
    bomb = PACKERS[kind](bytes(64 << 20))
    budget = Budget(Limits())
    with pytest.raises(WatchworthyError, match="compression_bomb"):
        unpack(bomb, budget)
    assert budget.unpacked < 20 << 20


def test_a_bomb_in_a_bomb_is_refused():
    with pytest.raises(WatchworthyError, match="compression_bomb"):
        unpack(gzip.compress(gzip.compress(bytes(64 << 20))))


def test_tiny_inputs_may_shrink_a_lot():
    assert len(unpack(gzip.compress(bytes(1 << 20))).data) == 1 << 20


def test_gzip_by_the_standard_library_reads_back():
    file = io.BytesIO()
    with gzip.GzipFile(filename="recording.json", fileobj=file, mode="wb") as packed:
        packed.write(b"[]")
    assert unpack(file.getvalue()).layers == ("gzip",)
