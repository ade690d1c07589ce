"""The heads that ship. A further head is one more file here, and one more name in ``HEADS``."""

from models.head import Head
from models.heads.bot import BOT
from models.heads.churn import CHURN
from models.heads.conversion import CONVERSION
from models.heads.frustration import FRUSTRATION

HEADS: tuple[Head, ...] = (BOT, FRUSTRATION, CONVERSION, CHURN)


def head(name: str) -> Head:
    """Look up the head of this name.

    Raises
    ------
    ValueError
        If there is none; the message lists those that there are.
    """
    for one in HEADS:
        if one.name == name:
            return one
    raise ValueError(f"There is no head {name!r}; choose one of {', '.join(one.name for one in HEADS)}.")
