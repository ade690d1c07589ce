import gzip
import io
import json
import sys

import pytest

from data_contracts.arrow import event_schema, to_arrow
from data_contracts.compression import zstd
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import open_paths, read


@pytest.fixture
def folder(tmp_path, small):
    data = json.dumps(small).encode()
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_bytes(data)
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(data))
    (tmp_path / "deep" / "c.zst").write_bytes(zstd.compress(data))
    (tmp_path / "index.csv").write_text("file,label\n")
    (tmp_path / "README.md").write_text("# Notes\n")
    return tmp_path


def names(paths) -> list[str]:
    return [path.rpartition("/")[2] for path in paths]


def test_files_folders_and_globs_are_recordings(folder):
    paths = open_paths([folder])
    assert names(paths) == ["a.json", "b.json.gz", "c.zst"]
    assert paths.skipped == 2
    assert names(open_paths([folder / "*.gz", folder / "a.json", folder / "a.json"])) == [
        "b.json.gz",
        "a.json",
    ]
    assert names(open_paths([folder / "README.md"])) == ["README.md"]  # named, so it is meant
    assert names(open_paths([folder / "none.json", folder / "*.none"])) == ["none.json", "*.none"]


def test_every_file_of_the_folder_reads_the_same(folder, same):
    rows = [read(path).decode().rows for path in open_paths([folder])]
    assert all(same(rows[0], other) for other in rows[1:])


def test_standard_input_is_a_recording(monkeypatch, small):
    class Input:
        buffer = io.BytesIO(json.dumps(small).encode())

    monkeypatch.setattr(sys, "stdin", Input)
    recording = read("-")
    assert (recording.name, recording.events) == ("(standard input)", len(small))


def test_errors_name_the_file(folder):
    with pytest.raises(WatchworthyError, match=r"file_missing: .*none\.json"):
        read(folder / "none.json")
    with pytest.raises(WatchworthyError, match=r"file_missing: .*cannot be read.*deep"):
        read(folder / "deep")
    with pytest.raises(WatchworthyError, match=r"input_not_recording: .*README\.md"):
        read(folder / "README.md")


def test_a_truncated_file_keeps_its_beginning_and_says_so(folder, small):
    path = folder / "b.json.gz"
    path.write_bytes(path.read_bytes()[:-200])
    recording = read(path)
    assert [problem.code for problem in recording.problems] == ["compression_broken", "json_broken"]
    assert 0 < recording.events < len(small)
    assert recording.decode().rows.size


def test_a_session_without_its_first_snapshot_decodes_blind(small, decode):
    rows = decode(small[4:20]).rows
    assert not (rows["flags"] & 1).any()
    assert rows.size > 16


def test_events_are_an_arrow_table(small, decode):
    rows = decode(small).rows
    table = to_arrow(rows)
    assert table.schema == event_schema()
    assert table.num_rows == rows.size
    assert table.column("kind").to_pylist()[:3] == ["load", "load", "page"]
    assert table.column("page").to_pylist()[:3] == [None, None, 0]
    assert table.column("x").null_count == sum(x != x for x in rows["x"].tolist())
