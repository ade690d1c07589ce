"""The one way in which code is compiled: Numba, cached on disk, never stale.

Numba notices a change in the file of a compiled function, but not in the files of the functions that it
calls. So the cache folder bears the digest of every source file of ours, and a changed source starts a
folder of its own. Floating point stays strict (no ``fastmath``), or live and offline would differ.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import numba
from numba import njit, types
from numba.extending import intrinsic, overload, register_jitable

Function = TypeVar("Function", bound=Callable[..., Any])
Array = TypeVar("Array")

ROOT = Path(__file__).resolve().parent.parent

# Nobody calls our code from C: to make a way for that takes a tenth to a fifth of the time to compile it.
_STRICT: Any = {"error_model": "numpy", "no_cfunc_wrapper": True}


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
    return cast("Function", njit(cache=True, nogil=True, **_STRICT)(function))


@intrinsic
def _borrowed(_typing: Any, array: Any) -> Any:
    """In compiled code: an array that owns nothing of its memory, which outlives it.

    Every function that is handed an array counts who holds it, up and down again, in a way that is safe among threads:
    for the hundreds of small calls that turn a batch, that is a fifth of their time. Of what owns nothing nothing is
    counted.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        found = context.make_array(signature.return_type)(context, builder, given[0])
        nobody = types.MemInfoPointer(types.voidptr)  # type: ignore[no-untyped-call]
        found.meminfo = context.get_constant_null(nobody)
        return found._getvalue()

    return array(array), generate


borrowed = cast("Callable[[Array], Array]", _borrowed)


def also_compiled(function: Function) -> Function:
    """Let compiled code call ``function`` too; called from Python it stays as it was written."""
    return register_jitable(**_STRICT)(function)


def compiled_as(twin: Callable[..., Any]) -> Callable[[Function], Function]:
    """Let compiled code run ``twin`` where it calls the decorated function, whose text Numba cannot compile.

    Parameters
    ----------
    twin
        Takes the same arguments and gives the same number.
    """

    def declare(function: Function) -> Function:
        @overload(function, jit_options=_STRICT, strict=False)
        def chosen(*_args: Any, **_named: Any) -> Callable[..., Any]:
            return twin

        return function

    return declare


def written_out(stem: str, source: str) -> ModuleType:
    """Import ``source`` as a module of the features' folder of compiled code.

    Numba keeps the machine code of a module on disk, but not that of a closure.

    Parameters
    ----------
    stem
        What the module's name begins with; the rest is the digest of ``source``.

    Raises
    ------
    ImportError
        If the folder cannot be read.
    """
    name = f"{stem}_{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder("features") / f"{name}.py"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}.tmp")
        partial.write_text(source, encoding="utf-8")
        partial.replace(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"Cannot load compiled code from {path}; delete that folder and try again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
