"""A picture that leads to a report's page: for a screen, and for paper."""

from io import BytesIO

import segno
from fastapi import APIRouter, Response

from shared.identity import read_code
from shared.problems import not_found

CACHE = {"Cache-Control": "public, max-age=86400, immutable"}


def create_router(public_url: str) -> APIRouter:
    """Return the route of the QR codes.

    Args:
        public_url: Where people reach intake; the page's address is all that a code holds.
    """
    router = APIRouter(tags=["Reports"])

    @router.get(
        "/reports/{code}/qr.svg",
        summary="A QR code that leads to a report's page",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
    )
    async def qr(code: str) -> Response:
        """Draw the address of the public page; never the tracking token, and asking no database."""
        known = read_code(code)
        if known is None:
            raise not_found("phản ánh này", "this report")
        drawn = BytesIO()
        made = segno.make(f"{public_url.rstrip('/')}/r/{known}", error="m", micro=False)
        made.save(drawn, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None)
        return Response(drawn.getvalue(), headers=CACHE, media_type="image/svg+xml")

    return router
