"""The one way in which code is compiled: Numba, cached on disk, never stale.

Numba notices a change in the file of a compiled function, but not in the files of the functions that it
calls. So the cache folder bears the digest of every source file of ours, and a changed source starts a
folder of its own. Floating point stays strict (no ``fastmath``), or live and offline would differ.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

ROOT = Path(__file__).resolve().parent.parent


@cache
def source_digest(package: str) -> str:
    """Digest of every source file that the compiled code of ``package`` may come from, and of Numba itself.

    Parameters
    ----------
    package
        A top-level package, as ``"features"``. The canonical events count for every package.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in [ROOT / "data_contracts" / "events.py", *sorted((ROOT / package).rglob("*.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder(package: str) -> Path:
    """Folder of the compiled code of these very sources, made if it is missing.

    ``WATCHWORTHY_CACHE`` moves it; by default it lies under ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    base = os.environ.get("WATCHWORTHY_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "watchworthy"
    )
    folder = Path(base) / "numba" / package / source_digest(package)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compiled(function: Function) -> Function:
    """Compile ``function`` when it is first called, and keep the machine code on disk.

    Parameters
    ----------
    function
        A function at module level, in the part of Python that Numba compiles.
    """
    package = function.__module__.partition(".")[0]
    # Numba reads its settings from a module; where a function's code is kept is fixed when it is declared.
    vars(numba.config)["CACHE_DIR"] = str(cache_folder(package if (ROOT / package).is_dir() else "features"))
    return cast("Function", njit(cache=True, nogil=True, error_model="numpy")(function))
