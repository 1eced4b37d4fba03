"""Following somebody else's report instead of sending a twin."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from services.intake.api.answers import json_answer
from services.intake.api.reports import KEY, Front
from services.intake.desk import Desk
from services.intake.domain.case import Fact
from services.intake.domain.following import FOLLOWER, follow, unfollow
from services.intake.domain.parties import Actor
from services.intake.refusals import bad_token, key_malformed
from services.intake.store import StoredCase
from shared.bodies import SmallBodies
from shared.identity import TrackingTokens, fingerprint
from shared.problems import not_found
from shared.vocabulary import CaseCode

SOMEBODY = Actor(FOLLOWER, None)
REFERENCE = 24  # hexadecimal digits: 96 bits of a hash of the follower's secret


@dataclass(frozen=True)
class Following:
    """What following is made of."""

    front: Front
    desk: Desk
    tokens: TrackingTokens

    async def public(self, typed: str) -> StoredCase:
        """Return a case that anybody may follow; a restricted one is a problem, 404."""
        stored = await self.front.find(typed)
        if stored.case.snapshot.restricted:
            raise not_found("phản ánh này", "this report")
        return stored

    async def follow(self, code: CaseCode, token: str) -> StoredCase:
        """Count the follower with this secret, once."""
        reference = _reference(code, token)

        def steps(stored: StoredCase, now: datetime) -> list[Fact]:
            return follow(stored.case, reference, now)

        return await self.desk.change(code, SOMEBODY, steps, seen=None)

    async def unfollow(self, code: CaseCode, token: str) -> StoredCase:
        """Count the follower with this secret no more."""
        reference = _reference(code, token)

        def steps(stored: StoredCase, now: datetime) -> list[Fact]:
            if reference not in stored.case.followers:
                raise bad_token()
            return unfollow(stored.case, reference, now)

        return await self.desk.change(code, SOMEBODY, steps, seen=None)


def create_router(following: Following) -> APIRouter:
    """Return the routes `/reports/{code}/follow`."""
    router = APIRouter(prefix="/reports", tags=["Reports"], route_class=SmallBodies)

    @router.post("/{code}/follow", status_code=201, summary="Follow a report")
    async def start(code: str, idempotency_key: Annotated[str | None, Header()] = None) -> Response:
        """Count the caller as one more with this concern; the secret in the answer takes it back.

        The same `Idempotency-Key` counts once and answers the same secret again.
        """
        if idempotency_key is not None and not KEY.fullmatch(idempotency_key):
            raise key_malformed()
        stored = await following.public(code)
        known = stored.case.code
        seed = idempotency_key or secrets.token_hex(16)
        token = following.tokens.of_follower(known, f"key:{fingerprint(seed)}")
        replayed = _reference(known, token) in stored.case.followers
        after = await following.follow(known, token)
        headers = {"Cache-Control": "no-store"}
        if replayed:
            headers["Idempotency-Replayed"] = "true"
        return json_answer({**_answer(after), "follow_token": token}, 201, headers)

    @router.delete("/{code}/follow", summary="Follow a report no more")
    async def stop(
        code: str,
        authorization: Annotated[str, Header(description="Bearer <follow_token>")] = "",
    ) -> Response:
        """Take the caller out of the count."""
        stored = await following.public(code)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise bad_token()
        after = await following.unfollow(stored.case.code, token.strip())
        return json_answer({**_answer(after), "following": False})

    return router


def _answer(stored: StoredCase) -> dict[str, Any]:
    code = stored.case.code
    return {
        "code": code,
        "following": True,
        "followers": stored.case.snapshot.followers,
        "links": {"self": f"/api/v1/reports/{code}", "events": f"/api/v1/reports/{code}/events"},
    }


def _reference(code: CaseCode, token: str) -> str:
    """Return the reference under which a case knows the holder of a secret."""
    return f"f_{fingerprint(f'{code}:{token}')[:REFERENCE]}"
