"""Readers: every feature of a catalogue, read off a memory in one compiled call.

What a feature is stands in its fold alone. Here each family's reads are written out as one function over the
family's memory, whole numbers as i8 and others as f8, as Python reads them; and one function calls them all. A
notebook's fold has no file, so its reads are compiled in memory, and those that Numba cannot compile stay plain.
"""

from __future__ import annotations

import inspect
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from types import CodeType
from typing import Any, Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from numba import njit, types

from data_contracts.compiled import written_out
from data_contracts.events import CHANNELS
from features.fold import Feature, Fold

SIGHT: Final = 1 << len(CHANNELS)
"""Stands beside the bits of ``CHANNELS``: the page was seen."""


class Plain(NamedTuple):
    """A feature that Numba cannot read, and where it stands in the vector."""

    position: int
    feature: Feature


class Readers:
    """The reads of all features of some folds.

    Parameters
    ----------
    folds
        In the order of the vector; ``Context`` is among them.
    """

    def __init__(self, folds: Sequence[type[Fold]]) -> None:
        self._folds = folds
        self._features = {fold.family(): fold.features() for fold in folds}
        self.features: tuple[Feature, ...] = tuple(f for found in self._features.values() for f in found)
        self.needs = np.array([need(feature) for feature in self.features], "i8")
        self._states = {fold.family(): fold.reader() for fold in folds}
        self._plain: list[Plain] = []

    def vector(self, memory: npt.NDArray[np.void], declared: int) -> npt.NDArray[np.float32]:
        """Read every feature, f4[features]; parameters as of ``Engine.vector``."""
        values = np.empty(self.needs.size, "f4")
        seen = self.compiled(memory, declared, self.needs, values)
        for position, feature in self._plain:
            if not self.needs[position] & ~seen:
                values[position] = feature.read(
                    self._states[feature.family](*memory[feature.family][0].item())
                )
        return values

    @cached_property
    def compiled(self) -> Any:
        """The compiled ``(memory, declared, needs, out) -> seen``, where bits of ``needs`` beyond ``seen`` hide."""
        modules, found = {}, {}
        position = 0
        for fold in self._folds:
            family = fold.family()
            if is_ours(fold):
                modules[family] = written_out(f"watchworthy_read_{family}", "\n".join(on_disk(fold)) + "\n")
                found[f"read_{family}"] = modules[family].read
            else:
                found[f"read_{family}"], left = in_memory(fold)
                self._plain += [Plain(position + i, self._features[family][i]) for i in left]
            position += len(self._features[family])
        body = list(self._body())
        if len(modules) == len(self._folds):
            head = ["from math import nan", "from data_contracts.compiled import compiled"]
            head += [f"from {m.__name__} import read as read_{family}" for family, m in modules.items()]
            return written_out("watchworthy_read", "\n".join([*head, "@compiled", *body]) + "\n").read
        exec("\n".join(["from math import nan", *body]), found)
        return njit(error_model="numpy")(found["read"])

    def _body(self) -> Iterator[str]:
        yield "def read(memory, declared, needs, out):"
        yield "    record = memory[0]"
        yield f"    seen = (record.context.channels | declared) & {SIGHT - 1}"
        yield "    if record.context.acts_sighted > 0 or record.context.sighted_ms > 0:"
        yield f"        seen |= {SIGHT}"
        position = 0
        for family, features in self._features.items():
            if features:
                yield f"    read_{family}(record.{family}, out, {position})"
            position += len(features)
        yield "    for i in range(out.size):"
        yield "        if needs[i] & ~seen:"
        yield "            out[i] = nan"
        yield "    return seen"


def need(feature: Feature) -> int:
    """What must have been seen for a feature to be defined: a bit of ``CHANNELS``, ``SIGHT``, both or neither."""
    channel = 0 if feature.channel is None else 1 << CHANNELS.index(feature.channel)
    return channel | (SIGHT if feature.sighted else 0)


def is_ours(fold: type[Fold]) -> bool:
    """Whether a fold has a file among ours, beside which its machine code can be kept."""
    return fold.__module__.startswith("features.")


