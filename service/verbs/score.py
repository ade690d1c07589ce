"""``watchworthy score``: probabilities with reasons for each session."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import msgspec
from rich.table import Table
from rich.text import Text

from data_contracts.assessments import INELIGIBLE, Assessment, Block
from data_contracts.recordings import open_paths
from pipelines.readings import Reading, readings
from service.assessing import assess, scorer
from service.screen import clock, compiling, errors, out, percent, tracked

Scored = tuple[str, Assessment]


def run(
    paths: list[str],
    format: str,
    target: Path | None,
    models: Path | None,
    conversion: Path | None,
    idle_minutes: float,
) -> int:
    """Score recordings and print or write the assessments; return the exit status."""
    if format == "parquet" and target is None:
        print("watchworthy score: --format parquet needs --out FILE.parquet", file=sys.stderr)
        return 2
    judge = scorer(models, conversion)
    given = open_paths(paths)
    files = list(given)
    failed: list[Reading] = []
    with compiling():
        found = readings(files, idle_ms=int(idle_minutes * 60_000))
        scored = _scored(judge, tracked(found, len(files), "Scoring"), failed)
        if format == "json" and target is None:
            _write_lines(scored, sys.stdout)
        elif format == "json" and target is not None:
            with target.open("w", encoding="utf-8") as stream:
                _write_lines(scored, stream)
        elif target is not None and format == "parquet":
            _write_parquet(list(scored), target)
        else:
            show(list(scored))
    if given.skipped:
        errors.print(
            f"{given.skipped} files in the folders do not look like recordings by their names; skipped."
        )
    return 1 if failed else 0


def _scored(judge: Any, found: Iterator[Reading], failed: list[Reading]) -> Iterator[Scored]:
    for one in found:
        if one.problems:
            failed.append(one)
        for session in one.sessions:
            yield one.file, assess(judge, session, one)


def line(file: str, assessment: Assessment) -> str:
    """One assessment as a line of JSON, ``file`` first."""
    return json.dumps({"file": file} | msgspec.to_builtins(assessment), ensure_ascii=False, allow_nan=False)


def _write_lines(scored: Iterator[Scored], stream: TextIO) -> None:
    for file, assessment in scored:
        stream.write(line(file, assessment) + "\n")


def _write_parquet(scored: list[Scored], target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = []
    for file, one in scored:
        row: dict[str, Any] = {"file": file, "session": one.session_id, "as_of_ms": one.as_of_ms}
        for head in ("bot", "frustration", "conversion"):
            block: Block = getattr(one, head)
            low, high = block.interval or (None, None)
            row |= {
                f"{head}_eligible": block.eligible,
                f"{head}_ineligible_reason": block.ineligible_reason,
                f"{head}_probability": block.probability,
                f"{head}_low": low,
                f"{head}_high": high,
                f"{head}_base_rate": block.base_rate,
            }
        row |= {"verdict": one.bot.verdict, "action": one.recommended_action, "worth": one.worth.score}
        row |= {"flagged": one.worth.flagged, "headline": one.worth.headline, "bundle": one.models.bundle}
        row["assessment"] = json.dumps(msgspec.to_builtins(one), ensure_ascii=False)
        rows.append(row)
    names = list(rows[0]) if rows else ["file", "session", "assessment"]
    text = ("file", "session", "verdict", "action", "headline", "bundle", "assessment")
    fields: list[tuple[str, pa.DataType]] = []
    for name in names:
        if name in text or name.endswith("_reason"):
            fields.append((name, pa.string()))
        elif name.endswith("_eligible") or name == "flagged":
            fields.append((name, pa.bool_()))
        else:
            fields.append((name, pa.int64() if name == "as_of_ms" else pa.float64()))
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), target, compression="zstd")


def show(scored: list[Scored]) -> None:
    """Print assessments as a table, the session most worth watching first."""
    table = Table(
        box=None, header_style="bold", pad_edge=False, row_styles=["", "dim"] if len(scored) > 30 else []
    )
    table.add_column("session", no_wrap=True, max_width=34)
    table.add_column("length", justify="right")
    for head in ("bot", "frustrated", "converts"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("worth", justify="right")
    table.add_column("what happened", overflow="fold", min_width=24)
    abstained: dict[str, int] = {}
    for _, one in sorted(scored, key=lambda pair: -(pair[1].worth.score or 0.0)):
        for block in (one.bot, one.frustration):
            if block.ineligible_reason:
                abstained[block.ineligible_reason] = abstained.get(block.ineligible_reason, 0) + 1
        table.add_row(
            one.session_id,
            clock(one.as_of_ms)[:-2],
            _bar(one.bot, "magenta"),
            _bar(one.frustration, "red"),
            _bar(one.conversion, "green"),
            Text(
                f"{one.worth.score:.2f}" if one.worth.score is not None else "–",
                "bold" if one.worth.flagged else "",
            ),
            _headline(one),
        )
    out.print(table)
    for reason, times in abstained.items():
        out.print(f"[dim]– {INELIGIBLE[reason]} ({reason}, {times}×)[/]")


def _bar(block: Block, colour: str) -> Text:
    """A probability as a short bar and a number, or why there is none."""
    if block.probability is None:
        return Text(block.ineligible_reason or "–", "dim")
    filled = round(block.probability * 8)
    return Text.assemble(
        ("━" * filled, colour), ("━" * (8 - filled), "bright_black"), f" {percent(block.probability):>8}"
    )


def _headline(one: Assessment) -> Text:
    if one.worth.headline:
        moments = one.frustration.moments
        at = f"{clock(moments[0].t_ms)}  " if moments else ""
        return Text.assemble((at, "dim"), one.worth.headline)
    reasons = [reason for reason in one.reasons if reason.head == "bot" and reason.direction == "up"]
    if one.bot.probability is not None and one.bot.probability > 0.5 and reasons:
        return Text(reasons[0].text, "magenta")
    return Text("")
