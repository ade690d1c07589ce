"""Reasons are causes within the model: without the moments that a reason cites, the margin falls."""

from pathlib import Path

import numpy as np
import pytest

from data_contracts.events import CHANNELS
from data_contracts.recordings import read
from features.catalogue import engine
from models.heads.frustration import FRUSTRATION
from models.reasons import cited
from models.scorer import Scorer
from pipelines.datasets.examples import looks

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("struggling-*.json.gz"))


class Sight:
    """What was looked at, by a recorder that missed nothing."""

    channels, blind_ms = CHANNELS, 0

    def __init__(self, looked):
        self.looked = looked

    def __getattr__(self, name):
        return getattr(self.looked, name)


@pytest.fixture(scope="module")
def scorer():
    return Scorer.starter()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name.split(".")[0])
def test_calm_in_place_of_the_cited_moments_lowers_the_margin(scorer, path):
    decoded = read(path).decode()
    rows, (seen,) = decoded.rows, looks(decoded.rows, declared=decoded.channels)
    before = scorer.say(FRUSTRATION, seen.vector, Sight(seen), seen.moments)
    up = {reason.code for reason in before.reasons if reason.direction == "up" and reason.t_ms}
    assert up, "a struggle that is flagged must show where"
    spans = [span for g in FRUSTRATION.groups if g.up in up for span in cited(g.signals, seen.moments)]
    at = rows["t"] - rows["t"][0]
    gone = np.zeros(len(rows), bool)  # as if the time of the moment had passed with nothing in it
    for start, end, _ in spans:
        gone |= (at >= start) & (at <= end)
    (after,) = looks(rows[~gone | (at == 0)], declared=decoded.channels)
    said = scorer.say(FRUSTRATION, after.vector, Sight(after), after.moments)
    assert said.margin is None or said.margin < before.margin


def test_there_are_samples_or_the_engine_is_empty():
    assert SAMPLES or not engine().names
