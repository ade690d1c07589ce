"""The demo as a person starts it: three things to try that work, and nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from models.scorer import Scorer
from pipelines.readings import readings
from service.assessing import assess
from service.recorder.versions import SOURCE
from service.verbs import demo
from service.web import build
from tests.service.live_process import PROGRAM, ROOT
from tests.service.live_store import SAMPLES

SHOWN = ("struggling-dead-coupon", "automated-straight-cursor", "calm-buy")


def test_where_there_is_no_notebook_a_file_is_scored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "NOTEBOOK", Path("nowhere.ipynb"))
    monkeypatch.chdir(ROOT)
    file = str(SAMPLES / "calm-buy.json.gz")
    (reading,) = readings([file])
    scored = [(file, assess(Scorer.starter(), session)) for session in reading.sessions]
    demo._say("http://127.0.0.1:1", "http://127.0.0.1:1/link", "ww_read_key", scored, "")
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Data scientists"))
    command = [sys.executable, *PROGRAM, *line.split("watchworthy ")[1].split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert '"calm-buy"' in done.stdout


def test_the_demo_serves_what_it_says_and_leaves_nothing_behind(tmp_path: Path) -> None:
    samples, temporary = tmp_path / "samples", tmp_path / "tmp"
    samples.mkdir()
    temporary.mkdir()
    for name in SHOWN:
        shutil.copy(SAMPLES / f"{name}.json.gz", samples)
    process = subprocess.Popen(
        [sys.executable, *PROGRAM, "demo", str(samples)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary), "COLUMNS": "200"},
    )
    giving_up = threading.Timer(140, process.kill)
    giving_up.start()
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        text = "".join(said)
        address = re.search(r"runs on (http://127\.0\.0\.1:\d+)", text)
        key = re.search(r"Bearer (ww_read_\w+)", text)
        assert address, text
        assert key, text
        lines = [line for line in said if line.startswith(("Product", "Fraud", "Data"))]
        assert len(lines) == 3
        assert all(name in text for name in SHOWN)
        headers = {"authorization": f"Bearer {key[1]}"}
        listed = httpx.get(f"{address[1]}/v1/sessions?order=queue", headers=headers).json()["sessions"]
        assert listed[0]["session_id"] == "struggling-dead-coupon"
        asked = {"session": "automated-straight-cursor"}
        told = httpx.post(f"{address[1]}/v1/assessments", json=asked, headers=headers).json()
        assert told["bot"]["verdict"] == "automation"
        shop = re.search(r"open on (http://localhost:\d+)/", text)
        assert bool(shop) == SOURCE.is_file(), text
        if shop:  # on a host and port of its own, with the recorder of the service in each page
            tag = re.search(rf'src="({address[1]}/recorder/[^"]+)"', httpx.get(f"{shop[1]}/cart.html").text)
            assert tag
            assert httpx.get(tag[1]).content == SOURCE.read_bytes()
        opened = lines[2].split("jupyter lab ")[1].strip()
        assert (ROOT / opened).is_file()
        assert Path(sys.executable).with_name("jupyter-lab").exists()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=40)
        assert process.returncode == 0, err
        assert "Nothing is left behind" in out
        assert "Traceback" not in err
        assert list(temporary.iterdir()) == []
    finally:
        giving_up.cancel()
        process.kill()
        process.wait()


def test_where_the_pages_cannot_be_built_the_demo_says_why_there_is_no_shop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    node = tmp_path / "node"
    node.touch(mode=0o755)  # no program at all
    (tmp_path / "npm").symlink_to(node)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build, "is_current", lambda: False)
    monkeypatch.setattr(build, "FETCHED", tmp_path / "never")
    unbuilt = demo.built()
    assert f"{tmp_path / 'npm'} cannot be run" in unbuilt
    demo._say("http://127.0.0.1:1", "http://127.0.0.1:1/link", "ww_read_key", [], "", unbuilt)
    said = capsys.readouterr().out
    assert "There is no shop" in said
    assert "make install" in " ".join(said.split())
