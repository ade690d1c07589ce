"""The replacement test: calm in place of what a reason cites must lower the margin, and more than calm elsewhere.

Each session is scored by a booster that saw neither its scenario nor anyone who plays in it. The rows of a cited
moment give way to rows of a calm span of the same session, as long and with acts as many as can be had, at the same
time and on the same page view; calm is a span that shows none of the reason's signals where it is put, too. Where a
session has no calm span, or what is cited goes from page to page, the features of the reason's group stand at the
median of calm sessions instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.events import CLICK, INPUT, PAGE, PRESS, SCROLL, TAP, Events
from models.head import Group
from models.heads.frustration import FRUSTRATION
from models.operating_points import exact_interval
from models.reasons import cited, group_weights, stretches
from models.signal_rates import names
from models.trees import Trees, read
from pipelines.datasets.examples import Examples, Looked, Progress, hashed, looks, quiet
from pipelines.datasets.frustration import TWINS
from pipelines.datasets.recordings import recordings
from pipelines.training.fit import Rows, fitted

FLAGGED: Final = 0.0  # raw margin, classes of equal weight: more likely a struggle than not
LEAST_MS: Final = 500
STEP_MS: Final = 250
TRIED: Final = 40  # calm spans, of those whose acts are nearest in number
RANDOM: Final = 5  # spans elsewhere, beside each cited case
ACTS: Final = (PRESS, CLICK, TAP, INPUT, SCROLL)

Span = tuple[int, int]
Replaced = tuple[Span, int]
"""A span, and the beginning of what is put in its place."""


@dataclass(frozen=True)
class Case:
    """A flagged session with a cited reason: how far the margin fell, and how far by spans elsewhere."""

    scenario: str
    fell: float
    elsewhere: float
    spliced: bool


def cases(
    folders: dict[str, Path], examples: Examples, rows: Rows, seed: int, progress: Progress = quiet
) -> Iterator[Case]:
    """Every held-out flagged session whose strongest positive reason cites moments.

    Parameters
    ----------
    folders
        Folder of recordings by source.
    examples, rows
        What the head is trained on, by which scenario and people are left out.
    """
    columns = [names().index(name) for name in FRUSTRATION.features]
    usual = np.nanmedian(examples.x[examples["label"] == 0], axis=0)
    models: dict[str, Trees] = {}
    progress("replacement", len(np.unique(examples["group"])))
    for source, folder in folders.items():
        for known, events, channels in recordings(folder):
            group = f"twins/{known.scenario}" if source == TWINS else known.scenario
            own = (examples["group"] == group) & (examples["session"] == hashed(known.file))
            if not known.frustrated or not own.any():
                continue
            if group not in models:
                models[group] = _without(examples, rows, group, seed)
                progress("", 0)
            found = _case(models[group], events, channels, columns, usual, hashed(known.file))
            if found is not None:
                yield Case(group, *found)


def _without(examples: Examples, rows: Rows, group: str, seed: int) -> Trees:
    inside = examples["group"] == group
    seen = np.isin(examples["person"], np.unique(examples["person"][inside]))
    return read(fitted(FRUSTRATION, rows.take(~inside & ~seen), seed))


def _case(
    model: Trees, events: Events, channels: int, columns: list[int], usual: npt.NDArray[Any], name: str
) -> tuple[float, float, bool] | None:
    looked = _look(events, channels)
    values = looked.extended[columns]
    margin = model.margin(values)
    weightiest = _cited(model, values, looked) if margin > FLAGGED else None
    if weightiest is None:
        return None
    group, spans = weightiest
    rng = np.random.default_rng(int(name[:8], 16))
    replaced = _calm_for(events, channels, looked, spans, group.signals)
    if replaced is None:
        blind = values.copy()
        inside = [i for i, use in enumerate(FRUSTRATION.uses) if use in group.uses]
        blind[inside] = usual[inside]
        return margin - model.margin(blind), float("nan"), False
    fell = margin - model.margin(_look(_spliced(events, replaced), channels).extended[columns])
    drops = []
    for _ in range(RANDOM):
        other = _elsewhere(events, looked, spans, rng)
        calm = _calm_for(events, channels, looked, other, group.signals) if other else None
        if calm is not None:
            said = model.margin(_look(_spliced(events, calm), channels).extended[columns])
            drops.append(margin - said)
    return fell, float(np.mean(drops)) if drops else float("nan"), True


def _look(events: Events, channels: int) -> Looked:
    return list(looks(events, declared=channels))[-1]


def _cited(model: Trees, values: npt.NDArray[np.float32], looked: Looked) -> tuple[Group, list[Span]] | None:
    """The reason that weighs most of those that speak for a struggle and cite moments, and the spans of these."""
    weights = group_weights(FRUSTRATION, model.contributions(values)[:-1])
    for index in np.argsort(-weights):
        group = FRUSTRATION.groups[int(index)]
        found = cited(group.signals, looked.moments) if weights[index] > 0 else []
        if found:
            return group, _joined([(start, max(end, start + LEAST_MS)) for start, end, _ in found])
    return None


def _joined(spans: list[Span]) -> list[Span]:
    """Spans in order, those that overlap as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _free(looked: Looked, length: int, last: int, taken: list[Span]) -> list[int]:
    """Beginnings of spans of a length, in ms, that meet no moment of the session and none of the spans taken."""
    busy = [(int(m["start"]), int(m["end"])) for m in looked.moments] + taken
    return [
        at
        for at in range(0, last - length, STEP_MS)
        if all(at + length < start or at > end for start, end in busy)
    ]


