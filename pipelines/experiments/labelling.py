"""Does labelling help? A head starts from a starter and meets a site that it has never seen, ten labels at a time.

Two shops take turns: Halfmoon, which ships, recorded by the lab, and the shop that the shipped starter was trained on.
A starter of the one meets the other. In both, scripts played struggles and calm visits with the reaches of real people,
and a label says what the script meant, no person's word.

For each seed a part of the scenarios and of the people is set apart for the test: no order ever sees them, and the
starter is trained without those people. The rest waits to be labelled, in the order of the queue, at random, or by
doubt alone; after each ten labels the head is trained again on the starter's rows and on all that were labelled.

Calibration looks only at labels that a lottery chose: of the queue's order, those of its random slice, by their
propensities; of the random order, all. Where these weigh as too few sessions, the starter's calibration stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, write_json
from models.calibration import Calibration, Floats, fit
from models.heads.frustration import FRUSTRATION
from models.metrics import auc, log_loss, probabilities
from models.queue import Candidate, Place, queue
from models.signal_rates import digests
from models.trees import read
from pipelines.datasets.examples import TRAIN, Examples, Progress, concatenated, quiet
from pipelines.learning.weights import clipped, effective
from pipelines.training.fit import SEED, Rows, balanced, cross_fit, fitted, group_folds, seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SITE: Final = Path(__file__).parent / "halfmoon.parquet"
DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
OTHER_SHOP: Final = "recordings"  # source of the starter's rows that are of another shop than the site
RUNS: Final = 40  # seeds, each with its own test set
STEP: Final = 10  # labels between two trainings
ROUNDS: Final = 3  # so that every seed has as many labels to give
TEST_SHARE: Final = 0.4  # of the scenarios of each kind, and of the people
LEAST_EFFECTIVE: Final = 10.0  # sessions as which the lottery's labels must weigh to calibrate by
FOLDS: Final = 3
ORDERS: Final = ("queue", "random", "doubt")
TITLES: Final = {"halfmoon": "Halfmoon, never seen", "recordings": "the other shop, never seen"}
AGAIN: Final = 2_000  # seeds drawn again, for the bands
Pick = Callable[[npt.NDArray[np.int64], Floats, bytes], list[int]]


@dataclass(frozen=True)
class Step:
    """How a head did after so many labels: AUC and log-loss (nats, both kinds as common) on the test sessions.

    ``effective`` is as how many sessions the lottery's labels weigh, ``calibrated`` whether they calibrated it,
    ``struggles`` how many of the labels were struggles.
    """

    order: str
    labels: int
    auc: float
    log_loss: float
    effective: float
    calibrated: bool
    struggles: int


def site_of(path: Path = SITE) -> Examples:
    """The site's sessions as the head reads them.

    Raises
    ------
    WatchworthyError
        ``vector_mismatch`` if a feature that the head reads was redefined since the lab recorded them.
    """
    whole, told = Examples.read(path)
    known = {one["name"]: one["digest"] for one in told["features"]}
    changed = [name for name in FRUSTRATION.features if known.get(name) != digests()[name]]
    if changed:
        raise WatchworthyError(
            "vector_mismatch",
            f"Since the site was recorded, {', '.join(changed)} changed: record it again with the lab, see "
            "pipelines/experiments/halfmoon.py.",
            str(path),
        )
    columns = [whole.names.index(name) for name in FRUSTRATION.features]
    return Examples(FRUSTRATION.features, whole.x[:, columns], whole.columns)


def split(
    site: Examples, rng: np.random.Generator
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], set[str]]:
    """Rows that may be labelled, rows to test on, and the people of the test; no scenario and nobody is in both."""
    chosen: set[str] = set()
    for value in (0, 1):
        names = np.unique(site["group"][site["label"] == value])
        chosen |= set(rng.permutation(names)[: max(2, round(TEST_SHARE * len(names)))].tolist())
    people = np.unique(site["person"])
    who = set(rng.permutation(people)[: round(TEST_SHARE * len(people))].tolist())
    scenario, person = np.isin(site["group"], list(chosen)), np.isin(site["person"], list(who))
    return ~scenario & ~person, scenario & person, who


def trained(starter: Examples, site: Examples, labelled: list[int], seed: int) -> Any:
    """A head trained on the starter's rows and on the labelled ones of the site."""
    rows = concatenated([starter, site.take(np.array(labelled, "i8"))]) if labelled else starter
    group = np.array([f"{s}/{g}" for s, g in zip(rows["source"], rows["group"], strict=True)])
    one = np.full(len(rows), "one")
    return read(
        fitted(FRUSTRATION, Rows(rows.x, rows["label"], balanced(rows["label"], group, one), group), seed)
    )


def starters_calibration(starter: Examples, seed: int) -> Calibration:
    """Calibration of the starter's margins on scenarios that the boosters had not seen."""
    label, group = starter["label"], starter["group"]
    fold = group_folds(group, label, FOLDS, np.random.default_rng(seed))
    rows = Rows(starter.x, label, balanced(label, group, np.full(len(label), "one")), group)
    return fit(cross_fit(FRUSTRATION, rows, fold, seed).margin, label, group)


