"""What an operator of sla sets: environment variables `SLA_<FIELD>`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Sla's settings."""

    model_config = SettingsConfigDict(env_prefix="SLA_", frozen=True, extra="ignore")

    tick_s: float = Field(default=0.5, gt=0, le=60)  # a stage fires at most this much late
    tick_batch: int = Field(default=500, ge=1, le=5000)  # rows per look

    def secrets(self) -> dict[str, str | tuple[str, ...]]:
        """Return the secrets that must not be empty, or a default, outside the dev profile."""
        return {
            "SLA_AMQP_URL": self.password_of(self.amqp_url),
            "SLA_MONGO_URL": self.password_of(self.mongo_url),
        }
