"""``watchworthy evaluate``, ``compare``, ``promote``, ``rollback``, ``register``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from data_contracts.errors import WatchworthyError
from models.bundle import Bundle, load_head
from pipelines.datasets.examples import Examples
from pipelines.lifecycle.comparing import NOBODY, Comparison, PointSeen, compare, evaluate
from pipelines.lifecycle.finding import champion as champion_of
from pipelines.lifecycle.finding import find
from pipelines.lifecycle.held_out import VECTORS, whole_sessions
from pipelines.lifecycle.people import Row, counted, on_labels
from pipelines.lifecycle.promoting import Desk
from pipelines.store.store import Store
from service.live import settings
from service.modelling import registering
from service.screen import compiling, errors, out, phases

LABELS_SHOWN = 20


def run_evaluate(head: str, models: str, on: Path | None, data_dir: Path, json: Path | None) -> int:
    """Measure a head; return the exit status."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = find(head, models, data_dir, Path(temporary))
        told = evaluate(head, folder, _rows(on, folder))
    table = _table(
        f"{head} {told.digest} on {told.rows} sessions of {told.groups} groups that it had not seen"
    )
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("95 % interval over groups", justify="right")
    for one in told.measures:
        table.add_row(one.name, f"{one.value:.4f}", f"{one.low:.4f} to {one.high:.4f}")
    table.add_row("calibration", f"slope {told.slope[0]:.2f}", f"intercept {told.slope[1]:+.2f}")
    table.add_row(*_point(told.point))
    out.print(table)
    _left_out(told.left_out)
    _write(json, told)
    return 0


def run_compare(
    head: str,
    challenger: str,
    on: Path | None,
    champion: str | None,
    data_dir: Path,
    site: str,
    address: str,
    json: Path | None,
) -> int:
    """Compare two heads; return the exit status."""
    with tempfile.TemporaryDirectory() as temporary:
        ours, theirs = _both(head, challenger, champion, data_dir, Path(temporary))
        told = compare(head, ours, theirs, _rows(on, ours or theirs))
        show(told)
        rows: list[Row] = []
        if (data_dir / "store.db").exists() and ours is not None:
            with Store.open(data_dir) as store:
                first, second = (Bundle({head: load_head(folder)}) for folder in (ours, theirs))
                rows = on_labels(store, site, head, first, second, address)
        labels(rows)
    _write(json, {"comparison": told, "labels": rows})
    return 0


def run_promote(head: str, challenger: str, why: str, on: Path | None, data_dir: Path, shadow: bool) -> int:
    """Decide on a promotion; return the exit status: 1 for a refusal."""
    own = settings.load(data_dir).models
    desk = Desk(data_dir, own)
    with tempfile.TemporaryDirectory() as temporary:
        to = Path(temporary)
        if shadow:
            folder = find(head, challenger, data_dir, to / "challenger")
            digest = desk.challenge(head, folder, why)
            out.print(f"{head} {load_head(folder).digest} scores in shadow from now on, in bundle {digest}.")
            _alias(data_dir, head, load_head(folder).digest, "challenger", why)
            return 0
        ours, theirs = _both(head, challenger, None, data_dir, to)
        with compiling(), phases() as progress:
            progress("silent recordings", 0)
            told, refused = desk.promote(
                head, theirs, _rows(on, ours or theirs), why, champion=ours, progress=lambda: progress("", 0)
            )
    show(told, slices=False)
    if refused:
        out.print(f"\n[bold]Refused[/]: {head} {told.challenger} does not take the champion's place.")
        for one in refused:
            out.print(f"  [yellow]{one.code}[/]  {one.text}", highlight=False)
        return 1
    out.print(f"\n[bold]Promoted[/]: {head} {told.challenger} scores from now on.")
    _alias(data_dir, head, told.challenger, "champion", why)
    return 0


def run_rollback(why: str, data_dir: Path) -> int:
    """Go back to the models before; return the exit status."""
    desk = Desk(data_dir, settings.load(data_dir).models)
    digest = desk.rollback(why)
    out.print(f"Bundle {digest} scores again.")
    for name, head in desk.shelf.bundle(digest).heads.items():
        _alias(data_dir, name, head.digest, "champion", why)
    return 0


def run_register(models: Path | None, data_dir: Path) -> int:
    """Write heads down in the registry; return the exit status."""
    from pipelines.lifecycle.registry import Registry
    from pipelines.lifecycle.runs import record, register_starters

    registry = Registry(data_dir)
    with phases() as progress:
        found = (
            register_starters(registry, progress) if models is None else [record(registry, models, data_dir)]
        )
    if models is None:
        registering.done(data_dir)
    for one in found:
        out.print(f"{one.head} {one.digest}: version {one.number}, run {one.run}", highlight=False)
    errors.print(f"MLflow: {registry.uri}")
    return 0


