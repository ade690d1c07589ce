"""The command line as its users type it: what it prints, what it writes, and how it says no."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import watchworthy
from data_contracts.assessments import Assessment
from data_contracts.compression import zstd
from features.moments import CODES
from service.command_line import app
from service.verbs.catalogue import page
from tests.features.streams import T0, Event, encoded, stream
from tests.service.typed import Run

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
COUPON = SAMPLES / "struggling-dead-coupon.json.gz"


def recording(folder: Path, name: str, events: list[Event]) -> Path:
    path = folder / name
    path.write_bytes(b'{"events": [' + b",".join(encoded(events)) + b"]}")
    return path


# Scores


def test_scores_are_assessments_a_line_each(run: Run) -> None:
    status, out, _ = run("score", COUPON, SAMPLES / "calm-buy.json.gz", "--format", "json")
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == 2
    for line, name in zip(lines, ("struggling-dead-coupon", "calm-buy"), strict=True):
        told = json.loads(line)
        assert told.pop("file").endswith(f"{name}.json.gz")
        one = msgspec.convert(told, Assessment, strict=False)
        assert one.session_id == name
        assert one.coverage.fidelity == "exact"
        assert one.frustration.eligible
        assert one.conversion.ineligible_reason == "too_few_goals"
        for block in (one.bot, one.frustration):
            assert block.base_rate is not None
            if block.probability is not None:
                assert block.interval is not None
                assert 0 <= block.interval[0] <= block.probability <= block.interval[1] <= 1
    struggling, calm = (json.loads(line) for line in lines)
    assert {moment["code"] for moment in struggling["frustration"]["moments"]} >= {"rage_click", "dead_click"}
    assert struggling["frustration"]["probability"] > calm["frustration"]["probability"]


def test_scores_as_a_table_and_as_parquet(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("score", COUPON)
    assert status == 0
    assert "struggling-dead-coupon" in out
    status, _, _ = run("score", COUPON, "--format", "parquet", "--out", tmp_path / "s.parquet")
    assert status == 0
    table = pq.read_table(tmp_path / "s.parquet")
    assert table.num_rows == 1
    assert json.loads(table["assessment"][0].as_py())["session_id"] == "struggling-dead-coupon"
    status, _, err = run("score", COUPON, "--format", "parquet")
    assert status == 2
    assert "--out" in err


def test_the_readme_shows_what_is_printed(run: Run) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = readme.partition("$ watchworthy score samples\n")[2].partition("```")[0].splitlines()
    status, out, _ = run("score", SAMPLES)
    assert status == 0
    words = " ".join(out.split())  # long lines are wrapped
    assert len(shown) > 4
    assert [line for line in shown if line != "..." and " ".join(line.split()) not in words] == []


def test_the_library_says_the_same(run: Run) -> None:
    _, out, _ = run("score", COUPON, "--format", "json")
    (one,) = watchworthy.score(COUPON)
    told, ours = json.loads(out), msgspec.to_builtins(one)
    for volatile in ("created_at", "file"):
        told.pop(volatile, None)
        ours.pop(volatile, None)
    assert told == json.loads(json.dumps(ours))


# Features


def test_cuts_change_nothing(run: Run, tmp_path: Path) -> None:
    two = recording(tmp_path, "two.json", stream(3))
    tables = []
    for parts in (1, 2, 17, 60):
        target = tmp_path / f"{parts}.parquet"
        files = [COUPON, SAMPLES / "calm-compare.json.gz", two]
        assert run("features", *files, "--out", target, "--cut", parts, "--seed", parts)[0] == 0
        tables.append(pq.read_table(target))
    for table in tables[1:]:
        assert table.schema == tables[0].schema
        for name in table.column_names:
            a, b = table[name].to_numpy(), tables[0][name].to_numpy()
            assert a.tobytes() == b.tobytes() if a.dtype != object else a.tolist() == b.tolist(), name


def test_features_on_the_screen(run: Run) -> None:
    status, out, _ = run("features", COUPON)
    assert status == 0
    assert "no_reaction_share" in out


# Signals


def test_signals_name_the_second_and_the_element(run: Run) -> None:
    status, out, _ = run("signals", COUPON, "--format", "json")
    assert status == 0
    moments = [json.loads(line) for line in out.splitlines()]
    assert set(moments[0]) >= {
        "file",
        "code",
        "start_ms",
        "end_ms",
        "page",
        "element",
        "severity",
        "evidence",
    }
    rage = [moment for moment in moments if moment["code"] == "rage_click"]
    assert rage
    assert rage[0]["element"] == '[data-ww-name="apply code"]'
    assert rage[0]["evidence"]["presses"] >= 3
    assert all(0 <= moment["start_ms"] <= moment["end_ms"] for moment in moments)
    assert {moment["code"] for moment in moments} <= set(CODES)


def test_times_count_from_the_start_of_the_recording(run: Run, tmp_path: Path) -> None:
    """A pause cuts a recording into two sessions; moments of the second still tell the recording's own time."""
    first = stream(3, acts=3)
    hour = 3_600_000
    second = [{**event, "timestamp": event["timestamp"] + hour} for event in stream(3, acts=3)]
    t = second[-1]["timestamp"] + 10_000
    for kind in (1, 0, 2):
        second.append(
            {"type": 3, "data": {"source": 2, "type": kind, "id": 10, "x": 5, "y": 5}, "timestamp": t}
        )
    second.append({"type": 5, "data": {"tag": "ww.tick", "payload": {}}, "timestamp": t + 2_600})
    path = recording(tmp_path, "pause.json", first + second)
    _, out, _ = run("signals", path, "--format", "json")
    dead = [
        m for m in map(json.loads, out.splitlines()) if m["code"] == "dead_click" and m["start_ms"] == t - T0
    ]
    assert [moment["session"] for moment in dead] == ["pause.2"]


