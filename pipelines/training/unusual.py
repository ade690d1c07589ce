"""Fitting what says how unusual a session is, and measuring it on automation that no head was taught."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, write_json
from models.metrics import ranking
from models.signal_rates import digests, names
from models.unusual import ARRAYS, FEATURES, FOLDER, LEAST_ACTS, IsolationForest, save
from pipelines.datasets.examples import MARGIN, TRAIN, Examples, Progress, hashed, looks, quiet
from pipelines.datasets.recordings import recordings
from pipelines.training.evaluate import plain
from pipelines.training.fit import SEED, group_folds

TREES: Final = 100
ROWS: Final = 128  # each tree grows on so many sessions: enough to be crowded, few enough to be alone
FOLDS: Final = 5
FEWEST: Final = 20


def gather(data: Path, lab: Path | None, progress: Progress = quiet) -> Examples:
    """Whole sessions made in a browser, people and automation, with what the forest reads of them."""
    columns = [names().index(name) for name in FEATURES]
    vectors: list[npt.NDArray[np.float32]] = []
    facts: list[dict[str, Any]] = []
    for source, folder in (("recordings", data / "recordings"), ("lab", lab)):
        if folder is None or not (folder / "index.csv").exists():
            continue
        progress(source, 0)
        for known, rows, channels in recordings(folder):
            looked = list(looks(rows, declared=channels))[-1]
            if looked.acts < LEAST_ACTS:
                continue
            human = known.label == "human"
            vectors.append(looked.extended[columns])
            facts.append(
                {
                    "use": TRAIN,
                    "source": source,
                    "family": known.family,
                    "group": hashed(known.person) if human and known.person else hashed(known.file),
                    "person": hashed(known.person),
                    "session": hashed(known.file),
                    "label": int(not human),
                    "positions": looked.positions,
                    "acts": looked.acts,
                    "t_ms": looked.t_ms,
                    "answered": 1,
                }
            )
    if not facts:
        raise WatchworthyError("training_refused", "There are no recordings to fit to.", str(data))
    return Examples.of_facts(FEATURES, vectors, facts)


def fit(x: npt.NDArray[np.float32], seed: int) -> IsolationForest:
    """Fit to sessions of people, f4[n, k]; what is missing stands at the median."""
    from sklearn.ensemble import IsolationForest as Fitter

    usual = np.nan_to_num(np.nanmedian(x, axis=0)).astype("f4")
    filled = np.where(np.isnan(x), usual, x).astype("f4")
    rows = min(ROWS, len(filled))
    fitter = Fitter(n_estimators=TREES, max_samples=rows, random_state=seed % 2**32, n_jobs=1).fit(filled)
    return from_trees([one.tree_ for one in fitter.estimators_], usual, rows)


def from_trees(trees: list[Any], usual: npt.NDArray[np.float32], rows: int) -> IsolationForest:
    """Plain arrays of scikit-learn's trees."""
    from models.unusual import expected_depth

    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ARRAYS}
    at = 0
    for tree in trees:
        leaf = tree.children_left < 0
        cuts = np.zeros(tree.node_count)
        for node in range(tree.node_count):  # children come after their parents
            if not leaf[node]:
                cuts[[tree.children_left[node], tree.children_right[node]]] = cuts[node] + 1
        beyond = np.array([expected_depth(int(n)) for n in tree.n_node_samples])
        parts["feature"].append(np.where(leaf, -1, tree.feature).astype("i2"))
        parts["threshold"].append(tree.threshold.astype("f8"))
        parts["left"].append(np.where(leaf, 0, tree.children_left + at).astype("i4"))
        parts["right"].append(np.where(leaf, 0, tree.children_right + at).astype("i4"))
        parts["depth"].append(np.where(leaf, cuts + beyond, 0.0))
        parts["roots"].append(np.array([at], "i4"))
        at += tree.node_count
    found: dict[str, Any] = {name: np.concatenate(part) for name, part in parts.items()}
    return IsolationForest(**found, usual=usual, rows=rows, facts={})


def train_unusual(
    data: Path | None,
    out: Path = STARTER,
    *,
    vectors: Path | None = None,
    lab: Path | None = None,
    seed: int = SEED,
    progress: Progress = quiet,
) -> Path:
    """Fit, measure, and write ``out / "unusual"``: arrays, facts, vectors, measures, card.

    Parameters
    ----------
    data, lab
        As of ``train_head``; or ``vectors``, the file that ships.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if there is nothing to fit to.
    """
    from models.unusual_card import write

    if vectors is not None:
        examples, _ = Examples.read(vectors)
    elif data is not None:
        examples = gather(data, None if lab is None else lab / "families", progress)
    else:
        raise WatchworthyError("training_refused", "Name a folder of data, or a file of vectors, to fit to.")
    human = examples["label"] == 0
    progress("unusual: people held out", FOLDS + 1)
    forest = fit(examples.x[human], seed)
    progress("", 0)
    fold = group_folds(
        examples["group"][human], np.zeros(int(human.sum()), "i8"), FOLDS, np.random.default_rng(seed)
    )
    score = forest.scores(examples.x)
    held = np.full(int(human.sum()), np.nan)
    for k in range(FOLDS):
        held[fold == k] = fit(examples.x[human][fold != k], seed + 1 + k).scores(examples.x[human][fold == k])
        progress("", 0)
    score[human] = held
    examples.columns[MARGIN] = score
    examples.columns["fold"][human] = fold
    folder = out / FOLDER
    facts = {
        "features": [{"name": name, "digest": digests()[name]} for name in FEATURES],
        "trees": TREES,
        "rows_a_tree": forest.rows,
        "fitted_to": {
            "sessions": int(human.sum()),
            "people": len(np.unique(examples["person"][human & (examples["person"] != "")])),
        },
        "seed": seed,
    }
    digest = save(folder, IsolationForest(**{**vars(forest), "facts": facts}))
    examples.write(folder / "vectors.parquet", {"seed": seed})
    write_json(folder / "measures.json", plain({"digest": digest} | measures(examples, score)))
    write(folder)
    return folder


def measures(examples: Examples, score: npt.NDArray[np.float64]) -> dict[str, Any]:
    """AUC of each automation family against people of its source who were held out, with the interval over them."""
    found = []
    for source in np.unique(examples["source"]):
        people = (examples["label"] == 0) & (examples["source"] == source)
        named = np.where(examples["person"] == "", examples["session"], examples["person"])[people]
        for family in np.unique(
            examples["family"][(examples["label"] == 1) & (examples["source"] == source)]
        ):
            own = (examples["family"] == family) & (examples["source"] == source) & (examples["label"] == 1)
            row: dict[str, Any] = {"source": str(source), "family": str(family), "n": int(own.sum())}
            if own.sum() >= FEWEST and people.sum() >= FEWEST:
                row |= asdict(ranking(score[own], score[people], named))
            found.append(row)
    human = examples["label"] == 0
    quantiles = np.quantile(score[human], [0.5, 0.9, 0.95, 0.99]).tolist()
    return {
        "families": found,
        "people_quantiles": dict(zip(("50", "90", "95", "99"), quantiles, strict=True)),
    }
