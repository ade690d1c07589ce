"""The guides, as they stand: their commands run, and each key shows what the guide says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.bundle import STARTER
from tests.service.live_process import ROOT
from tests.service.web.conftest import Desk
from tests.service.web.house import GUIDES, TRIAGE, House, commands

pytestmark = pytest.mark.needs("chromium", "pages")
FRAUD = "fraud-rule-from-one-assessment.md"
BETTER = "better-model-in-an-afternoon.md"
SAID = (r"\*\*A probability\*\*", r"\*\*An interval\*\*", r"\*\*Undetermined\*\*")
LONGEST = 90  # lines: one page
FEW = 2  # draws of the folds where there are 20 else: the shortest training that has an interval


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_a_guide_is_a_page_and_says_what_its_numbers_do_not_mean(guide: str) -> None:
    text = (GUIDES / guide).read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    _, _, end = text.partition("## What the numbers do not mean")
    assert all(re.search(said, end) for said in SAID)


def test_triage_goes_as_the_guide_says(desk: Desk) -> None:
    """Each row of its table is a key, and what stands on the page then."""
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", (GUIDES / TRIAGE).read_text("utf-8"), re.M)
    assert len(rows) == 8
    page = desk.open("/")
    for key, seen in rows:
        page.keyboard.press(key)
        if key == "Enter":
            desk.player()
            page.locator("#main").evaluate("main => main.focus()")
        for words in re.findall(r'"(.+?)"', seen):
            page.get_by_text(words).first.wait_for()
        if key == "j":
            assert page.locator(".card:focus h2").count() == 1
    assert page.locator("ul.labels li").count() == 1


def ran(guide: str, folder: Path, draws: int = 0, **told: str) -> subprocess.CompletedProcess[str]:
    """What becomes of the commands of a guide in a folder.

    Parameters
    ----------
    draws
        How often training draws its folds; 0: as often as ever.
    """
    program = "from service.command_line import main; main()"
    fewer = f"from pipelines.training import frustration as f; f.DRAWS = {draws}; {program}"
    (folder / "watchworthy").write_text(
        f'#!/bin/sh\n[ "$1" = train ] && program="{fewer if draws else program}" || program="{program}"\n'
        f'exec {sys.executable} -c "$program" "$@"\n'
    )
    (folder / "watchworthy").chmod(0o755)
    paths = f"{folder}{os.pathsep}{os.environ['PATH']}"
    names = {"PATH": paths, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    script = "set -eu\n" + "\n".join(commands(guide))
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=os.environ | names | told,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fraud_rule_goes_as_the_guide_says(house: House, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(house.folder)
    done = ran(FRAUD, tmp_path, URL=house.address)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^automation 0\.9\d \[0\.\d+, 0\.9\d\]$", done.stdout, re.M), done.stdout
    assert "at most" in done.stdout
    assert "pointer" in done.stdout
    assert "A second step at the till, on." in done.stdout
    fired = re.search(r"would have been due in (\d+) of (\d+) sessions", done.stdout)
    assert fired
    assert 1 <= int(fired[1]) < int(fired[2])
    assert '"annotation_id":"an_' in done.stdout


@pytest.mark.parametrize(
    "draws", [pytest.param(FEW, id="few draws"), pytest.param(0, id="all draws", marks=pytest.mark.full)]
)
def test_a_better_model_goes_as_the_guide_says(filled: Path, tmp_path: Path, draws: int) -> None:
    shutil.copytree(filled, tmp_path / "data")
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    done = ran(BETTER, tmp_path, draws, VECTORS=str(STARTER / "frustration" / "vectors.parquet"))
    assert done.returncode == 0, done.stderr
    assert "frustration" in done.stdout
    assert "Refused" in done.stdout or "Promoted" in done.stdout
    assert "scores in shadow from now on" in done.stdout
