"""An integrated application, and the file of those that an installation begins with. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from shared import rulefile
from shared.outbound import AddressRefusedError, Rules, target_of
from shared.rulefile import RuleFile


class Audience(StrEnum):
    """For whom an application is."""

    EVERYBODY = "everybody"
    RESIDENTS = "residents"
    VISITORS = "visitors"
    OFFICIALS = "officials"


class Health(StrEnum):
    """What the last look at an application said."""

    NATIVE = "native"  # a page of ours
    NOT_CONNECTED = "not_connected"  # nobody has set its address yet
    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


def _own_page(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//") and "\\" not in address


def _reachable(address: str) -> str:
    """Take a page of ours, or an https address on the public internet, by its words."""
    if _own_page(address) and address.isprintable() and " " not in address:
        return address
    try:
        target_of(address, Rules())
    except AddressRefusedError as error:
        raise ValueError(f"{error.code}: {error.detail}") from error
    return address


def _public(address: str) -> str:
    if _own_page(address):
        raise ValueError("a feed has an https address")
    return _reachable(address)


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Address = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_reachable)]
Feed = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_public)]
AppId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,47}$")]


class Title(BaseModel):
    """A name in the two languages of the city."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vi: Line
    en: Line


class AppIn(BaseModel):
    """An application as the administrator writes it; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title
    icon: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    audience: Audience = Audience.EVERYBODY
    address: Address | None = None
    feed: Feed | None = None
    order: Annotated[int, Field(ge=0, le=9999)] = 100
    enabled: bool = True


class Seed(AppIn):
    """An application of the file, with its id and where the regulation names it."""

    id: AppId
    source: Line


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    apps: Annotated[list[Seed], Field(min_length=1)]


def load_seeds(path: Path) -> Sequence[Seed]:
    """Read the file of applications; RuleFileError names the line of a mistake."""
    return read_seeds(rulefile.load(path))


def read_seeds(rules: RuleFile) -> Sequence[Seed]:
    """Check a parsed file of applications.

    Raises:
        RuleFileError: it is incomplete, or an id stands twice; it names the line.
    """
    try:
        found = _File.model_validate(rules.content).apps
    except ValidationError as failure:
        raise rules.invalid(failure) from failure
    for index, each in enumerate(found):
        if each.id in {other.id for other in found[:index]}:
            raise rules.error(f"{each.id!r} stands twice", "apps", index, "id")
    return found


class App(AppIn):
    """An application as it is kept.

    Attributes:
        health: Of the last look; `checked_at` says when.
        opens: How often it was opened through us.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: AppId
    # judged when they were written, and by the guard at each call: what is stored can be read
    address: str | None = None
    feed: str | None = None
    health: Health = Health.UNKNOWN
    checked_at: datetime | None = None
    opens: int = 0
    removed: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether its address is another's."""
        return self.address is not None and not _own_page(self.address)

    @property
    def shown_health(self) -> Health:
        """What people are told of it."""
        if self.address is None and self.feed is None:
            return Health.NOT_CONNECTED
        return self.health if self.is_outside or self.feed else Health.NATIVE

    def public(self) -> dict[str, Any]:
        """Return what anybody may see; `open` is the way to its address that is counted."""
        links: dict[str, str] = {}
        if self.address:
            links["open"] = f"/api/v1/apps/{self.id}/open"
        if self.feed:
            links["news"] = f"/api/v1/apps/{self.id}/news"
        return {
            "id": self.id,
            "title": self.title.model_dump(),
            "icon": self.icon,
            "address": self.address,
            "audience": self.audience.value,
            "native": self.shown_health is Health.NATIVE,
            "health": self.shown_health.value,
            "checked_at": self.checked_at.isoformat() if self.checked_at else None,
            "links": links,
        }
