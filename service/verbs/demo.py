"""``watchworthy demo``: the whole service on samples that ship, in a folder that is thrown away afterwards."""

from __future__ import annotations

import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from data_contracts.recordings import open_paths
from models.scorer import Scorer
from pipelines.readings import readings
from pipelines.training.site_history import conversion
from service.assessing import assess
from service.demo_shop import demo_shop
from service.live import logs
from service.live.keys import Keys
from service.live.settings import load
from service.screen import compiling, out, phases, tracked
from service.serving import LOOPBACK, listen, stoppable
from service.verbs import import_
from service.verbs.score import Scored, show
from service.verbs.serve import serve
from service.web import build

SERVICE = Path(__file__).resolve().parents[1]
SAMPLES = next(
    (place for place in (SERVICE / "samples", SERVICE.parent / "samples") if place.is_dir()),
    SERVICE / "samples",
)
"""The sample recordings: inside the package in a wheel, beside it in a checkout."""

NOTEBOOK: Final = SERVICE.parent / "notebooks" / "1-explore-behaviour.ipynb"
SITE: Final = "default"
PORTS: Final = range(8700, 8800)  # tried in turn; then any that is free


def run(folder: Path | None) -> int:
    """Score the samples, put them into a service of its own, say three things to try, and serve until Ctrl-C."""
    place = folder or SAMPLES
    with stoppable(), tempfile.TemporaryDirectory(prefix="watchworthy-demo-") as temporary:
        try:
            return _demo(place, Path(temporary))
        except KeyboardInterrupt:
            out.print("\n[dim]Stopped. Nothing is left behind.[/]")
            return 130


def _demo(place: Path, temporary: Path) -> int:
    data = temporary / "data"
    files = list(open_paths([place]))
    with compiling(), phases() as progress:
        trained = conversion(None, temporary / "models", None, True, None, progress)
    unbuilt = built()
    judge, scored, failed = Scorer.starter(trained.parent), [], False
    for one in tracked(readings(files), len(files), "Scoring"):
        failed = failed or bool(one.problems)
        scored += [(one.file, assess(judge, session)) for session in one.sessions]
    out.print(f"\n[bold]{len(scored)} sample sessions[/] of a demo shop, the one most worth watching first\n")
    show(scored)
    out.print(
        "\n[dim]converts: from a head trained a moment ago on a simulated history; it says nothing of real visitors.\n"
        "bot, frustrated: the starter heads; `watchworthy card bot` says on what they stand and where they fail.[/]\n"
    )
    keys = Keys(data)
    key, _ = keys.create("read", SITE, note="demo")
    keys.close()
    settings = load(
        data,
        models=trained.parent,
        host=LOOPBACK,
        log_level="error",
        disk_free_bytes=0,
        register_starters=False,
    )
    import_.put([str(place)], data, SITE, settings)
    with (
        free_port() as listening,
        demo_shop(data, SITE, f"http://{LOOPBACK}:{listening.getsockname()[1]}") as at,
    ):
        logs.begin(settings.log_level)
        serve(data, settings, listening, lambda address, link: _say(address, link, key, scored, at, unbuilt))
    out.print("\n[dim]Stopped. Nothing is left behind.[/]")
    return 1 if failed else 0


def _say(address: str, link: str, key: str, scored: list[Scored], shop: str, unbuilt: str = "") -> None:
    """The shop to walk about in, and three lines, one for each kind of reader."""
    auth = f"-H 'Authorization: Bearer {key}'"
    automated = max(scored, key=lambda pair: pair[1].bot.probability or 0.0) if scored else None
    name = automated[1].session_id if automated else "…"
    file = near(automated[0]) if automated else SAMPLES
    opened = f"jupyter lab {near(NOTEBOOK)}" if can_open() else f"watchworthy score --format json {file}"
    asked = f"-H 'Content-Type: application/json' -d '{{\"session\": \"{name}\"}}'"
    lines = (
        ("Product teams", f"open {link}"),
        ("Fraud teams", f"curl {auth} {asked} {address}/v1/assessments"),
        ("Data scientists", opened),
    )
    out.print(
        f"[bold]The service runs on {address}[/] with these sessions in it. Try, in another terminal:\n"
    )
    for who, what in lines:
        out.print(f"{who + ':':17}{what}", soft_wrap=True, markup=False)
    if shop:
        out.print(
            f"\n[bold]The shop is open on {shop}/[/]: put a lamp into the cart, and press Apply three times in anger."
        )
    elif unbuilt:
        out.print(
            "\n[bold]There is no shop to walk about in, and there are no pages to look at:[/] they could not be built."
        )
        out.print(unbuilt, markup=False)
    out.print("\n[dim]The link signs one person in, once.[/]")
    out.print("Ctrl-C ends it, and leaves nothing behind.")


def built() -> str:
    """Build the recorder and the pages where that was not done yet; why it cannot be done, empty if it was."""
    try:
        build.build(lambda text: out.print(f"[dim]{text}[/]"))
    except build.BuildError as error:
        return str(error)
    return ""


def can_open() -> bool:
    """Whether there is a notebook here, and JupyterLab to open it with: a wheel carries neither."""
    return NOTEBOOK.is_file() and find_spec("jupyterlab") is not None


def free_port() -> socket.socket:
    """A socket on the first port from 8700 on that is free."""
    for port in PORTS:
        try:
            return listen(LOOPBACK, port)
        except OSError:
            continue
    return listen(LOOPBACK, 0)


def near(path: str | Path) -> Path:
    """A path as a person would type it from here."""
    whole, here = Path(path).resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole
