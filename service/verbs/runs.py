"""Writing a trained head down in MLflow; whatever becomes of that, the head is in its folder."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from data_contracts.errors import WatchworthyError
from service.screen import compiling, errors, phases


def write_down(folder: Path, data_dir: Path) -> bool:
    """Write a run with its version, say which, and whether that could be done."""
    later = f"watchworthy register {folder} --data-dir {data_dir}"
    if find_spec("mlflow") is None:
        errors.print(
            "No run was written down: MLflow is not installed. `pip install 'watchworthy\\[learn]'`, then "
            f"`{later}`.",
            soft_wrap=True,
            highlight=False,
        )
        return False
    try:
        from pipelines.lifecycle.registry import Registry
        from pipelines.lifecycle.runs import record

        with compiling(), phases() as progress:
            progress("writing the run down", 1)
            registry = Registry(data_dir)
            version = record(registry, folder, data_dir)
            progress("", 0)
    except (WatchworthyError, OSError) as error:
        errors.print(
            f"[yellow]No run was written down[/]: {error}\nThe head is in its folder all the same. Once MLflow is "
            f"there: `{later}`.",
            soft_wrap=True,
            highlight=False,
        )
        return False
    where = "MLFLOW_TRACKING_URI" if os.environ.get("MLFLOW_TRACKING_URI") else registry.uri
    errors.print(
        f"Run {version.run}, version {version.number} of {version.head}, in MLflow at {where}.",
        soft_wrap=True,
        highlight=False,
    )
    return True
