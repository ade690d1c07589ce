"""Disks of a test's own: small, filled, and made larger under whoever writes to them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

FILLER = "filler"


class Disk:
    """A file system in memory, mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, megabytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(self.folder)], check=True)

    @property
    def free(self) -> int:
        """Bytes."""
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Take all of its room, or all but so many bytes."""
        with suppress(OSError), (self.folder / FILLER).open("ab", buffering=0) as filler:
            while self.free > leave:
                filler.write(bytes(min(1 << 20, max(4_096, self.free - leave))))

    def make_room(self) -> None:
        (self.folder / FILLER).unlink()


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a small disk, or skip where that is not permitted."""
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mount(folder: Path, *options: str) -> None:
    try:
        done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount program here")
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A folder as it is seen through a mount that does not let anybody write; that mount."""
    view = folder.with_name(f"{folder.name}-read-only")
    view.mkdir()
    mount(view, "--bind", str(folder))
    try:
        mount(view, "-o", "remount,bind,ro")
        yield view
    finally:
        subprocess.run(["umount", "--lazy", str(view)], check=True)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Take the right to write from whoever has the files of a folder open already, where the file system can.

    A mount cannot be made read-only while somebody holds a file open for writing: the kernel says it is busy. The
    files that are shared as memory keep the right: the kernel ends whoever writes to such memory without it.
    """
    files = [str(path) for path in folder.rglob("*") if not path.name.endswith("-shm")]
    try:
        done = subprocess.run(
            ["chattr", "+i", str(folder), *files], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no chattr program here")
    try:
        if done.returncode:
            pytest.skip(f"files cannot be made immutable here: {done.stderr.strip()}")
        yield
    finally:
        subprocess.run(["chattr", "-i", str(folder), *files], check=True)
