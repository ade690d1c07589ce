"""The link by which the owner signs in, once."""

from __future__ import annotations

from data_contracts.errors import WatchworthyError
from service.live.settings import Settings
from service.web.owner import Owner

PATH = "/welcome"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
"""Where a service that listens on every address is found on its own machine."""


def sign_in(owner: Owner, settings: Settings, address: str, site: str) -> str:
    """A new link; those before it that were not used are worthless.

    Parameters
    ----------
    address
        Where the service listens, as ``http://127.0.0.1:8700``.
    site
        Whose sessions the owner will see.
    """
    place = settings.page_origin or address
    for name, found in EVERYWHERE.items():
        place = place.replace(f"//{name}:", f"//{found}:")
    return f"{place}{PATH}?link={owner.link(site)}"


def first_link(owner: Owner, settings: Settings, address: str, site: str) -> str:
    """A link for who has never signed in; empty once somebody has, or where nothing can be written down."""
    try:
        return "" if owner.known else sign_in(owner, settings, address, site)
    except WatchworthyError:
        return ""  # a folder that cannot be written to is served all the same, and says so at each batch
