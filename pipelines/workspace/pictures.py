"""Pictures of sessions: path, speed, acts and signals on one clock, and the signals of many sessions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from pipelines.workspace.work import Work

INK: Final = "#1f2937"
PALE: Final = "#e5e7eb"
KINDS: Final = {"calm": "#2f6f8f", "struggling": "#b3362c", "automated": "#c98a1b"}
"""A colour for each kind of session, the same in every picture."""
HUES: Final[dict[str, str]] = {
    "rage_click": "#b3362c", "dead_click": "#d9622b", "slow_response": "#c98a1b", "error_click": "#8c2f6b",
    "error_shown": "#a5527f", "repeat_submit": "#6b3fa0", "form_refill": "#8566b5", "form_abandon": "#9d8bc4",
    "field_hesitation": "#7aa6b8", "hesitation": "#94b8c4", "pointer_thrash": "#d1495b", "page_pingpong": "#2f6f8f",
    "page_loop": "#3f88a8", "reload": "#275d78", "scroll_hunt": "#4c956c", "near_miss": "#8fb339",
    "idle_exit": "#9ca3af", "tab_leave": "#6b7280", "automation_artifact": "#111827",
}  # fmt: skip
ACTS: Final = {"page": "D", "press": "|", "input": ".", "scroll": "_"}
SIZES: Final = {"|": 9, "D": 4}
POINTS: Final = ("move", "press", "release", "drag")
REST_S: Final = 0.25  # a longer pause parts one movement from the next


def session_picture(work: Work, session: str, title: str = "") -> Figure:
    """One session: where the pointer went, and below one clock its speed, its acts and its signals.

    Parameters
    ----------
    work
        Where it is stored.
    session
        Its id.
    """
    from matplotlib import pyplot as plt
    from matplotlib.collections import LineCollection

    events, signals = work.events(session), work.signals([session])
    start = int(events["t_ms"].iloc[0])
    seconds = (events["t_ms"].to_numpy() - start) / 1000
    end = max(float(seconds[-1]), 1.0)
    made = plt.figure(figsize=(11, 5.0), constrained_layout=True)
    grid = made.add_gridspec(3, 2, width_ratios=(1.05, 1.3), height_ratios=(1.1, 0.75, 1))
    path, speed = made.add_subplot(grid[:, 0]), made.add_subplot(grid[0, 1])
    acts, told = (made.add_subplot(grid[i, 1], sharex=speed) for i in (1, 2))
    made.suptitle(title or session, x=0.01, ha="left", fontsize=13, color=INK)

    there = events["kind"].isin(POINTS).to_numpy() & np.isfinite(events["x"].to_numpy())
    x, y, t = events["x"].to_numpy()[there], events["y"].to_numpy()[there], seconds[there]
    if len(t) > 1:
        steps = np.stack([np.column_stack([x[:-1], y[:-1]]), np.column_stack([x[1:], y[1:]])], axis=1)
        near = np.diff(t) < 2
        lines = LineCollection(
            list(steps[near]), array=t[1:][near], cmap="viridis", linewidths=1.6, alpha=0.9
        )
        lines.set_clim(0, end)
        path.add_collection(lines)
        made.colorbar(lines, ax=path, orientation="horizontal", shrink=0.5, pad=0.02, label="seconds")
    pressed = events["kind"].to_numpy() == "press"
    path.scatter(
        events["x"][pressed],
        events["y"][pressed],
        s=46,
        facecolors="none",
        edgecolors=INK,
        linewidths=1.1,
        zorder=3,
    )
    path.set_aspect("equal", "datalim")
    path.autoscale_view()
    path.invert_yaxis()
    path.set_xticks([]), path.set_yticks([])
    path.set_title("path of the pointer, presses as circles", fontsize=9.5, loc="left", color=INK)

    if len(t) > 1:
        gap = np.maximum(np.diff(t), 1e-3)
        pace = np.where(gap < REST_S, np.hypot(np.diff(x), np.diff(y)) / gap, 0.0)
        speed.fill_between(t[1:], pace, step="pre", color=KINDS["calm"], alpha=0.35, linewidth=0)
        speed.plot(t[1:], pace, color=KINDS["calm"], linewidth=0.8)
    speed.set_title("speed of the pointer, px/s", fontsize=9.5, loc="left", color=INK)
    for i, (kind, mark) in enumerate(ACTS.items()):
        at = seconds[events["kind"].to_numpy() == kind]
        acts.plot(at, np.full(len(at), i), mark, color=INK, markersize=SIZES.get(mark, 5), alpha=0.8)
    acts.set_yticks(range(len(ACTS)), list(ACTS), fontsize=8)
    acts.set_ylim(len(ACTS) - 0.4, -0.6)
    acts.set_title("what was done", fontsize=9.5, loc="left", color=INK)
    for axis in (speed, acts):
        axis.tick_params(labelbottom=False)
    codes = list(dict.fromkeys(signals["code"]))
    for row, code in enumerate(codes):
        for one in signals[signals["code"] == code].to_dict("records"):
            begin, width = one["start_ms"] / 1000, max((one["end_ms"] - one["start_ms"]) / 1000, end / 150)
            told.barh(
                row, width, left=begin, height=0.7, color=HUES[code], alpha=0.35 + 0.65 * one["severity"]
            )
    told.set_yticks(range(len(codes)), [code.replace("_", " ") for code in codes], fontsize=8)
    told.set_ylim(len(codes) - 0.4 if codes else 1, -0.6)
    if not codes:
        told.text(
            0.5, 0.5, "none", transform=told.transAxes, ha="center", va="center", fontsize=9, color="#9ca3af"
        )
    told.set_title("signals, the darker the worse", fontsize=9.5, loc="left", color=INK)
    told.set_xlabel("seconds from the start")
    told.set_xlim(0, end)
    for axis in (speed, acts, told):
        _bare(axis)
    for side in path.spines.values():
        side.set_color(PALE)
    return made


def wall(signals: pd.DataFrame, sessions: pd.DataFrame, kinds: dict[str, str]) -> Figure:
    """The signals of many sessions on one clock, a line a session, by kind and by how much there is.

    Parameters
    ----------
    signals, sessions
        Frames of a workspace.
    kinds
        Kind of each session, one of ``KINDS``.
    """
    from matplotlib import pyplot as plt

    weight = signals.groupby("session_id")["severity"].sum()
    names = sorted(kinds, key=lambda name: (list(KINDS).index(kinds[name]), float(weight.get(name, 0.0))))
    length = sessions.set_index("session_id")["duration_ms"] / 1000
    made, axis = plt.subplots(figsize=(11, 0.27 * len(names) + 1.3), constrained_layout=True)
    for row, name in enumerate(names):
        axis.plot(
            [0, float(length[name])], [row, row], color=KINDS[kinds[name]], alpha=0.3, linewidth=1.4, zorder=1
        )
        for one in signals[signals["session_id"] == name].to_dict("records"):
            size, colour = 14 + 110 * one["severity"], HUES[one["code"]]
            axis.scatter(
                one["start_ms"] / 1000, row, s=size, color=colour, alpha=0.75, linewidths=0, zorder=2
            )
    axis.set_yticks(range(len(names)), [name.replace("-", " ") for name in names], fontsize=8)
    for label, name in zip(axis.get_yticklabels(), names, strict=True):
        label.set_color(KINDS[kinds[name]])
    seen = [code for code in HUES if code in set(signals["code"])]
    handles = [
        axis.scatter([], [], s=45, color=HUES[code], linewidths=0, label=code.replace("_", " "))
        for code in seen
    ]
    axis.legend(
        handles=handles, ncols=1, frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5)
    )
    axis.set_xlabel("seconds from the start of the session")
    axis.set_ylim(-0.8, len(names) - 0.2)
    _bare(axis)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    return made


def distributions(
    features: pd.DataFrame, kinds: dict[str, str], names: Sequence[str], units: dict[str, str]
) -> Figure:
    """Each session as a dot along some features, kinds side by side, medians as a stroke."""
    from matplotlib import pyplot as plt

    columns = 3
    rows = -(-len(names) // columns)
    made, axes = plt.subplots(
        rows, columns, figsize=(11, 1.75 * rows), constrained_layout=True, squeeze=False
    )
    rng = np.random.default_rng(0)
    for axis, name in zip(axes.flat, names, strict=False):
        for row, (kind, colour) in enumerate(KINDS.items()):
            mine = features["session_id"].map(kinds).eq(kind).to_numpy()
            values = features[name].to_numpy()[mine]
            values = values[np.isfinite(values)]
            axis.scatter(
                values,
                row + rng.uniform(-0.16, 0.16, len(values)),
                s=26,
                color=colour,
                alpha=0.6,
                linewidths=0,
            )
            if len(values):
                middle = float(np.median(values))
                axis.plot([middle, middle], [row - 0.33, row + 0.33], color=colour, linewidth=2.4)
        axis.set_yticks(range(len(KINDS)), list(KINDS), fontsize=8)
        axis.set_ylim(len(KINDS) - 0.4, -0.6)
        unit = units.get(name, "-")
        axis.set_title(
            name.replace("_", " ") + ("" if unit in ("-", "") else f", {unit}"), fontsize=9.5, loc="left"
        )
        _bare(axis)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    return made


def _bare(axis: Any) -> None:
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.grid(axis="x", color=PALE, linewidth=0.8)
    axis.set_axisbelow(True)
