"""Who may listen: officials by the token that intake gave them, the IOC by its own."""

import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import ClassVar

from services.notify import sse
from shared.errors import OutageError
from shared.problems import Problem
from shared.sessions import SessionReader, Visitor
from shared.vocabulary import Role

WATCHES_ALL = frozenset({Role.IOC_OPERATOR, Role.LEADER})


def bearer(authorization: str) -> str:
    """Return the token of an Authorization header, empty when there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Admission:
    """Looks at tokens.

    Args:
        sessions: Those of officials.
        ioc_tokens: Those of the operations centre's own programs; without any, everybody may read
            its stream (the dev profile only: outside it the settings refuse an empty list).
    """

    def __init__(self, sessions: SessionReader, ioc_tokens: Sequence[str]) -> None:
        self._sessions = sessions
        self._ioc = [each.encode() for each in ioc_tokens]

    async def official(self, authorization: str) -> Visitor:
        """Return the official who calls; 401 without a valid token, 403 before a password change.

        Raises:
            Problem: see above.
            OutageError: the sessions cannot be read.
        """
        token = bearer(authorization)
        visitor = await self._sessions.visitor(token) if token else None
        if visitor is None:
            raise unauthenticated(
                "Vui lòng đăng nhập để thực hiện việc này.", "Please sign in to do this."
            )
        if visitor.must_change:
            raise _change_first()
        return visitor

    async def still(self, visitor: Visitor, token: str) -> bool:
        """Say whether a token speaks for the same account, role and unit as before."""
        now = await self._sessions.visitor(token)
        return now is not None and (now.account, now.role, now.unit) == (
            visitor.account,
            visitor.role,
            visitor.unit,
        )

    async def ioc(self, authorization: str) -> None:
        """Let the operations centre in: its own tokens, its operators, the leaders.

        Raises:
            Problem: 401, or 403 for another official.
            OutageError: the sessions cannot be read.
        """
        token = bearer(authorization).encode()
        if not self._ioc or any(hmac.compare_digest(token, each) for each in self._ioc):
            return
        visitor = await self._sessions.visitor(token.decode()) if token else None
        if visitor is None:
            raise unauthenticated(
                "Cần mã truy cập của Trung tâm điều hành.",
                "An access token of the operations centre is needed.",
            )
        if visitor.must_change:
            raise _change_first()
        if visitor.role not in WATCHES_ALL:
            raise Problem(
                403,
                "forbidden",
                vi="Tài khoản của bạn không có quyền thực hiện việc này.",
                en="Your account may not do this.",
            )


class Standing:
    """Whether a stream that a token opened may go on; asked again at most every heartbeat.

    Args:
        admits: Looks at an Authorization header; a problem when it opens nothing.
        authorization: The header.
    """

    every_s: ClassVar = sse.HEARTBEAT_S  # for which an answer counts

    def __init__(self, admits: Callable[[str], Awaitable[None]], authorization: str) -> None:
        self._admits = admits
        self._authorization = authorization
        self._ask_at = time.monotonic() + self.every_s

    async def is_over(self) -> bool:
        """Say whether the token is signed out, expired or may this no more.

        A database that does not answer ends no stream: it is asked again with the next heartbeat.
        """
        if time.monotonic() < self._ask_at:
            return False
        self._ask_at = time.monotonic() + self.every_s
        with suppress(OutageError):
            try:
                await self._admits(self._authorization)
            except Problem:
                return True
        return False


def unauthenticated(vi: str, en: str) -> Problem:
    """Return the problem of a call without a valid token."""
    return Problem(401, "unauthenticated", vi=vi, en=en, headers={"WWW-Authenticate": "Bearer"})


def _change_first() -> Problem:
    return Problem(
        403,
        "password_change_required",
        vi="Vui lòng đổi mật khẩu được cấp trước khi tiếp tục (POST /api/v1/auth/password).",
        en="Please change the password you were given first (POST /api/v1/auth/password).",
    )
