"""What is hidden of a session, by what could be seen of it."""

from dataclasses import dataclass

import pytest

from models.missing import hidden, partial
from models.signal_rates import names
from models.trees import ANYTHING, AT_LEAST, KNOWN

EVERY = ("pointer", "presses", "console", "network", "page")


@dataclass
class Seen:
    channels: tuple[str, ...] = EVERY
    blind: bool = False
    blind_ms: int = 0
    rows: int = 100
    positions: int = 50
    acts: int = 5


def how(seen: Seen) -> dict[str, int]:
    return dict(zip(names(), hidden(seen).tolist(), strict=True))


def test_nothing_is_hidden_where_everything_was_seen() -> None:
    assert set(how(Seen()).values()) == {KNOWN}


@pytest.mark.parametrize(
    ("channel", "gone", "more"),
    [
        ("console", {"console_errors", "errors_after_act"}, {"trouble_per_act", "friction_per_act"}),
        (
            "network",
            {
                "failed_requests",
                "errors_after_act",
                "no_reaction_share",
                "slow_per_act",
                "unanswered_per_act",
            },
            {"trouble_per_act"},
        ),
        (
            "pointer",
            {"turn_entropy", "fitts_slope", "no_reaction_share"},
            {"friction_per_act", "unanswered_per_act"},
        ),
    ],
)
def test_what_hangs_on_a_channel_is_hidden_without_it(channel: str, gone: set[str], more: set[str]) -> None:
    told = how(Seen(channels=tuple(name for name in EVERY if name != channel)))
    assert {told[name] for name in gone} == {ANYTHING}
    assert {told[name] for name in more} == {AT_LEAST}
    assert told["clicks"] == KNOWN


def test_a_pointer_that_was_never_met_may_not_have_been_recorded() -> None:
    assert how(Seen(positions=0))["turn_entropy"] == ANYTHING


def test_of_a_page_that_was_never_seen_its_answers_are_hidden() -> None:
    told = how(Seen(blind=True, blind_ms=5_000))
    assert (told["no_reaction_share"], told["unanswered_per_act"], told["turn_entropy"]) == (
        ANYTHING,
        AT_LEAST,
        KNOWN,
    )
    assert not partial(Seen(blind=True, blind_ms=5_000))


def test_a_session_with_a_gap_might_have_been_anything() -> None:
    assert partial(Seen(blind_ms=1))
    assert set(how(Seen(blind_ms=1)).values()) == {ANYTHING}
