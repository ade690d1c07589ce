"""The monitor's report: one page of HTML with its pictures inside, to be read anywhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from data_contracts.messages import iso
from pipelines.lifecycle.alarms import Alarm
from pipelines.lifecycle.estimating import Estimated
from pipelines.lifecycle.pictures import HIT, INK, MISS, SOFT, draw_drift, figure
from pipelines.lifecycle.watching import Watched

STYLE: Final = """
:root { color-scheme: light dark; --ink: light-dark(#2b2540, #ece8f6); --soft: light-dark(#6b6480, #a49dba);
  --line: light-dark(#ddd7ea, #3b3550); --paper: light-dark(#fff, #1b1828); --warn: light-dark(#b35c00, #ffb361) }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem }
p.about, td.soft, .soft { color: var(--soft) } .moved { color: var(--warn); font-weight: 600 }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100%; background: #fff; border-radius: 6px; margin: .6rem 0 }
"""


def write(path: Path, watched: Watched, alarms: Sequence[Alarm] = ()) -> None:
    """Write the report."""
    moved = watched.moved
    headline = (
        f"{len(moved)} of {len(watched.features) + len(watched.scores)} features and scores have moved"
        if moved
        else "Nothing has moved"
    )
    parts = [
        f"<h1>{escape(headline)}</h1>",
        f'<p class="about">Site {escape(watched.site)}: {watched.now} sessions of {watched.visitors_now} visitors '
        f"since {iso(watched.since_ms)[:10]}, beside {watched.before} of {watched.visitors_before} before. "
        f"Written {iso(watched.at_ms)[:16].replace('T', ' ')} UTC.</p>",
        _alarms(alarms),
        "<h2>Scores</h2>",
        _picture(lambda axes: draw_drift(axes, watched.scores), "Scores: how far they moved", 1.6),
        "<h2>Is what is raised right?</h2>",
        "<p class=about>Estimated: what the probabilities say of themselves, true only while they are calibrated. "
        "Measured: labels of sessions drawn at random. A gap between the two is news.</p>",
        _precision(watched),
        _picture(lambda axes: _draw_precision(axes, watched), "Precision, 90 % intervals", 2.0),
        "<h2>Features</h2>",
        _picture(lambda axes: draw_drift(axes, watched.features), "The twenty that moved farthest", 4.6),
        _table(watched),
        _left_out(watched),
    ]
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(headline)}</title><style>{STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def spelled(one: Estimated) -> str:
    """A share with its interval, or what is missing."""
    if one.value is None or one.low is None or one.high is None:
        return one.missing
    return f"{100 * one.value:.0f} % ({100 * one.low:.0f}–{100 * one.high:.0f} %), n = {one.n}"


def _alarms(alarms: Sequence[Alarm]) -> str:
    if not alarms:
        return ""
    told = "".join(
        f"<li class=moved>{escape(one.key)}: in {one.times} of the last {one.of} looks</li>" for one in alarms
    )
    return f"<ul>{told}</ul>"


def _precision(watched: Watched) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.head)}<td class=n>{100 * one.answered:.0f} %<td class=n>{one.raised}"
        f"<td>{escape(spelled(one.estimated))}<td>{escape(spelled(one.measured))}"
        for one in watched.heads
    )
    return (
        "<table><tr><th>head<th class=n>answered<th class=n>raised<th>estimated precision<th>measured precision"
        f"{rows}</table>"
    )


def _table(watched: Watched) -> str:
    rows = "".join(
        f"<tr class={'moved' if one.drifted else 'soft'}><td>{escape(one.name)}<td class=n>{one.effect:.2f}"
        f"<td class=n>{100 * one.missing:+.0f} %<td class=n>{one.q:.3f}"
        for one in sorted(watched.features, key=lambda d: -d.effect)
    )
    return (
        "<details><summary>Every feature</summary><table><tr><th>feature<th class=n>distance"
        f"<th class=n>missing<th class=n>q{rows}</table></details>"
        "<p class=about>A full dot has moved; of an empty one chance may say as much. Distance is Wasserstein's, in "
        "spreads of the time before (half the way from the 5th to the 95th percentile). Called moved: from 0.10 on, "
        "where the false discovery rate is at most 5 % over visitors, each permuted with all of their sessions.</p>"
    )


def _left_out(watched: Watched) -> str:
    if not watched.other_catalogue:
        return ""
    many = watched.other_catalogue
    return f"<p class=about>{many} sessions are left out: their vectors are of other definitions.</p>"


def _draw_precision(axes: Any, watched: Watched) -> None:
    for at, head in enumerate(watched.heads):
        for lift, color, one in ((0.12, HIT, head.estimated), (-0.12, MISS, head.measured)):
            if one.value is not None and one.low is not None and one.high is not None:
                axes.plot([one.low, one.high], [at + lift] * 2, color=color, linewidth=2)
                axes.plot(one.value, at + lift, "o", color=color, markersize=5)
            else:
                axes.annotate("not yet measured", (0.01, at + lift), fontsize=7, color=INK, va="center")
    axes.set_yticks(range(len(watched.heads)), [one.head for one in watched.heads], fontsize=8)
    axes.set(xlim=(0, 1), ylim=(-0.5, len(watched.heads) - 0.5), xlabel="share of the raised that are right")
    axes.plot([], [], color=HIT, label="estimated")
    axes.plot([], [], color=MISS, label="measured")
    axes.legend(frameon=False, fontsize=7, loc="upper right")
    axes.xaxis.label.set_fontsize(8)
    axes.axvline(0.5, color=SOFT, linewidth=0.6)


def _picture(draw: Callable[[Any], None], title: str, height: float) -> str:
    made, axes = figure(7.0, height, title)
    draw(axes)
    data = io.BytesIO()
    made.savefig(data, format="png")
    coded = base64.b64encode(data.getvalue()).decode()
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{coded}">'
