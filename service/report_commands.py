"""Commands that measure what Watchworthy claims, on recordings whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

report = typer.Typer(no_args_is_help=True, help="Measure what Watchworthy claims, on recordings you know.")


@report.callback()
def reports() -> None:
    """Measure what Watchworthy claims, on recordings you know."""


@report.command("first-ten")
def report_first_ten(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings with an index.csv.")],
    json: Annotated[Path | None, typer.Option("--json", help="Write the numbers here too.")] = None,
    card: Annotated[bool, typer.Option("--card", help="Write them onto the card of worth.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn at random.")] = 20_300_101,
) -> None:
    """Count true struggles among the first ten sessions, beside newest first, most clicks and others."""
    from service.verbs.report import run

    raise typer.Exit(run(recordings, json, card, seed))


@report.command("traps")
def report_traps(
    page: Annotated[
        Path | None, typer.Option(help="Write the page of the traps here, as docs/traps.md is.")
    ] = None,
) -> None:
    """Count what the signals get right and wrong on recordings that such signals are known to err on."""
    from service.verbs.report_traps import run

    raise typer.Exit(run(page))


@report.command("conversion")
def report_conversion(
    shoppers: Annotated[Path, typer.Option(help="The table of UCI Online Shoppers, as Parquet.")],
    page: Annotated[Path | None, typer.Option(help="Write the page here, as docs/conversion.md is.")] = None,
    sessions: Annotated[int, typer.Option(help="Simulated sessions for the landmarks.")] = 3_000,
) -> None:
    """Judge the trainer of the conversion head on real shop sessions forward in time, and at landmarks."""
    from service.verbs.report_conversion import run

    raise typer.Exit(run(shoppers, page, sessions))
