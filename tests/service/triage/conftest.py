"""A data directory that is filled once, and a copy of it for each scenario."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.service.live_store import Served
from tests.service.triage.desk import Desk, Played, Scenario


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that holds every sample, of which each test gets a copy."""
    folder = tmp_path_factory.mktemp("filled") / "data"

    async def fill() -> None:
        async with Served(folder) as one:
            await Desk(one).fill()

    asyncio.run(fill())
    return folder


@pytest.fixture
def played(filled: Path, tmp_path: Path) -> Played:
    """Plays a scenario at a desk on every sample."""

    def play(scenario: Scenario) -> None:
        folder = tmp_path / "data"
        shutil.copytree(filled, folder)

        async def run() -> None:
            async with Served(folder) as one:
                await scenario(Desk(one))

        asyncio.run(run())

    return play
