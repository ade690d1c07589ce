"""A fold: a small memory that is moved past one event at a time, and the features read off it.

A family of features is one class::

    class Clicks(Fold):
        count: int = 0                                   # annotated defaults are the memory

        def step(self, event, now, out):                 # compiled by Numba: scalars and fixed arrays only
            if event.kind == CLICK:
                self.count += 1

        @feature(unit="clicks", source="ours")
        def clicks(self) -> float:
            \"\"\"Clicks, however made.\"\"\"              # compiled too, where Numba can; else plain Python
            return self.count

Its name, unit, range, text and source appear from there in the catalogue, the docs and the model cards.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import math
import textwrap
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import also_compiled, compiled_as
from features.moments import Signal

FOREVER: Final = 2**31 - 1
"""The last time, in ms from the start, that four bytes hold: times kept so stop there, after 24 days."""

NEVER: Final = -(2**40)
"""A time before every session, in ms: what a fold remembers of what has not happened yet."""

OURS: Final = ("data_contracts.", "features.")

Array = npt.NDArray[Any]
"""A fixed array of a fold's memory, of one dimension."""
Read = TypeVar("Read", bound=Callable[..., float])


def zeros(dtype: str, length: int) -> Array:
    """Declare a fixed array, ``dtype[length]`` of zeros, as part of a fold's memory."""
    return np.zeros(length, dtype)


@dataclass(frozen=True)
class Feature:
    """What a person, a head and the schema should know of a feature.

    ``low`` and ``high`` are its range. ``channel`` is one of ``CHANNELS`` without which it is NaN;
    ``sighted`` says that it needs to know the page, so that it is NaN over a blind session.
    """

    name: str
    unit: str
    low: float
    high: float
    text: str
    source: str
    family: str
    channel: str | None
    sighted: bool
    read: Callable[[Any], float]
    digest: str
    """Digest of the definition: of this read, of the step that feeds it, and of all that either calls."""

    def standing_on(self, definition: str) -> Feature:
        """The same feature, its digest covering ``definition`` too."""
        return replace(self, digest=hashlib.sha256((self.digest + definition).encode()).hexdigest()[:16])


@dataclass(frozen=True)
class _Facts:
    unit: str
    low: float
    high: float
    source: str
    channel: str | None
    sighted: bool


def feature(
    *,
    unit: str = "-",
    low: float = 0.0,
    high: float = math.inf,
    source: str = "ours",
    channel: str | None = None,
    sighted: bool = False,
) -> Callable[[Read], Read]:
    """Declare a method of a fold as a feature.

    Parameters
    ----------
    unit
        Unit as the catalogue prints it; ``"share"`` has range 0..1 unless told otherwise.
    low, high
        Range that the value never leaves (``inf`` as a bound means that there is none).
    source
        Paper, product or specification of the definition, or "ours".
    channel
        Channel without which the feature is NaN.
    sighted
        Whether it needs the page: NaN where the recording has no snapshot.
    """
    if unit == "share" and high == math.inf:
        high = 1.0

    def declare(read: Read) -> Read:
        read.__feature__ = _Facts(unit, low, high, source, channel, sighted)  # type: ignore[attr-defined]
        return read

    return declare


def small(value: int) -> int:
    """Declare a whole number that takes four bytes of a fold's memory instead of eight."""
    return cast("int", np.int32(value))


