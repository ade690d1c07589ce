"""Training the conversion head on a site's own sessions and goals, by landmarks, forward in time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from data_contracts.errors import WatchworthyError
from data_contracts.events import GOAL, Events
from data_contracts.recordings import read
from models.bundle import Model
from models.calibration import Floats, Kind, choose, cross_fitted_ratios
from models.head import Boosting, Head
from models.heads.conversion import (
    BOOSTED_GOALS,
    CONVERSION,
    HORIZON_S,
    LEAST_GOALS,
    LEAST_SESSIONS,
    MOST_FEATURES,
)
from models.landmarks import Landmark, Visit, landmarks
from models.logistic import Logistic
from models.metrics import auc, probabilities
from models.signal_rates import names
from models.trees import read as read_trees
from pipelines.datasets.examples import BY_LABEL, MARGIN, TRAIN, Examples, Progress, hashed, looks, quiet
from pipelines.training.evaluate import plain
from pipelines.training.fit import SEED, Fitted, Labels, Matrix, Rows, boost
from pipelines.training.heads import write_head

SITE: Final = "site"
BLOCKS: Final = 5  # of time: each is judged by what was trained on those before it
LEAST_SEEN: Final = 0.5  # a feature missing in more rows than this is no feature of the regression
DRAWS: Final = 300
LEAST_TO_RANK: Final = 10  # goals, and rows without one: of fewer an AUC is not told
TOO_ALIKE: Final = 0.9  # correlation from which two features are one


class Sold(Protocol):
    """A session with its outcome; times in ms since the epoch."""

    @property
    def visitor(self) -> str:
        """Who."""

    @property
    def session_id(self) -> str:
        """Which."""

    @property
    def started_at_ms(self) -> int:
        """When."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Events of rrweb."""

    @property
    def goal_at_ms(self) -> int | None:
        """When the goal was reached, if it was."""


@dataclass(frozen=True)
class Landmarked:
    """Rows of (session, landmark): ``rows`` of the head's features, and which visit and moment each is of."""

    rows: Rows
    visits: tuple[Visit, ...]
    at: tuple[Landmark, ...]


def train_conversion(
    sessions: Iterable[Sold],
    out: Path,
    *,
    goal: str = "goal",
    known_at_ms: int | None = None,
    horizon_s: float = HORIZON_S,
    alias: str = "site",
    seed: int = SEED,
    boosting: Boosting | None = None,
    progress: Progress = quiet,
) -> Path:
    """Train the conversion head and write it to ``out / "conversion"``.

    Parameters
    ----------
    sessions
        A site's sessions with their goals.
    known_at_ms
        Nothing later is used; by default everything is known.
    alias
        What the card calls it: ``simulated`` for a history that nobody lived.
    boosting
        Settings of the booster, such as a search found; the head's own by default.

    Raises
    ------
    WatchworthyError
        ``training_refused`` under 50 goals or 500 sessions; the message says how many there are.
    """
    data = landmarked(sessions, known_at_ms, horizon_s, progress)
    return train_landmarked(
        data, out, goal=goal, horizon_s=horizon_s, alias=alias, seed=seed, boosting=boosting
    )


def train_landmarked(
    data: Landmarked,
    out: Path,
    *,
    goal: str = "goal",
    horizon_s: float = HORIZON_S,
    alias: str = "site",
    seed: int = SEED,
    boosting: Boosting | None = None,
) -> Path:
    """Train the conversion head on rows of landmarks; parameters and errors as of ``train_conversion``."""
    used = {row.visit for row in data.at}
    goals = sum(data.visits[i].goal_ms is not None for i in used)
    if goals < LEAST_GOALS or len(used) < LEAST_SESSIONS:
        raise WatchworthyError(
            "training_refused",
            f"A conversion head needs {LEAST_GOALS} goals and {LEAST_SESSIONS} sessions whose outcome is known; "
            f"here are {goals} and {len(used)}.",
        )
    rows = data.rows
    head = replace(CONVERSION, boosting=boosting or CONVERSION.boosting)

    def own_boosted(some: Rows, own: int) -> str:
        return boosted(some, own, head)

    tried = {"logistic": forward(data, logistic, horizon_s, seed)}
    if goals >= BOOSTED_GOALS:
        tried["boosted"] = forward(data, own_boosted, horizon_s, seed)
    losses = {name: grouped_loss(rows, margin) for name, margin in tried.items()}
    best = min(losses, key=lambda name: losses[name][0])
    if best == "boosted" and losses["logistic"][0] - losses["boosted"][0] < losses["boosted"][1]:
        best = "logistic"  # not better by a standard error: the plainer one
    margin = tried[best]
    told = ~np.isnan(margin)
    block = _blocks(data)
    fit, kinds = choose(margin[told], rows.y[told], rows.group[told], block[told])
    base_rate = float((rows.weight * rows.y).sum() / rows.weight.sum())
    model = logistic(rows, seed) if best == "logistic" else own_boosted(rows, seed)
    kind = "logistic" if isinstance(model, Logistic) else "boosted"
    facts = {
        "base_rate": base_rate,
        "goal": goal,
        "horizon_s": horizon_s,
        "trained": {
            "kind": kind,
            "goals": goals,
            "sessions": len(used),
            "visitors": len(np.unique(rows.group)),
        },
    }
    measures = {
        "log_loss": {name: {"mean": m, "standard_error": e} for name, (m, e) in losses.items()},
        "auc_forward_in_time": {
            name: auc(m[~np.isnan(m) & (rows.y == 1)], m[~np.isnan(m) & (rows.y == 0)])
            for name, m in tried.items()
        },
        "log_loss_by_kind": kinds,
        "landmarks": by_landmark(data, margin, block, fit.kind, base_rate),
    }
    fitted = Fitted(model, (), fit, (), facts, plain(measures))
    folder = write_head(
        out / head.name, head, fitted, _examples(data, margin, block), seed, alias=alias, answered={}
    )
    from models.card import write

    write(folder)
    return folder


