"""The starters in the registry: written down after the first start, by a process of its own.

The process that serves never imports MLflow; it starts another that does, and goes on whatever becomes of it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from models.bundle import STARTER, load

log = logging.getLogger("watchworthy.live")
AFTER_S: Final = 60.0  # of serving, so that it takes nothing from the start
MARK: Final = "registered.txt"
POLITE: Final = 10  # niceness: visitors go first


def done(data_dir: Path) -> None:
    """Note which starters are on record."""
    (data_dir / MARK).write_text(load(STARTER).digest + "\n", encoding="ascii")


def is_due(data_dir: Path) -> bool:
    """Whether the starters of this release are not on record yet, and MLflow is there to record them."""
    if find_spec("mlflow") is None:
        return False
    try:
        return (data_dir / MARK).read_text("ascii").strip() != load(STARTER).digest
    except OSError:
        return True


async def starters(data_dir: Path, wanted: bool, after_s: float = AFTER_S) -> None:
    """Have the starters registered, if that is wanted and due."""
    if not wanted:
        return
    await asyncio.sleep(after_s)
    if not await asyncio.to_thread(is_due, data_dir):
        return
    code = f"import os, sys; os.nice({POLITE}); from service.command_line import main; main()"
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, "register", "--data-dir", str(data_dir)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        log.warning("the starters were not registered: %s", said.decode(errors="replace").strip()[-500:])
