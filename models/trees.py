"""Boosted trees read from LightGBM's own text, walked and explained by compiled code.

Scoring needs neither LightGBM nor what it imports: a model is arrays of nodes. The attributions are those of
LightGBM's ``pred_contrib``, by the same algorithm.

References
----------
Ke and others (2017), LightGBM; Lundberg and others (2020), TreeSHAP.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from data_contracts.errors import WatchworthyError

ZERO: Final = 1e-35  # LightGBM calls a smaller value zero
MISSING_ZERO: Final = 1
MISSING_NAN: Final = 2
DEEPEST: Final = 64
KNOWN: Final = 0  # how much is known of a value: it is what was read,
ANYTHING: Final = 1  # it might be any other,
AT_LEAST: Final = 2  # or only more
READ: Final = (
    *("feature_names", "Tree", "num_cat", "is_linear", "split_feature", "threshold", "decision_type"),
    *("left_child", "right_child", "leaf_value", "leaf_count", "internal_count"),
)
"""Lines of LightGBM's text that make a model."""

Array = npt.NDArray[Any]
"""One number a node or tree; ``Trees`` has each with its type."""
Nodes = tuple[Array, Array, Array, Array, Array, Array]
"""Feature, threshold, left, right, missing and cover of all nodes, as ``Trees`` has them."""


