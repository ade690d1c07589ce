"""Who may see a page and send a form: the owner, known by a cookie, and only from pages of ours."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from data_contracts.errors import WatchworthyError
from service.live.refusals import Refusal, refusal_of
from service.web import owner as owners
from service.web.origins import Origins
from service.web.owner import VISIT_S, Visit
from service.web.rendering import Renderer

COOKIE: Final = "ww_owner"
FORM: Final = "form_token"
HEADER: Final = "x-form-token"
READING: Final = ("GET", "HEAD")
TOLD: Final = 3  # faults of one call that are named


class NotSignedIn(Exception):
    """A page that only the owner may see was asked for by somebody else."""


class Elsewhere(Exception):
    """A page was asked for at the player's origin; ``address`` is where it is."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def signed_in(request: Request) -> Visit:
    """The owner, for a page."""
    guard: Guard = request.app.state.guard
    return guard.visit(request)


async def sent(request: Request) -> Visit:
    """The owner, for a form."""
    guard: Guard = request.app.state.guard
    return await guard.sender(request)


Owner = Annotated[Visit, Depends(signed_in)]
Sender = Annotated[Visit, Depends(sent)]


def misfit(error: RequestValidationError) -> Refusal:
    """The refusal of a call whose parameters do not fit: which of them, and why."""
    told = "; ".join(
        f"{'.'.join(map(str, one['loc'][1:] or one['loc']))}: {one['msg']}" for one in error.errors()[:TOLD]
    )
    return Refusal("bad_request", f"{told}.")


class Guard:
    """Lets the owner in.

    Parameters
    ----------
    owner
        Knows visits.
    origins
        Where pages are, and where the player is.
    renderer
        Of pages that say why something is not to be had.
    """

    def __init__(self, owner: owners.Owner, origins: Origins, renderer: Renderer) -> None:
        self.owner = owner
        self.origins = origins
        self.renderer = renderer

    @property
    def cookie(self) -> str:
        """Name of the cookie; over TLS one that no other host can set."""
        return f"__Host-{COOKIE}" if self.origins.secure else COOKIE

    def at_home(self, request: Request) -> None:
        """See to it that a page is asked for where pages are.

        Raises
        ------
        Elsewhere, Refusal
        """
        if not self.origins.is_player(request):
            return
        page = self.origins.page(request)
        if request.method not in READING or not page:
            raise Refusal("not_found", "This address plays recordings; the pages are at the other one.")
        query = f"?{request.url.query}" if request.url.query else ""
        raise Elsewhere(f"{page}{request.url.path}{query}")

    def visit(self, request: Request) -> Visit:
        """The owner whose cookie a request bears.

        Raises
        ------
        NotSignedIn, Elsewhere, Refusal
        """
        self.at_home(request)
        token = request.cookies.get(self.cookie, "")
        visit = self.owner.visit(token) if token else None
        if visit is None:
            raise NotSignedIn
        return visit

    async def sender(self, request: Request) -> Visit:
        """The owner, for something that changes anything: the form must be one of ours, sent from a page of ours.

        Raises
        ------
        NotSignedIn, Refusal
        """
        visit = self.visit(request)
        self.from_here(request)
        given = request.headers.get(HEADER) or (await request.form()).get(FORM)
        if not isinstance(given, str) or not visit.sent_by(given):
            raise Refusal("role_refused", "The form is too old, or none of ours; open the page again.")
        return visit

    def from_here(self, request: Request) -> None:
        """Refuse what another page has sent. Browsers say where a form is from; programs need not.

        Raises
        ------
        Refusal
            ``origin_refused``.
        """
        origin = request.headers.get("origin")
        if origin is not None and origin != self.origins.here(request):
            raise Refusal(
                "origin_refused", f"Forms are taken from pages of this service, not of {origin[:100]}."
            )

    def let_in(self, response: Response, visit: Visit) -> None:
        """Give a browser its cookie."""
        response.set_cookie(
            self.cookie,
            visit.token,
            max_age=VISIT_S,
            path="/",
            secure=self.origins.secure,
            httponly=True,
            samesite="lax",  # so that a link in a message opens; forms bear a token of their own
        )

    def let_go(self, response: Response) -> None:
        """Take a browser's cookie away."""
        response.delete_cookie(
            self.cookie, path="/", secure=self.origins.secure, httponly=True, samesite="lax"
        )

    def route(self) -> type[APIRoute]:
        """The kind of route whose errors are pages, for people."""
        guard = self

        class PageRoute(APIRoute):
            """Answers errors with a page."""

            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                """What answers."""
                answer = super().get_route_handler()

                async def handled(request: Request) -> Response:
                    try:
                        return await answer(request)
                    except Elsewhere as error:
                        return RedirectResponse(error.address, 307)
                    except NotSignedIn:
                        return guard.renderer.page("sign_in.html", status=401, known=guard.owner.known)
                    except RequestValidationError as error:
                        return guard.say(request, misfit(error))
                    except WatchworthyError as error:
                        return guard.say(request, refusal_of(error))
                    except Refusal as error:
                        return guard.say(request, error)

                return handled

        return PageRoute

    def say(self, request: Request, refusal: Refusal) -> Response:
        """A refusal as a page, or as what replaces a part of one."""
        part = request.headers.get("hx-request") == "true"
        template = "trouble_part.html" if part else "trouble.html"
        headers = {"hx-retarget": "#said", "hx-reswap": "innerHTML"} if part else {}
        return self.renderer.page(
            template, status=refusal.status, headers=headers | refusal.headers, refusal=refusal
        )
