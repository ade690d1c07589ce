"""Runs and versions of heads in MLflow. No other module imports it, and the service never does.

By default MLflow keeps everything in SQLite and files under the data folder; ``MLFLOW_TRACKING_URI`` names a server
instead. A head is a folder of text and JSON, so it is kept as such: nothing is pickled, and nothing of MLflow is
needed to load it.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from data_contracts.errors import WatchworthyError

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
PREFIX: Final = "watchworthy-"
HEAD: Final = "head"
TOO_LONG: Final = 500  # characters of a parameter that MLflow takes
DATABASE: Final = "mlflow.db"
IMPATIENT: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # our commands show how far they are by themselves
}
"""What is asked of MLflow's client unless somebody set it: by its own lights it waits minutes for a server that is
down, and whoever trained a head would wait with it."""
ARTIFACTS: Final = "mlflow-artifacts"


@dataclass(frozen=True)
class Run:
    """What is written down of one training.

    Attributes
    ----------
    head
        Which.
    folder
        The head's, kept whole: model as text and JSON, calibration, points, card, vectors.
    parameters, metrics, tags
        As MLflow has them; a metric with an interval is three: ``auc``, ``auc_low``, ``auc_high``.
    beside
        A folder of what else is kept of the run, such as ``plots``; or None.
    """

    head: str
    folder: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    beside: Path | None = None


@dataclass(frozen=True)
class Version:
    """A version on record: of which head, its number, the digest of its files, its run and its aliases."""

    head: str
    number: str
    digest: str
    run: str
    aliases: tuple[str, ...]


class Registry:
    """The runs and versions of a data folder.

    Parameters
    ----------
    data_dir
        Where they are kept by default.

    Raises
    ------
    WatchworthyError
        ``learn_missing`` if MLflow is not installed; ``registry_failed`` if it cannot be reached.
    """

    def __init__(self, data_dir: Path) -> None:
        server = os.environ.get("MLFLOW_TRACKING_URI", "")
        for name, value in IMPATIENT.items():
            os.environ.setdefault(name, value)
        data_dir.mkdir(parents=True, exist_ok=True)
        self.uri = server or f"sqlite:///{(data_dir / DATABASE).resolve()}"
        self._artifacts = None if server else (data_dir / ARTIFACTS).resolve().as_uri()
        with _quiet(self.uri):
            try:
                from mlflow.tracking import MlflowClient
            except ImportError as error:
                raise WatchworthyError(
                    "learn_missing", "This needs MLflow: pip install 'watchworthy[learn]'."
                ) from error
        with _quiet(self.uri):  # once more: on import it sets its loggers as it likes
            self._client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def record(self, run: Run) -> Version:
        """Write a run down, and register its head as a version; the same head again is the version that it was."""
        digest = run.tags["digest"]
        known = next((one for one in self.versions(run.head) if one.digest == digest), None)
        if known is not None:
            return known
        name = PREFIX + run.head
        with _quiet(self.uri):
            client = self._client
            found = client.get_experiment_by_name(name)
            experiment = (
                found.experiment_id
                if found
                else client.create_experiment(name, artifact_location=self._place(name))
            )
            made = client.create_run(
                experiment, tags={"mlflow.runName": f"{run.head} {digest}"} | dict(run.tags)
            )
            number = made.info.run_id
            for key, value in run.parameters.items():
                client.log_param(number, key, str(value)[:TOO_LONG])
            at = int(time.time() * 1_000)
            for key, measured in run.metrics.items():
                client.log_metric(number, key, measured, at)
            client.log_artifacts(number, str(run.folder), HEAD)
            if run.beside is not None:
                client.log_artifacts(number, str(run.beside))
            client.set_terminated(number)
            if not any(one.name == name for one in client.search_registered_models(f"name = '{name}'")):
                client.create_registered_model(name, description=run.tags.get("question"))
            version = client.create_model_version(
                name, f"{made.info.artifact_uri}/{HEAD}", number, tags={"digest": digest}
            )
        return Version(run.head, str(version.version), digest, number, ())

    def versions(self, head: str) -> list[Version]:
        """Every version of a head, the latest first."""
        name = PREFIX + head
        with _quiet(self.uri):
            models = self._client.search_registered_models(f"name = '{name}'")
            found = self._client.search_model_versions(f"name = '{name}'")
        told = [
            Version(
                head,
                str(one.version),
                one.tags.get("digest", ""),
                one.run_id or "",
                tuple(a for a, n in _aliases(models) if n == str(one.version)),
            )
            for one in found
        ]
        return sorted(told, key=lambda one: -int(one.number))

    def find(self, head: str, name: str) -> Version | None:
        """The version of a number, a digest or an alias; None if there is none."""
        return next(
            (one for one in self.versions(head) if name in (one.number, one.digest, *one.aliases)), None
        )

    def alias(self, version: Version, alias: str) -> None:
        """Call a version by an alias, which no other of its head then has."""
        with _quiet(self.uri):
            self._client.set_registered_model_alias(PREFIX + version.head, alias, version.number)

    def unalias(self, head: str, alias: str) -> None:
        """Take an alias away, if any version has it."""
        if self.find(head, alias) is not None:
            with _quiet(self.uri):
                self._client.delete_registered_model_alias(PREFIX + head, alias)

    def note(self, version: Version, **tags: str) -> None:
        """Write onto a version what became of it."""
        with _quiet(self.uri):
            for key, value in tags.items():
                self._client.set_model_version_tag(PREFIX + version.head, version.number, key, value)

    def fetch(self, version: Version, to: Path) -> Path:
        """Copy a version's head into a folder; where it stands there."""
        to.mkdir(parents=True, exist_ok=True)
        with _quiet(self.uri):
            return Path(self._client.download_artifacts(version.run, HEAD, str(to)))

    def run_of(self, version: Version) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
        """Parameters, metrics and tags of a version's run."""
        with _quiet(self.uri):
            data = self._client.get_run(version.run).data
        return dict(data.params), dict(data.metrics), dict(data.tags)

    def artifacts(self, version: Version, folder: str = "") -> list[str]:
        """Paths of what is kept of a version's run, of a folder in it."""
        with _quiet(self.uri):
            return [one.path for one in self._client.list_artifacts(version.run, folder or None)]

    def _place(self, name: str) -> str | None:
        return f"{self._artifacts}/{name}" if self._artifacts else None


def _aliases(models: Any) -> Iterator[tuple[str, str]]:
    for one in models:
        for alias, number in sorted(one.aliases.items()):
            yield alias, str(number)


@contextmanager
def _quiet(uri: str) -> Iterator[None]:
    """Keep MLflow's own warnings and chatter from people, and turn its failures into ours."""
    chatter = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    before = [one.level for one in chatter]
    for one in chatter:
        one.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except WatchworthyError:
        raise
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("mlflow", "sqlalchemy", "requests", "urllib3"):
            raise
        said = str(error).partition("\n")[0][:300]
        raise WatchworthyError("registry_failed", f"MLflow at {uri} says: {said}.") from error
    finally:
        for one, level in zip(chatter, before, strict=True):
            one.setLevel(level)
