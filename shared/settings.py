"""Settings that every service has, secrets from files, and the refusal of default passwords."""

import os
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from shared.errors import CivicError

RULES = Path(__file__).parent
# how the secrets of deploy/dev.env begin, in plain text and in base64: everybody knows them
DEV_SECRETS = ("dev-", "ZGV2L")
DEFAULT_PASSWORDS = {
    "guest",
    "minioadmin",
    "admin",
    "password",
    "changeme",
    "secret",
    "root",
    "dev",
}


class SettingsRefusedError(CivicError):
    """The service will not start like this; the sentence says which variable to set."""


class ServiceSettings(BaseSettings):
    """What every service is told by its environment.

    A variable with `_FILE` at its end names a file that holds the value (Docker secrets).
    """

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

    def secrets(self) -> dict[str, str]:
        """Return the service's secrets by variable; each service names its own."""
        return {}

    def guarded(self) -> Self:
        """Return these settings if they are safe to run with.

        Raises:
            SettingsRefusedError: outside the dev profile a secret is empty or a known default, or a
                fail-point is set.
        """
        if self.profile == "dev":
            return self
        if self.failpoint:
            prefix = self.model_config.get("env_prefix", "")
            raise SettingsRefusedError(
                f"{prefix}FAILPOINT is for tests, which run with the profile `dev`: unset it"
            )
        for variable, value in self.secrets().items():
            if not value or value.lower() in DEFAULT_PASSWORDS or value.startswith(DEV_SECRETS):
                raise SettingsRefusedError(
                    f"{variable} is empty or a default password; set a secret of your own, "
                    "or run with the profile `dev` on a machine that nobody else reaches"
                )
        return self

    @staticmethod
    def password_of(url: str) -> str:
        """Return the password inside a connection URL, empty when there is none."""
        return unquote(urlsplit(url).password or "")
