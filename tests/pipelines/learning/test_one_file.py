"""A head is one file, and its name among the others: every command knows it from there on."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_contracts.labels import Label, to_line

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
PROGRAM = """
import json, os, sys
from pathlib import Path
from typer.testing import CliRunner
import watchworthy
from pipelines.lifecycle import promoting
from service.command_line import app
promoting.recordings = dict  # the silent ones have a test of their own
watchworthy.check_floors = lambda: None  # models lie elsewhere on purpose
told = []
for line in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, line)
    told.append([done.exit_code, done.output, repr(done.exception)])
from pipelines.lifecycle.registry import Registry
registry = Registry(Path(sys.argv[2]))
version = registry.find("hurried", "1")
parameters, metrics, tags = registry.run_of(version)
run = [parameters, metrics, tags, registry.artifacts(version), registry.artifacts(version, "plots")]
run.append(registry.artifacts(version, "head"))
os.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
down = CliRunner().invoke(app, json.loads(sys.argv[3]))
register = CliRunner().invoke(app, ["register", sys.argv[4], "--data-dir", sys.argv[2]])
print("\\n" + json.dumps([told, run, [down.exit_code, down.output], str(register.exception)]))
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Our ``models`` with one file more and its name in the tuple."""
    models = tmp_path / "house" / "models"
    shutil.copytree(ROOT / "models", models)
    shutil.copy(HERE / "hurried.py", models / "heads" / "hurried.py")
    listed = models / "heads" / "__init__.py"
    text = listed.read_text("utf-8")
    assert text.count("CONVERSION, CHURN)") == 1
    listed.write_text(
        text.replace("CONVERSION, CHURN)", "CONVERSION, CHURN, HURRIED)").replace(
            "from models.heads.frustration",
            "from models.heads.hurried import HURRIED\nfrom models.heads.frustration",
        )
    )
    return models.parent


@pytest.mark.needs("mlflow")
def test_every_command_knows_a_head_that_is_one_file(house: Path, tmp_path: Path) -> None:
    with (ROOT / "samples" / "index.csv").open(newline="", encoding="utf-8") as stream:
        names = [(row["file"].partition(".")[0], row["label"] == "bot") for row in csv.DictReader(stream)]
    labels = [
        Label(label_id=name, session_id=name, head="hurried", value=int(yes), kind="annotation", source="ann")  # type: ignore[arg-type]
        for name, yes in names
    ]
    (tmp_path / "labels.jsonl").write_bytes(b"".join(map(to_line, labels)))
    data, out, vectors = (str(tmp_path / name) for name in ("data", "mine", "set.parquet"))
    at, sample = ["--data-dir", data], str(ROOT / "samples" / "calm-buy.json.gz")
    made = ["training-set", "hurried", "--data-dir", str(ROOT / "samples"), "--out", vectors]
    commands = [
        [*made, "--labels", str(tmp_path / "labels.jsonl")],
        ["train", "hurried", "--vectors", vectors, "--out", out, *at],
        ["card", "hurried", "--models", out],
        ["evaluate", "hurried", out, *at],
        ["compare", "hurried", out, *at],
        ["promote", "hurried", out, "--why", "it is the first", *at],
        ["promote", "hurried", out, "--shadow", "--why", "to look at", *at],
        ["compare", "hurried", "challenger", "--champion", out, "--json", str(tmp_path / "told.json"), *at],
        ["score", sample, "--models", out, "--format", "json", "--out", str(tmp_path / "scores.jsonl")],
    ]
    other = str(tmp_path / "other")
    path = os.pathsep.join([str(house), str(ROOT)])
    again = [*commands[1][:-3], other, *at]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands), data, json.dumps(again), f"{out}/hurried"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "MLFLOW_TRACKING_URI": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    told, run, down, register = json.loads(done.stdout.splitlines()[-1])
    names = ("set", "train", "card", "evaluate", "first", "promote", "shadow", "again", "score")
    said = dict(zip(names, told, strict=True))
    codes = {name: code for name, (code, *_) in said.items()}
    assert codes == dict.fromkeys(names, 0) | {"promote": 1}, [one for one in told if one[0]]
    assert "28 vectors" in said["set"][1].replace("\n", " ")
    assert "version 1 of hurried" in said["train"][1]
    assert "Does this visitor go faster than people go?" in said["card"][1]
    assert "saying the base rate of everybody" in " ".join(said["first"][1].split())
    assert "does not exclude a rise" in " ".join(said["promote"][1].split()), (
        "28 sessions are too few, and that is said"
    )
    assert "scores in shadow" in said["shadow"][1]
    same = json.loads((tmp_path / "told.json").read_text())["comparison"]
    assert same["champion"] == same["challenger"]
    assert same["rows"] == 28
    scored = json.loads((tmp_path / "scores.jsonl").read_text())
    assert scored["heads"]["hurried"]["eligible"]

    parameters, metrics, tags, beside, plots, head = run
    assert parameters["rows"] == "28"
    assert parameters["boosting_leaves"] == "3"
    for measure in ("auc", "pr_auc", "log_loss"):
        assert metrics[f"{measure}_low"] <= metrics[measure] <= metrics[f"{measure}_high"]
    assert tags["data_digest"]
    assert set(json.loads(tags["feature_digests"])) == {
        "act_gap_p50",
        "page_dwell_median",
        "pages",
        "clicks_on_controls",
    }
    assert "model.json" in beside
    assert {Path(one).name for one in head} >= {"model.txt", "card.md", "vectors.parquet", "head.json"}
    names = {Path(one).name for one in plots}
    assert names >= {"reliability.png", "precision_recall.png", "roc.png", "shap_summary.png"}
    assert sum(one.startswith("shap_dependence_") for one in names) == 4
    # A registry that is down costs a run and no model.
    assert down[0] == 0
    assert "No run was written down" in down[1]
    assert f"watchworthy register {other}/hurried" in down[1].replace("\n", " ")
    trained = [(Path(one) / "hurried" / "model.txt").read_text() for one in (out, other)]
    assert trained[0] == trained[1]
    assert register.startswith("registry_failed: MLflow at http://127.0.0.1:9 says")
