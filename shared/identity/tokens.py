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
        # begun once: a digest in one call lets go of the interpreter's lock, a copy does not
        self._keys = [hmac.new(each.encode(), digestmod="sha256") for each in secrets_]

    def issue(self, code: CaseCode) -> str:
        """Return the token of a case; always the same one."""
        return self._derive(self._keys[0], code)

    def valid(self, code: CaseCode, token: str) -> bool:
        """Say whether the token is this case's, in constant time."""
        given = token.encode()
        return any(hmac.compare_digest(self._derive(k, code).encode(), given) for k in self._keys)

    def of_follower(self, code: CaseCode, seed: str) -> str:
        """Return the secret of somebody who follows a case; the same seed gives the same one."""
        return _signed(self._keys[0], f"follow:{code}:{seed}")

    @staticmethod
    def _derive(key: hmac.HMAC, code: CaseCode) -> str:
        return _signed(key, f"tracking:{code}")

    def issue_for(self, kind: str, identifier: str) -> str:
        """Return the secret of another thing than a case (`ticket`, `dossier`)."""
        return _signed(self._keys[0], f"{kind}:{identifier}")

    def valid_for(self, kind: str, identifier: str, token: str) -> bool:
        """Say whether the token is this thing's, in constant time."""
        bound, given = f"{kind}:{identifier}", token.encode()
        return any(hmac.compare_digest(_signed(k, bound).encode(), given) for k in self._keys)


def _signed(key: hmac.HMAC, bound: str) -> str:
    signature = key.copy()
    signature.update(bound.encode())
    return base64.urlsafe_b64encode(signature.digest()[:24]).decode()


def fingerprint(secret: str) -> str:
    """Return a hash under which a secret (an idempotency key) can be found but not read."""
    return hashlib.sha256(secret.encode()).hexdigest()
