"""What a scenario is, and the table of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from visit import Visit

Act = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """One way to visit the shop. `cart` holds (lamp, count) already in it when the visit begins."""

    name: str
    family: str
    act: Act
    label: str = "human"
    frustrated: bool | None = False
    touch: bool = False
    pointer: bool = True
    consent: bool = True
    cart: tuple[tuple[str, int], ...] = ()
    about: str = ""
    script: str = ""  # run in each page before the shop's own

    @property
    def file(self) -> str:
        """Name of its recording."""
        group = self.family if self.label == "human" else "automated"
        return f"{group}-{self.name.replace('_', '-')}.json.gz"


class Scenarios(list[Scenario]):
    """A group of scenarios that functions are added to by a decorator."""

    def __init__(self, family: str, **common: object) -> None:
        super().__init__()
        self.family = family
        self.common = common

    def add(self, **facts: object) -> Callable[[Act], Act]:
        """Registers the function below under its own name."""

        def register(act: Act) -> Act:
            about = (act.__doc__ or "").strip().splitlines()[0]
            known = {"name": act.__name__, "family": self.family, "about": about, **self.common, **facts}
            self.append(Scenario(act=act, **known))  # type: ignore[arg-type]
            return act

        return register
