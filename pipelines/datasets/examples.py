"""Examples: what a head is trained and judged on, one row a session or a moment of one, all by one instrument."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import WatchworthyError
from data_contracts.events import CHANGE, PRESS, TOUCH_START, Events
from data_contracts.labels import MAY_TEST
from features.catalogue import engine
from features.engine import live
from features.session import channel_names
from models.head import Head
from models.signal_rates import extended, names

Column = npt.NDArray[Any]
Progress = Callable[[str, int], None]
"""Told of what is being done and how many steps more are known of; ``0`` for a step done."""

SALT: Final = "watchworthy starter"
TRAIN, EARLY, LESS, LOOK = "train", "early", "less", "look"
"""Sessions to train on and be judged by; to train on alone their first seconds, and the sessions as a recorder that
sees less would have told them; moments of people's sessions, for the operating points."""
TAUGHT: Final = (TRAIN, EARLY, LESS)
AT, PROBE, EVADE = "at", "probe", "evade"
"""Sessions as they stood after ``at_s`` seconds (0: at their end), abstentions among them; families that nothing is
trained on; automation that adds what people have, by ``scenario``."""
TEXTS: Final = (
    "use",
    "family",
    "group",
    "person",
    "session",
    "source",
    "recorder",
    "build",
    "viewport",
    "jank",
    "scenario",
    "cohort",
)
BASELINE: Final = ("all_duration_ms", "all_events", "all_presses", "all_mutations", "all_signals")
"""Totals that no head may see, kept so that its card can show what they alone would say. Signals: by severity."""
NUMBERS: Final = ("label", "fold", "positions", "acts", "t_ms", "at_s", "answered", *BASELINE)
BY_LABEL: Final = "kind"
WEIGHTS: Final = ("weight", "inclusion_weight")
"""Of a site's own sets alone: where each label is from, what a row weighs in training, and how many sessions it
stands for (NaN: no lottery drew it)."""
MARGIN: Final = "margin"
"""What a booster that had not seen the row's group said of it; NaN before training."""


def quiet(what: str, steps: int) -> None:
    """Take progress and say nothing of it."""


def hashed(name: str) -> str:
    """A person or session under a name that does not say who it is, the same every time."""
    return hashlib.sha256(f"{SALT}\0{name}".encode()).hexdigest()[:12] if name else ""


@dataclass(frozen=True)
class Looked:
    """A vector as it stood at a moment, and how much there had been to see."""

    t_ms: int
    vector: npt.NDArray[np.float32]
    positions: int
    acts: int
    rows: int
    blind: bool
    moments: npt.NDArray[np.void]
    blind_ms: int = 0
    channels: tuple[str, ...] = ()

    @property
    def extended(self) -> npt.NDArray[np.float32]:
        """The vector, and after it the rates of signals."""
        return extended(self.vector, self.moments, self.acts)


def looks(rows: Events, every_ms: int = 0, declared: int = 0) -> Iterator[Looked]:
    """Vectors of a session as time passes, and the one at its end.

    Parameters
    ----------
    rows
        ``EVENT[n]`` in order.
    every_ms
        Time between looks; 0 for the end alone.
    declared
        Channels that the recorder says it has.
    """
    run = engine()
    memory, moments = run.empty(), None
    start = int(rows["t"][0]) if rows.size else 0
    cuts = [int(rows.size)]
    if every_ms and rows.size:
        times = np.arange(start + every_ms, int(rows["t"][-1]), every_ms)
        cuts = sorted({*np.searchsorted(rows["t"], times, "right").tolist(), int(rows.size)})
    done = 0
    for cut in cuts:
        moments = run.fold(rows[done:cut], memory, moments)
        done = cut
        context = memory["context"][0]
        yield Looked(
            int(context["t"]),
            run.vector(memory, declared),
            int(context["positions"]),
            int(context["acts"]),
            int(context["rows"]),
            not (int(context["acts_sighted"]) > 0 or int(context["sighted_ms"]) > 0),
            moments,
            int(context["blind_ms"]),
            channel_names(int(context["channels"]) | declared),
        )


