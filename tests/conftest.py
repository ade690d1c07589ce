"""What every test may ask for: tools that may be missing, real recordings, and how hard hypothesis tries.

`@pytest.mark.needs("chromium")` skips a test aloud where Chromium is missing, and fails it where
`WATCHWORTHY_REQUIRE=chromium` says that it must be there; the `tools` fixture has the path of each tool found.
Recordings in `../shared` (or `WATCHWORTHY_SHARED`) make tests stronger but are not needed: the summary names the
tests that had less to chew on without them.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from service.web import build
from tests.browsing import browser, pytest_runtest_protocol, pytest_runtest_teardown
from tests.distribution import pytest_collection_modifyitems, pytest_xdist_make_scheduler

__all__ = [
    "browser",
    "pytest_collection_modifyitems",
    "pytest_runtest_protocol",
    "pytest_runtest_teardown",
    "pytest_xdist_make_scheduler",
]

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("WATCHWORTHY_SHARED") or ROOT.parent / "shared")
FEW = 24  # recordings of each source in the short run

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40, database=None)
settings.register_profile("full", deadline=None, max_examples=400, print_blob=True)
settings.load_profile("ci")


def on_path(*names: str) -> Path | None:
    """The first of these programs that can be run."""
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def packages(place: str, name: str) -> Path | None:
    """The folder with this package in it that `make lab-packages` fills from npm."""
    folder = ROOT / place / "node_modules"
    return folder if (folder / name).is_dir() else None


def installed(name: str) -> Path | None:
    """The file of a Python package that only the development tools or an extra bring."""
    found = find_spec(name)
    return Path(found.origin) if found and found.origin else None


def beside_python(name: str) -> Path | None:
    """A program that a Python package installs; PATH need not lead to it."""
    path = shutil.which(name, path=str(Path(sys.executable).parent))
    return Path(path) if path else None


@cache
def pages() -> Path | None:
    """The folder of what browsers load, built now if its sources have changed; None if that cannot be done here."""
    try:
        build.build()
    except build.BuildError:
        return None
    return build.BUILT


TOOLS: dict[str, Callable[[], Path | None]] = {
    "chromium": lambda: on_path(
        os.environ.get("WATCHWORTHY_CHROMIUM") or "chromium", "chromium-browser", "google-chrome"
    ),
    "firefox": lambda: on_path("firefox-esr", "firefox"),
    "firefox-driver": lambda: packages("tests/service/recorder", "puppeteer-core"),
    "mlflow": lambda: installed("mlflow"),
    "node": lambda: on_path("node"),
    "optuna": lambda: installed("optuna"),
    "oss-clarity": lambda: installed("oss_clarity"),
    "pages": pages,
    "rrweb": lambda: packages("tests/lab", "rrweb"),
    "spoiler": lambda: beside_python("spoiler"),
}


def known(names: Iterable[str]) -> list[str]:
    """The same names, or a usage error for one that is no tool: a misspelt need must not pass as met."""
    names = list(names)
    if strangers := set(names) - set(TOOLS):
        raise pytest.UsageError(f"{', '.join(sorted(strangers))}: no such tool; there are {', '.join(TOOLS)}")
    return names


def required() -> list[str]:
    """The tools that this run may not do without."""
    return known(filter(None, os.environ.get("WATCHWORTHY_REQUIRE", "").split(",")))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(tool, ...): skip aloud without these: {', '.join(TOOLS)}")
    required()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in known(name for mark in item.iter_markers("needs") for name in mark.args):
        if TOOLS[name]() is None:
            item.user_properties.append(("wanted", name))
            if name in required():
                pytest.fail(f"{name} is not here, and WATCHWORTHY_REQUIRE names it", pytrace=False)
            pytest.skip(f"{name} is not here")
    if "shared" in getattr(item, "fixturenames", ()) and not has_shared():
        item.user_properties.append(("less", "recordings"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    noted: dict[tuple[str, object], set[str]] = {}
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", None) == "setup":
            for name, value in report.user_properties:
                noted.setdefault((name, value), set()).add(report.nodeid.partition("[")[0])
    for (name, value), tests in sorted(noted.items(), key=str):
        if name == "wanted":
            terminalreporter.section(f"tests that did not run for want of {value}")
        elif name == "less":
            terminalreporter.section(f"tests that had less to chew on without {SHARED}")
        else:
            continue
        for test in sorted(tests):
            terminalreporter.write_line(test)


def has_shared() -> bool:
    """Whether the recordings that stand beside the repository are there, not merely a folder of that name."""
    return (SHARED / "recordings").is_dir()


def spread(paths: list[Path], most: int) -> list[Path]:
    """At most so many of these, evenly spaced."""
    return paths[:: -(-len(paths) // most)] if paths else []


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """Where each tool that is here stands; a test marked with `needs` finds its own in it."""
    return {name: path for name, find in TOOLS.items() if (path := find())}


@pytest.fixture(scope="session")
def shared() -> Path | None:
    """The folder of data and recordings beside the repository, or None."""
    return SHARED if has_shared() else None


@pytest.fixture(scope="session")
def recording_sources(shared: Path | None) -> list[list[Path]]:
    """Every recording, sorted, one list for each folder that they come from."""
    sources = [sorted((ROOT / "samples").glob("*.json.gz"))]
    if shared:
        sources.append(sorted((shared / "recordings").glob("*.json.gz")))
        sources.append(sorted([*(shared / "rrweb").glob("*.gz"), *(shared / "rrweb").glob("*.bin")]))
    return sources


@pytest.fixture(scope="session")
def real_recordings(recording_sources: list[list[Path]]) -> list[Path]:
    """Every recording there is."""
    return [path for paths in recording_sources for path in paths]


@pytest.fixture(scope="session")
def some_recordings(recording_sources: list[list[Path]]) -> list[Path]:
    """Two dozen recordings from each folder, or every one in `make test-full`."""
    full = settings.get_current_profile_name() == "full"
    return [path for paths in recording_sources for path in (paths if full else spread(paths, FEW))]
