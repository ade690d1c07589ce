from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.store import Store, StoreLimits


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens stores, all in one directory unless another is named, and closes them in the end."""
    stores: list[Store] = []

    def open_store(folder: Path = tmp_path / "data", url: str | None = None, **limits: Any) -> Store:
        stores.append(Store.open(folder, StoreLimits(**{"disk_free_bytes": 0, **limits}), url))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    return opened()
