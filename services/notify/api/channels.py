"""On which channels this installation can tell somebody: a page offers no others."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from services.notify.answers import answers
from services.notify.answers.people import ChannelList


def create_router(channels: Sequence[str]) -> APIRouter:
    """Return `GET /channels`; anybody may read it."""
    router = APIRouter(tags=["Channels"])

    @router.get(
        "/channels", summary="The channels of this installation", responses=answers(ChannelList)
    )
    async def listed(response: Response) -> dict[str, Any]:
        """Name the channels that are set up: `email` always, `push`, `zalo`, `sms` if they are."""
        response.headers["Cache-Control"] = "public, max-age=300"
        return {"items": [{"id": each} for each in channels], "next": None}

    return router