def show(told: Comparison, slices: bool = True) -> None:
    """Print a comparison."""
    table = _table(
        f"{told.head} on {told.rows} sessions ({told.positives} positive) of {len(told.groups)} groups that neither "
        f"had seen; base rate {100 * told.base_rate:.0f} %"
    )
    for name in (
        "measure",
        f"champion\n{told.champion}",
        f"challenger\n{told.challenger}",
        "difference\npaired 95 %",
    ):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for one in told.measures:
        table.add_row(
            one.name,
            f"{one.champion:.4f}",
            f"{one.challenger:.4f}",
            f"{one.difference:+.4f} ({one.low:+.4f} to {one.high:+.4f})",
        )
    table.add_row("slope", *(f"{a:.2f}" for a, _ in told.slopes), "")
    table.add_row("intercept", *(f"{b:+.2f}" for _, b in told.slopes), "")
    table.add_row("hits at its point", *(_point(one)[1].removesuffix(" hits") for one in told.points), "")
    table.add_row("people over it", *(_over(one) for one in told.points), "")
    out.print(table)
    if told.champion == NOBODY:
        out.print("No head of this name scores yet: it is held against saying the base rate of everybody.")
    _left_out(told.left_out)
    if slices:
        out.print(_slices(told))


def _slices(told: Comparison) -> Table:
    slices = _table("Slices, by AUC")
    for name in ("slice", "sessions", "groups", "champion", "challenger"):
        slices.add_column(name, justify="left" if name == "slice" else "right")
    for part in told.slices:
        slices.add_row(
            f"{part.by} {part.value}",
            str(part.rows),
            str(part.groups),
            f"{part.champion:.3f}",
            f"{part.challenger:.3f}",
        )
    return slices


def labels(rows: list[Row]) -> None:
    """Print what became of the sessions that people labelled."""
    told = counted(rows)
    out.print(
        f"\nOn people's labels: [green]{told['fixed']} fixed[/], {told['still_wrong']} still wrong, "
        f"{told['kept']} kept, "
        f"[red]{told['regressed']} regressed[/]"
    )
    order = ("regressed", "fixed", "still_wrong", "kept")
    table = _table()
    for name in ("", "label", "champion", "challenger", "watch it"):
        table.add_column(name)
    for one in sorted(rows, key=lambda row: order.index(row.outcome))[:LABELS_SHOWN]:
        table.add_row(
            one.outcome.replace("_", " "),
            one.label,
            f"{100 * one.champion:.1f} %",
            f"{100 * one.challenger:.1f} %",
            f"[link={one.link}]{one.link}[/link]",
        )
    if rows:
        out.print(table)


def _both(
    head: str, challenger: str, champion: str | None, data_dir: Path, to: Path
) -> tuple[Path | None, Path]:
    own = settings.load(data_dir).models
    theirs = find(head, challenger, data_dir, to / "challenger")
    if champion is not None:
        return find(head, champion, data_dir, to / "champion"), theirs
    return champion_of(head, Desk(data_dir, own), data_dir, own, to / "champion"), theirs


def _rows(on: Path | None, folder: Path) -> Examples:
    path = on or folder / VECTORS
    if not path.exists():
        raise WatchworthyError("file_missing", "Name a file of labelled vectors with --on.", str(path))
    return whole_sessions(path)


def _alias(data_dir: Path, head: str, digest: str, alias: str, why: str) -> None:
    """Tell the registry, where there is one; what scores does not hang on it."""
    try:
        registry = _registry(data_dir)
        version = registry.find(head, digest) if registry is not None else None
        if registry is not None and version is not None:
            registry.alias(version, alias)
            registry.note(version, **{f"{alias}_why": why})
    except WatchworthyError as error:
        errors.print(f"[yellow]The registry does not know of it yet[/]: {error}")


def _registry(data_dir: Path) -> Any:
    from importlib.util import find_spec

    if find_spec("mlflow") is None:
        return None
    from pipelines.lifecycle.registry import Registry

    return Registry(data_dir)


def _point(one: PointSeen) -> tuple[str, str, str]:
    if one.refused is not None or one.hits is None:
        return "operating point", "refused", "(too few people)"
    return (
        "operating point",
        f"{100 * one.hits:.0f} % hits",
        f"({one.over} of {one.people} people over {one.name}, at most {100 * one.share_upper_95:.0f} %)",
    )


def _over(one: PointSeen) -> str:
    """How many people pass a point, in short."""
    return "too few people" if one.refused is not None else f"{one.over} of {one.people}"


def _left_out(many: int) -> None:
    if many:
        out.print(f"[dim]{many} sessions are left out: a head had seen their group.[/]")


def _table(title: str | None = None) -> Table:
    return Table(box=None, header_style="bold", pad_edge=False, title=title, title_justify="left")


def _write(path: Path | None, told: Any) -> None:
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")


@contextmanager
def opened(data_dir: Path) -> Iterator[Store]:
    """The store of a data folder that must be there."""
    if not (data_dir / "store.db").exists():
        raise WatchworthyError("file_missing", "There is no store in this folder.", str(data_dir))
    with Store.open(data_dir) as store:
        yield store
