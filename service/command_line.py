"""The command line: ``watchworthy <verb>``. Each verb loads what it needs when it runs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from service import model_commands
from service.learning_commands import export, labels, training_set
from service.owner_commands import DataDir, audit, keys, rules
from service.report_commands import report
from service.training_commands import card, train

app = typer.Typer(
    name="watchworthy",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Score session recordings: which are worth watching, why, and at which second.",
    epilog="A recording is any rrweb file (also PostHog, Sentry, packed; plain, gzip or zstd). "
    "Exit status: 0 done, 1 some file failed (each is named), 2 bad usage.",
)

Paths = Annotated[
    list[str],
    typer.Argument(help="Files, folders or globs of recordings; - reads standard input.", metavar="PATH"),
]
IdleMinutes = Annotated[
    float, typer.Option("--idle-minutes", min=0.1, help="A longer pause cuts a recording into two sessions.")
]


class ScoreFormat(StrEnum):
    """How scores are printed."""

    table = "table"
    json = "json"
    parquet = "parquet"


class Format(StrEnum):
    """How a list is printed."""

    table = "table"
    json = "json"


@app.command()
def score(
    paths: Paths,
    format: Annotated[ScoreFormat, typer.Option(help="json: one assessment a line.")] = ScoreFormat.table,
    out: Annotated[Path | None, typer.Option(help="Write here instead of the screen.")] = None,
    models: Annotated[
        Path | None,
        typer.Option(help="Folder of your own heads; a starter stands in for each that it lacks."),
    ] = None,
    idle_minutes: IdleMinutes = 30,
) -> None:
    """Score recordings: bot likelihood, frustration, conversion, and what is worth watching."""
    from service.verbs.score import run

    raise typer.Exit(run(paths, format.value, out, models, idle_minutes))


@app.command()
def features(
    paths: Paths,
    out: Annotated[
        Path | None, typer.Option(help="Parquet file to write; a table on the screen by default.")
    ] = None,
    cut: Annotated[int, typer.Option(min=1, help="Cut each stream into so many random batches first.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the random cuts.")] = 0,
    idle_minutes: IdleMinutes = 30,
) -> None:
    """Compute the behavioural vector of each session."""
    from service.verbs.features import run

    raise typer.Exit(run(paths, out, cut, seed, idle_minutes))


@app.command()
def signals(
    paths: Paths,
    format: Annotated[Format, typer.Option(help="json: one moment a line.")] = Format.table,
    preset: Annotated[
        str,
        typer.Option(
            help="Thresholds: watchworthy, posthog, sentry, datadog, openreplay, amplitude, highlight."
        ),
    ] = "watchworthy",
    idle_minutes: IdleMinutes = 30,
) -> None:
    """List the moments that matter: rage clicks, dead clicks, slow answers and so on."""
    from service.verbs.signals import run

    raise typer.Exit(run(paths, format.value, preset, idle_minutes))


@app.command()
def catalogue(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as the docs show it.")] = False,
) -> None:
    """Print every feature and signal: name, unit, range, text, source."""
    from service.verbs.catalogue import run

    raise typer.Exit(run(markdown))


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Recordings to put into it; the samples by default.")
    ] = None,
) -> None:
    """Start the service on the sample sessions, in a folder that is thrown away, and say what to try."""
    from service.verbs.demo import run

    raise typer.Exit(run(folder))


class Bench(TyperGroup):
    """``bench PATH`` is ``bench offline PATH``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the first command before what names none."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["offline", *args]
        return super().parse_args(ctx, args)


bench = typer.Typer(
    cls=Bench,
    help="Measure speed and memory on this machine, each figure beside its peer. "
    "`watchworthy bench PATH` stands for `watchworthy bench offline PATH`.",
)
app.add_typer(bench, name="bench")

BenchPaths = Annotated[
    list[str] | None,
    typer.Argument(help="Recordings to measure on; the samples by default.", metavar="PATH"),
]

SHARES = [0.1, 0.5]  # typer takes no tuple for many values


@bench.command("offline")
def bench_offline(
    paths: BenchPaths = None,
    rounds: Annotated[int, typer.Option(min=3, help="Rounds; each figure is the median.")] = 7,
) -> None:
    """Bytes to vectors, scores with reasons, memory."""
    from service.verbs.bench import run

    raise typer.Exit(run(paths or [], rounds))


