"""All that a service loads before it takes a batch: what imports this is ready for it within a blink."""

from features.catalogue import engine
from features.memory import warm
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.readings import readings
from service.command_line import main
from service.verbs.serve import run
from tests.service.live_store import SAMPLES

__all__ = ["main", "run"]

warm()
engine().warm()
LiveScorer(Scorer.starter()).warm()
list(readings([str(SAMPLES / "calm-buy.json.gz")]))
