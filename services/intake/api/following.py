"""Following somebody else's report instead of sending a twin, and hearing how it goes on."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.intake.addresses import unconfirmed
from services.intake.api.answers import checked, json_answer
from services.intake.api.notifications import ChoiceIn, check, choice_of, choice_view
from services.intake.api.reports import Front
from services.intake.asked import Asked, KeyReusedError, asked
from services.intake.desk import Desk
from services.intake.domain.case import Fact
from services.intake.domain.following import FOLLOWER, follow, unfollow
from services.intake.domain.parties import Actor
from services.intake.followers import FollowerDesk, LinkExpiredError
from services.intake.refusals import bad_token
from services.intake.store import StoredCase
from shared.followers import Follower, follower_reference
from shared.identity import Reporter, TrackingTokens, fingerprint
from shared.pace import Throttle, network
from shared.problems import Problem, not_found
from shared.vocabulary import CaseCode

Bearer = Annotated[str, Header(description="Bearer <follow_token>")]
SOMEBODY = Actor(FOLLOWER, None)
NOBODY = Reporter()
PRIVATE = {"Cache-Control": "no-store"}


class CodeIn(BaseModel):
    """The digits of the message that asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class LinkIn(BaseModel):
    """The token behind the `#` of the link in the message that asked."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    token: Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True)
class Following:
    """What following is made of."""

    front: Front
    desk: Desk
    tokens: TrackingTokens
    people: FollowerDesk
    pace: Throttle  # of wishes with an address, by who sends them

    async def public(self, typed: str) -> StoredCase:
        """Return a case that anybody may follow; a restricted one is a problem, 404."""
        stored = await self.front.find(typed)
        if stored.case.snapshot.restricted:
            raise not_found("phản ánh này", "this report")
        return stored

    async def follow(self, code: CaseCode, token: str, wish: Asked | None) -> StoredCase:
        """Count the follower with this secret, once; `wish` stands beside it in the history."""
        reference = follower_reference(code, token)

        def steps(stored: StoredCase, now: datetime) -> list[Fact]:
            return follow(stored.case, reference, now)

        return (await self.desk.change(code, SOMEBODY, steps, seen=None, wish=wish)).stored

    async def unfollow(self, code: CaseCode, token: str) -> StoredCase:
        """Count the follower with this secret no more, and forget how they are told."""
        reference = follower_reference(code, token)
        await self.people.unfollow(reference)

        def steps(stored: StoredCase, now: datetime) -> list[Fact]:
            if reference not in stored.case.followers:
                raise bad_token()
            return unfollow(stored.case, reference, now)

        return (await self.desk.change(code, SOMEBODY, steps, seen=None)).stored

    async def choose(self, code: CaseCode, token: str, body: ChoiceIn) -> Follower:
        """Keep how the follower with this secret is told, for as long as they follow."""
        reference = follower_reference(code, token)
        known = await self.people.find(reference)
        check(body, known.person if known else NOBODY)
        return await self.people.follow(reference, choice_of(body), code)

    def count(self, request: Request, body: ChoiceIn | None) -> None:
        """Count a wish that gives an address; 429 when its sender has given too many."""
        if body is None or not (body.email or body.phone):
            return
        sender = network(request.client.host if request.client else "")
        if wait_s := self.pace.wait_s(sender):
            raise _too_many(wait_s)
        self.pace.count(sender)

    async def own(self, typed: str, authorization: str) -> tuple[CaseCode, str]:
        """Return the case and the secret of who follows it; anything else is a problem."""
        stored = await self.public(typed)
        token, code = _bearer(authorization), stored.case.code
        if follower_reference(code, token) not in stored.case.followers:
            raise bad_token()
        return code, token


def create_router(following: Following) -> APIRouter:
    """Return the routes `/reports/{code}/follow`, and the confirmation of an address."""
    outer = APIRouter(tags=["Reports"])
    _add_confirmation(outer, following)
    router = APIRouter(prefix="/reports", tags=["Reports"])
    _add_choice(router, following)

    @router.post("/{code}/follow", status_code=201, summary="Follow a report")
    async def start(
        request: Request,
        code: str,
        body: ChoiceIn | None = None,
        *,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Count the caller as one more with this concern; the secret in the answer takes it back.

        With channels in the body they are told what the public view shows, whenever it changes; an
        address only after its owner has confirmed it (`unconfirmed` names the channels that wait).
        The same `Idempotency-Key` counts once and answers the same secret again.
        """
        if body:
            check(body, NOBODY)
            following.count(request, body)
        checked(idempotency_key)
        stored = await following.public(code)
        known = stored.case.code
        seed = idempotency_key or secrets.token_hex(16)
        token = following.tokens.of_follower(known, f"key:{fingerprint(seed)}")
        reference = follower_reference(known, token)
        replayed = reference in stored.case.followers
        kept = await following.people.find(reference) if replayed else None
        wish = _wish(idempotency_key, body)
        if wish and wish.is_in(stored.history):
            wish = None  # once is enough: who had left with the key counts again
        elif kept:  # from before wishes were noted
            _require_same(body, kept.person)
        after = await following.follow(known, token, wish)
        if body and kept is None:
            kept = await following.people.follow(reference, choice_of(body), known)
        headers = {**PRIVATE}
        if replayed:
            headers["Idempotency-Replayed"] = "true"
        waiting = {"unconfirmed": unconfirmed(kept) if kept else []}
        return json_answer({**_answer(after), **waiting, "follow_token": token}, 201, headers)

    @router.delete("/{code}/follow", summary="Follow a report no more")
    async def stop(
        code: str,
        authorization: Bearer = "",
    ) -> Response:
        """Take the caller out of the count."""
        stored = await following.public(code)
        after = await following.unfollow(stored.case.code, _bearer(authorization))
        return json_answer({**_answer(after), "following": False})

    outer.include_router(router)
    return outer


