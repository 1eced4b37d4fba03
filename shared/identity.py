"""Who somebody is: case codes, tracking tokens, and the sealed vault of reporters.

The vault is a collection of its own. Each reporter is encrypted (AES-256-GCM) under a key of their
own, which is wrapped by the master key from the environment: erasing one key erases one person,
and the case stays. Intake writes, notify reads an address at the moment it sends; nobody copies.

What backups and the database's log still hold of an erased key opens with the master key only, and
no more after the next rotation, when the old master key is destroyed.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict

from shared.errors import PermanentError, StaleVersionError
from shared.mongo import Change, Database, Document, Documents
from shared.regulation_model import Words
from shared.telemetry import REPORTERS_OPENED
from shared.vocabulary import CaseCode, Language, ReporterId

# Without I, L, O, 0 and 1: nothing that a person mistakes for something else. 31 is prime, so the
# check character finds every wrong letter and every swap of two.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_CHARACTERS = 7  # 31^7: 27 thousand million codes, not to be walked through
NONCE_BYTES = 12
KEY_BYTES = 32
CHANGE_TRIES = 5
ROTATION_BATCH = 500  # documents per round trip; 0.2 MB


class Purpose(StrEnum):
    """Why somebody opens a sealed reporter; there is no other reason."""

    CONTACT_REPORTER = "contact_reporter"
    VERIFY_REPORT = "verify_report"
    LEGAL_REQUEST = "legal_request"
    DATA_SUBJECT_REQUEST = "data_subject_request"
    DELIVERY = "delivery"  # a machine looks, to send what the reporter asked for; nobody else may


FOR_PEOPLE = frozenset(Purpose) - {Purpose.DELIVERY}
PURPOSES: Mapping[Purpose, Words] = {
    Purpose.CONTACT_REPORTER: Words(
        vi="Liên hệ người phản ánh", en="To contact the person who reported"
    ),
    Purpose.VERIFY_REPORT: Words(vi="Xác minh nội dung phản ánh", en="To verify the report"),
    Purpose.LEGAL_REQUEST: Words(
        vi="Theo yêu cầu của cơ quan có thẩm quyền", en="At the lawful request of an authority"
    ),
    Purpose.DATA_SUBJECT_REQUEST: Words(
        vi="Thực hiện yêu cầu của chủ thể dữ liệu", en="To answer a request of the person concerned"
    ),
    Purpose.DELIVERY: Words(vi="Gửi thông báo tự động", en="To send an automatic message"),
}


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


class Reporter(BaseModel):
    """What we know of a person. It exists in the clear only in memory, for a stated purpose."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    language: Language = Language.VIETNAMESE
    channels: tuple[str, ...] | None = None  # in the order that they chose; none: tell me nothing
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
        return {**self._wrap(key, bound), "sealed": _encrypt(AESGCM(key), plain, bound)}

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
        return self._wrap(self._unwrap(document, bound), bound)

    def _wrap(self, key: bytes, bound: bytes) -> Document:
        master = self._masters[self.key_id]
        return {"key": _encrypt(master, key, bound), "key_id": self.key_id}

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


def _encrypt(key: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, bound)


def _decrypt(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    if len(sealed) < NONCE_BYTES:
        raise InvalidTag  # cut short; the library would complain of its nonce
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)


@dataclass(frozen=True)
class Rotation:
    """What a change of the master key came to, in reporters.

    Attributes:
        rewrapped: Taken over to the new master key now.
        current: Under the new master key in the end.
        left: Still under another one: unreadable, or sealed meanwhile by a process that does not
            know the new key yet. While there are any, the old key must stay.
        erased: Tombstones; there is nothing in them to wrap.
    """

    rewrapped: int
    current: int
    left: int
    erased: int


