"""How many are caught of the sessions that are still alive after so many seconds; an abstention catches nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from models.calibration import Floats
from models.heads.bot import LEAST_ACTS, LEAST_POSITIONS, VERDICT_TIMES
from models.metrics import ranking
from models.operating_points import exact_interval
from pipelines.datasets.examples import AT, EVADE, PROBE, Examples
from pipelines.datasets.horizons import HORIZONS_S

FEWEST: Final = 20  # sessions of a cell; of fewer it stays blank
WHOLE: Final = 0


def caught(examples: Examples, margin: Floats, threshold: float) -> np.ndarray[Any, Any]:
    """Which rows would be called automation: answered, with the evidence of a verdict, over the threshold."""
    enough = (examples["positions"] >= VERDICT_TIMES * LEAST_POSITIONS) | (
        examples["acts"] >= VERDICT_TIMES * LEAST_ACTS
    )
    return np.asarray((examples["answered"] == 1) & enough & (margin > threshold), bool)


def horizons(examples: Examples, margin: Floats, threshold: float) -> list[dict[str, Any]]:
    """Each family of each source at each horizon: sessions alive, share caught, AUC against the people alive there.

    Returns
    -------
    list of dict
        ``source``, ``family``, ``at_s`` (0: whole), ``n``; ``caught`` and its exact 95 % interval, ``auc`` and its
        interval over people, both None under ``FEWEST`` sessions; of people, one is ``caught`` if any session is, and
        ``people`` counts them.
    """
    found: list[dict[str, Any]] = []
    own = np.flatnonzero(examples["use"] == AT)
    rows, said = examples.take(own), margin[own]
    score = np.where(rows["answered"] == 1, said, said[rows["answered"] == 1].min(initial=0.0) - 1.0)
    hit = caught(rows, said, threshold)
    for where, family, seconds, inside in _cells(rows):
        n = int(inside.sum())
        bots = bool(rows["label"][inside][0])
        cell: dict[str, Any] = {
            "source": where,
            "family": family,
            "at_s": seconds,
            "n": n,
            "label": int(bots),
        }
        if bots:
            people = (rows["label"] == 0) & (rows["source"] == where) & (rows["at_s"] == seconds)
            cell["people"] = len(np.unique(rows["person"][people]))
            if n >= FEWEST:
                cell |= _share(int(hit[inside].sum()), n)
                if people.sum() >= FEWEST:
                    ranked = ranking(score[inside], score[people], rows["person"][people])
                    cell |= {"auc": ranked.auc, "auc_interval": ranked.auc_interval}
        else:
            names = rows["person"][inside]
            cell["people"] = len(np.unique(names))
            if cell["people"] >= FEWEST:
                cell |= _share(len(np.unique(names[hit[inside]])), cell["people"])
        found.append(cell)
    return found


def _cells(rows: Examples) -> Iterator[tuple[str, str, int, np.ndarray[Any, Any]]]:
    for where in np.unique(rows["source"]):
        for label in (0, 1):
            of = (rows["source"] == where) & (rows["label"] == label)
            families = np.unique(rows["family"][of]) if label else ["people"]
            for family in families:
                named = of & (rows["family"] == family) if label else of
                for seconds in (*HORIZONS_S, WHOLE):
                    inside = named & (rows["at_s"] == seconds)
                    if inside.any():
                        yield str(where), str(family), seconds, inside


def cohorts(examples: Examples, margin: Floats, threshold: float) -> list[dict[str, Any]]:
    """Whole sessions made in a browser, by what the visitor moves and presses with."""
    found = []
    whole = (examples["use"] == AT) & (examples["at_s"] == WHOLE) & (examples["recorder"] != "instrument")
    hit = caught(examples, margin, threshold)
    taught = whole & ~np.char.startswith(examples["family"].astype(str), "replayed")
    for name in ("mouse", "touch", "keyboard", "zoom"):
        for label in (0, 1):
            inside = taught & (examples["cohort"] == name) & (examples["label"] == label)
            people = examples["person"][inside]
            known = people != ""
            cell: dict[str, Any] = {
                "cohort": name,
                "label": label,
                "n": int(inside.sum()),
                "people": len(np.unique(people[known])),
                "answered": float(examples["answered"][inside].mean()) if inside.any() else None,
            }
            if label and cell["n"] >= FEWEST:
                cell |= _share(int(hit[inside].sum()), cell["n"])
            if not label and cell["people"] >= FEWEST:
                cell |= _share(len(np.unique(people[known & hit[inside]])), cell["people"])
            found.append(cell)
    return found


def evasion(examples: Examples, margin: Floats, threshold: float) -> list[dict[str, Any]]:
    """Share caught by trick and dose, families of equal weight, each scored by a booster that had not seen it."""
    own = np.flatnonzero(examples["use"] == EVADE)
    rows, said = examples.take(own), margin[own]
    hit = caught(rows, said, threshold)
    rng = np.random.default_rng(0)
    found = []
    for name in dict.fromkeys(rows["scenario"].tolist()):
        inside = rows["scenario"] == name
        families = np.unique(rows["family"][inside])
        shares = np.array([hit[inside & (rows["family"] == one)].mean() for one in families])
        drawn = [shares[rng.integers(0, len(shares), len(shares))].mean() for _ in range(1000)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        found.append(
            {
                "trick": name,
                "n": int(inside.sum()),
                "families": len(families),
                "caught": float(shares.mean()),
                "caught_interval": (float(low), float(high)),
                "margin": float(np.median(said[inside & (rows["answered"] == 1)])),
            }
        )
    return found


def probes(examples: Examples, margin: Floats, threshold: float) -> list[dict[str, Any]]:
    """Families that nothing was trained on, whole: replays of people's traces among them."""
    own = np.flatnonzero(examples["use"] == PROBE)
    rows, said = examples.take(own), margin[own]
    people = (examples["use"] == AT) & (examples["at_s"] == WHOLE) & (examples["label"] == 0)
    hit = caught(rows, said, threshold)
    found = []
    for family in np.unique(rows["family"]):
        inside = rows["family"] == family
        n = int(inside.sum())
        beside = people & (examples["source"] == rows["source"][inside][0]) & (examples["answered"] == 1)
        cell: dict[str, Any] = {
            "family": str(family),
            "n": n,
            "people": len(np.unique(examples["person"][beside])),
        }
        answered = inside & (rows["answered"] == 1)
        if n >= FEWEST and answered.any() and beside.any():
            ranked = ranking(said[answered], margin[beside], examples["person"][beside])
            cell |= _share(int(hit[inside].sum()), n)
            cell |= {"auc": ranked.auc, "auc_interval": ranked.auc_interval}
        found.append(cell)
    return found


def _share(count: int, n: int) -> dict[str, Any]:
    return {"caught": count / n, "caught_interval": exact_interval(count, n)}
