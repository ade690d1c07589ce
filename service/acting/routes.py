"""``/v1/rules``: what product teams call to see, change, try and measure the rules."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request, Response
from pydantic import Field, JsonValue

from data_contracts.rules import Rule, rule_of
from pipelines.store.intervening import RuleRow, outcomes, rules, versions
from service.acting.dry_run import dry_run
from service.acting.stopping import measured
from service.live.admission import Admission
from service.live.json_body import Told, as_json, described, json_body
from service.live.reception import Reception
from service.live.refusals import Refusal
from service.live.settings import Settings
from service.offering.conditions import checked
from service.offering.offers import rule_from

TRIED: Final = 2_000  # sessions of a dry run over HTTP
TRIED_S: Final = 20.0
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Auth = Annotated[str | None, Header(alias="authorization")]
EXAMPLE: Final = {
    "title": "Chat on rage",
    "on": True,
    "when": {"type": "signal", "code": "rage_click", "state": "provisional"},
    "action": {"kind": "chat", "title": "That did not work", "text": "Shall we talk?"},
}


class RuleRequest(Told):
    """A rule, without its id, and why it is to be so."""

    rule: dict[str, JsonValue]
    why: Annotated[str, Field(max_length=300)] = ""


def router(reception: Reception, admission: Admission, settings: Settings) -> APIRouter:
    """The routes.

    Parameters
    ----------
    reception
        Knows the sessions, and acts.
    admission
        Who may ask.
    settings
        Bounds on bodies.
    """
    routes = APIRouter(tags=["rules"])
    store, acting = reception.store, reception.acting

    def newest(site: str, rule_id: str) -> RuleRow:
        found = store.read(lambda db: versions(db, site, rule_id))
        if not found:
            raise Refusal("not_found", "There is no rule of this id.")
        return found[0]

    @routes.get("/v1/rules")
    async def listed(authorization: Auth = None) -> Response:
        """The rules as they hold now. Needs a read key."""
        key = admission.holder(authorization, "read")
        found = await asyncio.to_thread(store.read, lambda db: rules(db, key.site))
        return as_json({"rules": [shown(row) for row in found]})

    @routes.get("/v1/rules/{rule_id}")
    async def one(rule_id: RuleId, authorization: Auth = None) -> Response:
        """A rule, and every version of it, the newest first. Needs a read key."""
        key = admission.holder(authorization, "read")
        found = await asyncio.to_thread(store.read, lambda db: versions(db, key.site, rule_id))
        if not found:
            raise Refusal("not_found", "There is no rule of this id.")
        return as_json(shown(found[0]) | {"versions": [shown(row) for row in found]})

    @routes.put(
        "/v1/rules/{rule_id}", openapi_extra=described(RuleRequest, chat={"rule": EXAMPLE, "why": "a try"})
    )
    async def put(rule_id: RuleId, request: Request, authorization: Auth = None) -> Response:
        """Make a rule, or a new version of one; the old ones stay on record. Needs an admin key."""
        key = admission.holder(authorization, "admin")
        told = await json_body(request, RuleRequest, settings)
        rule = _rule(told.rule, rule_id)
        kept = await asyncio.to_thread(acting.keep, key.site, rule, key.id, told.why)
        return as_json(shown(await asyncio.to_thread(newest, key.site, rule_id)) | {"changed": kept})

    @routes.post("/v1/rules/{rule_id}/dry-run")
    async def tried(rule_id: RuleId, authorization: Auth = None) -> Response:
        """In how many stored sessions the rule would have been due; up to 2,000 of them, for 20 s. Needs a read key."""
        key = admission.holder(authorization, "read")
        rule = rule_from(await asyncio.to_thread(newest, key.site, rule_id))
        found = await reception.beside(lambda: dry_run(reception, key.site, rule, TRIED, TRIED_S))
        return as_json(found._asdict())

    @routes.get("/v1/rules/{rule_id}/uplift")
    async def uplift(rule_id: RuleId, authorization: Auth = None) -> Response:
        """What the rule does to the share of visitors who reach a goal, by intention to treat. Needs a read key.

        The bounds hold however often you look. `smallest` is the smallest gain that so many visitors would show four
        times in five.
        """
        key = admission.holder(authorization, "read")
        row = await asyncio.to_thread(newest, key.site, rule_id)
        found = await asyncio.to_thread(store.read, lambda db: outcomes(db, key.site, rule_id))
        told = measured(found)
        arms = {"offered": told.offered._asdict(), "held": told.held._asdict()}
        shown_to = sum(one.shown for one in found)
        facts = {"rule": rule_id, "version": row.version, "shown": shown_to, "verdict": told.verdict}
        return as_json(facts | told._asdict() | arms)

    return routes


def _rule(told: dict[str, Any], rule_id: str) -> Rule:
    try:
        return checked(rule_of(told | {"id": rule_id}))
    except ValueError as error:
        raise Refusal("bad_request", f"The rule cannot be used: {error}") from None


def shown(row: RuleRow) -> dict[str, Any]:
    """A version of a rule as JSON has it."""
    return {
        "id": row.rule,
        "version": row.version,
        "on": bool(row.active),
        "rule": msgspec.Raw(row.body),
        "made_by": row.made_by,
        "why": row.why,
        "at_ms": row.at,
    }
