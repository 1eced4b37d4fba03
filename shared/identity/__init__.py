"""Who somebody is: case codes, tracking tokens, and the sealed vault of reporters.

The vault is a collection of its own. Each reporter is encrypted (AES-256-GCM) under a key of their
own, which is wrapped by the master key from the environment: erasing one key erases one person,
and the case stays. Intake writes, notify reads an address at the moment it sends; nobody copies.

What backups and the database's log still hold of an erased key opens with the master key only, and
no more after the next rotation, when the old master key is destroyed.
"""

from shared.identity.codes import ALPHABET, RANDOM_CHARACTERS, new_code, read_code
from shared.identity.purposes import FOR_PEOPLE, PURPOSES, Purpose
from shared.identity.seal import Reporter, Seal
from shared.identity.tokens import TrackingTokens, fingerprint
from shared.identity.vault import Rotation, Vault

__all__ = [
    "ALPHABET",
    "FOR_PEOPLE",
    "PURPOSES",
    "RANDOM_CHARACTERS",
    "Purpose",
    "Reporter",
    "Rotation",
    "Seal",
    "TrackingTokens",
    "Vault",
    "fingerprint",
    "new_code",
    "read_code",
]
