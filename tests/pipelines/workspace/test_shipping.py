"""A fold of a notebook ships by moving its class into ``features`` and its name into the tuple, where there is room."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from data_contracts.events import PRESS
from features.catalogue import FOLDS
from features.engine import MEMORY_LIMIT, Engine
from features.fold import Fold, feature, zeros
from pipelines.workspace.recorded import Recorded
from pipelines.workspace.trying import engine_with, held_to_laws
from tests.pipelines.workspace.test_trying import SOME, Honest
from watchworthy import Workspace

ROOT = Path(__file__).resolve().parents[3]


class Wide(Fold):
    """Remembers more than is left beside the shipped folds, and little enough to be tried by itself."""

    presses: int = 0
    spare: Any = zeros("u1", 2048)

    def step(self, event: Any, now: Any, out: Any) -> None:
        if event.kind == PRESS:
            self.presses += 1

    @feature(unit="presses")
    def presses_of_a_wide_fold(self) -> float:
        """Presses."""
        return self.presses


def test_with_room_the_tuple_is_all() -> None:
    shipped = Engine((*FOLDS, Honest))
    assert shipped.names[-1] == "press_hit_share"
    assert set(Engine(FOLDS).names) < set(shipped.names)
    tried = {one.name: one.digest for one in engine_with([Honest]).features}
    there = {one.name: one.digest for one in shipped.features}
    assert there["press_hit_share"] == tried["press_hit_share"], "what was tried is what ships, by its digest"
    before = {one.name: one.digest for one in Engine(FOLDS).features}
    assert {name: there[name] for name in before} == before, "no other feature changes, so no head stops"


def test_without_room_it_is_said_how_much_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=rf"The folds take \d+ bytes of memory; {MEMORY_LIMIT} are allowed"):
        Engine((*FOLDS, Wide))
    held_to_laws(Recorded(SOME[:1]), [Wide])
    assert "bytes must be made free" in capsys.readouterr().out


@pytest.mark.full
def test_moved_into_a_copy_of_the_package_it_is_computed_as_it_was_tried(tmp_path: Path) -> None:
    house = tmp_path / "house"
    shutil.copytree(ROOT / "features", house / "features")
    for other in ("data_contracts", "models", "pipelines", "service", "watchworthy.py"):
        (house / other).symlink_to(ROOT / other)
    head = "from math import nan\nfrom typing import Any\n\n"
    uses = (
        "from data_contracts.events import IS_CONTROL, PRESS\nfrom features.fold import Fold, feature\n\n\n"
    )
    file = house / "features" / "honest.py"
    file.write_text(
        f'"""Presses."""\n\nfrom __future__ import annotations\n\n{head}{uses}{inspect.getsource(Honest)}'
    )
    listed = house / "features" / "catalogue.py"
    text = listed.read_text("utf-8")
    assert text.count("    Sketch,\n") == 1
    text = text.replace("    Sketch,\n", "    Sketch,\n    Honest,\n")
    listed.write_text(
        text.replace("from features.forms", "from features.honest import Honest\nfrom features.forms")
    )
    program = (
        "import sys, pyarrow.parquet as pq; from pathlib import Path\n"
        "from features.catalogue import engine; from pipelines.workspace.folding import features_of\n"
        "from pipelines.workspace.recorded import Recorded\n"
        "source = Recorded(sys.argv[2:])\n"
        "pq.write_table(features_of(source.logs(), engine(), source.idle_ms)[1], sys.argv[1])\n"
    )
    out = tmp_path / "shipped.parquet"
    done = subprocess.run(
        [sys.executable, "-c", program, str(out), *map(str, SOME)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(house)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    shipped = pq.read_table(out).to_pandas().set_index("session_id")["press_hit_share"]
    tried = Workspace(SOME).features(extra=[Honest]).set_index("session_id")["press_hit_share"]
    assert not tried.isna().all()
    np.testing.assert_array_equal(shipped.loc[tried.index].to_numpy(), tried.to_numpy())