def totals(looked: Looked, rows: Events) -> dict[str, int]:
    """The ``BASELINE`` of a session at a moment.

    Parameters
    ----------
    looked
        The session as it stood.
    rows
        What had been seen by then, ``EVENT[n]``.

    Returns
    -------
    dict
        Duration in ms; events, presses and changes, counted; severity of the signals, summed, in thousandths.
    """
    return {
        "all_duration_ms": looked.t_ms,
        "all_events": int(rows.size),
        "all_presses": int(np.isin(rows["kind"], (PRESS, TOUCH_START)).sum()),
        "all_mutations": int((rows["kind"] == CHANGE).sum()),
        "all_signals": round(1000 * float(live(looked.moments)["severity"].sum())),
    }


@dataclass
class Examples:
    """Rows of the features ``names``, f4[n, k], and the facts of each row by column."""

    names: tuple[str, ...]
    x: npt.NDArray[np.float32]
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def take(self, rows: Column) -> Examples:
        """Some of the rows, by mask or by index."""
        return Examples(self.names, self.x[rows], {name: c[rows] for name, c in self.columns.items()})

    @property
    def guessed(self) -> npt.NDArray[np.bool_]:
        """Which rows bear a guess instead of a label: they may train, and nothing else."""
        if BY_LABEL not in self.columns:
            return np.zeros(len(self), bool)
        guesses: npt.NDArray[np.bool_] = ~np.isin(self.columns[BY_LABEL], sorted(MAY_TEST))
        return guesses

    def of(self, *uses: str) -> Examples:
        """The rows of these uses."""
        return self.take(np.isin(self.columns["use"], uses))

    @classmethod
    def of_facts(
        cls,
        names: tuple[str, ...],
        vectors: Sequence[npt.NDArray[np.float32]],
        facts: Sequence[dict[str, Any]],
    ) -> Examples:
        """Rows of vectors f4[k] and what is known of each, in an order that does not hang on that of files."""
        order = sorted(
            range(len(facts)),
            key=lambda i: (
                [str(facts[i][k]) for k in ("use", "source", "session")]
                + [f"{facts[i]['t_ms']:012d}", f"{facts[i].get('at_s', 0):04d}"]
            ),
        )
        columns: dict[str, Column] = {
            name: np.array([str(facts[i].get(name) or "") for i in order], dtype=object).astype(str)
            for name in TEXTS
        }
        columns |= {name: np.array([int(facts[i].get(name) or 0) for i in order], "i8") for name in NUMBERS}
        columns[MARGIN] = np.full(len(order), np.nan)
        return cls(names, np.array([vectors[i] for i in order], "f4"), columns)

    def write(self, path: Path, facts: dict[str, Any]) -> None:
        """Write to Parquet: numbers, label, family, hashed person, fold; no events."""
        table = {
            name: pa.array(self.x[:, i], pa.float32(), from_pandas=False) for i, name in enumerate(self.names)
        }
        for name in TEXTS:
            table[f"_{name}"] = pa.array(self.columns[name].astype(str).tolist()).dictionary_encode()
        for name in NUMBERS:
            table[f"_{name}"] = pa.array(self.columns[name].astype("i4"))
        if BY_LABEL in self.columns:
            table[f"_{BY_LABEL}"] = pa.array(self.columns[BY_LABEL].astype(str).tolist()).dictionary_encode()
        for name in WEIGHTS:
            if name in self.columns:
                table[f"_{name}"] = pa.array(self.columns[name].astype("f4"), from_pandas=False)
        table[f"_{MARGIN}"] = pa.array(self.columns[MARGIN].astype("f4"), from_pandas=False)
        kept = pa.table(table).replace_schema_metadata({"watchworthy": json.dumps(facts)})
        pq.write_table(kept, path, compression="zstd", compression_level=19, version="2.6")

    @classmethod
    def read(cls, path: Path) -> tuple[Examples, dict[str, Any]]:
        """Read what ``write`` wrote, with its facts.

        Raises
        ------
        WatchworthyError
            ``training_refused`` if the file does not hold training vectors.
        """
        told = facts_in(path)
        table = pq.read_table(path)
        names = tuple(name for name in table.column_names if not name.startswith("_"))
        x = np.column_stack([table[name].to_numpy() for name in names]).astype("f4")
        columns: dict[str, Column] = {
            name: np.array(table[f"_{name}"].cast(pa.string()).to_pylist(), dtype=object).astype(str)
            for name in TEXTS
        }
        columns |= {name: table[f"_{name}"].to_numpy().astype("i8") for name in NUMBERS}
        if f"_{BY_LABEL}" in table.column_names:
            columns[BY_LABEL] = np.array(table[f"_{BY_LABEL}"].cast(pa.string()).to_pylist(), dtype=str)
        for name in (*WEIGHTS, MARGIN):
            if f"_{name}" in table.column_names:
                columns[name] = table[f"_{name}"].to_numpy().astype("f8")
        return cls(names, x, columns), told


