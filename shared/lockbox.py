"""Small secrets of our own, sealed for the database: webhook keys, provider tokens, push addresses.

Each purpose has a key of its own, derived from the master key of the vault (HKDF-SHA256), so that
nothing of one purpose opens anything of another. The first master key seals, all of them open.
"""

import base64
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import PermanentError

KEY_BYTES = 32
ID_BYTES = 4  # of a derived key's own hash: which key sealed it, without trying them all
NONCE_BYTES = 12


class Lockbox:
    """Seals and opens bytes for one purpose.

    Args:
        master_keys: As the vault's: 32 bytes each, base64, separated by commas.
        purpose: What is sealed; part of the key.

    Raises:
        ValueError: a master key is not 32 bytes in base64.
    """

    def __init__(self, master_keys: str, purpose: str) -> None:
        derived = [_derive(each.strip(), purpose) for each in master_keys.split(",")]
        self._keys: Mapping[bytes, AESGCM] = {name: AESGCM(key) for name, key in derived}
        self._first = derived[0][0]

    def seal(self, owner: str, plain: bytes) -> bytes:
        """Return `plain` sealed; it opens for the same owner (a document's id) only."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self._first].encrypt(nonce, plain, owner.encode())
        return self._first + nonce + sealed

    def open(self, owner: str, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            PermanentError: it was changed, belongs to another owner, or its master key is gone.
        """
        name, rest = sealed[:ID_BYTES], sealed[ID_BYTES:]
        try:
            return self._keys[name].decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], owner.encode())
        except (KeyError, InvalidTag, ValueError) as error:
            raise PermanentError("a sealed secret does not open") from error

    def current(self, sealed: bytes) -> bool:
        """Say whether the first master key sealed it; if not, it is to be sealed again."""
        return sealed[:ID_BYTES] == self._first


def _derive(master: str, purpose: str) -> tuple[bytes, bytes]:
    key = base64.b64decode(master, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"the sealing key has {len(key)} bytes instead of {KEY_BYTES}")
    both = HKDF(SHA256(), KEY_BYTES + ID_BYTES, salt=None, info=purpose.encode()).derive(key)
    return both[KEY_BYTES:], both[:KEY_BYTES]
