"""What an operator of the router sets: environment variables `ROUTER_<FIELD>`."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The router's settings."""

    model_config = SettingsConfigDict(env_prefix="ROUTER_", frozen=True, extra="ignore")

    def secrets(self) -> dict[str, str | tuple[str, ...]]:
        """Return the secrets that must not be empty, or a default, outside the dev profile."""
        return {
            "ROUTER_AMQP_URL": self.password_of(self.amqp_url),
            "ROUTER_MONGO_URL": self.password_of(self.mongo_url),
        }
