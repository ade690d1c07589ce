"""Rows to learn a head from, and what a linter may find wrong with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from models.head import Head
from models.signal_rates import digests
from pipelines.datasets.examples import BY_LABEL, MARGIN, NUMBERS, TEXTS, TRAIN, WEIGHTS, Examples, hashed
from pipelines.learning.weak import Report, WeakLabel
from pipelines.training.fit import Rows

if TYPE_CHECKING:
    import pandas as pd

SITE: Final = "site"


@dataclass(frozen=True)
class Finding:
    """What the linter found.

    Attributes
    ----------
    check
        Which check.
    severity
        ``refuse``: the set must not be learned from; ``note``: somebody should look.
    where, what, do
        The feature, row or group; what is wrong with it; what to do.
    """

    check: str
    severity: Literal["refuse", "note"]
    where: str
    what: str
    do: str

    def __str__(self) -> str:
        return f"[{self.check}] {self.where}: {self.what} {self.do}"


@dataclass(frozen=True)
class TrainingSet:
    """Rows to learn one head from.

    Attributes
    ----------
    head
        The head, without what its weak labels read.
    x
        f4[n, k], the head's features in its order.
    columns
        Of each row: ``session, log, visitor, group, person, scenario, family, digest, kind, label_source`` (texts);
        ``label, fold, landmark_s`` (-1: the end), ``at_ms, started_ms, last_event_ms, last_received_ms`` and
        ``recorded_at_ms, window_closed_ms`` (-1: none), ``positions, acts, t_ms`` and totals (whole numbers); ``drawn,
        may_test``; ``weight`` (to train by: 1, times the sources' confidence, and little for a guess) and
        ``inclusion_weight`` (sessions that it stands for; NaN where no lottery drew it).
    provenance
        What it was made of, as plain JSON.
    functions
        How the weak labels did.
    findings
        What the linter found.
    """

    head: Head
    x: npt.NDArray[np.float32]
    columns: dict[str, npt.NDArray[Any]]
    provenance: dict[str, Any]
    functions: tuple[Report, ...] = ()
    weak: tuple[WeakLabel, ...] = ()
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.columns[name]

    def take(self, rows: npt.NDArray[Any]) -> TrainingSet:
        """Some of the rows, by mask or by index."""
        return replace(self, x=self.x[rows], columns={name: c[rows] for name, c in self.columns.items()})

    @property
    def digest(self) -> str:
        """Digest of numbers, labels, weights and groups."""
        found = hashlib.sha256(np.ascontiguousarray(self.x).tobytes())
        for name in ("session", "label", "kind", "group", "weight", "at_ms"):
            found.update("\0".join(map(str, self.columns[name].tolist())).encode() + b"\1")
        found.update(repr([(name, digests()[name]) for name in self.head.features]).encode())
        return found.hexdigest()[:16]

    def rows(self) -> Rows:
        """What boosters are trained on; both the classes and the groups within each weigh as their rows do."""
        return Rows(self.x, self["label"].astype("i8"), self["weight"].astype("f8"), self["group"])

    def examples(self) -> Examples:
        """The same rows as vectors are kept, each with the kind of its label: guesses may train and nothing else."""
        n = len(self)
        columns: dict[str, npt.NDArray[Any]] = {name: np.full(n, "", dtype="<U64") for name in TEXTS}
        for name in ("group", "person", "session", "scenario", "family"):
            columns[name] = self[name].astype(str)
        # Whom a head has seen is asked again when it is compared, on sets whose groups may be named otherwise.
        visitor = np.array([hashed(name) for name in self["visitor"].tolist()], dtype=str)
        columns["person"] = np.where(columns["person"] == "", visitor, columns["person"])
        columns["use"] = np.full(n, TRAIN)
        columns["source"] = self.columns.get("source", np.full(n, SITE)).astype(str)
        plain = {"answered": np.ones(n, "i8")}  # what the head abstains on is left out of a set
        columns |= {
            name: self.columns.get(name, plain.get(name, np.zeros(n))).astype("i8") for name in NUMBERS
        }
        columns[BY_LABEL] = self["kind"].astype(str)
        columns |= {name: self[name].astype("f8") for name in WEIGHTS}
        columns[MARGIN] = self.columns.get(MARGIN, np.full(n, np.nan)).astype("f8")
        return Examples(self.head.features, self.x, columns)

    def frame(self) -> pd.DataFrame:
        """Features and columns as one pandas frame; a column whose name a feature bears gets ``_`` before it."""
        import pandas as pd

        facts = {f"_{n}" if n in self.head.features else n: c for n, c in self.columns.items()}
        made = pd.DataFrame(facts | dict(zip(self.head.features, self.x.T, strict=True)))
        made.attrs["provenance"] = self.provenance
        return made
