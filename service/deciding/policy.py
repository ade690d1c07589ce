"""Policies: which action a verdict recommends, and under which version of which rule; data of the owner's."""

from __future__ import annotations

import hashlib
import inspect
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from data_contracts.assessments import Action, OperatingPoint, Rule, Verdict
from models import verdict as house

FILE: Final = "policies.toml"
ANY: Final = "*"
CAREFUL: Final = frozenset({"allow", "monitor"})
"""What may be done where no operating point stands behind a verdict."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Row(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One policy: at a verdict, for an action that is asked about, this is recommended.

    Attributes
    ----------
    action
        What the visitor is about to do, as the asker calls it; ``*`` for anything.
    fpr_at_most
        The bound on the false-positive rate that the operating point must have; none: any that is published.
    """

    id: Name
    action: Annotated[str, Meta(pattern=r"^(\*|[A-Za-z0-9_-]{1,64})$")] = ANY
    verdict: Verdict
    fpr_at_most: Annotated[float, Meta(gt=0, le=1)] | None = None
    recommend: Action


class Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file of the owner's policies; the first that fits is the one that holds."""

    mode: Literal["enforce", "shadow"] = "enforce"
    policy: Annotated[list[Row], Meta(max_length=200)] = []


class Advice(NamedTuple):
    """What is recommended, and by what."""

    action: Action
    rule: Rule


class Policy:
    """What the owner wants done at a verdict; of the house while the owner has said nothing.

    Parameters
    ----------
    document
        The owner's policies.

    Attributes
    ----------
    rule
        Its id and version, as decisions name it.
    """

    def __init__(self, document: Document | None = None) -> None:
        said = inspect.getsource(house.action) + repr(house.CHALLENGE_FROM)
        own = b"" if document is None else msgspec.json.encode(document)
        self._rows = document.policy if document is not None else []
        self._version: Final = hashlib.sha256(said.encode() + own).hexdigest()[:16]
        self.mode: Final = document.mode if document is not None else "enforce"
        self._house: Final = Rule(id="house", version=self._version)
        self.rule: Final = self._house if document is None else Rule(id=FILE, version=self._version)

    @classmethod
    def load(cls, data_dir: Path) -> Policy:
        """The policies of a data folder; of the house if it has none.

        Raises
        ------
        ValueError
            If the file is no TOML, or says what there is not; the message names the place and what is wrong.
        """
        path = data_dir / FILE
        try:
            told = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read: {error}.") from None
        return cls(_document(told, path))

    def advise(self, verdict: Verdict, point: OperatingPoint | None, action: str = "") -> Advice:
        """The action that it recommends to somebody who asks about an action.

        Without a published operating point nothing stronger than ``monitor`` is ever recommended.
        """
        bound = point.fpr_upper if point is not None else None
        for row in self._rows:
            if row.verdict != verdict or row.action not in (ANY, action):
                continue
            if row.fpr_at_most is not None and (bound is None or bound > row.fpr_at_most):
                continue
            recommended = row.recommend
            if bound is None and recommended not in CAREFUL:
                recommended = "monitor"
            return Advice(recommended, Rule(id=row.id, version=self._version))
        return Advice(house.action(verdict, point), self._house)


def _document(told: Any, path: Path) -> Document:
    try:
        document = msgspec.convert(told, Document)
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}: {error}. See the page on fraud in docs.") from None
    ids = [row.id for row in document.policy]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise ValueError(f"{path}: two policies have the id {twice!r}; give each its own.")
    return document
