"""What is missing on a machine is skipped aloud, or fails where it was required; never silently."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Three tests under our conftest, on a machine that has no tools and no recordings beside the repository."""
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs("node")
        @pytest.mark.parametrize("page", [1, 2])
        def test_node(page, tools):
            assert tools["node"].name == "node"

        def test_recordings(real_recordings, some_recordings):
            assert real_recordings == some_recordings == []

        def test_plain():
            pass
        """
    )
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.setenv("WATCHWORTHY_SHARED", str(pytester.path / "nothing"))
    monkeypatch.delenv("WATCHWORTHY_REQUIRE", raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")  # half the time that an empty suite takes
    return pytester


def test_a_missing_tool_skips_and_is_named(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.re_match_lines([".*did not run for want of node.*", ".*::test_node$"])


def test_a_required_tool_that_is_missing_fails(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHWORTHY_REQUIRE", "chromium,node")
    result = suite.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*node is not here, and WATCHWORTHY_REQUIRE names it*"])
    result.assert_outcomes(passed=2, errors=2)


def test_a_tool_that_is_there_is_handed_over(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    node = suite.path / "node"
    node.touch(mode=0o755)
    monkeypatch.setenv("WATCHWORTHY_REQUIRE", "node")
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=4)
    result.stdout.no_fnmatch_line("*for want of*")


@pytest.mark.parametrize("where", ["marker", "environment"])
def test_a_misspelt_need_is_an_error(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "environment":
        monkeypatch.setenv("WATCHWORTHY_REQUIRE", "chromiun")
    else:
        suite.makepyfile("import pytest\n@pytest.mark.needs('chromiun')\ndef test_page(): pass")
    result = suite.runpytest_subprocess()
    assert result.ret != pytest.ExitCode.OK
    assert "chromiun: no such tool" in result.stdout.str() + result.stderr.str()


def test_tests_with_less_to_chew_on_are_named(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess()
    result.stdout.re_match_lines([".*had less to chew on without .*nothing.*", ".*::test_recordings$"])
    assert result.stdout.str().count("::test_recordings") == 1
    result.stdout.no_fnmatch_line("*::test_plain")


def test_recordings_beside_the_repository_are_found(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = suite.path / "beside"
    for folder in ("recordings", "rrweb"):
        (shared / folder).mkdir(parents=True)
        for number in range(100):
            (shared / folder / f"{number:03}.json.gz").touch()
    (shared / "rrweb" / "README.md").touch()
    monkeypatch.setenv("WATCHWORTHY_SHARED", str(shared))
    suite.makepyfile(
        """
        def test_recordings(real_recordings, some_recordings):
            assert len(real_recordings) == 200
            assert len(some_recordings) == 40 and set(some_recordings) < set(real_recordings)
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*less to chew on*")
    suite.makepyfile(
        "def test_all(real_recordings, some_recordings): assert some_recordings == real_recordings"
    )
    suite.runpytest_subprocess("--hypothesis-profile=full").assert_outcomes(passed=1)
