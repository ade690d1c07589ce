"""``watchworthy demo``: the whole way from recordings to verdicts, in a minute, on samples that ship."""

from __future__ import annotations

import tempfile
from pathlib import Path

from data_contracts.recordings import open_paths
from models.scorer import Scorer
from pipelines.readings import readings
from pipelines.training.site_history import conversion
from service.assessing import assess
from service.screen import compiling, out, phases, tracked
from service.verbs.score import show

SERVICE = Path(__file__).resolve().parents[1]
SAMPLES = next(
    (place for place in (SERVICE / "samples", SERVICE.parent / "samples") if place.is_dir()),
    SERVICE / "samples",
)
"""The sample recordings: inside the package in a wheel, beside it in a checkout."""


def run(folder: Path | None) -> int:
    """Train a conversion head on simulated history, score the samples, say what to try next."""
    place = folder or SAMPLES
    files = list(open_paths([place]))
    failed = False
    with tempfile.TemporaryDirectory(prefix="watchworthy-demo-") as target:
        with compiling(), phases() as progress:
            trained = conversion(None, Path(target), None, True, None, progress)
            judge = Scorer.starter(trained.parent)
        scored = []
        for one in tracked(readings(files), len(files), "Scoring"):
            failed = failed or bool(one.problems)
            scored += [(one.file, assess(judge, session, one)) for session in one.sessions]
    out.print(f"\n[bold]{len(scored)} sample sessions[/] of a demo shop, the one most worth watching first\n")
    show(scored)
    out.print(
        "\n[dim]converts: from a head trained a moment ago on a simulated history; it says nothing of real visitors.\n"
        "bot, frustrated: the starter heads; `watchworthy card bot` says on what they stand and where they fail.[/]\n"
    )
    if scored:
        struggling = max(scored, key=lambda pair: pair[1].worth.score or 0.0)[0]
        automated = max(scored, key=lambda pair: pair[1].bot.probability or 0.0)[0]
        out.print(f"Product teams:    watchworthy signals {near(struggling)}", soft_wrap=True)
        out.print(f"Fraud teams:      watchworthy score --format json {near(automated)}", soft_wrap=True)
        out.print(
            f"Data scientists:  watchworthy features {near(place)} --out features.parquet", soft_wrap=True
        )
    return 1 if failed else 0


def near(path: str | Path) -> Path:
    """A path as a person would type it from here."""
    whole, here = Path(path).resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole
