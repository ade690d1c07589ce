"""The registry, in a process of its own: MLflow warns when it is imported, and no process that serves may import it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.modelling import registering

ROOT = Path(__file__).resolve().parents[3]
STEPS = """
import json, sys
from pathlib import Path
from models.bundle import STARTER, load_head
from pipelines.lifecycle.registry import CHALLENGER, CHAMPION, Registry
from pipelines.lifecycle.runs import register_starters
data = Path(sys.argv[1])
registry = Registry(data)
first = register_starters(registry)
again = register_starters(registry)
told = {"uri": registry.uri, "same": [a.run for a in first] == [b.run for b in again], "heads": {}}
for version in first:
    found = registry.find(version.head, CHAMPION)
    folder = registry.fetch(found, data / "fetched" / version.head)
    parameters, metrics, tags = registry.run_of(found)
    told["heads"][version.head] = {
        "same": load_head(folder).digest == found.digest == load_head(STARTER / version.head).digest,
        "files": sorted(path.name for path in folder.iterdir()),
        "beside": registry.artifacts(found),
        "plots": [Path(path).name for path in registry.artifacts(found, "plots")],
        "parameters": parameters, "metrics": metrics, "tags": tags,
    }
bot = registry.find("bot", CHAMPION)
registry.alias(bot, CHALLENGER)
told["aliases"] = sorted(registry.find("bot", "1").aliases)
registry.unalias("bot", CHALLENGER)
told["left"] = list(registry.find("bot", bot.digest).aliases)
print(json.dumps(told))
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    whole = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=whole, timeout=900, check=False
    )


@pytest.mark.needs("mlflow")
def test_starters_are_registered_once_with_measures_pictures_and_all_that_loads_them(tmp_path: Path) -> None:
    done = run("-c", STEPS, str(tmp_path))
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["uri"].startswith("sqlite:///")
    assert (tmp_path / "mlflow.db").exists()
    assert told["same"]
    assert told["aliases"] == ["challenger", "champion"]
    assert told["left"] == ["champion"]
    assert set(told["heads"]) == {"bot", "frustration"}
    for head in told["heads"].values():
        assert head["same"]
        assert {"model.txt", "head.json", "calibration.json", "card.md", "vectors.parquet"} <= set(
            head["files"]
        )
        assert {"reliability.png", "precision_recall.png", "roc.png", "shap_summary.png"} <= set(
            head["plots"]
        )
        assert "model.json" in head["beside"]
        assert sum(plot.startswith("shap_dependence_") for plot in head["plots"]) == 4
        assert "drift.png" in head["plots"], "people of one source beside those of another"
        for measure in ("auc", "pr_auc", "log_loss", "ece"):
            low, value, high = (head["metrics"][f"{measure}{end}"] for end in ("_low", "", "_high"))
            assert low < high
            assert low <= value <= high or measure == "ece"
        assert head["parameters"]["rows"]
        assert head["tags"]["data_digest"]
        assert len(json.loads(head["tags"]["feature_digests"])) > 5


@pytest.mark.needs("mlflow")
def test_a_service_whose_registry_is_down_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(registering, "POLITE", 0)
    assert registering.is_due(tmp_path)
    asyncio.run(registering.starters(tmp_path, False, 0))
    assert not caplog.records
    asyncio.run(registering.starters(tmp_path, True, 0))
    assert "registry_failed" in caplog.text
    assert registering.is_due(tmp_path), "it is tried again at the next start"
    registering.done(tmp_path)
    assert not registering.is_due(tmp_path)


def test_without_mlflow_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['mlflow'] = None; sys.argv = ['watchworthy', 'register', '--data-dir', sys.argv[1]];"
        "from service.command_line import main; main()"
    )
    done = run("-c", code, str(tmp_path))
    assert done.returncode == 1
    assert "pip install 'watchworthy[learn]'" in done.stderr


def test_a_process_that_serves_never_imports_mlflow() -> None:
    code = (
        "import sys, service.app, service.verbs.serve, service.deciding.follower, service.modelling.routes;"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('mlflow', 'optuna')))"
    )
    done = run("-c", code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