class Fold:
    """Base of all folds; a subclass declares its memory, one ``step`` and its features."""

    signals: ClassVar[tuple[Signal, ...]] = ()
    """Signals whose moments ``step`` reports."""

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move the memory past one event.

        Parameters
        ----------
        event
            One ``EVENT`` row.
        now
            Memory of ``features.context.Context``, already moved past this event. Its ``t``, ms from the start of the
            session, is the ``t`` of whatever a step calls.
        out
            ``features.moments.Report``.
        """
        raise NotImplementedError

    @classmethod
    def family(cls) -> str:
        """Name of the family: the class name in small letters."""
        return cls.__name__.lower()

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Name of each part of the memory, and what it starts from."""
        names = [name for name in inspect.get_annotations(cls) if name != "signals"]
        return {name: cls.__dict__[name] for name in names}

    @classmethod
    def dtype(cls) -> np.dtype[np.void]:
        """Layout of the memory: whole numbers as i8, others as f8, small ones and arrays as declared."""
        fields: list[tuple[Any, ...]] = []
        for name, value in cls.defaults().items():
            if isinstance(value, np.ndarray):
                fields.append((name, value.dtype, value.shape))
            elif isinstance(value, np.generic):
                fields.append((name, value.dtype))
            else:
                fields.append((name, "i8" if isinstance(value, int) else "f8"))
        return np.dtype(fields, align=True)

    @classmethod
    def reader(cls) -> Callable[..., Any]:
        """Make a tuple with the memory's names, to be read by the features."""
        return cast("Callable[..., Any]", namedtuple(cls.__name__, list(cls.defaults())))

    @classmethod
    def definition(cls) -> str:
        """Source of the step and of all that it calls, with the layout of the memory."""
        return source_of(cls.step) + repr(cls.dtype())

    @classmethod
    def features(cls) -> tuple[Feature, ...]:
        """Features of this fold in the order in which they are declared."""
        step = cls.definition()
        found = []
        for name, read in cls.__dict__.items():
            facts: _Facts | None = getattr(read, "__feature__", None)
            if facts is None:
                continue
            text = " ".join((inspect.getdoc(read) or "").split())
            digest = hashlib.sha256((step + source_of(read)).encode()).hexdigest()[:16]
            found.append(
                Feature(
                    name,
                    facts.unit,
                    facts.low,
                    facts.high,
                    text,
                    facts.source,
                    cls.family(),
                    facts.channel,
                    facts.sighted,
                    read,
                    digest,
                )
            )
        return tuple(found)


def source_of(function: Callable[..., Any]) -> str:
    """What a function does: its code, that of ours that it calls, and the constants that they use.

    Comments, docstrings, decorators and layout do not count.
    """
    seen: dict[str, str] = {}
    waiting: list[Callable[..., Any]] = [function]
    while waiting:
        one = waiting.pop()
        plain: Any = getattr(one, "py_func", one)
        key = f"{plain.__module__}.{plain.__qualname__}"
        if key in seen:
            continue
        seen[key] = _bare(inspect.getsource(plain))
        for name in plain.__code__.co_names:
            value = plain.__globals__.get(name)
            ours = str(getattr(value, "__module__", "")).startswith(OURS)
            if isinstance(value, int | float | str | tuple):
                seen[f"{plain.__module__}.{name}"] = repr(value)
            elif ours and (inspect.isfunction(value) or hasattr(value, "py_func")):
                waiting.append(value)
    return "\n".join(f"{key}\n{text}" for key, text in sorted(seen.items()))


def _bare(source: str) -> str:
    """Source of one function without comments, docstring, decorators and layout."""
    tree = ast.parse(textwrap.dedent(source))
    one = tree.body[0]
    if isinstance(one, ast.FunctionDef):
        one.decorator_list = []
        if ast.get_docstring(one) is not None:
            one.body = one.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


@also_compiled
def share(part: float, whole: float, least: float = 1) -> float:
    """``part / whole``, or NaN when ``whole`` is under ``least``."""
    return part / whole if whole >= least and whole > 0 else math.nan


@also_compiled
def deviation(count: float, total: float, squares: float) -> float:
    """Standard deviation (n - 1) from a count, a sum and a sum of squares, in the unit of the sum; NaN under two."""
    if count < 2:
        return math.nan
    return math.sqrt(max(squares - total * total / count, 0.0) / (count - 1))


@also_compiled
def variation(count: float, total: float, squares: float, least: int = 3) -> float:
    """Coefficient of variation, sd / mean, no unit; NaN under ``least`` values or when the mean is 0."""
    if count < least or total == 0:
        return math.nan
    return deviation(count, total, squares) * count / total


def _entropy(weights: Array) -> float:
    """The same as ``entropy``, in loops that Numba compiles in a third of the time."""
    total = 0.0
    for i in range(weights.size):
        total += weights[i]
    if total <= 0:
        return math.nan
    bits = 0.0
    for i in range(weights.size):
        if weights[i] > 0:
            p = weights[i] / total
            bits += p * math.log2(p)
    return abs(-bits)


@compiled_as(_entropy)
def entropy(weights: Array) -> float:
    """Shannon entropy in bits of a histogram of weights, one number a bin; NaN when it is empty.

    >>> entropy(np.array([1.0, 1.0, 0.0, 0.0]))
    1.0
    """
    total = float(weights.sum())
    if total <= 0:
        return math.nan
    p = weights[weights > 0] / total
    return float(abs(-(p * np.log2(p)).sum()))
