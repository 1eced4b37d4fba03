"""Who somebody is: case codes, tracking tokens, and the sealed vault of reporters.

The vault is a collection of its own. Each reporter is encrypted (AES-256-GCM) under a key of their
own, which is wrapped by the master key from the environment: erasing one key erases one person,
and the case stays. Intake writes, notify reads an address at the moment it sends; nobody copies.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict

from shared.errors import PermanentError
from shared.mongo import Database, Documents
from shared.vocabulary import CaseCode, Language, ReporterId

# Without I, L, O, 0 and 1: nothing that a person mistakes for something else. 31 is prime, so the
# check character finds every wrong letter and every swap of two.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_CHARACTERS = 7  # 31^7: 27 thousand million codes, not to be walked through
NONCE_BYTES = 12
KEY_BYTES = 32


def new_code(prefix: str) -> CaseCode:
    """Return a random case code, like `DL-7K3Q-9M2F`; its last character checks the others."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    body += _check_character(body)
    return CaseCode(f"{prefix}-{body[:4]}-{body[4:]}")


def read_code(text: str) -> CaseCode | None:
    """Return the code that a person typed, in our spelling, or None when it cannot be one."""
    compact = "".join(text.upper().split()).replace("-", "")
    prefix, body = compact[: -RANDOM_CHARACTERS - 1], compact[-RANDOM_CHARACTERS - 1 :]
    if not prefix.isalpha() or any(character not in ALPHABET for character in body):
        return None
    if len(body) != RANDOM_CHARACTERS + 1 or _check_character(body[:-1]) != body[-1]:
        return None
    return CaseCode(f"{prefix}-{body[:4]}-{body[4:]}")


def _check_character(body: str) -> str:
    total = sum((place + 2) * ALPHABET.index(each) for place, each in enumerate(body))
    return ALPHABET[total % len(ALPHABET)]


class TrackingTokens:
    """The reporter's secret for their own case: derived, so nothing of it is stored.

    Args:
        secrets_: The first signs; all of them are accepted, so that a secret can be changed.
    """

    def __init__(self, secrets_: Sequence[str]) -> None:
        self._keys = [each.encode() for each in secrets_]

    def issue(self, code: CaseCode) -> str:
        """Return the token of a case; always the same one."""
        return self._derive(self._keys[0], code)

    def valid(self, code: CaseCode, token: str) -> bool:
        """Say whether the token is this case's, in constant time."""
        given = token.encode()
        return any(hmac.compare_digest(self._derive(k, code).encode(), given) for k in self._keys)

    @staticmethod
    def _derive(key: bytes, code: CaseCode) -> str:
        digest = hmac.digest(key, f"tracking:{code}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:24]).decode()


def fingerprint(secret: str) -> str:
    """Return a hash under which a secret (an idempotency key) can be found but not read."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Reporter(BaseModel):
    """What we know of a person. It exists in the clear only in memory, for a stated purpose."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    language: Language = Language.VIETNAMESE


class Seal:
    """Encrypts and opens reporters, each under a key of their own.

    Args:
        master_key: 32 bytes, base64; wraps the keys.
    """

    def __init__(self, master_key: str) -> None:
        key = base64.b64decode(master_key, validate=True)
        if len(key) != KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes instead of {KEY_BYTES}")
        self._master = AESGCM(key)

    def close(self, identifier: ReporterId, reporter: Reporter) -> dict[str, bytes]:
        """Return the sealed reporter and its wrapped key."""
        key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        bound = identifier.encode()  # a ciphertext moved to another document does not open
        plain = orjson.dumps(reporter.model_dump(mode="json"))
        return {
            "key": _encrypt(self._master, key, bound),
            "sealed": _encrypt(AESGCM(key), plain, bound),
        }

    def open(self, identifier: ReporterId, document: dict[str, Any]) -> Reporter:
        """Return the reporter in the clear.

        Raises:
            PermanentError: the document was changed, or sealed under another master key.
        """
        bound = identifier.encode()
        try:
            key = _decrypt(self._master, document["key"], bound)
            plain = _decrypt(AESGCM(key), document["sealed"], bound)
        except InvalidTag as error:
            raise PermanentError("a sealed reporter does not open with this key") from error
        return Reporter.model_validate_json(plain)


def _encrypt(key: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, bound)


def _decrypt(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)


class Vault:
    """The collection of sealed reporters."""

    def __init__(self, base: Database, seal: Seal) -> None:
        self._documents = Documents(base, "reporters")
        self._seal = seal

    async def store(self, reporter: Reporter, at: datetime) -> ReporterId:
        """Seal a reporter under a new random reference, and return that."""
        identifier = ReporterId(f"r_{secrets.token_hex(12)}")
        sealed = self._seal.close(identifier, reporter)
        await self._documents.insert({"_id": identifier, "created_at": at, **sealed})
        return identifier

    async def read(self, identifier: ReporterId) -> Reporter | None:
        """Return the reporter in the clear, or None when they were erased."""
        document = await self._documents.load(identifier)
        return self._seal.open(identifier, document) if document else None

    async def erase(self, identifier: ReporterId) -> bool:
        """Destroy the key and the sealed data; say whether there was any."""
        return await self._documents.delete(identifier)
