"""The notebooks: run from end to end on what ships, and kept without outputs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MINUTES = 10  # on a busy machine; by itself each takes well under one
OURS = {"1-explore-behaviour", "3-label-and-retrain-frustration"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"]
            assert cell["execution_count"] is None


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem in OURS], ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat  # takes a second, which no other process of tests need wait
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    book = nbformat.read(path, as_version=4)
    client = NotebookClient(
        book, timeout=60 * MINUTES, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    done = client.execute()
    assert any("image/png" in o.get("data", {}) for c in done.cells for o in c.get("outputs", []))
    if target := os.environ.get("NOTEBOOKS_OUT"):
        nbformat.write(done, Path(target) / path.name)