def test_presets_are_the_rivals_thresholds(run: Run) -> None:
    counts = {}
    for preset in ("watchworthy", "highlight", "openreplay"):
        _, out, _ = run("signals", COUPON, "--format", "json", "--preset", preset)
        counts[preset] = sum(json.loads(line)["code"] == "rage_click" for line in out.splitlines())
    assert counts["watchworthy"] >= 1
    assert counts["openreplay"] != counts["watchworthy"]  # 0.3 s between presses, where ours allows a second
    status, _, err = run("signals", COUPON, "--preset", "nobody")
    assert status == 2
    assert "posthog" in err


# What is refused


def broken(name: str, folder: Path) -> Path:
    path = folder / name
    whole = gzip.decompress(COUPON.read_bytes())
    content = {
        "empty.json": b"",
        "page.html.json": b"<!doctype html><html><body>Sign in</body></html>",
        "cut.json.gz": COUPON.read_bytes()[:-2_000],
        "cut.json": whole[: -len(whole) // 10],
        "none.json": b'{"events": []}',
        "words.json": b"hello, world",
        "bomb.json.gz": gzip.compress(b" " * 300_000_000, 9),
        "timeless.json": json.dumps({"events": [{**e, "timestamp": None} for e in stream(3)]}).encode(),
        "seconds.json": json.dumps(
            {"events": [{**e, "timestamp": e["timestamp"] / 1_000} for e in stream(3)]}
        ).encode(),
        "strange.json": b'[{"type":99,"data":{},"timestamp":1900000000000}]',
        "deep.json": b'[{"type":2,"timestamp":1,"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    }[name]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("empty.json", "input_empty", "no bytes"),
        ("page.html.json", "input_html", "web page"),
        ("cut.json.gz", "compression_broken", ""),
        ("cut.json", "json_broken", "byte"),
        ("none.json", "no_events", "no events"),
        ("words.json", "input_not_recording", ""),
        ("bomb.json.gz", "compression_bomb", ""),
        ("deep.json", "input_too_deep", ""),
        ("timeless.json", "no_times", "bear no time"),
        ("seconds.json", "times_unit", "milliseconds"),
        ("strange.json", "no_events", "not one could be understood"),
    ],
)
def test_each_failure_has_its_sentence_and_its_code(
    run: Run, tmp_path: Path, name: str, code: str, words: str
) -> None:
    path = broken(name, tmp_path)
    status, out, err = run("signals", path, COUPON, "--format", "json")
    assert status == 1
    assert name in err
    assert code in err
    assert words in err
    assert any(json.loads(line)["file"] == str(COUPON) for line in out.splitlines()), (
        "the others were not done"
    )


