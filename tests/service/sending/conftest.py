from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.store.store import Store
from tests.service.sending.sender import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "data") as one:
        yield one
