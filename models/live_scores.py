"""Scores of a live session: the same numbers as an assessment, without the reasons that nobody has asked for yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.assessments import Ineligible, Verdict
from data_contracts.decisions import Score
from features.catalogue import engine
from features.moments import MOMENT, WITHDRAWN
from models.bundle import Trained
from models.forest import Forest, Look
from models.head import Evidence
from models.heads import HEADS
from models.heads.bot import BOT, may_judge
from models.operating_points import tightest
from models.scorer import Scorer, Session
from models.signal_rates import names
from models.standing import standing
from models.trees import Trees
from models.verdict import verdict


class Scores(msgspec.Struct, frozen=True):
    """What is said of a session before anything of it is named.

    Attributes
    ----------
    heads
        What every head says.
    standing
        The signals that stand, as ``models.standing`` has them.
    decision
        What must be written down when it changes: the verdict, and why each head may not speak, empty if it may.
    """

    heads: dict[str, Score]
    verdict: Verdict
    standing: int
    decision: tuple[str, ...]


class Speaker(msgspec.Struct, frozen=True):
    """A head, and how its margin is had.

    Attributes
    ----------
    name
        Of the head.
    ineligible
        Says why it does not speak of a session, or None.
    trained
        What was trained; None if it may not speak.
    missing
        Why it may not speak, then; empty if it may.
    tree
        Its place among the margins of the forest; -1 if its model has no trees.
    columns
        What its model reads of an extended vector, i8[k].
    curved
        Whether the forest knows its probability, too.
    """

    name: str
    ineligible: Callable[[Evidence], Ineligible | None]
    trained: Trained | None
    missing: Ineligible | Literal[""]
    tree: int
    columns: npt.NDArray[np.int64]
    curved: bool

    def said(self, look: Look) -> tuple[float, float]:
        """Raw margin in log-odds, and the probability; of a head that may speak."""
        if self.curved:
            return look.margins[self.tree], look.chances[self.tree]
        trained = self.trained
        assert trained is not None
        if self.tree >= 0:
            margin = look.margins[self.tree]
        else:
            margin = trained.model.margin(look.values[self.columns])
        return margin, trained.calibration.probability(margin, trained.base_rate)


class LiveScorer:
    """Scores sessions as often as batches come.

    Parameters
    ----------
    scorer
        Loaded heads.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        heads = scorer.bundle.heads
        speaking = {name: heads[name] for name in heads if name not in scorer.stopped}
        trees = {name: one.model for name, one in speaking.items() if isinstance(one.model, Trees)}
        self._forest = Forest(
            trees,
            [use.name for g in BOT.groups if g.hidden_together == "pointer" for use in g.uses],
            {name: (one.calibration, one.base_rate) for name, one in speaking.items()},
        )
        places = {name: i for i, name in enumerate(names())}
        self._speakers = tuple(
            Speaker(
                head.name,
                head.ineligible,
                trained := speaking.get(head.name),
                _why_missing(head.name, trained is not None, head.name in heads),
                list(trees).index(head.name) if head.name in trees else -1,
                np.array([places[name] for name in trained.model.names] if trained else [], "i8"),
                head.name in trees and heads[head.name].calibration.kind != "isotonic",
            )
            for head in HEADS
            if head.always or head.name in heads
        )
        bot = heads.get("bot")
        self.point = tightest(bot.points) if bot else None
        self._misses = dict(bot.facts.get("miss_rates", {})) if bot else {}

    def warm(self) -> None:
        """Compile what scoring needs, or load it from disk."""
        standing(np.frombuffer(bytes(MOMENT.itemsize), MOMENT), WITHDRAWN)  # as a record keeps them
        vector = np.zeros(len(engine().names), "f4")
        look = self._forest.look(vector, np.zeros(0, MOMENT), 0)
        for speaker in self._speakers:
            if speaker.trained is not None:
                speaker.said(look)

    def scores(self, session: Session) -> Scores:
        """What every head says of a session now."""
        evidence = session.coverage
        look = self._forest.look(session.vector, session.moments, evidence.acts)
        found: dict[str, Score] = {}
        silent: list[str] = []
        said: Verdict = "undetermined"
        for speaker in self._speakers:
            name, why = speaker.name, speaker.ineligible(evidence) or speaker.missing
            silent.append(why)
            if why:
                found[name] = Score(None, why)
                continue
            margin, chance = speaker.said(look)
            found[name] = Score(chance, None)
            if name == "bot":
                said = verdict(margin, self.point, look.watched and may_judge(evidence), self._misses)
        return Scores(found, said, look.standing, (said, *silent))


def _why_missing(name: str, may_speak: bool, is_known: bool) -> Ineligible | Literal[""]:
    if may_speak:
        return ""
    return "too_few_goals" if name == "conversion" and not is_known else "model_missing"
