"""A forest: the trees of several heads as one array of nodes, walked over an extended vector in one compiled call.

A live session is scored at every batch: the walk itself takes less than one call of NumPy for each head would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from data_contracts.compiled import compiled
from features.moments import WITHDRAWN
from models.calibration import Calibration, expit, logit, ratio_on
from models.signal_rates import extend, names, rates_of_codes, typing_places
from models.standing import standing
from models.trees import Trees, goes_left

HEAD: Final = np.dtype(
    [
        ("end", "i8"),  # one past its last tree
        ("first", "f8"),  # as ``calibration.ratio_on`` takes them
        ("second", "f8"),
        ("intercept", "f8"),
        ("prior", "f8"),  # log-odds of its base rate
        ("beta", "u1"),
    ],
    align=True,
)

NODE: Final = np.dtype(
    [
        ("threshold", "f8"),  # a value up to it goes left; of a leaf, its value
        ("feature", "i4"),  # place in an extended vector; -1 of a leaf
        ("left", "i4"),
        ("right", "i4"),
        ("missing", "u1"),  # as in `Trees`
    ],
    align=True,
)


class Look(Struct, frozen=True, gc=False):
    """What a forest makes of a session.

    Attributes
    ----------
    values
        The vector and the rates of signals, f4, in the order of ``signal_rates.names()``.
    margins
        Raw margin of each head in log-odds, in the forest's order.
    chances
        Probability of each; that of a head whose calibration is a staircase, or that has none, means nothing.
    watched
        Whether any feature to watch for is there.
    standing
        The signals that stand, as ``models.standing`` has them.
    """

    values: npt.NDArray[np.float32]
    margins: list[float]
    chances: list[float]
    watched: bool
    standing: int


class Forest:
    """The trees of several heads.

    Parameters
    ----------
    heads
        Trees by head; their names are among ``signal_rates.names()``.
    watch
        Features of which ``Look.watched`` says whether any is defined.
    curves
        Calibration and base rate of heads.
    """

    def __init__(
        self,
        heads: Mapping[str, Trees],
        watch: Sequence[str] = (),
        curves: Mapping[str, tuple[Calibration, float]] | None = None,
    ) -> None:
        places = {name: i for i, name in enumerate(names())}
        self._nodes = np.zeros(sum(len(trees.feature) for trees in heads.values()), NODE)
        self._heads = np.zeros(len(heads), HEAD)
        self._heads["end"] = np.cumsum([len(trees.roots) for trees in heads.values()])
        for head, name in zip(self._heads, heads, strict=True):
            if curves and name in curves and curves[name][0].kind != "isotonic":
                curve, base_rate = curves[name]
                head["first"], head["second"] = curve.slopes[0], curve.slopes[-1]
                head["beta"], head["intercept"] = curve.kind == "beta", curve.intercept
                head["prior"] = logit(base_rate)
        roots, at = [np.zeros(0, "i8")], 0
        for trees in heads.values():
            ours = self._nodes[at : at + len(trees.feature)]
            columns = np.array([*(places[name] for name in trees.names), -1])
            ours["feature"] = columns[trees.feature]
            ours["threshold"], ours["missing"] = trees.threshold, trees.missing
            ours["left"], ours["right"] = trees.left + at, trees.right + at
            roots.append(trees.roots.astype("i8") + at)
            at += len(ours)
        self._roots = np.concatenate(roots)
        self._watch = np.array([places[name] for name in watch], "i8")
        self._typing, self._codes = typing_places(), rates_of_codes()
        self._width = len(places)

    def look(self, vector: npt.NDArray[np.float32], moments: npt.NDArray[np.void], acts: int) -> Look:
        """Extend a vector and walk every tree over it.

        Parameters
        ----------
        vector
            The catalogue's features, f4.
        moments
            ``MOMENT[n]``.
        acts
            Of the session.
        """
        values, said = np.empty(self._width, "f4"), np.empty((2, self._heads.size))
        watched, signals = _look(
            vector, moments, acts, self._typing, self._codes, WITHDRAWN, values,
            self._nodes, self._roots, self._heads, self._watch, said,
        )  # fmt: skip
        margins, chances = said.tolist()
        return Look(values, margins, chances, watched, signals)


@compiled
def _look(
    vector: Any,
    moments: Any,
    acts: int,
    typing: Any,
    codes: Any,
    withdrawn: int,
    values: Any,
    nodes: Any,
    roots: Any,
    heads: Any,
    watch: Any,
    said: Any,
) -> tuple[bool, int]:
    extend(vector, moments, acts, typing, codes, withdrawn, values)
    tree = 0
    for i in range(heads.size):
        head, margin = heads[i], 0.0
        while tree < head.end:
            node = nodes[roots[tree]]
            while node.feature >= 0:
                left = goes_left(np.float64(values[node.feature]), node.threshold, node.missing)
                node = nodes[node.left if left else node.right]
            margin += node.threshold
            tree += 1
        ratio = ratio_on(margin, head.beta != 0, head.first, head.second, head.intercept)
        said[0, i], said[1, i] = margin, expit(ratio + head.prior)
    watched = False
    for place in watch:
        watched |= not np.isnan(values[place])
    return watched, standing(moments, withdrawn)