@dataclass(frozen=True)
class Trees:
    """The trees of one booster; all trees share these arrays.

    Parameters
    ----------
    names
        The features that it reads.
    roots
        First node of each tree, i4[trees].
    feature
        Feature of each node, -1 of a leaf, i4[nodes].
    threshold
        A value up to it goes left; of a leaf, its value. f8[nodes].
    left, right
        Children, i4[nodes].
    missing
        LightGBM's kind of missing value, and bit 7 if it goes left, u1[nodes].
    cover
        Training rows that came through, f8[nodes].
    """

    names: tuple[str, ...]
    roots: Array
    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing: Array
    cover: Array

    def margin(self, values: npt.NDArray[np.float32]) -> float:
        """Raw margin in log-odds of one row of ``names``, f4[k]."""
        row = np.asarray(values, "f8")
        return float(
            _margin(row, self.roots, self.feature, self.threshold, self.left, self.right, self.missing)
        )

    def margins(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Raw margin of each row, f4[n, k] to f8[n]."""
        out = np.zeros(len(rows))
        table = np.ascontiguousarray(rows, "f8").reshape(len(rows), len(self.names))
        _margins(table, out, self.roots, self.feature, self.threshold, self.left, self.right, self.missing)
        return out

    def reach(self, values: npt.NDArray[np.float32], hidden: npt.NDArray[np.uint8]) -> tuple[float, float]:
        """Bounds of the margin of one row, whatever its ``hidden`` features may be: see ``KNOWN``, u1[k]."""
        row = np.asarray(values, "f8")
        nodes = (self.feature, self.threshold, self.left, self.right, self.missing, self.cover)
        low, high = _reach(row, hidden, self.roots, nodes)
        return float(low), float(high)

    def contributions(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Attribution of each feature, then the base value; they sum to the margin. f8[k + 1]."""
        phi = np.zeros(len(self.names) + 1)
        paths = np.zeros((DEEPEST, DEEPEST, 4))
        nodes = (self.feature, self.threshold, self.left, self.right, self.missing, self.cover)
        _explain_all(self.roots, np.asarray(values, "f8"), phi, paths, nodes)
        return phi


def read(text: str) -> Trees:
    """Read LightGBM's text.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if it is no such text, or has splits of a kind that is not ours (categories, linear
        leaves).
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    facts = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    if "feature_names" not in facts:
        raise WatchworthyError(
            "model_missing", "This is no LightGBM model in text form; train the head again."
        )
    roots, nodes = [], _Nodes()
    for block in blocks:
        roots.append(nodes.add(dict(line.split("=", 1) for line in block.splitlines() if "=" in line)))
    return Trees(
        tuple(facts["feature_names"].split()),
        np.array(roots, "i4"),
        np.array(nodes.feature, "i4"),
        np.array(nodes.threshold, "f8"),
        np.array(nodes.left, "i4"),
        np.array(nodes.right, "i4"),
        np.array(nodes.missing, "u1"),
        np.array(nodes.cover, "f8"),
    )


def bare(text: str) -> str:
    """LightGBM's text without what is not read here: under half of it."""
    kept = []
    for line in text.partition("\nend of trees")[0].splitlines():
        name = line.partition("=")[0]
        if name in READ:
            kept.append(f"\n{line}" if name == "Tree" else line)
    return "\n".join([*kept, "", "end of trees", ""])


class _Nodes:
    """Nodes of all trees, in growing lists."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.missing: list[int] = []
        self.cover: list[float] = []

    def add(self, facts: dict[str, str]) -> int:
        """Add the nodes of a tree: inner nodes first, then its leaves; return its root."""
        root = len(self.feature)
        leaves = [float(v) for v in facts["leaf_value"].split()]
        inner = len(leaves) - 1
        if int(facts.get("num_cat", 0)) or int(facts.get("is_linear", 0)):
            raise WatchworthyError("model_missing", "Splits by category and linear leaves are not supported.")
        if inner:
            kinds = [int(v) for v in facts["decision_type"].split()]
            self.feature += [int(v) for v in facts["split_feature"].split()]
            self.threshold += [float(v) for v in facts["threshold"].split()]
            for name, side in (("left_child", self.left), ("right_child", self.right)):
                # LightGBM writes leaf i as -(i + 1)
                side += [root + (c if c >= 0 else inner - 1 - c) for c in map(int, facts[name].split())]
            self.missing += [(kind >> 2 & 3) | (kind >> 1 & 1) << 7 for kind in kinds]
            self.cover += [float(v) for v in facts["internal_count"].split()]
        self.feature += [-1] * len(leaves)
        self.threshold += leaves
        self.left += [0] * len(leaves)
        self.right += [0] * len(leaves)
        self.missing += [0] * len(leaves)
        self.cover += [float(v) for v in facts["leaf_count"].split()] if inner else [1.0]
        return root


@compiled
def goes_left(value: float, threshold: float, missing: int) -> bool:
    """Which way a value goes at a node; ``missing`` is that of ``Trees``."""
    kind = missing & 3
    if math.isnan(value) and kind != MISSING_NAN:
        value = 0.0
    if (kind == MISSING_NAN and math.isnan(value)) or (kind == MISSING_ZERO and abs(value) <= ZERO):
        return missing >> 7 == 1
    return value <= threshold


@compiled
def _margin(  # the arrays one by one: to take a tuple apart would be a tenth of the call
    row: Array, roots: Array, feature: Array, threshold: Array, left: Array, right: Array, missing: Array
) -> float:
    total = 0.0
    for root in roots:
        node = root
        while feature[node] >= 0:
            node = (
                left[node] if goes_left(row[feature[node]], threshold[node], missing[node]) else right[node]
            )
        total += threshold[node]
    return total


@compiled
def _margins(
    rows: Array,
    out: Array,
    roots: Array,
    feature: Array,
    threshold: Array,
    left: Array,
    right: Array,
    missing: Array,
) -> None:
    for i in range(len(rows)):
        out[i] = _margin(rows[i], roots, feature, threshold, left, right, missing)


@compiled
def _reach(row: Array, hidden: Array, roots: Array, nodes: Nodes) -> tuple[float, float]:
    """Sums over the trees of the lowest and the highest leaf that can be come to."""
    feature, threshold, left, right, missing, _ = nodes
    stack = np.zeros(DEEPEST, np.int32)
    lowest = 0.0
    highest = 0.0
    for root in roots:
        low = math.inf
        high = -math.inf
        stack[0] = root
        size = 1
        while size > 0:
            size -= 1
            node = stack[size]
            if feature[node] < 0:
                low = min(low, threshold[node])
                high = max(high, threshold[node])
                continue
            value = row[feature[node]]
            how = hidden[feature[node]]
            leftwards = goes_left(value, threshold[node], missing[node])
            either = how == ANYTHING or (how == AT_LEAST and (leftwards or math.isnan(value)))
            if either or leftwards:
                stack[size] = left[node]
                size += 1
            if either or not leftwards:
                stack[size] = right[node]
                size += 1
        lowest += low
        highest += high
    return lowest, highest


@compiled
def _expected(root: int, nodes: Nodes) -> float:
    """Mean of the leaves of a tree by their cover."""
    feature, value, left, right, _, cover = nodes
    stack = np.zeros(DEEPEST, np.int32)
    stack[0] = root
    size = 1
    mean = 0.0
    while size > 0:
        size -= 1
        node = stack[size]
        if feature[node] < 0:
            mean += value[node] * cover[node] / cover[root]
        else:
            stack[size] = left[node]
            stack[size + 1] = right[node]
            size += 2
    return mean


@compiled
def _extend(path: Array, depth: int, zero: float, one: float, feature: int) -> None:
    """Add a split to a path of (feature, share of cold rows, share of hot rows, weight)."""
    path[depth, 0] = feature
    path[depth, 1] = zero
    path[depth, 2] = one
    path[depth, 3] = 1.0 if depth == 0 else 0.0
    for i in range(depth - 1, -1, -1):
        path[i + 1, 3] += one * path[i, 3] * (i + 1) / (depth + 1)
        path[i, 3] = zero * path[i, 3] * (depth - i) / (depth + 1)


@compiled
def _unwind(path: Array, depth: int, at: int) -> None:
    """Take the split at ``at`` out of a path again."""
    zero = path[at, 1]
    one = path[at, 2]
    ahead = path[depth, 3]
    for i in range(depth - 1, -1, -1):
        if one != 0:
            before = path[i, 3]
            path[i, 3] = ahead * (depth + 1) / ((i + 1) * one)
            ahead = before - path[i, 3] * zero * (depth - i) / (depth + 1)
        else:
            path[i, 3] = path[i, 3] * (depth + 1) / (zero * (depth - i))
    for i in range(at, depth):
        for part in range(3):
            path[i, part] = path[i + 1, part]


@compiled
def _unwound(path: Array, depth: int, at: int) -> float:
    """Sum of the weights of a path without the split at ``at``."""
    zero = path[at, 1]
    one = path[at, 2]
    ahead = path[depth, 3]
    total = 0.0
    for i in range(depth - 1, -1, -1):
        if one != 0:
            part = ahead * (depth + 1) / ((i + 1) * one)
            total += part
            ahead = path[i, 3] - part * zero * (depth - i) / (depth + 1)
        else:
            total += path[i, 3] / zero * (depth + 1) / (depth - i)
    return total


@compiled
def _explain(root: int, row: Array, phi: Array, paths: Array, nodes: Nodes) -> None:
    """Add the attributions of the leaves of a tree to ``phi``; each level of it has a path of its own."""
    feature, threshold, left, right, missing, cover = nodes
    ahead = np.zeros(DEEPEST, np.int32)
    levels = np.zeros(DEEPEST, np.int32)
    depths = np.zeros(DEEPEST, np.int32)
    splits = np.zeros(DEEPEST, np.int32)
    zeros = np.zeros(DEEPEST)
    ones = np.zeros(DEEPEST)
    ahead[0] = root
    splits[0] = -1
    zeros[0] = 1.0
    ones[0] = 1.0
    size = 1
    while size > 0:
        size -= 1
        node = ahead[size]
        level = levels[size]
        depth = depths[size]
        path = paths[level]
        if level > 0:
            path[:depth] = paths[level - 1][:depth]
        _extend(path, depth, zeros[size], ones[size], splits[size])
        if feature[node] < 0:
            for i in range(1, depth + 1):
                weight = _unwound(path, depth, i)
                phi[int(path[i, 0])] += weight * (path[i, 2] - path[i, 1]) * threshold[node]
            continue
        f = feature[node]
        if goes_left(row[f], threshold[node], missing[node]):
            hot, cold = left[node], right[node]
        else:
            hot, cold = right[node], left[node]
        again_zero = 1.0
        again_one = 1.0
        for i in range(1, depth + 1):
            if path[i, 0] == f:
                again_zero = path[i, 1]
                again_one = path[i, 2]
                _unwind(path, depth, i)
                depth -= 1
                break
        # The cold side waits below the hot one on the stack; what lies under the hot one writes deeper levels only.
        for child, one in ((cold, 0.0), (hot, again_one)):
            ahead[size] = child
            levels[size] = level + 1
            depths[size] = depth + 1
            splits[size] = f
            zeros[size] = cover[child] / cover[node] * again_zero
            ones[size] = one
            size += 1


@compiled
def _explain_all(roots: Array, row: Array, phi: Array, paths: Array, nodes: Nodes) -> None:
    """Add the attributions of every tree, and in the last place the mean of each, to ``phi``."""
    for root in roots:
        phi[-1] += _expected(root, nodes)
        _explain(root, row, phi, paths, nodes)
