"""Commands for the data scientist: measure, compare and promote heads, watch them, score again what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.head_names import head_name
from service.owner_commands import DataDir

HeadName = Annotated[
    str,
    typer.Argument(parser=head_name(), metavar="HEAD", help="Which head; a name that is none lists them."),
]
Challenger = Annotated[
    str,
    typer.Argument(
        help="Folder of trained heads, or a version of the registry: its number, digest or alias."
    ),
]
ONLY = "Only groups that a head has not seen count, each by a booster that had not seen it."
On = Annotated[
    Path | None,
    typer.Option(
        "--on",
        metavar="VECTORS.parquet",
        help=f"Labelled vectors to compare on; those of the champion's own training by default. {ONLY}",
    ),
]
Champion = Annotated[
    str | None,
    typer.Option(help="Folder of heads, or a version, to compare with; what scores now by default."),
]
Site = Annotated[str, typer.Option(help="Site whose sessions and labels are looked at.")]
Why = Annotated[str, typer.Option(help="The reason, for the record.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the numbers here too.")]


def add(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (search, evaluate, compare, promote, rollback, monitor, backfill, register):
        app.command()(command)


def search(
    head: HeadName,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Labelled vectors of `watchworthy training-set`; those that ship by default."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="Budget: no try begins after so long.")] = 10,
    trials: Annotated[int, typer.Option(min=1, help="Budget: the most tries.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn at random.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Write the best settings here, for `watchworthy train --settings`."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Search settings of a head's booster with Optuna, under folds that hold groups out."""
    from service.verbs.search import run

    raise typer.Exit(run(head, vectors, minutes, trials, seed, out, json))


def evaluate(
    head: HeadName,
    models: Annotated[str, typer.Argument(help="Folder of trained heads, or a version of the registry.")],
    on: Annotated[
        Path | None,
        typer.Option(
            "--on",
            metavar="VECTORS.parquet",
            help=f"Labelled vectors to measure on; those of its own training by default. {ONLY}",
        ),
    ] = None,
    data_dir: DataDir = Path("data"),
    json: Json = None,
) -> None:
    """Measure a head on people that it has not seen, with intervals."""
    from service.verbs.learn import run_evaluate

    raise typer.Exit(run_evaluate(head, models, on, data_dir, json))


def compare(
    head: HeadName,
    challenger: Challenger,
    on: On = None,
    champion: Champion = None,
    data_dir: DataDir = Path("data"),
    site: Site = "default",
    address: Annotated[
        str, typer.Option(help="Address of the triage pages, for links to sessions.")
    ] = "http://127.0.0.1:8700",
    json: Json = None,
) -> None:
    """Compare a head with the one that scores now, on the same held-out groups and on people's labels."""
    from service.verbs.learn import run_compare

    raise typer.Exit(run_compare(head, challenger, on, champion, data_dir, site, address, json))


def promote(
    head: HeadName,
    challenger: Challenger,
    why: Why,
    on: On = None,
    data_dir: DataDir = Path("data"),
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it score in shadow first: nobody is told what it says.")
    ] = False,
) -> None:
    """Let a head take the champion's place, or say why it may not."""
    from service.verbs.learn import run_promote

    raise typer.Exit(run_promote(head, challenger, why, on, data_dir, shadow))


def rollback(why: Why, data_dir: DataDir = Path("data")) -> None:
    """Let the models that scored before score again."""
    from service.verbs.learn import run_rollback

    raise typer.Exit(run_rollback(why, data_dir))


def monitor(
    data_dir: DataDir = Path("data"),
    site: Site = "default",
    days: Annotated[
        float,
        typer.Option(min=0.01, help="Days that are looked at; those before are what they are held against."),
    ] = 7,
    report: Annotated[Path, typer.Option(metavar="FILE.html", help="Report to write.")] = Path(
        "monitor.html"
    ),
    json: Json = None,
) -> None:
    """Say whether features and scores have moved, and how precise flags are: as estimated, and as measured."""
    from service.verbs.monitor import run

    raise typer.Exit(run(data_dir, site, days, report, json))


def backfill(
    models: Annotated[
        Path | None, typer.Option(help="Folder of heads to score with; what scores now by default.")
    ] = None,
    data_dir: DataDir = Path("data"),
    site: Site = "default",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of Parquet files to write; backfill in the data folder by default."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes; -1 takes every core.")] = -1,
) -> None:
    """Score every stored session of a site again; broken off, it goes on where it was."""
    from service.verbs.backfill import run

    raise typer.Exit(run(models, data_dir, site, out, jobs))


def register(
    models: Annotated[
        Path | None, typer.Argument(help="Folder of a trained head to register; the starters by default.")
    ] = None,
    data_dir: DataDir = Path("data"),
) -> None:
    """Write heads down in MLflow, each as a run with its measures and pictures; the starters without more said."""
    from service.verbs.learn import run_register

    raise typer.Exit(run_register(models, data_dir))