@bench.command("serve")
def bench_serve(
    paths: BenchPaths = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; each figure is the median.")] = 5,
    connections: Annotated[int, typer.Option(min=1, help="Connections that send at once.")] = 32,
    batches: Annotated[int, typer.Option(min=1, help="Batches of a round.")] = 2_000,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions that are live meanwhile.")] = 1_000,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every round's figures here too.")
    ] = None,
) -> None:
    """A batch at the live service beside an empty endpoint: CPU, time to the answer."""
    from service.verbs.bench_serve import run

    raise typer.Exit(run(paths or [], rounds, connections, batches, sessions, json_file))


@bench.command("queue")
def bench_queue(
    paths: BenchPaths = None,
    cards: Annotated[int, typer.Option(min=1_000, help="Sessions of the site.")] = 1_000_000,
    common: Annotated[
        list[float],
        typer.Option(
            min=0,
            max=1,
            help="Share of the sessions with an issue that show the most common one; each has a site of its own.",
        ),
    ] = SHARES,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; each figure is the median.")] = 15,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here too.")
    ] = None,
) -> None:
    """Pages of the queue and of other lists at a million sessions, beside finding one card."""
    from service.verbs.bench_queue import run

    raise typer.Exit(run(paths or [], cards, common, rounds, json_file))


@app.command("sign-in")
def sign_in(
    data_dir: DataDir = Path("data"),
    site: Annotated[str, typer.Option(help="Site whose sessions are shown.")] = "default",
) -> None:
    """Print a link by which the owner signs in to the pages, once, within a day."""
    from service.verbs.sign_in import run

    raise typer.Exit(run(data_dir, site))


@app.command()
def serve(
    data_dir: DataDir = Path("data"),
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port; 0 takes any free one.")] = None,
) -> None:
    """Take recordings from browsers, store and score them; everything embedded in one process."""
    from service.verbs.serve import run

    raise typer.Exit(run(data_dir, host, port))


@app.command()
def snippet(
    data_dir: DataDir = Path("data"),
    service: Annotated[str | None, typer.Option(help="Address at which visitors reach the service.")] = None,
    key: Annotated[str, typer.Option(help="The site's write key.")] = "",
    updates: Annotated[bool, typer.Option(help="Load the newest recorder, not just this one.")] = False,
) -> None:
    """Print the tag that puts the recorder into a page."""
    from service.verbs.snippet import run

    raise typer.Exit(run(data_dir, service, key, updates))


@app.command(name="import")
def import_(
    paths: Paths,
    data_dir: DataDir = Path("data"),
    site: Annotated[str, typer.Option(help="Site that the recordings are of.")] = "default",
) -> None:
    """Put recordings into the store as if they had been sent; what is there already is passed over."""
    from service.verbs.import_ import run

    raise typer.Exit(run(paths, data_dir, site))


@app.command("base-rates")
def base_rates(
    data_dir: DataDir = Path("data"),
    site: Annotated[str, typer.Option(help="Site whose sessions to count.")] = "default",
    as_of: Annotated[
        str | None, typer.Option(help="Count as on this day, YYYY-MM-DD; today by default.")
    ] = None,
) -> None:
    """Count how often each signal fires on each element of a site, so that a toy is not taken for a fault."""
    from service.verbs.base_rates import run

    raise typer.Exit(run(data_dir, site, as_of))


@app.command()
def settings(data_dir: DataDir = Path("data")) -> None:
    """Print every setting, what it does, and what it is now."""
    from service.verbs.settings import run

    raise typer.Exit(run(data_dir))


app.command()(train)
app.command()(card)
app.command()(export)
app.command("training-set")(training_set)
app.add_typer(labels, name="labels")
model_commands.add(app)
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.add_typer(rules, name="rules")
app.add_typer(report, name="report")


def main() -> None:
    """Run the command line; a refusal is one sentence on stderr, never a traceback."""
    try:
        app()
    except ValueError as error:
        from data_contracts.errors import WatchworthyError

        if not isinstance(error, WatchworthyError):
            raise
        print(f"watchworthy: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone (as `| head` does): nothing is wrong with the input.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = error.filename or "a file"
        print(
            f"watchworthy: {where}: {error.strerror}. Is the folder there, and may you write to it?",
            file=sys.stderr,
        )
        sys.exit(1)
