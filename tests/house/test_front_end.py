"""The front end: its types hold, its lock names no host, and nothing that was built or fetched is committed."""

import json
import subprocess
from pathlib import Path

import pytest

from service.web import build

ROOT = Path(__file__).parents[2]


@pytest.mark.needs("pages")
def test_the_types_of_the_scripts_hold() -> None:
    build.check()


@pytest.mark.needs("pages")
def test_what_is_current_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(program: str, *arguments: str) -> None:
        raise AssertionError(f"{program} was run")

    monkeypatch.setattr(build, "_run", run)
    assert build.build() is False


@pytest.mark.needs("pages")
@pytest.mark.parametrize("name", ["package-lock.json", "recorder/main.ts"])
def test_a_changed_lock_or_source_is_built_anew(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both steps run for a lock, and only the bundler for a source."""
    for source in build.sources():
        copy = tmp_path / source.relative_to(build.HERE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    monkeypatch.setattr(build, "HERE", tmp_path)
    monkeypatch.setattr(build, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(build, "FETCHED", tmp_path / "fetched")
    ran: list[str] = []
    monkeypatch.setattr(build, "_run", lambda program, *arguments: ran.append(arguments[0]))
    assert build.build() is True
    assert ran == ["ci", "esbuild.mjs"]
    assert build.build() is False
    ran.clear()
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n")
    assert build.build() is True
    assert ran == (["ci", "esbuild.mjs"] if name == "package-lock.json" else ["esbuild.mjs"])


def test_the_lock_pins_every_package_by_digest_and_names_no_host() -> None:
    lock = json.loads((ROOT / "service/web/package-lock.json").read_text("utf-8"))
    packages = {name: facts for name, facts in lock["packages"].items() if name}
    assert packages
    assert not [name for name, facts in packages.items() if "resolved" in facts]
    assert not [name for name, facts in packages.items() if not facts["integrity"].startswith("sha512-")]


def test_nothing_built_or_fetched_is_committed() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    parts = {part for line in listing.stdout.splitlines() for part in line.split("/")}
    assert not parts & {"node_modules", "built"}