def _acts(events: Events, at: npt.NDArray[np.int64], start: int, end: int) -> int:
    inside = (at >= start) & (at <= end)
    return int(np.isin(events["kind"][inside], ACTS).sum())


def _calm_for(
    events: Events, channels: int, looked: Looked, spans: list[Span], signals: Sequence[str]
) -> list[Replaced] | None:
    """For each span the beginning of a calm one whose acts are nearest in number; None if one has none.

    Calm is what shows none of the signals where it is put, either, nor makes one beside it: a press that is cut from
    its answer does.
    """
    before = stretches(signals, looked.moments)
    at = events["t"] - events["t"][0]
    found: list[Replaced] = []
    for start, end in spans:
        if (events["kind"][(at >= start) & (at <= end)] == PAGE).any():
            return None  # the way from page to page cannot be taken out and the page be kept
        free = _free(looked, end - start, int(at[-1]), spans)
        free = [f for f in free if not (events["kind"][(at >= f) & (at <= f + end - start)] == PAGE).any()]
        wanted = _acts(events, at, start, end)
        free.sort(key=lambda f: (abs(_acts(events, at, f, f + end - start) - wanted), f))
        for begin in free[:TRIED]:
            made = _look(_spliced(events, [*found, ((start, end), begin)]), channels)
            if not _made_by([*(span for span, _ in found), (start, end)], before, signals, made):
                found.append(((start, end), begin))
                break
        else:
            return None
    return found


def _made_by(
    gone: list[Span], before: list[tuple[int, int, float]], signals: Sequence[str], made: Looked
) -> bool:
    """Whether a splice shows a signal in a span that it replaced, or where there was none before."""
    left = [(a, b) for a, b, _ in before if not any(a <= end and b >= start for start, end in gone)]
    for a, b, _ in stretches(signals, made.moments):
        if any(a <= end and b >= start for start, end in gone):
            return True
        if not any(a <= end and b >= start for start, end in left):
            return True
    return False


def _elsewhere(
    events: Events, looked: Looked, spans: list[Span], rng: np.random.Generator
) -> list[Span] | None:
    """Random spans as long as the cited ones and with acts as near in number as there are, none of them cited."""
    at = events["t"] - events["t"][0]
    found: list[Span] = []
    for start, end in spans:
        length = end - start
        free = [f for f in range(0, int(at[-1]) - length, STEP_MS)
                if all(f + length < a or f > b for a, b in [*spans, *found])]  # fmt: skip
        if not free:
            return None
        wanted = _acts(events, at, start, end)
        apart = np.array([abs(_acts(events, at, f, f + length) - wanted) for f in free])
        chosen = int(rng.choice(np.array(free)[apart == apart.min()]))
        found.append((chosen, chosen + length))
    return sorted(found)


def _spliced(events: Events, replaced: list[Replaced]) -> Events:
    """Rows with each span's own rows gone and those of its calm span in their place, page and time kept."""
    at = events["t"] - events["t"][0]
    gone = np.zeros(len(events), bool)
    parts = []
    for (start, end), calm in replaced:
        inside = (at >= start) & (at <= end) & (events["kind"] != PAGE) & (at > 0)
        gone |= inside
        part = events[(at >= calm) & (at <= calm + end - start) & (at > 0)].copy()
        part["t"] += start - calm
        if inside.any():
            part["page"] = events["page"][inside][0]
        parts.append(part)
    rows = np.concatenate([events[~gone], *parts])
    return np.ascontiguousarray(rows[np.argsort(rows["t"], kind="stable")])


def summary(found: list[Case]) -> dict[str, Any]:
    """How often the margin fell, by how much, beside spans elsewhere, over cases and over scenarios drawn again."""
    if not found:
        return {"cases": 0}
    fell = np.array([case.fell for case in found])
    elsewhere = np.array([case.elsewhere for case in found])
    both = ~np.isnan(elsewhere)
    scenario = np.array([case.scenario for case in found])
    kinds = np.unique(scenario)
    rng = np.random.default_rng(0)
    gap = np.where(both, fell - np.nan_to_num(elsewhere), np.nan)
    drawn = []
    for _ in range(1_000):
        rows = np.concatenate([np.flatnonzero(scenario == name) for name in rng.choice(kinds, len(kinds))])
        drawn.append(np.nanmean(gap[rows]) if both[rows].any() else np.nan)
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if both.any() else (np.nan, np.nan)
    down = int((fell > 0).sum())
    return {
        "cases": len(found),
        "scenarios": len(kinds),
        "spliced": sum(case.spliced for case in found),
        "fell": down,
        "share": down / len(found),
        "share_interval": exact_interval(down, len(found)),
        "mean_fall": float(fell.mean()),
        "beside": int(both.sum()),
        "mean_fall_elsewhere": float(elsewhere[both].mean()) if both.any() else None,
        "more_than_elsewhere": float(np.nanmean(gap)) if both.any() else None,
        "more_interval": (float(low), float(high)),
    }
