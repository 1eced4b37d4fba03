"""The secrets of a local stack: made at its first start, kept beside its data."""

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Credentials:
    """What the servers and services of one stack share; every value is random."""

    amqp_user: str
    amqp_password: str
    s3_access_key: str
    s3_secret_key: str
    sealing_key: str  # base64 of 32 bytes
    tracking_secret: str
    vapid_private_key: str  # base64 URL of 32 bytes: signs what is pushed to browsers
    account_secret: str  # the passwords of the accounts in stack.json come from it


def _url(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


_MAKERS: Mapping[str, Callable[[], str]] = {
    "amqp_user": lambda: "civic",
    "amqp_password": lambda: secrets.token_urlsafe(24),
    "s3_access_key": lambda: secrets.token_hex(10).upper(),  # the length of AWS's own
    "s3_secret_key": lambda: secrets.token_hex(20),
    "sealing_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "tracking_secret": lambda: secrets.token_urlsafe(32),
    "vapid_private_key": lambda: _url(secrets.token_bytes(32)),
    "account_secret": lambda: secrets.token_urlsafe(32),
}


def load_or_make(path: Path) -> Credentials:
    """Return the stack's secrets; what is missing is made and kept, readable by the owner only.

    A secret that a later version adds is added to the file of an older stack.
    """
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    names = [field.name for field in fields(Credentials)]
    credentials = Credentials(**{name: kept.get(name) or _MAKERS[name]() for name in names})
    if kept != asdict(credentials):
        write_private(path, json.dumps(asdict(credentials), indent=2) + "\n")
    return credentials


def write_private(path: Path, text: str) -> None:
    """Replace a file at once by a new one that only its owner can read."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
