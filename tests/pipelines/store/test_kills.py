"""Killed at any moment and opened again, every acknowledged batch is there once, and nothing is there twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.store.faults import POINTS

ROOT = Path(__file__).parents[3]


def kill(folder: Path, *faults: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.pipelines.store.killing", str(folder), *faults],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_killed_at_each_point_and_at_random_ones(tmp_path: Path) -> None:
    faults = [f"{point}:{1 + i % 3}" for i, point in enumerate(POINTS)] + ["random"] * 6
    found = kill(tmp_path / "killed", *faults)
    assert found["killed"] == len(faults) >= 10
    assert found["acknowledged"] > 100


@pytest.mark.full
@pytest.mark.parametrize("turn", range(1, 11))
def test_killed_two_hundred_times(tmp_path: Path, turn: int) -> None:
    faults = [f"{point}:{turn}" for point in POINTS] + ["random"] * 12
    assert kill(tmp_path / f"killed {turn}", *faults)["killed"] == len(faults) >= 20