def _examples(data: Landmarked, margin: Floats, block: Labels) -> Examples:
    """The rows as vectors are kept: ``fold`` is the block of time, ``margin`` by what was known before it began."""
    facts = [
        {
            "use": TRAIN,
            "source": SITE,
            "group": hashed(data.visits[row.visit].visitor),
            "person": hashed(data.visits[row.visit].visitor),
            "session": hashed(data.visits[row.visit].session),
            "t_ms": 1000 * row.landmark_s,
            "label": row.label,
            "fold": int(fold),
            "answered": 1,
        }
        for row, fold in zip(data.at, block.tolist(), strict=True)
    ]
    made = Examples.of_facts(CONVERSION.features, list(data.rows.x), facts)
    # They come back in an order of their own; the margins and weights follow by (session, landmark).
    place = {(one["session"], one["t_ms"]): i for i, one in enumerate(facts)}
    order = [place[key] for key in zip(made["session"].tolist(), made["t_ms"].tolist(), strict=True)]
    made.columns[MARGIN] = margin[order]
    made.columns[BY_LABEL] = np.full(len(made), "goal")
    made.columns |= {"weight": data.rows.weight[order], "inclusion_weight": np.full(len(made), np.nan)}
    return made


def landmarked(
    sessions: Iterable[Sold], known_at_ms: int | None, horizon_s: float, progress: Progress = quiet
) -> Landmarked:
    """Rows of every landmark that each session saw, made of the events before it alone."""
    columns = np.array(CONVERSION.columns(names()), "i8")
    visits: list[Visit] = []
    decoded: list[tuple[Events, int]] = []
    found = list(sessions)
    progress("sessions with their goals", len(found))
    for one in found:
        recording = read(json.dumps(one.events).encode(), name=one.session_id).decode()
        rows = recording.rows
        decoded.append((rows, recording.channels))
        goal = one.goal_at_ms
        marked = rows["t"][rows["kind"] == GOAL]
        if goal is None and marked.size:
            goal = int(marked[0])
        start, last = int(rows["t"][0]), int(rows["t"][-1])
        visits.append(Visit(one.visitor, one.session_id, start, last, goal))
        progress("", 0)
    at = landmarks(visits, known_at_ms if known_at_ms is not None else 2**62, horizon_s)
    x = [vector_before(*decoded[row.visit], row.at_ms)[columns] for row in at]
    rows_of = Rows(
        np.array(x, "f4").reshape(len(at), len(columns)),
        np.array([row.label for row in at], "i8"),
        np.array([row.weight for row in at], "f8"),
        np.array([visits[row.visit].visitor for row in at], dtype=str),
    )
    return Landmarked(rows_of, tuple(visits), tuple(at))


def vector_before(rows: Events, declared: int, at_ms: int) -> Any:
    """The vector of a session's events before a moment: nothing at it or after it is read."""
    *_, last = looks(rows[: int(np.searchsorted(rows["t"], at_ms, "left"))], declared=declared)
    return last.extended


def _blocks(data: Landmarked) -> Labels:
    """Block of time of each row, by when its session began."""
    started = np.array([data.visits[row.visit].started_ms for row in data.at], "i8")
    edges = np.quantile(
        np.array([visit.started_ms for visit in data.visits]), np.linspace(0, 1, BLOCKS + 1)[1:-1]
    )
    return np.searchsorted(edges, started, "right").astype("i8")


def forward(data: Landmarked, train: Any, horizon_s: float, seed: int) -> Floats:
    """Margins of each block of time by a model of what was known when it began; NaN in the first.

    Visitors of a block are left out of what it is judged by.
    """
    rows, block = data.rows, _blocks(data)
    known = np.array(
        [max(data.visits[r.visit].last_ms + 30 * 60_000, r.at_ms + 1000 * horizon_s) for r in data.at], "f8"
    )
    started = np.array([data.visits[row.visit].started_ms for row in data.at], "i8")
    margin = np.full(len(rows.y), np.nan)
    for _, k in pairwise(range(BLOCKS)):
        inside = block == k
        if not inside.any():
            continue
        visitors = np.unique(rows.group[inside])
        past = (known <= started[inside].min()) & ~np.isin(rows.group, visitors)
        if len(np.unique(rows.y[past])) < 2:
            continue
        model = train(rows.take(past), seed)
        ready: Model = read_trees(model) if isinstance(model, str) else model
        margin[inside] = ready.margins(rows.x[inside])
    return margin


