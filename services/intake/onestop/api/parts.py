"""What the counter's routes are made of, and who may call what."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Header, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.intake.accounts.domain import Principal
from services.intake.accounts.refusals import forbidden
from services.intake.api.answers import KEY
from services.intake.api.auth import Guard
from services.intake.onestop.catalogue import Catalogue
from services.intake.onestop.domain.calling import VISITOR
from services.intake.onestop.dossiers import Dossiers, NoSuchDossierError
from services.intake.onestop.hall import Hall
from services.intake.onestop.refusals import bad_ticket_token
from services.intake.refusals import key_malformed
from services.intake.shelf import Shelf
from shared.identity import TrackingTokens, fingerprint
from shared.pace import Throttle, network, too_many
from shared.vocabulary import Role

PRIVATE = {"Cache-Control": "no-store"}
CLERKS = (Role.ONESTOP_CLERK,)
READERS = (Role.ONESTOP_CLERK, Role.OFFICE_CLERK, Role.LEADER)

Authorization = Annotated[str, Header(description="Bearer <token>")]
IdempotencyKey = Annotated[str | None, Header()]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Current = Callable[..., Awaitable[Principal]]


class Body(BaseModel):
    """What a client sends. Unknown fields are refused, so that a wrong name is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Counter:
    """All that the routes need."""

    hall: Hall
    dossiers: Dossiers
    catalogue: Catalogue
    shelf: Shelf
    guard: Guard
    tokens: TrackingTokens
    note: Callable[..., Awaitable[Any]]
    misses: Throttle

    @property
    def zone(self) -> ZoneInfo:
        """The city's."""
        return self.shelf.now(self.hall.clock()).calendar.zone

    async def somebody(self, authorization: str, *roles: Role) -> Principal:
        """Return the official behind a bearer token; 401 without one, 403 with another role."""
        principal = await self.guard.current(bearer(authorization) or None)
        if principal.role not in roles:
            raise forbidden()
        return principal

    async def unguessed(self, request: Request) -> AsyncGenerator[None]:
        """Let a network look up so many codes that are none; then it waits, whoever asks.

        What the check character refuses is a slip of the hand, and no guess.
        """
        number = request.path_params.get("number", "")
        sender = network(request.client.host if request.client else "")
        if number and (wait_s := self.misses.wait_s(sender)):
            raise too_many(wait_s)
        try:
            yield
        except NoSuchDossierError:
            if self.dossiers.read(number):
                self.misses.count(sender)
            raise

    def require_token(self, kind: str, identifier: str, authorization: str) -> None:
        """Check the secret of a number or a dossier; 401 when it is another's, or none."""
        if not self.tokens.valid_for(kind, identifier, bearer(authorization)):
            raise bad_ticket_token()


def bearer(authorization: str) -> str:
    """Return the token in an Authorization header, or nothing."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def identity(key: str | None, body: BaseModel, place: str, *, by: str = VISITOR) -> dict[str, str]:
    """Return the hashes under which a request is known again; nothing without a key.

    An official's key is their own: another's same key is another request.
    """
    if key is None:
        return {}
    if not KEY.fullmatch(key):
        raise key_malformed()
    return {
        "key": fingerprint(f"onestop:{key}" if by == VISITOR else f"onestop:{by}\n{key}"),
        "body": fingerprint(f"{place}\n{body.model_dump_json()}"),
    }
