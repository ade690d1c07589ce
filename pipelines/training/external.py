"""The frustration head on people who said themselves how a session was: an external test, looked at once.

The head and the mapping of the data were committed before; whatever comes out stands. It is external, not blind: the
project knew that the set exists and what others had measured on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.events import CHANNELS
from models.bundle import STARTER, digest_of, load_head, write_json
from models.calibration import Floats
from models.card import write
from models.heads.frustration import FRUSTRATION
from models.metrics import auc
from models.signal_rates import names
from pipelines.datasets.examples import looks
from pipelines.datasets.iweb import rated
from pipelines.training.evaluate import plain

DRAWS: Final = 2_000
FILE: Final = "external.json"
DECLARED: Final = sum(1 << CHANNELS.index(name) for name in ("presses", "network", "page"))


def external(path: Path, folder: Path = STARTER) -> dict[str, Any]:
    """Score every session of the set and write what came out beside the head.

    Returns
    -------
    dict
        ``digest`` of the head; ``pooled`` and ``within`` (mean over people who rated both ways) AUC of a bad rating,
        each with its 95 % interval over people drawn again; how many were answered. Abstentions score lowest.
    """
    own = folder / FRUSTRATION.name
    trained = load_head(own)
    columns = [names().index(name) for name in trained.model.names]
    margins, bad, people, answered, unfinished = [], [], [], 0, 0
    for one in rated(path):
        looked = list(looks(one.rows, declared=DECLARED))[-1]
        may = FRUSTRATION.ineligible(looked) is None
        answered += may
        unfinished += one.unfinished
        margins.append(trained.model.margin(looked.extended[columns]) if may else -np.inf)
        bad.append(one.bad)
        people.append(one.person)
    margin, label, person = np.array(margins), np.array(bad), np.array(people)
    told = {
        "digest": digest_of(own),
        "sessions": len(margin),
        "answered": answered,
        "people": len(np.unique(person)),
        "bad": int(label.sum()),
        "loads_unfinished": unfinished,
        "pooled": _interval(margin, label, person, _pooled),
        "within": _interval(margin, label, person, _within),
    }
    write_json(own / FILE, plain(told))
    write(own)
    return told


def _pooled(margin: Floats, label: npt.NDArray[np.bool_], person: npt.NDArray[Any]) -> float:
    return auc(margin[label], margin[~label])


def _within(margin: Floats, label: npt.NDArray[np.bool_], person: npt.NDArray[Any]) -> float:
    found = []
    for name in np.unique(person):
        own = person == name
        if label[own].any() and not label[own].all():
            found.append(auc(margin[own & label], margin[own & ~label]))
    return float(np.mean(found)) if found else float("nan")


def _interval(
    margin: Floats, label: npt.NDArray[np.bool_], person: npt.NDArray[Any], measure: Any
) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    names_of = np.unique(person)
    rows_of = {name: np.flatnonzero(person == name) for name in names_of}
    drawn = []
    for _ in range(DRAWS):
        chosen = rng.choice(names_of, len(names_of))
        rows = np.concatenate([rows_of[name] for name in chosen])
        who = np.concatenate([np.full(len(rows_of[name]), i) for i, name in enumerate(chosen)])
        drawn.append(measure(margin[rows], label[rows], who))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"auc": measure(margin, label, person), "interval": (float(low), float(high))}
