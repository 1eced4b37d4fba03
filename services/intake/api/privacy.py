"""What is personal, over HTTP: the reporter's own rights, and the desk's audited looks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Protocol
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Response

from services.intake.accounts.domain import Principal
from services.intake.api.answers import FILES, MOST_NUMBER, download, json_answer
from services.intake.archive import Archive, Variant
from services.intake.audit import REPORTER, Entry
from services.intake.privacy import Extent, PrivacyDesk
from services.intake.privacy.desk import DISCLOSED, ORIGINAL_VIEWED, VIEWED
from services.intake.shelf import Shelf
from services.intake.store import StoredCase
from shared.identity import PURPOSES, Purpose
from shared.regulation import Regulation, UnknownError
from shared.regulation_model import Words
from shared.vocabulary import Role, UnitId

Current = Callable[..., Awaitable[Principal]]
PRIVATE = {"Cache-Control": "no-store"}

LOOKED_AT = {
    VIEWED: Words(vi="Xem họ tên, liên hệ của bạn", en="Saw your name and contact"),
    ORIGINAL_VIEWED: Words(vi="Tải tệp gốc", en="Downloaded an original file"),
    DISCLOSED: Words(vi="Cung cấp cho bên thứ ba", en="Handed out to a third party"),
}
ROLES = {
    Role.OFFICER: Words(vi="Cán bộ, công chức, viên chức", en="Officer"),
    Role.UNIT_HEAD: Words(vi="Thủ trưởng đơn vị", en="Head of the unit"),
    Role.OFFICE_CLERK: Words(vi="Chuyên viên Văn phòng HĐND và UBND", en="Clerk of the Office"),
    Role.IOC_OPERATOR: Words(vi="Trung tâm điều hành (IOC)", en="Operations centre"),
    Role.LEADER: Words(vi="Lãnh đạo UBND", en="Leader of the city"),
}


class Front(Protocol):
    """Where reporters show their tracking token."""

    async def find_own(self, typed: str, authorization: str) -> StoredCase:
        """Return the case whose token the caller shows; a wrong code or token is a problem."""
        ...


class Kept(StrEnum):
    """Which media an erasure takes along."""

    ORIGINALS = "originals"
    ALL = "all"


@dataclass(frozen=True)
class Privacy:
    """What these routes are made of."""

    front: Front
    desk: PrivacyDesk
    archive: Archive
    shelf: Shelf


Authorization = Annotated[str, Header(description="Bearer <tracking_token>")]
Asked = Annotated[Purpose, Query(description="why you need to know; it is recorded")]
After = Annotated[int, Query(ge=0, le=MOST_NUMBER, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]


def create_router(privacy: Privacy, current: Current) -> APIRouter:
    """Return the routes; `current` finds out which official calls."""
    router = APIRouter(tags=["Privacy"])
    _add_reporters_routes(router, privacy)
    _add_desk_routes(router, privacy, Depends(current))
    return router


def _add_reporters_routes(router: APIRouter, privacy: Privacy) -> None:
    @router.get("/reports/{code}/looks", summary="Who looked at your identity, and why")
    async def looks(
        code: str, *, authorization: Authorization = "", after: After = 0, limit: Limit = 100
    ) -> Response:
        """List every look at the reporter's identity and originals, for the reporter."""
        stored = await privacy.front.find_own(code, authorization)
        found = await privacy.desk.looks(stored.case.code, after=after, limit=limit)
        regulation = privacy.shelf.of(stored.case.snapshot).regulation
        items = [_look(each, regulation) for each in found]
        following = found[-1].number if len(found) == limit else None
        return json_answer({"items": items, "next": following}, headers=PRIVATE)

    @router.delete("/reports/{code}/reporter", status_code=204, summary="Erase your identity")
    async def erase(
        code: str,
        *,
        authorization: Authorization = "",
        media: Annotated[Kept, Query(description="`all`: the public copies too")] = Kept.ORIGINALS,
    ) -> Response:
        """Destroy the key of the reporter's data for good; the case stays and goes on."""
        stored = await privacy.front.find_own(code, authorization)
        extent = Extent.ALL if media is Kept.ALL else Extent.REPORTER
        await privacy.desk.erase(stored.case.code, extent, REPORTER)
        return Response(status_code=204)


def _add_desk_routes(router: APIRouter, privacy: Privacy, caller: Any) -> None:
    @router.get("/desk/cases/{code}/reporter", summary="The reporter, for a stated purpose")
    async def reporter(code: str, purpose: Asked, principal: Principal = caller) -> Response:
        """Open the sealed identity; the look is recorded, and its reporter can see that."""
        found = await privacy.desk.look(code, principal, purpose)
        body = {**found.model_dump(mode="json"), "purpose": purpose_words(purpose)}
        return json_answer(body, headers=PRIVATE)

    @router.get(
        "/desk/cases/{code}/media/{media_id}/original",
        summary="An original, for a stated purpose",
        response_class=Response,
        responses=FILES,
    )
    async def original(
        code: str, media_id: str, purpose: Asked, principal: Principal = caller
    ) -> Response:
        """Download a file as it was sent, with its metadata; the look is recorded."""
        item = await privacy.desk.look_at_original(code, media_id, principal, purpose)
        # always the whole: a player that asks for a hundred ranges is one look and not a hundred
        answer = await download(privacy.archive, item, Variant.ORIGINAL, "")
        answer.headers.update({**PRIVATE, "Accept-Ranges": "none"})
        return answer


def _look(entry: Entry, regulation: Regulation) -> dict[str, Any]:
    """Return a look as its reporter may know it: the unit and the role, not the person."""
    role = ROLES.get(Role(entry.role)) if entry.role in set(Role) else None
    return {
        "at": entry.at.astimezone(ZoneInfo(regulation.zone)).isoformat(timespec="milliseconds"),
        "what": _words(LOOKED_AT[entry.kind]),
        "kind": entry.kind,
        "role": entry.role,
        "role_name": _words(role) if role else None,
        "unit": entry.unit,
        "unit_name": _unit_name(entry.unit, regulation),
        "purpose": purpose_words(Purpose(entry.purpose)) if entry.purpose in set(Purpose) else None,
    }


def purpose_words(purpose: Purpose) -> dict[str, Any]:
    """Return a purpose with its name in both languages."""
    return {"id": purpose.value, "name": _words(PURPOSES[purpose])}


def _unit_name(unit: str | None, regulation: Regulation) -> dict[str, str] | None:
    try:
        return _words(regulation.unit(UnitId(unit)).name) if unit else None
    except UnknownError:  # a unit of an earlier regulation
        return None


def _words(words: Words) -> dict[str, str]:
    return {"vi": words.vi, "en": words.en}
