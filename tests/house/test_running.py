"""Tests may run in any order and in several processes, those of pages among them."""

from pathlib import Path

import pytest

from tests import distribution
from tests.distribution import LONG, TOGETHER, place_of, unit_of

TESTS = Path(__file__).parents[1]


@pytest.mark.needs("chromium")
def test_a_test_of_pages_leaves_no_loop_to_the_next(
    pytester: pytest.Pytester, tools: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHWORTHY_CHROMIUM", str(tools["chromium"]))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")
    pytester.makeconftest((TESTS / "conftest.py").read_text())
    pytester.makepyfile(
        """
        import asyncio
        import pytest

        @pytest.fixture(scope="module")
        def kept(browser):
            page = browser.new_page()
            yield page
            page.close()

        async def said():
            await asyncio.sleep(0)
            return "done"

        def test_page(kept):
            kept.set_content("<p>here")
            assert kept.inner_text("p") == "here"

        def test_loop():
            assert asyncio.run(said()) == "done"

        test_page_again = test_page
        test_loop_again = test_loop
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_what_shares_a_browser_stays_together_and_each_other_file_goes_by_itself() -> None:
    assert unit_of("tests/service/web/test_player.py::test_it[a::b]") == "tests/service/web"
    assert unit_of("tests/service/test_demo.py::test_it") == "tests/service/test_demo.py"
    assert unit_of("tests/service/website/test_it.py::test_it") == "tests/service/website/test_it.py"


def test_what_is_said_to_be_long_is_there_and_comes_first() -> None:
    assert all((TESTS / one).exists() for one in (*LONG, *TOGETHER))
    places = [place_of(f"{distribution.HERE / one}::test_it") for one in (*LONG, "house/test_rules.py")]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
