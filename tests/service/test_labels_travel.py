"""Exports and labels: out, in, and out again the same; agreement between annotators."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from data_contracts.errors import WatchworthyError
from data_contracts.labels import Label, from_lines
from pipelines.datasets.examples import Examples
from pipelines.learning.agreement import agreements
from pipelines.workspace.exports import PIECES, export, read_back, table_of
from pipelines.workspace.frames import as_frame
from service.command_line import app
from service.live.closing import close_ended
from service.verbs.export import labels_in, labels_out
from tests.service.live_store import Served
from tests.service.test_live_decisions import sample, visit
from tests.service.test_workspace import NAMES, filled
from watchworthy import Workspace


def run(*given: object) -> int:
    """Run the command line; its exit status."""
    done = CliRunner().invoke(app, [str(one) for one in given])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code


def test_tables_and_labels_come_back_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()

    async def scenario() -> None:
        async with Served(first) as one:
            await filled(one, first)
        async with Served(second) as one:
            for name in NAMES:
                await visit(one, sample(name), name)
            await close_ended(one.service.reception)

    asyncio.run(scenario())
    work = Workspace(first)
    assert run("export", "--data-dir", first, "--out", tmp_path / "out") == 0
    shown = {
        "events": pd.concat([work.events(name) for name in work.sessions()["session_id"]], ignore_index=True),
        "features": work.features(), "signals": work.signals(), "scores": work.scores(), "labels": work.labels(),
    }  # fmt: skip
    for name in PIECES:
        path = tmp_path / "out" / f"{name}.parquet"
        again = read_back(path)
        assert again.schema.equals(table_of(name).schema)
        pd.testing.assert_frame_equal(as_frame(table_of(name), again), shown[name])
        told = pq.read_schema(path).metadata
        assert told[b"watchworthy.table"].decode().split()[0] == name
    assert json.loads(pq.read_schema(tmp_path / "out" / "features.parquet").metadata[b"watchworthy.features"])

    lines = tmp_path / "labels.jsonl"
    assert labels_out(first, lines, None) == 0
    past = [json.loads(line) | {"recorded_at_ms": 1} for line in lines.read_text("utf-8").splitlines()]
    for one in past:  # the fixture's are of the year 2030, which an import refuses
        one["retracted_at_ms"] = None if one["retracted_at_ms"] is None else 2
    with pytest.raises(WatchworthyError, match="future"):
        labels_in(lines, second, "default")
    lines.write_text("".join(json.dumps(one) + "\n" for one in past), "utf-8")
    for _ in range(2):  # the second time changes nothing
        assert run("labels", "import", lines, "--data-dir", second) == 0
    back = tmp_path / "back.jsonl"
    assert labels_out(second, back, None) == 0
    mine, theirs = (
        {one.label_id: one for one in from_lines(path.read_bytes().splitlines()) if one.kind == "annotation"}
        for path in (lines, back)
    )
    assert mine == theirs
    assert len(mine) == 3
    assert run("labels", "agreement", "--data-dir", second) == 0
    assert run("training-set", "frustration", "--data-dir", second, "--out", tmp_path / "mine.parquet") == 0
    made, told = Examples.read(tmp_path / "mine.parquet")
    assert sorted(made["session"].tolist()) == sorted([NAMES[0], NAMES[2]])
    assert told["training_set"]["by_kind"] == {"annotation": {"1": 1, "0": 1}}


def test_confidence_and_the_model_seen_come_in_over_http(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visit(one, sample(NAMES[2]), NAMES[2])
            key, _ = one.service.keys.create("annotate")
            given = {
                "session": NAMES[2],
                "label": "calm",
                "reason": "watched",
                "confidence": 0.8,
                "model_seen": "abc",
            }
            answers = [
                await one.client.post(
                    "/v1/annotations",
                    json={"annotations": [given | more]},
                    headers={"authorization": f"Bearer {key}"},
                )
                for more in ({}, {"confidence": 1.5})
            ]
            assert [answer.status_code for answer in answers] == [200, 400], [a.text for a in answers]
            (label,) = Workspace(tmp_path).source.labels()
            assert (label.confidence, label.model_seen, label.head, label.value) == (
                0.8,
                "abc",
                "frustration",
                0,
            )

    asyncio.run(scenario())


def test_an_export_of_another_shape_is_refused(tmp_path: Path) -> None:
    work = Workspace("samples/calm-game.json.gz")
    (path, rows) = export(work, tmp_path, ["signals"])["signals"]
    assert read_back(path).num_rows == rows
    made = pq.read_table(path)
    for changed, said in (
        (made.drop_columns(["code"]), "code is missing"),
        (made.replace_schema_metadata({}), "no export of ours"),
        (made.replace_schema_metadata({b"watchworthy.table": b"signals 2.0.0"}), "2.0.0"),
    ):
        pq.write_table(changed, path)
        with pytest.raises(WatchworthyError, match=said):
            read_back(path)
    with pytest.raises(WatchworthyError, match="no table 'nothing'"):
        export(work, tmp_path, ["nothing"])


def said(who: str, values: str) -> list[Label]:
    facts = {"head": "bot", "kind": "annotation", "source": who}
    return [
        Label(label_id=f"{who}{i}", session_id=f"s{i}", value=1 if v == "1" else 0, **facts)
        for i, v in enumerate(values)
    ]


def test_agreement_is_beyond_chance() -> None:
    a, b = "1100110010101100", "1100110010100110"
    (found,) = agreements([*said("ann", a), *said("bob", b)])
    p = np.mean([x == y for x, y in zip(a, b, strict=True)])
    one, other = a.count("1") / len(a), b.count("1") / len(b)
    chance = one * other + (1 - one) * (1 - other)
    assert found.same == pytest.approx(p)
    assert found.kappa == pytest.approx((p - chance) / (1 - chance))
    assert found.interval is not None
    assert found.interval[0] < found.kappa < found.interval[1]
    (few,) = agreements([*said("ann", "110"), *said("bob", "110")])
    assert few.kappa is None
    assert not agreements(said("ann", "1100"))
