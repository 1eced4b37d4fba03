"""Argon2id in a small pool of threads: each hash holds one core and its memory for a while."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.intake.accounts.domain import AccountError
from services.intake.accounts.password_rules import LONGEST, normal


class BusyError(AccountError):
    """Too many passwords wait to be hashed already; come back in a moment."""


@dataclass(frozen=True)
class Cost:
    """What one hash takes. The defaults are the first choice of OWASP's password storage page."""

    memory_kib: int = 46 * 2**10
    passes: int = 1
    lanes: int = 1


class Passwords:
    """Hashes and verifies.

    Args:
        cost: Of new hashes; a hash of another cost is outdated and replaced at the next sign-in.
        workers: Hashes at once.
        waiting: Requests that may wait for a worker; bounds the wait, and what a flood costs.
    """

    def __init__(self, cost: Cost, *, workers: int = 2, waiting: int = 32) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._free = workers + waiting
        # What a wrong username is compared with: it takes the time that a wrong password takes.
        # Made by a worker, beside the rest of the start; whoever needs it comes behind it.
        self._nobody = self._pool.submit(self._hasher.hash, secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and salt.

        Raises:
            BusyError: too many wait already.
        """
        return await self._work(password, None) or ""

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Say whether the password is right; None takes as long and is never right.

        Raises:
            BusyError: too many wait already.
        """
        compared = hashed or await asyncio.wrap_future(self._nobody)
        right = await self._work(password, compared)
        return hashed is not None and right is not None

    def outdated(self, hashed: str) -> bool:
        """Say whether a hash was made at another cost."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        """Give the threads back."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _work(self, password: str, hashed: str | None) -> str | None:
        if self._free <= 0:
            raise BusyError("too many passwords wait to be hashed")
        self._free -= 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._now, password, hashed)
        finally:
            self._free += 1

    def _now(self, password: str, hashed: str | None) -> str | None:
        """Return a new hash, or the given one when the password is right."""
        plain = normal(password[: LONGEST * 2])  # composing shortens; the rules bound the rest
        if hashed is None:
            return self._hasher.hash(plain)
        try:
            self._hasher.verify(hashed, plain)
        except (VerificationError, InvalidHashError):
            return None
        return hashed