@dataclass
class Gather:
    """Collects examples of one head; those on which it must abstain are counted and left out."""

    head: Head
    vectors: list[npt.NDArray[np.float32]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    abstained: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._columns = np.array(self.head.columns(names()), "i8")

    def add(self, looked: Looked, **facts: Any) -> None:
        """Add a vector, unless the head must abstain on it; ``facts`` are columns of ``TEXTS`` and ``NUMBERS``."""
        if self._answered(looked, facts):
            self._put(looked, facts | {"answered": 1})

    def add_less(self, looked: Looked, full: Looked, **facts: Any) -> None:
        """Add a session as a recorder that sees less told it, if the head can tell it from the ``full`` one."""
        one, other = (each.extended[self._columns] for each in (looked, full))
        if not np.array_equal(one, other, equal_nan=True):
            self.add(looked, use=LESS, **facts)

    def keep(self, looked: Looked, **facts: Any) -> None:
        """Add a vector even where the head must abstain on it; ``answered`` says whether it may speak."""
        self._put(looked, facts | {"answered": int(self._answered(looked, facts))})

    def _answered(self, looked: Looked, facts: dict[str, Any]) -> bool:
        key = f"{facts['use']}/{facts['source']}/{facts['family']}"
        self.seen[key] = self.seen.get(key, 0) + 1
        answered = self.head.ineligible(looked) is None
        if not answered:
            self.abstained[key] = self.abstained.get(key, 0) + 1
        return answered

    def _put(self, looked: Looked, facts: dict[str, Any]) -> None:
        seen = {"positions": looked.positions, "acts": looked.acts, "t_ms": looked.t_ms}
        self.vectors.append(looked.extended[self._columns])
        self.facts.append(facts | seen)

    def done(self) -> Examples:
        """The examples, in an order that does not hang on that of files."""
        if not self.vectors:
            raise WatchworthyError("training_refused", "Not one session carries enough evidence to train on.")
        return Examples.of_facts(self.head.features, self.vectors, self.facts)

    def answered(self) -> dict[str, float]:
        """Share of sessions on which the head may speak, by use, source and family."""
        return {key: 1 - self.abstained.get(key, 0) / count for key, count in sorted(self.seen.items())}


def facts_in(path: Path) -> dict[str, Any]:
    """The facts that stand in a file of vectors.

    Raises
    ------
    WatchworthyError
        ``file_missing``; ``training_refused`` if the file does not hold training vectors.
    """
    if not path.is_file():
        raise WatchworthyError("file_missing", "There is no file of vectors of this name.", str(path))
    try:
        told = (pq.read_schema(path).metadata or {}).get(b"watchworthy")
    except pa.ArrowInvalid:
        told = None
    if told is None:
        raise WatchworthyError("training_refused", "The file holds no training vectors of ours.", str(path))
    facts: dict[str, Any] = json.loads(told)
    return facts


def concatenated(parts: Sequence[Examples]) -> Examples:
    """Examples of several sources as one."""
    return Examples(
        parts[0].names,
        np.concatenate([p.x for p in parts]),
        {name: np.concatenate([p.columns[name] for p in parts]) for name in parts[0].columns},
    )


def counted(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, in order of the values."""
    names, counts = np.unique(np.array(list(values), dtype=str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}