def places(waiting: npt.NDArray[np.int64], p: Floats, secret: bytes) -> list[Place]:
    """The waiting sessions as the queue shows them."""
    found = queue(
        [
            Candidate(str(row), float(p[row]), float(p[row]), None, "no_evidence_of_automation", None, 0)
            for row in waiting.tolist()
        ],
        secret,
    )
    return [place for card in found.cards for place in (card.place, *card.folded)]


def picked(
    order: str, waiting: npt.NDArray[np.int64], p: Floats, secret: bytes, rng: np.random.Generator
) -> list[int]:
    """The next ten to label."""
    if order == "random":
        return [int(row) for row in rng.permutation(waiting)[:STEP]]
    if order == "doubt":
        by_doubt = np.argsort(np.abs(p[waiting] - 0.5), kind="stable")
        return [int(row) for row in waiting[by_doubt][:STEP]]
    return [int(place.candidate.session) for place in places(waiting, p, secret)[:STEP]]


def one_run(site: Examples, starters: Examples, seed: int) -> Iterator[Step]:
    """Every order from the same start, on the same test sessions."""
    pool, test, who = split(site, np.random.default_rng(seed))
    starter = starters.take(~np.isin(starters["person"], list(who)))
    calibration = starters_calibration(starter, seed)
    first = trained(starter, site, [], seed)
    secret = hashlib.sha256(f"labelling {seed}".encode()).digest()
    for order in ORDERS:
        rng = np.random.default_rng([seed, ORDERS.index(order)])
        model = first
        labelled: list[int] = []
        propensity: dict[int, float] = {}
        waiting = np.flatnonzero(pool)
        yield _step(order, site, test, model, calibration, labelled, propensity)
        for _ in range(ROUNDS):
            if len(waiting) < STEP:
                break
            p = probabilities(calibration.ratios(model.margins(site.x)), FRUSTRATION.base_rate)
            drawn = {
                int(one.candidate.session): one.propensity for one in places(waiting, p, secret) if one.drawn
            }
            chosen = picked(order, waiting, p, secret, rng)
            propensity |= (
                dict.fromkeys(chosen, 1.0)
                if order == "random"
                else {row: drawn[row] for row in chosen if order == "queue" and row in drawn}
            )
            labelled += chosen
            waiting = np.setdiff1d(waiting, chosen)
            model = trained(starter, site, labelled, seed)
            yield _step(order, site, test, model, calibration, labelled, propensity)


def _step(
    order: str, site: Examples, test: npt.NDArray[np.bool_], model: Any, calibration: Calibration,
    labelled: list[int], propensity: dict[int, float],
) -> Step:  # fmt: skip
    margin, label = model.margins(site.x[test]), site["label"][test]
    rows = np.array(sorted(propensity), "i8")
    weight, _ = clipped(np.array([1 / propensity[row] for row in rows.tolist()], "f8"))
    both = len(rows) > 0 and len(np.unique(site["label"][rows])) == 2
    calibrated = bool(both and effective(weight) >= LEAST_EFFECTIVE)
    if calibrated:
        # Labels that the head was trained on flatter it, so they only move the intercept, by their weights.
        shift = _intercept(calibration.ratios(model.margins(site.x[rows])), site["label"][rows], weight)
    else:
        shift = 0.0
    ratio = calibration.ratios(margin) + shift
    equal = np.where(label == 1, 0.5 / max((label == 1).sum(), 1), 0.5 / max((label == 0).sum(), 1))
    return Step(
        order,
        len(labelled),
        auc(margin[label == 1], margin[label == 0]),
        log_loss(1 / (1 + np.exp(-ratio)), label, equal),
        effective(weight),
        calibrated,
        int(site["label"][labelled].sum()) if labelled else 0,
    )


def _intercept(ratio: Floats, label: npt.NDArray[np.int64], weight: Floats) -> float:
    """What is added to a log-likelihood ratio so that both kinds are as common as it says, by weight."""
    w = weight * np.where(label == 1, 0.5 / weight[label == 1].sum(), 0.5 / weight[label == 0].sum())
    shift = 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-(ratio + shift)))
        shift += float((w * (label - p)).sum() / max((w * p * (1 - p)).sum(), 1e-6)) * 0.5
        shift = float(np.clip(shift, -4, 4))
    return shift


def shops() -> dict[str, tuple[Examples, Examples]]:
    """Each shop as a site, with the rows of the other one, which a starter is trained on."""
    other = Examples.read(STARTER / "frustration" / "vectors.parquet")[0].of(TRAIN)
    other, halfmoon = other.take(other["source"] == OTHER_SHOP), site_of()
    return {"halfmoon": (halfmoon, other), "recordings": (other, halfmoon)}


