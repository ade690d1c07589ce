"""The rules of the house, as far as a machine can tell: what no file may contain, and how files are kept small."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("data_contracts", "features", "models", "pipelines", "service")
LONGEST = 400  # lines; a longer file holds more than one idea
LONGER = {}  # path: why this one may be longer
TAKES_EXTRAS = {"pipelines/lifecycle/registry.py", "pipelines/training/search.py"}
"""The only files that import what `watchworthy[learn]` adds."""
LOADED_LATE = {"fastapi", "mlflow", "shap", "lightgbm", "sklearn", "matplotlib", "numba"}

# Spelt in pieces, so that this file does not contain what it looks for.
MACHINE_PATHS = "|".join(("/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w+/"))
REGISTRY_HOSTS = "|".join(
    ("py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(?:org|com)", "deb" + r"\.debian\.org")
)


def tracked_files() -> list[Path]:
    """The files that git knows, or in an unpacked archive all but the made ones."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    made = {"node_modules", "built", "__pycache__", "build", "dist"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(
            part in made or (part.startswith(".") and part != ".ci") for part in path.relative_to(ROOT).parts
        )
    ]


def modules() -> list[Path]:
    """Every Python file that is installed."""
    return sorted(
        [*(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")), ROOT / "watchworthy.py"]
    )


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRY_HOSTS], ids=["machine paths", "registry hosts"])
def test_no_file_names_the_machine_it_was_made_on(pattern: str) -> None:
    found = []
    for path in tracked_files():
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:  # a recording or a picture
            continue
        found += [
            f"{named(path)}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(lines, 1)
            if re.search(pattern, line)
        ]
    assert not found, "\n".join(found)


def test_no_folder_of_tests_is_a_package() -> None:
    found = [
        named(path) for path in (ROOT / "tests").rglob("__init__.py") if "node_modules" not in path.parts
    ]
    assert not found, "these would shadow the packages: " + ", ".join(found)


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_module_is_one_idea_and_says_which(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = len(text.splitlines())
    assert lines <= LONGEST or named(path) in LONGER, f"{lines} lines: is it still one idea?"
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert docstring.partition("\n")[0].endswith((".", "?", "!")), "the first docstring line is a sentence"


def test_no_file_is_excused_without_need() -> None:
    needless = [name for name in LONGER if len((ROOT / name).read_text("utf-8").splitlines()) <= LONGEST]
    assert not needless


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def normal(name: str) -> str:
    """A distribution's name in the one spelling that lock files use."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0]) for requirement in requirements}


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_import_is_a_declared_dependency() -> None:
    facts = project()["project"]
    allowed = declared(facts["dependencies"])
    extra = declared([one for those in facts["optional-dependencies"].values() for one in those])
    owners = packages_distributions()
    stdlib = {*sys.stdlib_module_names, "compression"}  # `compression.zstd` is there from 3.14 on
    ours = {*PACKAGES, "watchworthy", *stdlib}
    strangers = {
        f"{named(path)}: {name}"
        for path in modules()
        for name in imported(path) - ours
        if not (allowed | (extra if named(path) in TAKES_EXTRAS else set()))
        & {normal(owner) for owner in owners.get(name, [name])}
    }
    assert not strangers, "\n".join(sorted(strangers))


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_index() -> None:
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==\S+.*\\\n    --hash=sha256:", lock, re.MULTILINE)
    facts = project()
    assert declared(facts["project"]["dependencies"]) <= set(pins)
    assert declared(facts["dependency-groups"]["dev"]) <= set(pins)
    assert "index-url" not in lock
    assert "://" not in lock


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import json, sys\n"
        "from service.command_line import main\n"
        "sys.argv = ['watchworthy', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    status = end.code or 0\n"
        "else:\n    status = 0\n"
        "print('\\n' + json.dumps([status, sorted(sys.modules)]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert run.returncode == 0, run.stderr
    status, loaded = json.loads(run.stdout.splitlines()[-1])
    assert status == 0
    assert not LOADED_LATE & set(loaded)
