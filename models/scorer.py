"""The scorer: one object that holds a bundle and turns a session into an assessment.

Neither scikit-learn, pandas nor LightGBM is loaded for it; one row takes some hundred microseconds with reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import (
    Assessment,
    Block,
    BotBlock,
    ConversionBlock,
    Coverage,
    FrustrationBlock,
    HeadVersion,
    Models,
    Moment,
    Reason,
    Unusual,
)
from data_contracts.errors import WatchworthyError
from features.catalogue import engine
from features.moments import CODES, WITHDRAWN
from models.bundle import STARTER, Bundle, Trained, load
from models.facts import Name, facts_of
from models.head import Head
from models.heads import HEADS
from models.heads import head as head_of
from models.heads.bot import may_judge
from models.heads.conversion import HORIZON_S
from models.intervals import interval
from models.missing import Sights, hidden
from models.naming import called
from models.norms import Percentile
from models.operating_points import tightest
from models.reasons import reasons, steps
from models.signal_rates import digests, extended, names, units
from models.unusual import IsolationForest
from models.unusual import load as load_forest
from models.verdict import action, mouse_seen, verdict
from models.worth import HEADLINES, worth


class Session(Protocol):
    """What the scorer reads of a session."""

    @property
    def vector(self) -> npt.NDArray[np.float32]:
        """Every feature of the catalogue, in its order, f4[features]."""

    @property
    def moments(self) -> npt.NDArray[np.void]:
        """``MOMENT[n]``."""

    @property
    def coverage(self) -> Sights:
        """What there was to see."""


@dataclass(frozen=True)
class Said:
    """What one head says of one vector."""

    block: dict[str, Any]
    reasons: tuple[Reason, ...] = ()
    margin: float | None = None
    mouse: bool = False  # whether any of what it reads of the pointer was there to be read


class Scorer:
    """Trained heads, ready to score.

    Parameters
    ----------
    bundle
        The heads. Those of which a feature was redefined since are stopped, and abstain.
    forest
        Says how unusual a session is; by default the one that ships. It is no head, and of no bundle.
    """

    def __init__(self, bundle: Bundle, forest: IsolationForest | None = None) -> None:
        self.bundle = bundle
        self.forest = forest if forest is not None else shipped()
        self._length = len(engine().names)
        self.stopped: dict[str, tuple[str, ...]] = {}
        """Heads that may not speak, and the features that changed under them."""
        self._columns: dict[str, npt.NDArray[np.int64]] = {}
        self._units: dict[str, list[str]] = {}
        self._read: dict[str, Head] = {}
        """Heads as they were trained: a head whose labels were guessed reads less than its file names."""
        places = {name: i for i, name in enumerate(names())}
        for name, trained in bundle.heads.items():
            if changed := trained.stopped_by(digests()):
                self.stopped[name] = changed
            else:
                self._columns[name] = np.array([places[feature] for feature in trained.model.names], "i8")
                self._read[name] = head_of(name).only(trained.model.names)
                self._units[name] = [units()[feature] for feature in trained.model.names]

    @classmethod
    def starter(cls, own: Path | None = None) -> Scorer:
        """Load the scorer of the starter models, each replaced by the head of its name in ``own`` if there is one.

        Parameters
        ----------
        own
            A site's own folder of heads.

        Raises
        ------
        WatchworthyError
            ``model_missing`` if there is no head in that folder.
        """
        heads = load(STARTER).heads
        if own is None:
            return cls(Bundle(heads))
        return cls(Bundle(heads | load(own).heads), load_forest(own))

    def say(
        self,
        head: Head,
        vector: npt.NDArray[np.float32],
        evidence: Sights,
        moments: npt.NDArray[np.void] | None = None,
        percentile: Percentile | None = None,
    ) -> Said:
        """What one head says: its block, its reasons, its margin.

        Parameters
        ----------
        head
            One of those that it was made with.
        vector
            Every feature of the catalogue, f4[features].
        evidence
            What there was to see.
        moments
            ``MOMENT[n]``, which its reasons cite.
        percentile
            Where the site's sessions put a value of a feature.

        Raises
        ------
        WatchworthyError
            ``vector_mismatch`` if the vector is not the catalogue's.
        """
        if vector.shape != (self._length,):
            raise WatchworthyError(
                "vector_mismatch", f"The catalogue has {self._length} features, the vector {vector.shape}."
            )
        trained = self.bundle.heads.get(head.name)
        columns = self._columns.get(head.name)
        base_rate = trained.base_rate if trained else head.base_rate
        why = head.ineligible(evidence)
        if why is None and (trained is None or columns is None):
            why = "too_few_goals" if head.name == "conversion" and trained is None else "model_missing"
        if why is not None or trained is None or columns is None:
            return Said({"eligible": False, "ineligible_reason": why, "base_rate": base_rate})
        head = self._read[head.name]
        values = extended(vector, moments, evidence.acts)[columns]
        contributions = trained.model.contributions(values)
        margin = trained.model.margin(values)
        probability = trained.calibration.probability(margin, base_rate)
        own, refits = (
            (margin, margin),
            [(said, said) for said in (one.margin(values) for one in trained.refits)],
        )
        unseen = hidden(evidence)[columns]
        if unseen.any():
            own = trained.model.reach(values, unseen)
            refits = [one.reach(values, unseen) for one in trained.refits]
        block = {
            "eligible": True,
            "probability": probability,
            "interval": interval(own, refits, trained.calibration, base_rate),
            "base_rate": base_rate,
            "steps": steps(float(contributions[-1]), margin, trained.calibration, base_rate),
        }
        told = reasons(head, values, contributions[:-1], moments, self._units[head.name], percentile)
        return Said(block, told, margin, bool(mouse_seen(head, values)))

    def assess(
        self,
        session: Session,
        session_id: str,
        created_at: str,
        *,
        assessment_id: str = "",
        coverage: Coverage | None = None,
        element: Name | None = None,
        seen_before: Callable[[str], int] | None = None,
        stake: float = 1.0,
        goal: str | None = None,
        as_of_ms: int = 0,
        percentile: Percentile | None = None,
        ended: bool = True,
    ) -> Assessment:
        """Assess a session.

        Parameters
        ----------
        session
            Vector, moments and coverage.
        session_id, created_at, assessment_id, as_of_ms
            As the assessment shall bear them.
        coverage
            What was to be seen, in the shape of the wire.
        element
            Names an element for people; by default as the session itself knows it.
        seen_before
            How many sessions on record show an issue.
        stake
            What is at risk where the struggle is, 0..1.
        goal
            Name of the site's goal.
        percentile
            Where the site's sessions put a value of a feature.
        ended
            Whether nothing more of it is to come: only then can be said how unusual it is.
        """
        evidence, vector, moments = session.coverage, session.vector, session.moments
        said = {
            head.name: self.say(head, vector, evidence, moments, percentile)
            for head in HEADS
            if head.always or head.name in self.bundle.heads
        }
        bot = self._bot(said["bot"], evidence)
        automation = bot.verdict == "automation"
        element = element or named_by(session)
        facts = facts_of(moments, element, getattr(session, "address", str))
        struggle = said["frustration"].block.get("probability")
        told = worth(struggle, facts, 0, stake, automation)
        if seen_before is not None and told.issue is not None:
            told = worth(struggle, facts, seen_before(told.issue), stake, automation)
        ours = {"bot", "frustration", "conversion"}
        return Assessment(
            assessment_id=assessment_id,
            session_id=session_id,
            created_at=created_at,
            as_of_ms=as_of_ms,
            bot=bot,
            frustration=FrustrationBlock(
                **said["frustration"].block, moments=self._moments(moments, element)
            ),
            conversion=ConversionBlock(**said["conversion"].block, goal=goal, horizon_s=HORIZON_S),
            heads={name: Block(**one.block) for name, one in said.items() if name not in ours},
            worth=told,
            unusual=Unusual(score=self.unusual(session) if ended else None),
            reasons=tuple(reason for one in said.values() for reason in one.reasons),
            recommended_action=action(bot.verdict, bot.operating_point),
            coverage=coverage
            or Coverage(fidelity="blind" if evidence.blind else "exact", events=evidence.rows),
            models=self._models(),
        )

    def unusual(self, session: Session) -> float | None:
        """How unlike the sessions of people on record a session that is over is, 0..1; None if it cannot be said."""
        forest, evidence = self.forest, session.coverage
        if forest is None:
            return None
        return forest.score(extended(session.vector, session.moments, evidence.acts), evidence.acts)

    def _bot(self, said: Said, evidence: Sights) -> BotBlock:
        trained = self.bundle.heads.get("bot")
        point = tightest(trained.points) if trained else None
        misses = dict(trained.facts.get("miss_rates", {})) if trained else {}
        ratio = (
            trained.calibration.log_likelihood_ratio(said.margin)
            if trained and said.margin is not None
            else None
        )
        return BotBlock(
            **said.block,
            log_likelihood_ratio=ratio,
            verdict=verdict(said.margin, point, said.mouse and may_judge(evidence), misses),
            operating_point=point,
        )

    def _models(self) -> Models:
        return Models(
            bundle=self.bundle.digest, heads=tuple(_version(head) for head in self.bundle.heads.values())
        )

    @staticmethod
    def _moments(moments: npt.NDArray[np.void], element: Name) -> tuple[Moment, ...]:
        return tuple(
            Moment(
                t_ms=int(m["start"]),
                code=CODES[m["code"]],
                weight=float(m["severity"]),
                element=element(int(m["page"]), int(m["element"])) if m["element"] else None,
            )
            for m in moments
            if m["state"] != WITHDRAWN and CODES[m["code"]] in HEADLINES
        )


def _version(head: Trained) -> HeadVersion:
    return HeadVersion(
        head=head.name, version=str(head.facts["version"]), alias=str(head.facts["alias"]), digest=head.digest
    )


def named_by(session: Session) -> Name:
    """Names elements as the session knows them; without a page index nothing has a name."""
    lookup: Callable[[int, int], Any] | None = getattr(session, "element", None)

    def name(page: int, node: int) -> str | None:
        found = lookup(page, node) if lookup is not None and node else None
        return called(found) or None if found is not None else None

    return name


@cache
def shipped() -> IsolationForest | None:
    """The forest that ships; None if a feature that it reads was redefined since."""
    return load_forest(STARTER)
