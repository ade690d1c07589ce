import gzip
import json
import zlib

import pytest

from data_contracts.compression import zstd
from data_contracts.errors import WatchworthyError
from data_contracts.formats import contents
from data_contracts.limits import Limits
from data_contracts.recordings import read

PACKERS = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd.compress, "zlib": zlib.compress}


def refusal(data: bytes, limits: Limits | None = None) -> WatchworthyError:
    with pytest.raises(WatchworthyError) as caught:
        contents(data, limits or Limits())
    return caught.value


@pytest.mark.parametrize("packer", PACKERS)
def test_every_wrapper_gives_the_same_rows(small, wrap, packer, decode, same):
    recording = read(PACKERS[packer](wrap(small)))
    assert recording.problems == []
    decoded = recording.decode()
    assert decoded.counts.malformed == 0
    assert not decoded.counts.unknown
    assert same(decoded.rows, decode(small).rows)


def test_windows_are_streams(small):
    lines = [{"window_id": name, "data": small} for name in ("a", "b")]
    batches = contents("\n".join(map(json.dumps, lines)).encode()).batches
    assert [(batch.stream, batch.seq, len(batch.events)) for batch in batches] == [
        ("a", 0, len(small)),
        ("b", 0, len(small)),
    ]


def test_events_that_name_their_window_are_told_apart(small):
    events = [{**event, "windowId": "ab"[i % 2]} for i, event in enumerate(small)]
    assert [batch.stream for batch in contents(json.dumps(events).encode()).batches] == ["a", "b"]


def test_a_packed_field_that_failed_to_pack_stays_plain(small, decode, same):
    events = [{**event, "cv": "2024-10"} for event in small]
    assert same(decode(events).rows, decode(small).rows)


def test_segments_sort_by_number_and_a_missing_one_is_a_loss(small):
    head = b'{"segment_id":%d}\n'
    parts = [(2, small[12:]), (0, small[:5])]
    data = b"\n".join(head % number + json.dumps(part).encode() for number, part in parts)
    recording = read(data)
    assert [batch.seq for batch in recording.batches] == [0, 2]
    assert 40 in recording.decode().rows["kind"]


def test_the_same_number_twice_is_a_conflict_only_if_the_batches_differ(small):
    line = json.dumps({"stream": "t", "seq": 0, "events": small})
    other = json.dumps({"stream": "t", "seq": 0, "events": small[:4]})
    assert contents(f"{line}\n{line}".encode()).problems == []
    either = [contents(f"{one}\n{two}".encode()) for one, two in ((line, other), (other, line))]
    assert [result.problems[0].code for result in either] == ["seq_conflict"] * 2
    assert either[0].batches == either[1].batches


@pytest.mark.parametrize("cut", [0.31, 0.5, 0.77, 0.999])
def test_json_that_breaks_off_keeps_what_came_before_and_says_where(small, cut):
    whole = json.dumps({"events": small}).encode()
    at = int(len(whole) * cut)
    result = contents(whole[:at])
    ends = [event for event in small if whole.find(json.dumps(event).encode()) + len(json.dumps(event)) <= at]
    assert [json.loads(bytes(event)) for event in result.batches[0].events] == ends
    assert [problem.code for problem in result.problems] == ["json_broken"]
    assert result.problems[0].where == f"byte {at}"


def test_json_that_is_malformed_says_which_byte_and_line(small):
    lines = [json.dumps(event) for event in small]
    lines[6] = lines[6][:20] + "\x01" + lines[6][21:]
    text = '{"events": [\n' + ",\n".join(lines) + "\n]}"
    result = contents(text.encode())
    assert len(result.batches[0].events) == 6
    (problem,) = result.problems
    at = text.encode().index(1)
    assert problem.where == f"byte {at}"
    assert "line 8)" in problem.message


@pytest.mark.parametrize("end", [30, -1])
def test_a_broken_line_costs_only_itself(small, end):
    lines = [json.dumps(event) for event in small]
    lines[6] = lines[6][:end]
    result = contents("\n".join(lines).encode())
    assert len(result.batches[0].events) == len(small) - 1
    assert [problem.code for problem in result.problems] == ["json_broken"]


