"""The seal: a reporter encrypted (AES-256-GCM) under a key of their own."""

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict

from shared.errors import PermanentError
from shared.mongo import Document
from shared.vocabulary import Language, ReporterId

NONCE_BYTES = 12
KEY_BYTES = 32


class Reporter(BaseModel):
    """What we know of a person. It exists in the clear only in memory, for a stated purpose."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    language: Language = Language.VIETNAMESE
    channels: tuple[str, ...] | None = None  # in the order that they chose; none: tell me nothing
    quiet: tuple[time, time] | None = None  # local; what makes a noise waits; None: the city's
    chosen_at: datetime | None = None  # when they did: their consent


class Seal:
    """Encrypts and opens reporters, each under a key of their own.

    Args:
        master_keys: 32 bytes each, base64, separated by commas; they wrap the reporters' keys.
            The first seals, all of them open, so that the master key can be changed.

    Raises:
        ValueError: one of them is not 32 bytes in base64.
    """

    def __init__(self, master_keys: str) -> None:
        keys = [_master_key(each.strip()) for each in master_keys.split(",")]
        self._masters = {_key_id(key): AESGCM(key) for key in keys}
        self.key_id = _key_id(keys[0])

    def close(self, identifier: ReporterId, reporter: Reporter) -> Document:
        """Return the sealed reporter, its wrapped key, and which master key wraps that."""
        key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        bound = identifier.encode()  # a ciphertext moved to another document does not open
        plain = orjson.dumps(reporter.model_dump(mode="json"))
        nonces = os.urandom(2 * NONCE_BYTES)  # one look: each lets other threads go first
        return {
            **self._wrap(key, bound, nonces[:NONCE_BYTES]),
            "sealed": _encrypt(AESGCM(key), plain, bound, nonces[NONCE_BYTES:]),
        }

    def open(self, identifier: ReporterId, document: Mapping[str, Any]) -> Reporter:
        """Return the reporter in the clear.

        Raises:
            PermanentError: the document was changed, or sealed under another master key.
        """
        bound = identifier.encode()
        key = self._unwrap(document, bound)
        try:
            plain = _decrypt(AESGCM(key), document["sealed"], bound)
        except InvalidTag as error:
            raise PermanentError("a sealed reporter was changed") from error
        return Reporter.model_validate_json(plain)

    def rewrap(self, identifier: ReporterId, document: Mapping[str, Any]) -> Document:
        """Return the fields of the reporter's key, wrapped by the first master key.

        Raises:
            PermanentError: none of the master keys opens it.
        """
        bound = identifier.encode()
        return self._wrap(self._unwrap(document, bound), bound, os.urandom(NONCE_BYTES))

    def _wrap(self, key: bytes, bound: bytes, nonce: bytes) -> Document:
        master = self._masters[self.key_id]
        return {"key": _encrypt(master, key, bound, nonce), "key_id": self.key_id}

    def _unwrap(self, document: Mapping[str, Any], bound: bytes) -> bytes:
        for key_id, master in self._masters.items():
            if document.get("key_id", key_id) != key_id:  # the oldest documents name none
                continue
            try:
                return _decrypt(master, document["key"], bound)
            except InvalidTag:
                continue
        raise PermanentError("a sealed reporter does not open with any of our master keys")


def _master_key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"the sealing key has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _key_id(key: bytes) -> str:
    """Name a master key; 32 bits of a hash say nothing about 256 bits of a random key."""
    return hashlib.sha256(key).hexdigest()[:8]


def _encrypt(key: AESGCM, plain: bytes, bound: bytes, nonce: bytes) -> bytes:
    return nonce + key.encrypt(nonce, plain, bound)


def _decrypt(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    if len(sealed) < NONCE_BYTES:
        raise InvalidTag  # cut short; the library would complain of its nonce
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