def _add_choice(router: APIRouter, following: Following) -> None:
    @router.get("/{code}/follow", summary="How you are told of what you follow")
    async def read(code: str, authorization: Bearer = "") -> Response:
        """Return the channels of the follower who calls, and for which there is an address."""
        known, token = await following.own(code, authorization)
        reference = follower_reference(known, token)
        return _choice(await following.people.find(reference))

    @router.put("/{code}/follow", summary="Choose how you are told of what you follow")
    async def choose(
        request: Request, code: str, body: ChoiceIn, *, authorization: Bearer = ""
    ) -> Response:
        """Keep the channels in their order; an empty list tells nothing, and still counts.

        A new address is asked first; one that was confirmed stays so while it stays the same.
        """
        known, token = await following.own(code, authorization)
        following.count(request, body)
        return _choice(await following.choose(known, token, body))


def _add_confirmation(router: APIRouter, following: Following) -> None:
    @router.post("/reports/{code}/follow/confirm", summary="Confirm an address with its code")
    async def by_code(code: str, body: CodeIn, *, authorization: Bearer = "") -> Response:
        """Confirm the address that got this code; five tries. Answers what is chosen now."""
        known, token = await following.own(code, authorization)
        reference = follower_reference(known, token)
        return _choice(await following.people.confirm_code(reference, body.code))

    @router.post("/notifications/confirm", summary="Confirm an address with its link")
    async def by_link(body: LinkIn) -> Response:
        """Confirm the address that got the link `/confirm#<token>`; repeating it says so again."""
        try:
            found = await following.people.confirm_link(body.token)
        except LinkExpiredError as error:
            raise _expired() from error
        if found is None:
            raise not_found("đường dẫn này", "this link")
        follower, place = found
        shown = {"code": follower.case, "confirmed": place, "unconfirmed": unconfirmed(follower)}
        return json_answer(shown, headers=PRIVATE)


def _choice(follower: Follower | None) -> Response:
    person = follower.person if follower else None
    shown = {
        **choice_view(person),
        "channels": list((person and person.channels) or ()),
        "unconfirmed": unconfirmed(follower) if follower else [],
        "confirm_until": _until(follower),
    }
    return json_answer(shown, headers=PRIVATE)


def _until(follower: Follower | None) -> str | None:
    """Return until when what waits can be confirmed, None when nothing waits."""
    waiting = set(unconfirmed(follower)) if follower else set()
    asks = follower.asks if follower and waiting else ()
    latest = max((each.until for each in asks if not each.done), default=None)
    return latest.isoformat() if latest else None


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise bad_token()
    return token.strip()


def _wish(key: str | None, body: ChoiceIn | None) -> Asked | None:
    """Return under what a wish is known again.

    Its hash is over the key as well, which nobody keeps: else it would tell who guesses an address.
    """
    return asked(key, SOMEBODY, "follow", [key or "", body.model_dump_json() if body else ""])


def _require_same(body: ChoiceIn | None, known: Reporter | None) -> None:
    """Check that a repeated key comes with the same wish; KeyReusedError when not.

    Without a known one the first try ended before it was kept, and this one goes on.
    """
    if known is None:
        return
    same = body is not None and (
        tuple(each.value for each in body.channels) == known.channels
        and (body.email, body.phone) == (known.email, known.phone)
    )
    if not same:
        raise KeyReusedError("the key stands for another wish")


def _answer(stored: StoredCase) -> dict[str, Any]:
    code = stored.case.code
    return {
        "code": code,
        "following": True,
        "followers": stored.case.snapshot.followers,
        "links": {"self": f"/api/v1/reports/{code}", "events": f"/api/v1/reports/{code}/events"},
    }


def _too_many(wait_s: float) -> Problem:
    wait = int(wait_s) + 1
    return Problem(
        429,
        "too_many_addresses",
        vi=f"Bạn đã nhập quá nhiều địa chỉ nhận tin. Vui lòng thử lại sau {wait} giây.",
        en=f"You have given too many addresses. Please try again in {wait} seconds.",
        headers={"Retry-After": str(wait)},
    )


def _expired() -> Problem:
    return Problem(
        410,
        "confirmation_expired",
        vi="Đường dẫn xác nhận đã hết hạn hoặc không còn dùng. Hãy theo dõi lại phản ánh để nhận "
        "đường dẫn mới.",
        en="This link has expired or is used no more. Follow the report again to get a new one.",
    )
