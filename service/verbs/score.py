"""``watchworthy score``: probabilities with reasons for each session."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
from rich.table import Table
from rich.text import Text

from data_contracts.assessments import INELIGIBLE, Assessment, Block
from data_contracts.recordings import open_paths
from models.scorer import Scorer
from pipelines.readings import Reading, readings
from service.assessing import assess
from service.screen import clock, compiling, errors, out, percent, tracked

Scored = tuple[str, Assessment]
LIKELY: Final = 0.5
BAR: Final = 6  # characters


def run(
    paths: list[str],
    format: str,
    target: Path | None,
    models: Path | None,
    idle_minutes: float,
) -> int:
    """Score recordings and print or write the assessments; return the exit status."""
    if format == "parquet" and target is None:
        print("watchworthy score: --format parquet needs --out FILE.parquet", file=sys.stderr)
        return 2
    if format == "table" and target is not None:
        print(
            "watchworthy score: a table goes to the screen; with --out, choose --format json or parquet",
            file=sys.stderr,
        )
        return 2
    judge = Scorer.starter(models)
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
            yield one.file, assess(judge, session)


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


WIDE: Final = 120  # columns from which on there is room for what happened beside the numbers
FIRST: Final = 8  # headlines that a person reads below a narrow table


def show(scored: list[Scored]) -> None:
    """Print assessments as a table, the session most worth watching first."""
    wide = out.width >= WIDE
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("session", no_wrap=True, max_width=34, overflow="ellipsis")
    for name in ("length", "bot", "frustrated", "converts", "worth"):
        table.add_column(name, justify="right", no_wrap=True)
    if wide:
        table.add_column("what happened", overflow="fold")
    abstained: dict[str, int] = {}
    ranked = sorted(scored, key=lambda pair: -(pair[1].worth.score or 0.0))
    for _, one in ranked:
        for block in (one.bot, one.frustration):
            if block.ineligible_reason:
                abstained[block.ineligible_reason] = abstained.get(block.ineligible_reason, 0) + 1
        worth = "–" if one.worth.score is None else f"{one.worth.score:.2f}"
        cells = [
            Text(one.session_id),
            Text(clock(one.as_of_ms)[:-2]),
            _chance(one.bot, "magenta", wide),
            _chance(one.frustration, "red", wide),
            _chance(one.conversion, "green", wide),
            Text(f"⚑ {worth}" if one.worth.flagged else worth, "bold" if one.worth.flagged else ""),
        ]
        table.add_row(*cells, *([_headline(one)] if wide else []))
    out.print(table)
    if not wide:
        _headlines(ranked)
    for reason, times in abstained.items():
        out.print(f"[dim]– {INELIGIBLE[reason]} ({reason}, {times}×)[/]")


def _chance(block: Block, colour: str, wide: bool) -> Text:
    """A probability as a number, on a wide screen with a short bar; or why there is none."""
    if block.probability is None:
        return Text(block.ineligible_reason or "–", "dim")
    style = colour if block.probability >= LIKELY else ""
    number = Text(percent(block.probability), style)
    if not wide:
        return number
    filled = round(block.probability * BAR)
    return Text.assemble(
        ("━" * filled, colour), ("━" * (BAR - filled), "bright_black"), f" {number.plain:>7}"
    )


def _headlines(ranked: list[Scored]) -> None:
    told = [(one, text) for _, one in ranked if (text := _headline(one)).plain]
    if told:
        out.print()
    for one, text in told[:FIRST]:
        out.print(Text.assemble((one.session_id, "bold"), "  ", text))


def _headline(one: Assessment) -> Text:
    """The second to jump to and what happened there, or what speaks for automation."""
    if one.bot.probability is not None and one.bot.probability >= LIKELY:
        reasons = [reason for reason in one.reasons if reason.head == "bot" and reason.direction == "up"]
        if reasons:
            return Text(reasons[0].text, "magenta")
    if one.worth.headline:
        code = (one.worth.issue or "").partition(":")[0]
        first = min((moment.t_ms for moment in one.frustration.moments if moment.code == code), default=None)
        at = f"{clock(first)}  " if first is not None else ""
        return Text.assemble((at, "dim"), one.worth.headline)
    return Text("")