def test_a_broken_segment_names_itself_and_leaves_the_others_whole(small):
    head = b'{"segment_id":%d}\n'
    whole, broken = (json.dumps(part).encode() for part in (small[:5], small[5:]))
    result = contents(head % 1 + broken[:300] + b"\n" + head % 0 + whole)
    assert [problem.where for problem in result.problems] == ["byte 301 of segment 1"]
    assert [batch.seq for batch in result.batches] == [0, 1]
    assert len(result.batches[0].events) == 5


def test_nothing_but_a_broken_event_is_refused():
    assert refusal(b'{"type": 4, "data": {"hr').code == "json_broken"


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "input_empty", "no bytes"),
        (b" \n\t ", "input_empty", "no bytes"),
        (gzip.compress(b"", mtime=0), "input_empty", "unpacks to nothing"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "input_html", "web page"),
        (b"  <html lang=en>", "input_html", "web page"),
        (gzip.compress(b"<html></html>", mtime=0), "input_html", "web page"),
        (b"\x89PNG\r\n\x1a\n1234", "input_not_recording", "PNG"),
        (b"PK\x03\x04rest", "input_not_recording", "ZIP"),
        (b"a,b,c\n1,2,3\n", "input_not_recording", "CSV"),
        (b"Dear reader,", "input_not_recording", "plain text"),
        (bytes(range(200, 256)), "input_not_recording", "binary"),
        (b'{"name": "x", "version": 3}', "input_not_recording", "name, version"),
        (b"[1, 2, 3]", "input_not_recording", "JSON"),
        (b"[" * 3_000 + b"]" * 3_000, "input_not_recording", "JSON"),
    ],
)
def test_what_is_no_recording_is_refused_by_what_it_looks_like(data, code, says):
    error = refusal(data)
    assert (error.code, says in error.message) == (code, True)


def test_no_events_is_an_answer_of_its_own():
    for data in (b"[]", b'{"events": []}', b'{"snapshot_data_by_window_id": {}}'):
        with pytest.raises(WatchworthyError) as caught:
            read(data).decode()
        assert caught.value.code == "no_events"


def test_limits_are_kept(small):
    whole = json.dumps(small).encode()
    assert refusal(whole, Limits(events=5)).code == "too_many_events"
    assert refusal(whole, Limits(event_bytes=200)).code == "input_too_long"
    assert refusal(whole, Limits(unpacked_bytes=500)).code == "input_too_long"
    assert refusal(gzip.compress(whole), Limits(unpacked_bytes=500)).code == "input_too_long"
    assert refusal(whole, Limits(depth=6)).code == "input_too_deep"
    assert refusal(b"[" * 100_000).code == "input_too_deep"
    deep = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    assert refusal(b'[{"type":2,"timestamp":1,"data":{"node":' + deep + b"}}]").code == "input_too_deep"


def test_packed_parts_share_one_limit(small):
    body = b'{"segment_id":0}\n' + zlib.compress(b"[" + b" " * 400_000 + json.dumps(small).encode()[1:])
    bomb = gzip.compress(body)
    assert refusal(bomb, Limits(unpacked_bytes=300_000)).code == "input_too_long"
    assert refusal(bomb, Limits(ratio_floor=100_000, ratio=50)).code == "compression_bomb"


def test_lines_without_numbers_count_once_and_by_their_time():
    """Exports repeat lines and mix them up: a recording is the set of what was sent."""
    from tests.features.streams import encoded, stream

    events = encoded(stream(7, acts=20))
    third = len(events) // 3
    parts = [events[:third], events[third : 2 * third], events[2 * third :]]
    lines = [b'{"window_id":"w","data":[' + b",".join(part) + b"]}" for part in parts]
    plain = contents(b"\n".join(lines)).batches
    assert contents(b"\n".join([lines[2], lines[0], lines[1], lines[0]])).batches == plain
    assert [bytes(text) for batch in plain for text in batch.events] == events
