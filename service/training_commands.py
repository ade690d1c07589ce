"""Commands that make a head, and that show what one stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.head_names import head_name
from service.owner_commands import DataDir


def train(
    head: Annotated[
        str,
        typer.Argument(
            parser=head_name("unusual"), metavar="HEAD", help="Which head; a name that is none lists them."
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="What to train on: the data directory of a service, for any head, by what it has seen and what "
            "people said of it; or for bot and frustration the folder that the starters come from, for conversion "
            "recordings of your own."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of heads to write to; the starters by default.")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            help="Train on a file of vectors instead: one of `watchworthy training-set`, or the shipped ones, which "
            "give the shipped model."
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Settings of the booster, as `watchworthy search --out` wrote them."
        ),
    ] = None,
    negatives: Annotated[
        list[str] | None,
        typer.Option(
            help="Recordings of people you vouch for: derive the operating points from them (repeatable)."
        ),
    ] = None,
    people: Annotated[
        Path | None, typer.Option(help="CSV with columns file,person: whose recording each one is.")
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Instead of --people: a regular expression that finds the person in a file's name."
        ),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="conversion only: train on the simulated shop history.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of everything drawn at random.")] = None,
    lab: Annotated[
        Path | None, typer.Option(help="Folder of what the lab recorded: families/ and twins/.")
    ] = None,
    data_dir: DataDir = Path("data"),
    run: Annotated[
        bool,
        typer.Option(
            "--run/--no-run",
            help="Write a run and a version down in MLflow: under the data directory, or where MLFLOW_TRACKING_URI "
            "says.",
        ),
    ] = True,
) -> None:
    """Train a head and write its run down, or derive its operating points from your own people."""
    from service.verbs.train import Asked
    from service.verbs.train import run as train_it

    asked = Asked(
        head, data, out, vectors, settings, tuple(negatives or ()), people, pattern, simulated, seed, lab
    )
    raise typer.Exit(train_it(asked, data_dir if run else None))


def card(
    head: Annotated[
        str,
        typer.Argument(
            parser=head_name("worth", "unusual"), metavar="HEAD", help="Which head; or worth, or unusual."
        ),
    ],
    models: Annotated[
        Path | None, typer.Option(help="Folder of trained heads; the starters by default.")
    ] = None,
) -> None:
    """Show the model card of a head: its data, its bounds, where it will be wrong."""
    from service.verbs.card import run

    raise typer.Exit(run(head, models))
