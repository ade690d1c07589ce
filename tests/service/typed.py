"""A command as its user types it, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from service.command_line import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command; get exit status, standard output, standard error."""

    def typed(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["watchworthy", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        code = stop.value.code
        return (code if isinstance(code, int) else 1 if code else 0), said.out, said.err

    return typed
