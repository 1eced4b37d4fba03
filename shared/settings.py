"""Settings that every service has, secrets from files, and the refusal of default passwords."""

import os
import re
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import CivicError

RULES = Path(__file__).parent
# how the secrets of deploy/dev.env begin, in plain text and in base64: everybody knows them
DEV_SECRETS = ("dev-", "devonly", "zgv2l")
SHORTEST, FEWEST_DIFFERENT = 12, 6  # characters of a secret; `openssl rand -hex 24` has 48
# What a known password is put together from, letters only: "RabbitMQ-123", "changeme-changeme". One
# word a line, for deploy/mongo/refuse.sh reads the file too.
KNOWN_WORDS = (RULES / "known_passwords.txt").read_text(encoding="utf-8").split()
_KNOWN = re.compile(f"(?:{'|'.join(KNOWN_WORDS)})*")


class SettingsRefusedError(CivicError):
    """The service will not start like this; the sentence says which variable to set."""


class ServiceSettings(BaseSettings):
    """What every service is told by its environment.

    A variable with `_FILE` at its end names a file that holds the value (Docker secrets). One that
    is empty is as one that is not set, for a compose file hands on every variable.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True)

    profile: str = Field(default="production", pattern="^(production|dev)$")
    failpoint: str = ""  # tests only: where the process kills itself (shared/failpoints.py)
    amqp_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    mongo_url: str = "mongodb://127.0.0.1:27017/?replicaSet=rs0"
    database_prefix: str = "civic"  # databases are `<prefix>_<service>`
    regulation: Path = RULES / "regulations" / "dalat.yaml"
    calendars: Path = RULES / "calendars"  # folder of the calendar that the regulation names
    areas: Path | None = None  # GeoJSON of official boundaries; without it no point decides a ward
    prefetch: int = Field(
        default=128, ge=1, le=500
    )  # messages in hand; bounds memory, feeds batches

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        prefix = str(cls.model_config.get("env_prefix", ""))
        for name in cls.model_fields:
            path = os.environ.get(f"{prefix}{name.upper()}_FILE")
            if path:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
        return values

    def secrets(self) -> dict[str, str | tuple[str, ...]]:
        """Return the service's secrets by variable, lists as such; each service names its own.

        Raises:
            SettingsRefusedError: a list has an empty part.
        """
        return {}

    def guarded(self) -> Self:
        """Return these settings if they are safe to run with.

        Raises:
            SettingsRefusedError: a list of secrets has an empty part; or outside the dev profile a
                secret, or one of a list, is missing, too short or a known default, or a fail-point
                is set.
        """
        secrets = self.secrets()
        if self.profile == "dev":
            return self
        if self.failpoint:
            prefix = self.model_config.get("env_prefix", "")
            raise SettingsRefusedError(
                f"{prefix}FAILPOINT is for tests, which run with the profile `dev`: unset it"
            )
        for variable, value in secrets.items():
            parts = (value,) if isinstance(value, str) else value
            if not parts or any(guessable(each) for each in parts):
                raise SettingsRefusedError(
                    f"{variable} is empty, a default password or shorter than {SHORTEST} "
                    "characters; set a secret of your own (openssl rand -hex 24), "
                    "or run with the profile `dev` on a machine that nobody else reaches"
                )
        return self

    @staticmethod
    def password_of(url: str) -> str:
        """Return the password inside a connection URL, empty when there is none."""
        return unquote(urlsplit(url).password or "")


def guessable(secret: str) -> bool:
    """Say whether a secret is too short, digits only, or made of words that everybody tries."""
    folded = secret.casefold()
    return (
        len(secret) < SHORTEST
        or len(set(folded)) < FEWEST_DIFFERENT
        or folded.startswith(DEV_SECRETS)
        or _KNOWN.fullmatch(re.sub("[^a-z]", "", folded)) is not None
    )


def listed(variable: str, value: str) -> tuple[str, ...]:
    """Return the secrets that stand in a variable, separated by commas, without the blanks.

    Raises:
        SettingsRefusedError: one of them is empty, as after a stray comma: whoever guesses that
            there is nothing would hold it.
    """
    if not value.strip():
        return ()
    parts = tuple(each.strip() for each in value.split(","))
    if not all(parts):
        raise SettingsRefusedError(f"{variable} has a comma with no secret before or behind it")
    return parts
