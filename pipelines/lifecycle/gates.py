"""Gates: why a challenger may not take the champion's place."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from data_contracts.errors import WatchworthyError
from models.bundle import load_head
from models.card import digest_in
from models.golden import check_golden
from models.signal_rates import digests
from pipelines.lifecycle.comparing import Comparison
from pipelines.lifecycle.ledger import MOST_LOOKS
from pipelines.lifecycle.silence import Silent

MARGINS: Final = {"auc": 0.01, "log_loss": 0.01}
"""Losses that the paired interval must exclude. AUC 0.01: one pair in a hundred that is ordered the wrong way round;
log-loss 0.01 nats: a probability that is off by a factor of 1.01 in the mean."""

Code = Literal["loss", "no_card", "cannot_serve", "loud_on_silence", "judge_worn_out"]


class Refused(msgspec.Struct, frozen=True):
    """One reason of a refusal, in words."""

    code: Code
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def losses(comparison: Comparison) -> list[Refused]:
    """What the paired intervals do not exclude."""
    found = []
    auc, loss = comparison.measure("auc"), comparison.measure("log_loss")
    if not auc.low > -MARGINS["auc"]:
        found.append(
            Refused(
                "loss",
                f"AUC {auc.champion:.3f} -> {auc.challenger:.3f}: the paired 95 % interval of the difference, "
                f"{auc.low:+.3f} to {auc.high:+.3f}, does not exclude a loss of {MARGINS['auc']}.",
            )
        )
    if not loss.high < MARGINS["log_loss"]:
        found.append(
            Refused(
                "loss",
                f"Log-loss {loss.champion:.4f} -> {loss.challenger:.4f}: the paired 95 % interval of the difference, "
                f"{loss.low:+.4f} to {loss.high:+.4f}, does not exclude a rise of {MARGINS['log_loss']}.",
            )
        )
    return found


def fitness(folder: Path) -> list[Refused]:
    """Whether a head has a card of its own, and could serve in this release."""
    trained, card, found = load_head(folder), folder / "card.md", []
    if not card.exists():
        found.append(Refused("no_card", "It has no card: nobody can say what it stands on."))
    elif digest_in(card.read_text(encoding="utf-8")) != trained.digest:
        found.append(Refused("no_card", "Its card was written for another model; write the card anew."))
    if stopped := trained.stopped_by(digests()):
        found.append(
            Refused(
                "cannot_serve",
                f"This release lacks {', '.join(stopped)}, or computes them by another definition.",
            )
        )
    else:
        try:
            check_golden(folder, trained)
        except WatchworthyError as error:
            found.append(Refused("cannot_serve", error.message))
    return found


def silence(head: str, champion: dict[str, Silent], challenger: dict[str, Silent]) -> list[Refused]:
    """Recordings in which nothing is wrong, and on which the challenger speaks up where the champion is silent."""
    found = []
    for name, now in challenger.items():
        before = champion.get(name, Silent())
        if now.passed and not before.passed:
            found.append(
                Refused(
                    "loud_on_silence",
                    f"{name}: it raises {head} past its operating point; the champion does not.",
                )
            )
        if now.flagged and not before.flagged:
            found.append(Refused("loud_on_silence", f"{name}: it flags the session; the champion does not."))
    return found


def worn_out(looks: int) -> list[Refused]:
    """Whether the held-out groups have judged too often to be strangers still."""
    if looks < MOST_LOOKS:
        return []
    return [
        Refused(
            "judge_worn_out",
            f"{looks} promotions were decided on these held-out groups already, and {MOST_LOOKS} is the most: "
            "compare on people that no decision has seen.",
        )
    ]
