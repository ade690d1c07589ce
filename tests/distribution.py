"""How tests are shared out where several processes run them (`pytest -n 2`): by file, and the long ones first.

Tests that stand on one service and one browser for the whole session stay together, for each process would start its
own. What is long begins early, so that no process is left alone with it in the end.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

import pytest

HERE: Final = PurePosixPath("tests")
TOGETHER: Final = ("service/recorder", "service/web")
"""Folders whose tests share what takes long to start."""

LONG: Final = (
    "service/web",
    "service/recorder",
    "service/test_live_hostile.py",
    "pipelines/test_training.py",
    "pipelines/lifecycle/test_registry.py",
    "service/test_live_contract.py",
    "service/test_shop_lab.py",
    "pipelines/learning/test_one_file.py",
    "service/test_live_kills.py",
    "service/test_demo.py",
    "test_model_notebooks.py",
    "test_notebooks.py",
)
"""What takes longest, longest first; all else follows in its order."""


def unit_of(test: str) -> str:
    """The folder or file whose tests go to one process, by the id of one of them."""
    file = PurePosixPath(test.partition("::")[0])
    return next((str(HERE / one) for one in TOGETHER if file.is_relative_to(HERE / one)), str(file))


def place_of(test: str) -> int:
    """Where a test stands in the order: those that take long by their rank, then all others."""
    unit = unit_of(test)
    return next((rank for rank, one in enumerate(LONG) if unit == str(HERE / one)), len(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # by the number of tests, which says little of how long they take
    return ByUnit(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place_of(item.nodeid))
