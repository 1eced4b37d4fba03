"""Which official calls, as a dependency of routes that need one."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Protocol

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer

from shared.problems import Problem
from shared.sessions import Visitor
from shared.vocabulary import Role

SCHEME = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)
Token = Annotated[str | None, Depends(SCHEME)]


class Admits(Protocol):
    """Knows the officials' tokens."""

    async def official(self, authorization: str) -> Visitor:
        """Return the official who calls; a problem without a valid token."""
        ...


def require(admission: Admits, roles: Collection[Role]) -> Callable[..., Awaitable[Visitor]]:
    """Return a dependency that lets these roles in and answers 403 to others."""

    async def required(token: Token = None) -> Visitor:
        visitor = await admission.official(f"Bearer {token}" if token else "")
        if visitor.role not in roles:
            raise Problem(
                403,
                "forbidden",
                vi="Tài khoản của bạn không có quyền thực hiện việc này.",
                en="Your account may not do this.",
            )
        return visitor

    return required