class Vault:
    """The collection of sealed reporters."""

    def __init__(self, base: Database, seal: Seal) -> None:
        self._documents = Documents(base, "reporters")
        self._seal = seal

    async def store(self, reporter: Reporter, at: datetime, case: str | None = None) -> ReporterId:
        """Seal a reporter under a new random reference, and return that.

        `case` is the code of the case that is about to be opened for them: when it never is, the
        reporter is an orphan and will be removed.
        """
        identifier = ReporterId(f"r_{secrets.token_hex(12)}")
        sealed = self._seal.close(identifier, reporter)
        for_case = {"case": case} if case else {}
        await self._documents.insert({"_id": identifier, "created_at": at, **for_case, **sealed})
        return identifier

    async def stored_for_cases(
        self, before: datetime, *, after: str, limit: int
    ) -> dict[ReporterId, str]:
        """Return reporters with the case they were stored for, by reference from `after` on.

        Tombstones are not among them, nor who was stored for something else than a case.
        """
        found = await self._documents.find(
            {
                "_id": {"$gt": after},
                "created_at": {"$lt": before},
                "case": {"$exists": True},
                "key": {"$exists": True},
            },
            sort=[("_id", 1)],
            limit=limit,
            fields=["case"],
        )
        return {ReporterId(each["_id"]): each["case"] for each in found}

    async def read(
        self, identifier: ReporterId, purpose: Purpose = Purpose.DELIVERY
    ) -> Reporter | None:
        """Return the reporter in the clear, or None when they were erased.

        A person looks through intake's privacy desk, which notes the look in the audit first; who
        reads without stating a purpose is the machine that delivers, and is counted.

        Raises:
            PermanentError: it does not open.
        """
        document = await self._documents.load(identifier)
        if document is None or "key" not in document:
            return None
        reporter = self._seal.open(identifier, document)
        REPORTERS_OPENED.labels(purpose).inc()
        return reporter

    async def change(
        self, identifier: ReporterId, alter: Callable[[Reporter], Reporter]
    ) -> Reporter | None:
        """Seal a reporter anew as `alter` returns them; None when they were erased.

        Raises:
            PermanentError: it does not open.
            StaleVersionError: others changed it again and again meanwhile.
        """
        for _ in range(CHANGE_TRIES):
            document = await self._documents.load(identifier)
            if document is None or "key" not in document:
                return None
            altered = alter(self._seal.open(identifier, document))
            fresh = self._seal.close(identifier, altered)
            as_read = {"_id": identifier, "key": document["key"]}
            if await self._documents.update_one(as_read, {"$set": fresh}):
                return altered
        raise StaleVersionError(identifier, 0)

    async def shred(self, identifier: ReporterId, at: datetime) -> bool:
        """Destroy the key and the sealed data, leave a tombstone; say whether there was any."""
        return await self._documents.update_one(
            {"_id": identifier, "key": {"$exists": True}},
            {"$set": {"erased_at": at}, "$unset": {"key": "", "key_id": "", "sealed": ""}},
        )

    async def erase(self, identifier: ReporterId) -> bool:
        """Remove a reporter to whom no case refers, without a trace; say whether there was any."""
        return await self._documents.delete(identifier)

    async def rotate(self) -> Rotation:
        """Wrap every reporter's key by the first master key; can be stopped and started again.

        Reporters may be stored, read and erased meanwhile: a key is only replaced where it still
        is the one that was read.
        """
        rewrapped, last = 0, ""
        sealed = {"key": {"$exists": True}}
        others = {**sealed, "key_id": {"$ne": self._seal.key_id}}
        while found := await self._documents.find(
            {**others, "_id": {"$gt": last}}, sort=[("_id", 1)], limit=ROTATION_BATCH
        ):
            last = found[-1]["_id"]
            changes = self._rewrapped(found)
            await self._documents.update_each(changes)
            rewrapped += len(changes)
        return Rotation(
            rewrapped=rewrapped,
            current=await self._documents.count({**sealed, "key_id": self._seal.key_id}),
            left=await self._documents.count(others),
            erased=await self._documents.count({"erased_at": {"$exists": True}}),
        )

    def _rewrapped(self, documents: Sequence[Document]) -> list[Change]:
        changes: list[Change] = []
        for document in documents:
            with suppress(PermanentError):  # what none of our keys opens is counted as left
                fields = self._seal.rewrap(document["_id"], document)
                as_read = {"_id": document["_id"], "key": document["key"]}
                changes.append((as_read, {"$set": fields}))
        return changes