def on_disk(fold: type[Fold]) -> Iterator[str]:
    """Text of the module that reads a family of ours."""
    features = fold.features()
    yield "from collections import namedtuple"
    yield "from numpy import float64, int64"
    yield "from data_contracts.compiled import also_compiled, compiled"
    yield f"from {fold.__module__} import {fold.__name__}"
    yield f"State = namedtuple('State', {list(read_fields(fold, features))})"
    for feature in features:
        yield f"{feature.name} = also_compiled({fold.__name__}.{feature.name})"
    yield "@compiled"
    yield from family_body(fold, features, range(len(features)))


def in_memory(fold: type[Fold]) -> tuple[Any, list[int]]:
    """The compiled reader of a family that has no file, and which of its features stay plain."""
    features = fold.features()
    fields = read_fields(fold, features)
    state = namedtuple("State", fields)  # type: ignore[misc]  # its fields are known when it runs
    made: Any = types.NamedTuple
    kind = made([kind_of(dtype) for dtype in fields.values()], state)
    names: dict[str, Any] = {"State": state, "int64": np.int64, "float64": np.float64}
    left = []
    for i, feature in enumerate(features):
        found = compiled_read(feature.read, kind)
        if found is None:
            left.append(i)
        else:
            names[feature.name] = found
    exec("\n".join(family_body(fold, features, [i for i in range(len(features)) if i not in left])), names)
    return njit(error_model="numpy")(names["read"]), left


def compiled_read(read: Callable[[Any], float], state: types.Type) -> Any:
    """The read compiled, or None where Numba cannot compile it or would not give one number."""
    found = njit(error_model="numpy")(read)
    try:
        found.compile((state,))
    except (
        Exception
    ):  # Numba has no one error for what it cannot compile; nothing was run, and the read stays plain
        return None
    result = found.nopython_signatures[0].return_type
    return found if isinstance(result, types.Number | types.Boolean) else None


def family_body(fold: type[Fold], features: Sequence[Feature], which: Sequence[int]) -> Iterator[str]:
    """Text of the function ``read(memory, out, at)`` that writes some features of a family from ``out[at]`` on."""
    values = [as_python(f"memory.{name}", dtype) for name, dtype in read_fields(fold, features).items()]
    yield "def read(memory, out, at):"
    yield f"    state = State({', '.join(values)})"
    for i in which:
        yield f"    out[at + {i}] = {features[i].name}(state)"


def read_fields(fold: type[Fold], features: Sequence[Feature]) -> dict[str, np.dtype[Any]]:
    """The part of a family's memory that its reads name, with its layout: Numba compiles little faster than much."""
    named = set().union(*(names_in(feature.read) for feature in features))
    layout = fold.dtype()
    return {name: layout[name] for name in fold.defaults() if name in named}


def as_python(value: str, dtype: np.dtype[Any]) -> str:
    """How a field is handed to a read: as wide as Python's numbers, an array as it is."""
    if dtype.subdtype is not None:
        return f"{value}[:]"
    return f"float64({value})" if dtype.kind == "f" else f"int64({value})"


def kind_of(dtype: np.dtype[Any]) -> types.Type:
    """Numba's type of what ``as_python`` hands on."""
    if dtype.subdtype is not None:
        return types.Array(numba.from_dtype(dtype.base), len(dtype.shape), "C")
    return types.float64 if dtype.kind == "f" else types.int64


def names_in(function: Callable[..., Any]) -> set[str]:
    """Names that a function's code mentions, and that of the functions that it calls by name."""
    found: set[str] = set()
    waiting, seen = [function], set()
    while waiting:
        one = waiting.pop()
        plain: Any = getattr(one, "py_func", one)
        if plain in seen:
            continue
        seen.add(plain)
        names = set(mentioned(plain.__code__))
        found |= names
        called = (plain.__globals__.get(name) for name in names)
        waiting += [one for one in called if inspect.isfunction(one) or hasattr(one, "py_func")]
    return found


def mentioned(code: CodeType) -> Iterator[str]:
    """Names in a function's code, and in that of the functions written inside it."""
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from mentioned(one)