def measured(runs: int = RUNS, seed: int = SEED, progress: Progress = quiet) -> dict[str, Any]:
    """Run the experiment on each shop; means over seeds with 95 % bands, and differences by the same seeds."""
    progress("does labelling help: seeds", 2 * runs)
    return {"runs": runs} | {
        name: on_site(site, starters, runs, seed, progress) for name, (site, starters) in shops().items()
    }


def on_site(site: Examples, starters: Examples, runs: int, seed: int, progress: Progress) -> dict[str, Any]:
    """The experiment on one site."""
    steps: list[list[Step]] = []
    for own in seeds(seed, runs):
        steps.append(list(one_run(site, starters, own)))
        progress("", 0)
    again = np.random.default_rng(seed).integers(0, runs, (AGAIN, runs))
    splits = [split(site, np.random.default_rng(own)) for own in seeds(seed, runs)]
    tests, pools = [int(one[1].sum()) for one in splits], [int(one[0].sum()) for one in splits]
    named = (("sessions", "session"), ("scenarios", "group"), ("people", "person"))
    found: dict[str, Any] = {
        "site": {key: len(np.unique(site[column])) for key, column in named}
        | {"struggles": int(site["label"].sum())},
        "test_sessions": {"mean": float(np.mean(tests)), "least": min(tests)},
        "waiting": {"mean": float(np.mean(pools)), "least": min(pools)},
        "orders": {},
    }
    for order in ORDERS:
        told = []
        for labels in range(0, STEP * ROUNDS + 1, STEP):
            mine, base = (
                [next((s for s in run if s.order == name and s.labels == labels), None) for run in steps]
                for name in (order, "random")
            )
            zero = [next(s for s in run if s.order == order and s.labels == 0) for run in steps]
            told.append({"labels": labels} | _told(mine, base, zero, again))
        found["orders"][order] = told
    return found


def _told(mine: list[Step | None], base: list[Step | None], zero: list[Step], again: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"runs": sum(one is not None for one in mine)}
    for name in ("auc", "log_loss"):
        own = np.array([np.nan if s is None else asdict(s)[name] for s in mine])
        for key, other in (("", None), ("_from_start", zero), ("_from_random", base)):
            values = (
                own
                if other is None
                else own - np.array([np.nan if s is None else asdict(s)[name] for s in other])
            )
            drawn = np.nanmean(values[again], axis=1)
            low, high = np.nanquantile(drawn, [0.025, 0.975])
            told[f"{name}{key}"] = [round(float(v), 4) for v in (np.nanmean(values), low, high)]
    there = [one for one in mine if one is not None]
    told["effective"] = round(float(np.mean([one.effective for one in there])), 1)
    told["calibrated_by_slice"] = round(float(np.mean([one.calibrated for one in there])), 3)
    told["struggles"] = round(float(np.mean([one.struggles for one in there])), 1)
    return told


def figure(found: dict[str, Any], path: Path | None = None) -> Figure:
    """Draw the curves and their paired differences from random; written to ``path``, if one is named."""
    from matplotlib import pyplot as plt

    names = {"queue": ("as the queue shows them", "#b3362c"), "random": ("at random", "#6b7280"),
             "doubt": ("by doubt alone", "#2f6f8f")}  # fmt: skip
    columns = (
        ("auc", "AUC on people and scenarios never seen"),
        ("auc_from_random", "AUC beside a random order, same seeds"),
        ("log_loss", "log-loss, calibrated by the lottery's labels"),
    )
    made, axes = plt.subplots(len(TITLES), 3, figsize=(11, 3.3 * len(TITLES)), constrained_layout=True)
    for row, (site, title) in enumerate(TITLES.items()):
        axes[row, 0].set_ylabel(title, fontsize=9.5)
        for axis, (key, named) in zip(axes[row], columns, strict=True):
            for order, (name, colour) in names.items():
                if key.endswith("_from_random") and order == "random":
                    continue
                told = found[site]["orders"][order]
                x = [one["labels"] for one in told]
                middle, low, high = (np.array([one[key][i] for one in told]) for i in range(3))
                axis.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
                axis.plot(x, middle, color=colour, marker="o", markersize=3.5, linewidth=1.8, label=name)
            if row == 0:
                axis.set_title(named, fontsize=9.5, loc="left")
            if row == len(TITLES) - 1:
                axis.set_xlabel("labels given")
            axis.grid(axis="y", alpha=0.25)
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
        axes[row, 1].axhline(0, color="#6b7280", linewidth=1)
    axes[0, 0].legend(frameon=False, fontsize=8.5, loc="lower right")
    if path is not None:
        with plt.rc_context({"svg.hashsalt": "watchworthy"}):
            made.savefig(path, metadata={"Date": None})
        plt.close(made)
    return made


def main() -> None:
    """Measure, and write numbers and figure into the docs."""
    found = measured()
    write_json(DOCS / "labelling.json", found)
    figure(found, DOCS / "labelling.svg")
    for site in TITLES:
        for order, told in found[site]["orders"].items():
            print(
                site,
                order,
                *(json.dumps(told[-1][key]) for key in ("auc", "auc_from_start", "auc_from_random")),
            )


if __name__ == "__main__":
    main()
