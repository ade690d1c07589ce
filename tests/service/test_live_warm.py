"""Whoever is served finds everything compiled: nothing is compiled after the warm-up, whatever comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import gc, sys
from pathlib import Path

import numpy as np
from numba.core.dispatcher import Dispatcher

from data_contracts.batch_text import joined
from data_contracts.batches import Batch
from data_contracts.recordings import read
from models.scorer import Scorer
from pipelines.readings import recut
from service.live.batch_body import events_within
from models.live_scores import LiveScorer
from service.live.metrics import Metrics
from service.live.opening import open_store
from service.live.reception import Reception
from service.live.settings import load

def compiled():
    found = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
    return {f"{one.py_func.__module__}.{one.py_func.__name__}": len(one.signatures) for one in found}

folder = Path(sys.argv[1])
settings = load(folder)
reception = Reception(open_store(folder, settings), LiveScorer(Scorer.starter()), settings, Metrics())
reception.warm()
before = compiled()
rng = np.random.default_rng(1)
for file in sys.argv[2:]:
    memory = reception._new("x")
    for batch in recut(read(file).batches, 6, rng):
        read_in = events_within(joined(batch.events), reception.limits, 1e18)
        memory.push(Batch(batch.stream, batch.seq, read_in.events))
        session, _ = memory.latest()
        if session is not None:
            scores = reception.scorer.scores(session)
            struggle = reception.judge.struggle_now("site", session)
            told = {"cause": "changed", "log_number": 1, "now_ms": 1}
            reception.judge.stored(reception.judge.decision("site", session, scores, struggle, **told))
        frozen = memory.freeze()
        if frozen is not None:
            memory = reception._thawed(frozen, "x")
print(sorted(name for name, count in compiled().items() if count != before.get(name)))
reception.close()
reception.store.close()
"""


def test_nothing_is_compiled_after_the_warm_up(tmp_path: Path, some_recordings: list[Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), *map(str, some_recordings)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.strip() == "[]"