def by_landmark(
    data: Landmarked, margin: Floats, block: Labels, kind: Kind, base_rate: float
) -> list[dict[str, Any]]:
    """Ranking and calibration of the rows of each landmark, all scored forward in time and calibrated across blocks.

    Returns
    -------
    list of dict
        ``landmark_s``, ``rows``, ``goals``, ``auc`` with its 95 % interval over visitors drawn again, the mean
        ``predicted`` probability beside the share ``observed``, and the ``observed_interval``.
    """
    told = ~np.isnan(margin)
    rows = data.rows.take(told)
    at = np.array([row.landmark_s for row in data.at], "i8")[told]
    said = probabilities(cross_fitted_ratios(margin[told], rows.y, rows.group, block[told], kind), base_rate)
    found = []
    for seconds in np.unique(at):
        inside = at == seconds
        y, p, group = rows.y[inside], said[inside], rows.group[inside]
        names, place = np.unique(group, return_inverse=True)
        rng = np.random.default_rng(int(seconds))
        aucs, shares = [], []
        for _ in range(DRAWS):
            times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[place].astype(
                "f8"
            )
            aucs.append(
                auc(p[y == 1], p[y == 0], times[y == 1], times[y == 0]) if (times * y).any() else np.nan
            )
            shares.append((times * y).sum() / times.sum())
        enough = min(y.sum(), (1 - y).sum()) >= LEAST_TO_RANK
        found.append(
            {
                "landmark_s": int(seconds),
                "rows": int(inside.sum()),
                "goals": int(y.sum()),
                "auc": auc(p[y == 1], p[y == 0]) if enough else None,
                "auc_interval": np.nanquantile(aucs, [0.025, 0.975]).tolist() if enough else None,
                "predicted": float(p.mean()),
                "observed": float(y.mean()),
                "observed_interval": np.quantile(shares, [0.025, 0.975]).tolist(),
            }
        )
    return found


def grouped_loss(rows: Rows, margin: Floats) -> tuple[float, float]:
    """Mean log-loss of sessions' weights and its standard error over visitors."""
    told = ~np.isnan(margin)
    weight = rows.weight[told]
    loss = np.logaddexp(0, margin[told]) - rows.y[told] * margin[told]
    _, place = np.unique(rows.group[told], return_inverse=True)
    per = np.bincount(place, weight * loss)
    mass = np.bincount(place, weight)
    mean = per.sum() / mass.sum()
    error = np.sqrt(((per - mean * mass) ** 2).sum()) / mass.sum()
    return float(mean), float(error)


def boosted(rows: Rows, seed: int, head: Head = CONVERSION) -> str:
    """Boosted trees on all features of the head: LightGBM's text."""
    return boost(head, rows, seed)


def logistic(rows: Rows, seed: int, head: Head = CONVERSION) -> Logistic:
    """A ridge regression on the features that rank best one by one, none too like another."""
    from sklearn.linear_model import LogisticRegression

    x = rows.x.astype("f8")
    seen = ~np.isnan(x)
    usable = seen.mean(axis=0) >= LEAST_SEEN
    filled = np.where(usable, x, 0.0)
    centre = np.nanmedian(filled, axis=0)
    low, high = np.nanquantile(filled, [0.01, 0.99], axis=0)
    spread = np.nanstd(np.clip(filled, low, high), axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    plain_model = Logistic(
        head.features,
        _floats(centre),
        _floats(scale),
        _floats(low),
        _floats(high),
        _floats(0 * centre),
        0.0,
    )
    z = plain_model.standardised(x)
    chosen = chosen_features(z, rows.y, rows.weight, usable & (spread > 0))
    fit = LogisticRegression(C=1.0, max_iter=1000).fit(z[:, chosen], rows.y, sample_weight=rows.weight)
    coefficients = np.zeros(z.shape[1])
    coefficients[chosen] = fit.coef_[0]
    return replace(plain_model, coefficients=_floats(coefficients), intercept=float(fit.intercept_[0]))


def chosen_features(
    z: Matrix | Floats, label: Labels, weight: Floats, usable: np.ndarray[Any, Any]
) -> list[int]:
    """At most ``MOST_FEATURES`` columns, the best rankers first, none too like one before it."""
    one = label == 1
    ranks = [abs(auc(z[one, i], z[~one, i], weight[one], weight[~one]) - 0.5) for i in range(z.shape[1])]
    chosen: list[int] = []
    for i in sorted(np.flatnonzero(usable).tolist(), key=lambda i: -ranks[i]):
        alike = [abs(float(np.corrcoef(z[:, i], z[:, j])[0, 1])) for j in chosen]
        if len(chosen) < MOST_FEATURES and all(r < TOO_ALIKE for r in alike):
            chosen.append(i)
    return chosen


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
