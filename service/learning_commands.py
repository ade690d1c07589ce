"""Commands for those who learn from what the service has seen: exports, and labels in and out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.head_names import head_name
from service.owner_commands import DataDir

Site = Annotated[str | None, typer.Option(help="One site alone; all by default.")]


def export(
    tables: Annotated[
        list[str] | None,
        typer.Argument(help="events, features, signals, scores, labels; all by default.", metavar="TABLE"),
    ] = None,
    data_dir: DataDir = Path("data"),
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("export"),
    site: Site = None,
) -> None:
    """Write tables as Parquet, as docs/contracts describes them; beside the running service, if it runs."""
    from service.verbs.export import tables as run

    raise typer.Exit(run(data_dir, out, tables or [], site))


def training_set(
    head: Annotated[
        str,
        typer.Argument(
            parser=head_name(), metavar="HEAD", help="Which head; a name that is none lists them."
        ),
    ],
    out: Annotated[Path, typer.Option(help="File of vectors to write, for `watchworthy train --vectors`.")],
    data_dir: DataDir = Path("data"),
    known_at: Annotated[
        datetime | None, typer.Option(help="Only labels that were known by then, UTC; by default all.")
    ] = None,
    with_starter: Annotated[
        bool, typer.Option("--with-starter", help="Put the rows of the starter beside yours.")
    ] = False,
    site: Site = None,
    label_files: Annotated[
        list[Path] | None,
        typer.Option("--labels", metavar="LABELS.jsonl", help="A file of further labels (repeatable)."),
    ] = None,
    weak: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.py",
            help="A file with functions that guess labels (repeatable): their guesses train, weighing little, and "
            "what they read is taken out of the head.",
        ),
    ] = None,
) -> None:
    """Make a training set of what the service has seen and people have labelled; it is refused if it leaks."""
    from service.verbs.export import training_set as run

    raise typer.Exit(run(head, out, data_dir, known_at, with_starter, site, label_files or [], weak or []))


labels = typer.Typer(
    no_args_is_help=True, help="What people said of sessions: in, out, and how far they agree."
)


@labels.command("export")
def labels_export(
    data_dir: DataDir = Path("data"),
    out: Annotated[Path | None, typer.Option(help="File to write; the screen by default.")] = None,
    site: Site = None,
) -> None:
    """Write every label, one a line of JSON."""
    from service.verbs.export import labels_out

    raise typer.Exit(labels_out(data_dir, out, site))


@labels.command("import")
def labels_import(
    file: Annotated[Path, typer.Argument(help="Labels, one a line.", metavar="LABELS.jsonl")],
    data_dir: DataDir = Path("data"),
    site: Annotated[str, typer.Option(help="Site that they are of.")] = "default",
) -> None:
    """Take people's labels in; those that are there already change nothing, goals and guesses are passed over."""
    from service.verbs.export import labels_in

    raise typer.Exit(labels_in(file, data_dir, site))


@labels.command("agreement")
def labels_agreement(data_dir: DataDir = Path("data"), site: Site = None) -> None:
    """Show how far annotators say the same of the same sessions, beyond chance."""
    from service.verbs.export import agreement

    raise typer.Exit(agreement(data_dir, site))
