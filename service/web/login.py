"""Signing in and out: a link shows a button, the button opens the pages, and the link is used up."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from service.live.refusals import Refusal
from service.web.guard import Guard, Sender
from service.web.links import PATH


def router(guard: Guard) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False, route_class=guard.route())

    @routes.get(PATH)
    async def welcome(request: Request, link: Annotated[str, Query(max_length=200)] = "") -> Response:
        """The page that a link opens. Nothing is used up by looking: programs look at links, too."""
        guard.at_home(request)
        good = await asyncio.to_thread(guard.owner.good, link)
        return guard.renderer.page("welcome.html", status=200 if good else 410, link=link, good=good)

    @routes.post(PATH)
    async def enter(request: Request, link: Annotated[str, Form(max_length=200)]) -> Response:
        """Sign in."""
        guard.at_home(request)
        guard.from_here(request)
        visit = await asyncio.to_thread(guard.owner.enter, link)
        if visit is None:
            raise Refusal("token_reused", "The link was used before or is too old; make another one.")
        response = RedirectResponse("/", 303)
        guard.let_in(response, visit)
        return response

    @routes.post("/sign-out")
    async def leave(visit: Sender) -> Response:
        """Sign out."""
        await asyncio.to_thread(guard.owner.leave, visit)
        response = RedirectResponse("/", 303)
        guard.let_go(response)
        return response

    return routes
