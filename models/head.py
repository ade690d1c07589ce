"""A head: one question asked of a session, declared in one file as facts.

Everything that trains, scores, explains or prints a head reads these facts; a further head is one more file
in ``models/heads`` and one more name in its ``HEADS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from data_contracts.assessments import Ineligible

Truth = Literal["labels", "goal", "return"]
"""Where a row's label comes from: what people, their systems or scripts said of the session; a goal that follows in
the same session; a visit of the same visitor that follows."""


class Evidence(Protocol):
    """What a head needs to know of a session before it may speak."""

    @property
    def rows(self) -> int:
        """Canonical events."""

    @property
    def positions(self) -> int:
        """Mouse positions."""

    @property
    def acts(self) -> int:
        """Presses, taps, inputs, scrolls and navigations."""

    @property
    def blind(self) -> bool:
        """Whether nothing of the page could be seen."""


@dataclass(frozen=True)
class Use:
    """A feature that a head may see.

    Parameters
    ----------
    name
        Its name in the catalogue.
    monotone
        1: more of it never lowers the margin; -1: never raises it; 0: free.
    """

    name: str
    monotone: int = 0


@dataclass(frozen=True)
class Group:
    """Correlated features that are explained as one reason.

    Parameters
    ----------
    up, down
        Reason codes, of ``models.reason_codes``, when the group raises or lowers the margin.
    uses
        The features of the group.
    signals
        Codes of the signals whose moments carry the reason.
    hidden_together
        Name of the part of the vector that training hides at random as one, in both classes alike.
    """

    up: str
    down: str
    uses: tuple[Use, ...]
    signals: tuple[str, ...] = ()
    hidden_together: str = ""


@dataclass(frozen=True)
class Boosting:
    """Settings of LightGBM, fixed beforehand: nothing here was chosen on what is held out."""

    rounds: int = 150
    leaves: int = 6
    learning_rate: float = 0.06
    least_rows: int = 20  # rows a leaf must hold
    ridge: float = 10.0  # L2 on leaf values
    bagging: float = 0.8  # share of rows a tree sees
    columns: float = 0.6  # share of features a tree sees


@dataclass(frozen=True)
class Head:
    """Facts of a head.

    Parameters
    ----------
    name, question, label, positive
        What it is called, what it asks, where its truth comes from, which label counts as 1.
    groups
        Everything it may see, in groups that are explained as one. What is not named here it cannot see.
    split_by
        Names of the groups that are never on both sides of a split.
    base_rate
        Share of positives that its probability assumes.
    ineligible
        Says from the evidence why the head must abstain, or ``None``.
    slices
        Columns by which its card reports.
    blind_to
        What it must not see and why, for its card.
    hide_share
        Part of the vector, and in which share of training rows of both classes it is hidden.
    hide_group
        Share of training rows of both classes in which each group is hidden, so that each learns to stand alone.
    always
        Whether answers name it where no model of it is loaded.
    truth, days
        Where its label comes from; of ``return``, within how many days.
    never
        Features that say what it asks: the linter refuses a set in which it may see one.
    pairs
        Whether training gives both classes the same missing values, or takes rows as they are.
    least_each, least_groups
        Rows of each label, and groups, that it takes to train it on a site's own sessions.
    data, failures
        For its card, where no starter of it ships: what it is trained on, and where it will be wrong.
    """

    name: str
    question: str
    label: str
    positive: str
    groups: tuple[Group, ...]
    split_by: tuple[str, ...]
    base_rate: float
    ineligible: Callable[[Evidence], Ineligible | None]
    slices: tuple[str, ...] = ()
    blind_to: str = ""
    hide_share: dict[str, float] = field(default_factory=dict)
    hide_group: float = 0.0
    boosting: Boosting = Boosting()
    version: str = "1"
    always: bool = True
    truth: Truth = "labels"
    days: float = 0.0
    never: tuple[str, ...] = ()
    pairs: bool = True
    least_each: int = 6
    least_groups: int = 12
    data: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every feature that the head may see, in the order of its groups."""
        return tuple(use for group in self.groups for use in group.uses)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that the head may see."""
        return tuple(use.name for use in self.uses)

    @property
    def monotone(self) -> tuple[int, ...]:
        """Monotone constraint of each feature."""
        return tuple(use.monotone for use in self.uses)

    def group_of(self) -> tuple[int, ...]:
        """Index into ``groups`` of each feature."""
        return tuple(i for i, group in enumerate(self.groups) for _ in group.uses)

    def only(self, names: Sequence[str]) -> Head:
        """The head with none but these features: itself, where they are all of its own."""
        kept = frozenset(names)
        if kept >= set(self.features):
            return self
        groups = (
            replace(group, uses=tuple(use for use in group.uses if use.name in kept)) for group in self.groups
        )
        return replace(self, groups=tuple(group for group in groups if group.uses))

    def columns(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Where the head's features stand in an extended vector, whose features are ``names``.

        Raises
        ------
        ValueError
            If a feature is missing; the message names those that are.
        """
        missing = [name for name in self.features if name not in names]
        if missing:
            raise ValueError(
                f"The head {self.name!r} reads {', '.join(missing)}, which the catalogue does not have: "
                "add the feature, or take it out of the head."
            )
        places = {name: i for i, name in enumerate(names)}
        return tuple(places[name] for name in self.features)
