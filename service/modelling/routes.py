"""The calls that tell what scores: the heads of the bundle in use, their cards and their operating points."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Response

from data_contracts.assessments import OperatingPoint
from models.bundle import Bundle, Trained
from models.heads import HEADS
from models.operating_points import tightest
from models.scorer import Scorer
from pipelines.store.shelf import Shelf
from service.live.admission import Admission
from service.live.json_body import as_json
from service.live.reception import Reception
from service.live.refusals import Refusal

MARKDOWN: Final = "text/markdown; charset=utf-8"
CARD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The card, in Markdown.", "content": {"text/markdown": {}}}
}
Auth = Annotated[str | None, Header(alias="authorization")]


class HeadNow(msgspec.Struct):
    """A head as it scores now.

    ``stopped_by`` names the features that were redefined since it was trained; with any, it abstains.
    """

    head: str
    question: str
    trained: bool
    version: str | None = None
    alias: str | None = None
    digest: str | None = None
    base_rate: float | None = None
    features: tuple[str, ...] = ()
    stopped_by: tuple[str, ...] = ()
    verdict_point: OperatingPoint | None = None


class ModelsNow(msgspec.Struct):
    """What scores now: the bundle, and the one that scores in shadow."""

    bundle: str
    challenger: str | None
    since_ms: int | None
    why: str
    heads: tuple[HeadNow, ...]


def models_now(scorer: Scorer, shelf: Shelf) -> ModelsNow:
    """What scores now, head by head."""
    pointer = shelf.pointer()
    here = pointer is not None and pointer.champion == scorer.bundle.digest
    return ModelsNow(
        scorer.bundle.digest,
        pointer.challenger if pointer else None,
        pointer.since_ms if pointer and here else None,
        pointer.why if pointer and here else "",
        tuple(_head(head.name, head.question, scorer) for head in HEADS),
    )


def _head(name: str, question: str, scorer: Scorer) -> HeadNow:
    found = scorer.bundle.heads.get(name)
    if found is None:
        return HeadNow(name, question, False)
    return HeadNow(
        name,
        question,
        True,
        str(found.facts["version"]),
        str(found.facts["alias"]),
        found.digest,
        found.base_rate,
        tuple(found.model.names),
        scorer.stopped.get(name, ()),
        tightest(found.points),
    )


def card_of(shelf: Shelf, bundle: Bundle, name: str) -> str:
    """The card of a head, in Markdown, without the pictures that stand beside it as files.

    Raises
    ------
    Refusal
        ``not_found``.
    """
    path = shelf.folder(bundle.digest) / name / "card.md"
    if not path.exists():
        raise Refusal("not_found", f"The head {name} was trained without a card.")
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("![")).rstrip() + "\n"


def router(reception: Reception, admission: Admission, shelf: Shelf) -> APIRouter:
    """The routes.

    Parameters
    ----------
    reception
        Knows what scores.
    admission
        Who may ask.
    shelf
        The bundles there are.
    """
    routes = APIRouter(tags=["models"])

    def trained(name: str) -> Trained:
        found = reception.scorer.scorer.bundle.heads.get(name)
        if found is None:
            there = ", ".join(reception.scorer.scorer.bundle.heads)
            raise Refusal("not_found", f"No head of this name is trained here; there are {there}.")
        return found

    @routes.get("/v1/models")
    async def models(authorization: Auth = None) -> Response:
        """What scores: the bundle, and each head with its version, base rate, features and the point of its verdict.

        A head that is not trained here abstains, and so does one with features in `stopped_by`. Needs a read key.
        """
        admission.holder(authorization, "read")
        return as_json(await asyncio.to_thread(models_now, reception.scorer.scorer, shelf))

    @routes.get("/v1/models/{head}/card", response_class=Response, responses=CARD)
    async def card(head: str, authorization: Auth = None) -> Response:
        """The card of a head: its data, its bounds, where it will be wrong. Needs a read key."""
        admission.holder(authorization, "read")
        trained(head)
        text = await asyncio.to_thread(card_of, shelf, reception.scorer.scorer.bundle, head)
        return Response(text, media_type=MARKDOWN)

    @routes.get("/v1/models/{head}/operating-points")
    async def operating_points(head: str, authorization: Auth = None) -> Response:
        """The thresholds of a head, each with its bound and the people that bear it, or why it is refused.

        A session counts where its raw margin passes `threshold` strictly. `miss_rates` is the share of each automation
        family that stays below the point of the verdict. Needs a read key.
        """
        admission.holder(authorization, "read")
        found = trained(head)
        told = {
            "head": head,
            "digest": found.digest,
            "points": found.points,
            "verdict_point": tightest(found.points),
            "miss_rates": found.facts.get("miss_rates", {}),
        }
        return as_json(told)

    return routes
