"""The notebooks on models: run from end to end on what ships."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("2-retrain-bot", "4-conversion-and-uplift")
MINUTES = 10  # on a busy machine; by itself each takes well under one


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat  # takes a second, which no other process of tests need wait
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    path = ROOT / "notebooks" / f"{name}.ipynb"
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        assert not cell.get("outputs"), "outputs are stripped before a notebook is kept"
    client = NotebookClient(
        book, timeout=60 * MINUTES, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    done = client.execute()
    pictures = sum(
        "image/png" in out.get("data", {}) for cell in done.cells for out in cell.get("outputs", [])
    )
    assert pictures >= 5
    if target := os.environ.get("WATCHWORTHY_NOTEBOOKS_OUT"):
        nbformat.write(done, Path(target) / path.name)
