"""Settings: where they come from, which goes first, and that none is misspelt in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.live.settings import Settings, described, load
from service.verbs import settings as verb


def test_the_command_goes_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path).port == 8700
    (tmp_path / "watchworthy.toml").write_text('port = 1\nhost = "::1"\ntrusted_proxies = ["10.0.0.0/8"]\n')
    assert (load(tmp_path).port, load(tmp_path).host) == (1, "::1")
    monkeypatch.setenv("WATCHWORTHY_PORT", "2")
    assert load(tmp_path).port == 2
    assert load(tmp_path, port=3, host=None).port == 3
    assert load(tmp_path, host=None).host == "::1"
    assert [str(one) for one in load(tmp_path).trusted_proxies] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "prot: no such setting"),
        ("port = 70000", "port: "),
        ('log_level = "loud"', "log_level: "),
    ],
)
def test_a_wrong_setting_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "watchworthy.toml").write_text(text)
    with pytest.raises(ValueError, match=said):
        load(tmp_path)


def test_a_misspelt_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHWORTHY_PROT", "1")
    with pytest.raises(ValueError, match="WATCHWORTHY_PROT: no such setting"):
        load(tmp_path)


def test_every_setting_says_what_it_does(tmp_path: Path) -> None:
    for name, _, text, default in described(load(tmp_path)):
        assert text.endswith("."), name
        assert default, name
    assert {name for name, *_ in described(load(tmp_path))} == set(Settings.model_fields)


def test_what_the_verb_prints_is_a_file_that_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "watchworthy.toml").write_text('port = 9\ntrusted_proxies = ["10.0.0.0/8"]\n')
    assert verb.run(tmp_path) == 0
    printed = capsys.readouterr().out
    assert "\nport = 9\n" in printed
    assert '# host = "127.0.0.1"' in printed
    (tmp_path / "again").mkdir()
    uncommented = [line.removeprefix("# ") if " = " in line else line for line in printed.splitlines()]
    lines = [line for line in uncommented if not line.startswith("#") and not line.endswith("=")]
    (tmp_path / "again" / "watchworthy.toml").write_text("\n".join(line for line in lines if " = " in line))
    assert load(tmp_path / "again").model_dump() == load(tmp_path).model_dump()
    (tmp_path / "watchworthy.toml").write_text("nothing = 1")
    assert verb.run(tmp_path) == 2
    assert "nothing" in capsys.readouterr().err
