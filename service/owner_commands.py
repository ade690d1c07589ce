"""Commands for the owner of a service: its keys, the chain of its decisions, its rules."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Option("--data-dir", envvar="WATCHWORTHY_DATA_DIR", help="Folder in which everything is kept."),
]


class Role(StrEnum):
    """What a key may do."""

    write = "write"
    read = "read"
    annotate = "annotate"
    admin = "admin"


keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys of the service.")


@keys.command("create")
def keys_create(
    role: Annotated[Role, typer.Option(help="write stands in web pages; the others are secret.")],
    data_dir: DataDir = Path("data"),
    site: Annotated[str, typer.Option(help="Site that it is for.")] = "default",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin of pages that may use it, as https://shop.example (repeatable)."),
    ] = None,
    note: Annotated[str, typer.Option(help="For yourself.")] = "",
) -> None:
    """Make a key, and print it this once."""
    from service.verbs.keys import create

    raise typer.Exit(create(data_dir, role.value, site, origin or [], note))


@keys.command("list")
def keys_list(data_dir: DataDir = Path("data")) -> None:
    """List the keys, without their secrets."""
    from service.verbs.keys import show

    raise typer.Exit(show(data_dir))


@keys.command("revoke")
def keys_revoke(
    key: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")],
    data_dir: DataDir = Path("data"),
) -> None:
    """Make a key worthless from now on."""
    from service.verbs.keys import revoke

    raise typer.Exit(revoke(data_dir, key))


audit = typer.Typer(no_args_is_help=True, help="The chain that decisions are linked into.")


@audit.command("verify")
def audit_verify(
    data_dir: DataDir = Path("data"),
    root: Annotated[
        str | None, typer.Option(help="One that was written down outside; it must fit, too.")
    ] = None,
) -> None:
    """Walk the chain from its first block; the exit status is 1 if anything was changed."""
    from service.verbs.audit import verify

    raise typer.Exit(verify(data_dir, root))


@audit.command("root")
def audit_root(
    data_dir: DataDir = Path("data"),
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Add it to this file.")] = None,
) -> None:
    """Print the newest root, to be kept where nobody who can change the store can change it."""
    from service.verbs.audit import root

    raise typer.Exit(root(data_dir, out))


rules = typer.Typer(no_args_is_help=True, help="What visitors are offered while there is time.")
RuleFile = Annotated[
    Path, typer.Argument(metavar="RULE.toml", help="A rule, as docs/interventions.md tells.")
]


@rules.command("list")
def rules_list(data_dir: DataDir = Path("data")) -> None:
    """List the rules as they hold now."""
    from service.verbs.rules import show

    raise typer.Exit(show(data_dir))


@rules.command("check")
def rules_check(file: RuleFile) -> None:
    """Say whether a file holds a rule, and if not, what is wrong and where."""
    from service.verbs.rules import check

    raise typer.Exit(check(file))


@rules.command("dry-run")
def rules_dry_run(
    file: RuleFile,
    data_dir: DataDir = Path("data"),
    site: Annotated[str, typer.Option(help="Site whose sessions are played.")] = "default",
    most: Annotated[int, typer.Option(min=1, help="Sessions that are played.")] = 10_000,
) -> None:
    """Say in how many stored sessions a rule would have been due."""
    from service.verbs.rules import dry

    raise typer.Exit(dry(file, data_dir, site, most))
