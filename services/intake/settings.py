"""What an operator of intake sets: environment variables `INTAKE_<FIELD>`, secrets also `_FILE`."""

from pathlib import Path
from tempfile import gettempdir

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.intake.evidence import EvidenceLimits
from shared.media import MediaSettings
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Intake's settings."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_", frozen=True, extra="ignore")

    s3_endpoint: str = "127.0.0.1:9000"  # host:port, or https://host:port
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "civic-media"
    s3_region: str = "us-east-1"  # without it every signature would ask the server for it first
    sealing_key: str = ""  # base64 of 32 bytes; wraps the keys of sealed reporters
    tracking_secret: str = ""  # several, separated by commas: the first signs, all are accepted
    public_url: str = "http://127.0.0.1:8000"  # where people reach intake, for links
    spool: Path = Path(gettempdir())  # folder for uploads on their way
    inspectors: int = Field(default=2, ge=1, le=32)  # decoders at once; each holds one core

    max_files: int = Field(default=10, ge=1, le=50)
    max_file_bytes: int = Field(default=20 * 2**20, ge=2**16)
    max_total_bytes: int = Field(default=60 * 2**20, ge=2**16)
    max_pixels: int = Field(default=50_000_000, ge=10**6)  # a 48 MP phone passes
    max_audio_s: int = Field(default=300, ge=10, le=3600)
    read_timeout_s: float = Field(default=120, ge=1)  # a whole upload, on a slow phone
    max_uploads: int = Field(default=64, ge=1)  # at once; more get 429 instead of memory

    def limits(self) -> EvidenceLimits:
        """Return how much one report may bring."""
        return EvidenceLimits(
            files=self.max_files,
            file_bytes=self.max_file_bytes,
            total_bytes=self.max_total_bytes,
            pixels=self.max_pixels,
            audio_s=self.max_audio_s,
            read_timeout_s=self.read_timeout_s,
        )

    def s3(self) -> MediaSettings:
        """Return how to reach the bucket."""
        return MediaSettings(
            endpoint=self.s3_endpoint,
            access_key=self.s3_access_key,
            secret_key=self.s3_secret_key,
            bucket=self.s3_bucket,
            region=self.s3_region,
        )

    def secrets(self) -> dict[str, str]:
        """Return the secrets that must not be empty, or a default, outside the dev profile."""
        return {
            "INTAKE_SEALING_KEY": self.sealing_key,
            "INTAKE_TRACKING_SECRET": self.tracking_secret,
            "INTAKE_S3_SECRET_KEY": self.s3_secret_key,
            "INTAKE_AMQP_URL": self.password_of(self.amqp_url),
            "INTAKE_MONGO_URL": self.password_of(self.mongo_url),
        }
