"""Secrets that are derived and not stored: of reporters, followers, tickets, dossiers."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from shared.vocabulary import CaseCode


class TrackingTokens:
    """The reporter's secret for their own case: derived, so nothing of it is stored.

    Args:
        secrets_: The first signs; all of them are accepted, so that a secret can be changed.

    Raises:
        ValueError: there is none, or one is empty, under which anybody could sign.
    """

    def __init__(self, secrets_: Sequence[str]) -> None:
        if not secrets_ or not all(secrets_):
            raise ValueError("a secret of the tracking tokens is empty")
        self.secrets = tuple(secrets_)
        self._keys = [each.encode() for each in secrets_]

    def issue(self, code: CaseCode) -> str:
        """Return the token of a case; always the same one."""
        return self._derive(self._keys[0], code)

    def valid(self, code: CaseCode, token: str) -> bool:
        """Say whether the token is this case's, in constant time."""
        given = token.encode()
        return any(hmac.compare_digest(self._derive(k, code).encode(), given) for k in self._keys)

    def of_follower(self, code: CaseCode, seed: str) -> str:
        """Return the secret of somebody who follows a case; the same seed gives the same one."""
        return _short(hmac.digest(self._keys[0], f"follow:{code}:{seed}".encode(), "sha256"))

    @staticmethod
    def _derive(key: bytes, code: CaseCode) -> str:
        return _short(hmac.digest(key, f"tracking:{code}".encode(), "sha256"))

    def issue_for(self, kind: str, identifier: str) -> str:
        """Return the secret of another thing than a case (`ticket`, `dossier`)."""
        return _short(hmac.digest(self._keys[0], f"{kind}:{identifier}".encode(), "sha256"))

    def valid_for(self, kind: str, identifier: str, token: str) -> bool:
        """Say whether the token is this thing's, in constant time."""
        bound = f"{kind}:{identifier}".encode()
        given = token.encode()
        return any(
            hmac.compare_digest(_short(hmac.digest(key, bound, "sha256")).encode(), given)
            for key in self._keys
        )


def _short(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:24]).decode()


def fingerprint(secret: str) -> str:
    """Return a hash under which a secret (an idempotency key) can be found but not read."""
    return hashlib.sha256(secret.encode()).hexdigest()