def test_what_came_before_a_break_is_kept(run: Run, tmp_path: Path) -> None:
    for name, kept in (("cut.json", 60), ("cut.json.gz", 3)):
        status, out, _ = run("score", broken(name, tmp_path), "--format", "json")
        assert status == 1
        assert json.loads(out)["coverage"]["events"] >= kept


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    status, _, err = run("score", tmp_path / "nobody.json")
    assert status == 1
    assert "nobody.json" in err
    assert "file_missing" in err


def test_ten_seconds_are_too_short_to_judge(run: Run, tmp_path: Path) -> None:
    path = recording(tmp_path, "short.json", stream(5, acts=2)[:4])
    status, out, _ = run("score", path, "--format", "json")
    assert status == 0
    bot = json.loads(out)["bot"]
    assert (bot["eligible"], bot["ineligible_reason"], bot["probability"]) == (False, "too_short", None)
    _, out, _ = run("score", path)
    assert "too_short" in out
    assert "too little was done" in out


def test_without_a_first_snapshot_nothing_is_claimed_of_the_page(run: Run, tmp_path: Path) -> None:
    events = [event for event in stream(5) if event["type"] != 2]
    path = recording(tmp_path, "blind.json", events)
    status, out, _ = run("score", path, "--format", "json")
    assert status == 0
    told = json.loads(out)
    assert told["coverage"]["fidelity"] == "blind"
    assert told["frustration"]["ineligible_reason"] == "blind"
    _, out, _ = run("score", path)
    assert "first snapshot is missing" in out


def test_a_folder_that_cannot_be_written_to_is_named(run: Run, tmp_path: Path) -> None:
    for words in (("score", COUPON, "--format", "json"), ("features", COUPON)):
        status, _, err = run(*words, "--out", tmp_path / "nobody" / "x.parquet")
        assert status == 1
        assert "nobody" in err
        assert "Traceback" not in err


# Ways to name recordings


def test_files_folders_globs_and_packings(run: Run, tmp_path: Path) -> None:
    plain = gzip.decompress(COUPON.read_bytes())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_bytes(plain)
    (tmp_path / "in" / "b.json.gz").write_bytes(gzip.compress(plain))
    (tmp_path / "in" / "c.json.zst").write_bytes(zstd.compress(plain))
    (tmp_path / "in" / "notes.txt").write_text("not a recording")
    target = tmp_path / "f.parquet"
    for given in (
        [tmp_path / "in"],
        [tmp_path / "in" / "*.json*"],
        sorted((tmp_path / "in").glob("*.json*")),
    ):
        assert run("features", *given, "--out", target)[0] == 0
        table = pq.read_table(target)
        assert table["session"].to_pylist() == ["a", "b", "c"]
        for name in table.column_names[2:]:
            values = table[name].to_numpy()
            assert values[0].tobytes() == values[1].tobytes() == values[2].tobytes()


def test_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from service.command_line import main; main()",
            "signals",
            "-",
            "--format",
            "json",
        ],
        input=COUPON.read_bytes(),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert b"rage_click" in done.stdout


def test_bad_usage_is_status_two() -> None:
    assert CliRunner().invoke(app, ["score"]).exit_code == 2
    assert CliRunner().invoke(app, ["score", "x", "--format", "xml"]).exit_code == 2
    assert CliRunner().invoke(app, ["train", "nobody"]).exit_code == 2


# Docs


def test_the_catalogue_in_the_docs_is_current() -> None:
    written = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert written == page(), "run: watchworthy catalogue --markdown > docs/catalogue.md"


def test_the_catalogue_names_everything(run: Run) -> None:
    status, out, _ = run("catalogue", "--markdown")
    assert status == 0
    assert all(f"`{code}`" in out for code in CODES)
    assert run("catalogue")[0] == 0


def test_cards(run: Run) -> None:
    for head in ("bot", "frustration"):
        status, out, _ = run("card", head)
        assert status == 0
        assert out.startswith(f"# {head}")
    status, _, err = run("card", "conversion")
    assert status == 1
    assert "model_missing" in err


def test_a_folder_that_hides_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "__init__.py").write_text("")
    script = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}];"
        "import watchworthy; watchworthy.Workspace('x').readings()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert str(tmp_path / "features") in done.stderr
    assert "another name" in done.stderr


def test_a_workspace_in_a_notebook() -> None:
    work = watchworthy.Workspace([COUPON])
    assert len(work.features()) == 1
    signals = work.signals()
    assert "rage_click" in signals["code"].tolist()
    assert np.isfinite(signals["severity"].to_numpy()).all()
