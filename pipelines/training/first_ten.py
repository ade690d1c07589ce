"""The first ten: how many of the ten sessions that a person watches first are true struggles, beside cruder orders.

Struggles are rare, so held-out recordings are mixed until 2 % of them are. Whole scenarios are drawn again, for
sessions of one scenario are much alike, and the few scenarios are what the numbers hang on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from features.engine import live
from models.calibration import Floats, fit
from models.heads.frustration import FRUSTRATION
from models.metrics import probabilities
from models.queue import FIRST, Candidate, queue
from models.trees import read
from pipelines.datasets.examples import TRAIN, Examples, Gather, Progress, hashed, looks, quiet, totals
from pipelines.datasets.recordings import index, recordings
from pipelines.training.fit import Rows, balanced, fitted, seeds

PREVALENCE: Final = 0.02  # struggles among the sessions of a shop on an ordinary day, as the plan assumes it
MIX: Final = 500  # sessions in a mix: 10 struggles, so that a perfect order fills the first ten with them
SCENARIOS_DRAWN: Final = 200  # draws of scenarios, for the interval
MIXES: Final = 5  # mixes of each draw of scenarios
FITS: Final = 5  # seeds of the held-out boosters; a mix is ranked by one of them
SECRET: Final = b"the first ten, as reported"  # the report's own draw of the slice: no visitor is at stake


@dataclass(frozen=True)
class Order:
    """Precision among the first ten by one order, with its 90 % range over draws of scenarios."""

    name: str
    precision: float
    low: float
    high: float


@dataclass(frozen=True)
class FirstTen:
    """The report: its orders, and the distinct sessions, scenarios and people behind them, by kind."""

    orders: tuple[Order, ...]
    struggle: dict[str, int]
    calm: dict[str, int]
    automation: int
    abstained: int
    draws: int
    mix: int
    prevalence: float
    calm_repeats: float

    @property
    def beats_signals(self) -> bool:
        """Whether the head's order has more struggles among the first ten than counting signals has."""
        by = {order.name: order.precision for order in self.orders}
        return by["worth"] > by["signal count"]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON."""
        return asdict(self) | {"beats_signal_count": self.beats_signals}


def gathered(folder: Path, progress: Progress = quiet) -> tuple[Examples, Floats, int, int]:
    """Sessions with a known struggle or calm, their signal counts, how many are automation, and how many abstain.

    Raises
    ------
    WatchworthyError
        ``file_missing`` if the folder has no index.
    """
    gather, counts, automation = Gather(FRUSTRATION), {}, 0
    progress("recordings", len(index(folder)))
    for known, rows, channels in recordings(folder):
        progress("", 0)
        automation += known.label == "bot"
        if known.frustrated is None or known.label != "human":
            continue
        for looked in looks(rows, declared=channels):
            session = hashed(known.file)
            counts[session] = len(live(looked.moments))
            gather.add(
                looked,
                use=TRAIN,
                source="recordings",
                family=known.family,
                group=known.scenario,
                person=hashed(known.person),
                session=session,
                label=int(known.frustrated),
                recorder=known.recorder,
                build=known.build,
                viewport=known.viewport,
                jank=known.jank,
                scenario=known.scenario,
                **totals(looked, rows),
            )
    examples = gather.done()
    count = np.array([counts[name] for name in examples["session"]], "f8")
    return examples, count, automation, sum(gather.abstained.values())


def held_out(examples: Examples, seed: int) -> Floats:
    """Margin of each session by a booster that saw neither its scenario nor any person of that scenario."""
    label, scenario = examples["label"], examples["group"]
    margin = np.full(len(label), np.nan)
    for name in np.unique(scenario):
        inside = scenario == name
        kept = ~inside & ~np.isin(examples["person"], np.unique(examples["person"][inside]))
        if len(np.unique(label[kept])) < 2:
            raise WatchworthyError(
                "training_refused", f"Without the people of scenario {name}, one kind of session is left."
            )
        weight = balanced(label[kept], scenario[kept], examples["source"][kept])
        rows = Rows(examples.x[kept], label[kept], weight, scenario[kept])
        margin[inside] = read(fitted(FRUSTRATION, rows, seed)).margins(examples.x[inside])
    return margin


def first_ten(
    folder: Path,
    seed: int,
    fits: int = FITS,
    scenarios_drawn: int = SCENARIOS_DRAWN,
    progress: Progress = quiet,
) -> FirstTen:
    """Measure every order on the same mixes.

    Parameters
    ----------
    folder
        Recordings with an ``index.csv``.
    fits, scenarios_drawn
        Seeds of the boosters, and draws of scenarios (each with five mixes).

    Raises
    ------
    WatchworthyError
        ``file_missing`` or ``training_refused`` if the recordings cannot carry it.
    """
    examples, signals, automation, abstained = gathered(folder, progress)
    label, scenario = examples["label"], examples["group"]
    if min(len(np.unique(scenario[label == value])) for value in (0, 1)) < 2:
        raise WatchworthyError("training_refused", "It takes 2 scenarios of each kind to hold one out.")
    progress("scenarios held out", fits)
    said: list[Floats] = []
    for own in seeds(seed, fits):
        margin = held_out(examples, own)
        # One rising curve for all, as a served head has: a curve for each scenario would reorder the scenarios.
        ratio = fit(margin, label, scenario, "sigmoid").ratios(margin)
        said.append(probabilities(ratio, FRUSTRATION.base_rate))
        progress("", 0)
    rng = np.random.default_rng(seed)
    by_draw: dict[str, list[float]] = {}
    progress("mixes", scenarios_drawn)
    for draw in range(scenarios_drawn):
        pools = {value: drawn_again(scenario, label == value, rng) for value in (0, 1)}
        found: dict[str, list[float]] = {}
        for _ in range(MIXES):
            struggles = round(MIX * PREVALENCE)
            rows = np.concatenate([rng.choice(pools[1], struggles), rng.choice(pools[0], MIX - struggles)])
            rows = rng.permutation(rows)
            p = said[draw % fits][rows]
            for name, first in orders(p, signals[rows], examples["all_presses"][rows], rng).items():
                found.setdefault(name, []).append(float(label[rows[first]].mean()))
        for name, values in found.items():
            by_draw.setdefault(name, []).append(float(np.mean(values)))
        progress("", 0)
    return FirstTen(
        tuple(
            Order(name, float(np.mean(values)), *(float(q) for q in np.quantile(values, [0.05, 0.95])))
            for name, values in by_draw.items()
        ),
        behind(examples.take(label == 1)),
        behind(examples.take(label == 0)),
        automation,
        abstained,
        scenarios_drawn * MIXES,
        MIX,
        PREVALENCE,
        MIX * (1 - PREVALENCE) / int((label == 0).sum()),
    )


def drawn_again(scenario: npt.NDArray[Any], kind: npt.NDArray[Any], rng: np.random.Generator) -> Any:
    """Sessions of as many scenarios of a kind as there are, drawn with return."""
    names = np.unique(scenario[kind])
    chosen = rng.choice(names, len(names))
    return np.concatenate([np.flatnonzero(kind & (scenario == name)) for name in chosen])


def orders(p: Floats, signals: Floats, presses: Floats, rng: np.random.Generator) -> dict[str, Any]:
    """The first ten of a mix by each order; ties fall as the sessions happened to arrive.

    Worth is taken at full stake and of issues never seen before, so it is the head's probability. The queue also
    gives its places to doubt and to the random slice; each session counts as an issue of its own.
    """
    names = [str(number) for number in rng.integers(0, 2**62, len(p))]
    at = {name: i for i, name in enumerate(names)}
    shown = queue(
        (
            Candidate(name, float(q), float(q), None, "undetermined", name, i)
            for i, (name, q) in enumerate(zip(names, p, strict=True))
        ),
        SECRET,
    ).cards[:FIRST]
    return {
        "worth": np.argsort(-p, kind="stable")[:FIRST],
        "queue": np.array([at[card.place.candidate.session] for card in shown]),
        "signal count": np.argsort(-signals, kind="stable")[:FIRST],
        "most clicks": np.argsort(-presses, kind="stable")[:FIRST],
        "newest first": np.arange(len(p))[-FIRST:],
        "random": rng.choice(len(p), FIRST, replace=False),
    }


def behind(examples: Examples) -> dict[str, int]:
    """Distinct sessions, scenarios and people."""
    return {
        name: len(np.unique(examples[column]))
        for name, column in (("sessions", "session"), ("scenarios", "group"), ("people", "person"))
    }
