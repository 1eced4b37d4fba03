"""What an operator of intake sets: environment variables `INTAKE_<FIELD>`, secrets also `_FILE`."""

from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.intake.accounts.oidc_settings import OidcSettings
from services.intake.accounts.passwords import Cost
from services.intake.accounts.sessions import Lifetimes
from services.intake.accounts.wiring import AccountSettings
from services.intake.domain.report import MOST_FILES
from services.intake.evidence import EvidenceLimits
from shared.media import MediaSettings
from shared.pace import Paces
from shared.settings import RULES, ServiceSettings, SettingsRefusedError, listed

# Paths whose routes count a body as they read it: uploads, and a rule file.
STREAMED = (
    "/api/v1/reports",
    "/api/v1/reports/{code}/media",
    "/api/v1/desk/cases/{code}/media",
    "/api/v1/desk/reports",
    "/api/v1/camera/incidents",
    "/api/v1/admin/regulation",
)


class Settings(ServiceSettings):
    """Intake's settings."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_", frozen=True, extra="ignore")

    screening: Path = RULES / "regulations" / "screening-vi.yaml"  # words for a person to judge
    apps: Path = RULES / "regulations" / "dalat-apps.yaml"  # what the registry begins with
    apps_every_s: int = Field(default=600, ge=30)  # between two looks at an application outside
    outbound_test_hosts: str = ""  # host:port that the guard lets through, in the dev profile only
    incidents_per_key: int = Field(default=600, ge=0)  # of one camera in five minutes; 0: no limit
    onestop: Path = RULES / "regulations" / "dalat-onestop.yaml"  # procedures and desks
    s3_endpoint: str = "127.0.0.1:9000"  # host:port, or https://host:port
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "civic-media"
    s3_region: str = "us-east-1"  # without it every signature would ask the server for it first
    sealing_key: str = ""  # base64 of 32 bytes; wraps the keys of sealed reporters
    tracking_secret: str = ""  # several, separated by commas: the first signs, all are accepted
    public_url: str = "http://127.0.0.1:8000"  # where people reach intake, for links
    notify_url: str = "http://127.0.0.1:8001"  # where people's browsers reach notify
    # Pages that may read intake from another origin: `https://host:port`, separated by commas.
    origins: str = ""  # besides notify_url, whose wall reads names and the ground of its map here
    map_tiles: str = ""  # path of raster tiles on this origin, `/tiles/{z}/{x}/{y}.png`; none: ours
    spool: Path = Path(gettempdir())  # folder for uploads on their way
    spool_bytes: int = Field(default=2**30, ge=2**20)  # of it; more is 503, and fills no disk
    inspectors: int = Field(default=2, ge=1, le=32)  # decoders at once; each holds one core

    max_files: int = Field(default=10, ge=1, le=MOST_FILES)
    max_file_bytes: int = Field(default=20 * 2**20, ge=2**16)
    max_total_bytes: int = Field(default=60 * 2**20, ge=2**16)
    max_pixels: int = Field(default=50_000_000, ge=10**6)  # a 48 MP phone passes
    max_audio_s: int = Field(default=300, ge=10, le=3600)
    read_timeout_s: float = Field(default=120, ge=1)  # a whole upload, on a slow phone
    max_uploads: int = Field(default=64, ge=1)  # at once; more get 429 instead of memory
    uploads_per_address: int = Field(default=8, ge=0)  # once half are taken; 0 for no limit
    max_at_once: int = Field(default=256, ge=1)  # other requests with a body; more get 429

    orphan_grace_s: int = Field(default=3600, ge=600)  # what is younger may belong to an upload
    orphan_sweep_s: int = Field(default=6 * 3600, ge=60)  # from one look to the next

    access_token_s: int = Field(default=20 * 60, ge=60, le=30 * 60)  # then it is refreshed
    session_s: int = Field(default=12 * 3600, ge=3600, le=30 * 86400)  # then one signs in again
    hashers: int = Field(default=2, ge=1, le=32)  # passwords at once; each holds a core and:
    argon2_memory_kib: int = Field(default=46 * 2**10, ge=8 * 2**10, le=2 * 2**20)
    argon2_passes: int = Field(default=1, ge=1, le=20)  # with 46 MiB OWASP's first choice: 65 ms
    argon2_lanes: int = Field(default=1, ge=1, le=16)
    # Wrong passwords from one address in five minutes; 0 for no limit. Behind a proxy tell uvicorn
    # to believe it (FORWARDED_ALLOW_IPS), else everybody has the proxy's address.
    failures_per_address: int = Field(default=100, ge=0)
    # What one sender may do in five minutes, counted by each process; 0 for no limit. Generous: a
    # mobile operator puts thousands of phones behind one address, and a storm floods us all.
    requests_per_address: int = Field(default=60_000, ge=0)
    reports_per_address: int = Field(default=3_000, ge=0)
    addresses_per_sender: int = Field(default=60, ge=0)  # of followers, each of them is asked once
    misses_per_address: int = Field(default=60, ge=0)  # of a dossier's code, each may be a guess
    steps_per_token: int = Field(default=1_500, ge=0)  # of a reporter's token or an account's
    asks_per_address: int = Field(default=3, ge=1, le=50)  # "is this yours?" in a day, all cases
    confirm_hours: float = Field(default=24, gt=0, le=24)  # to answer it; then it is forgotten
    password_sign_in: bool = True  # off: only by the OpenID provider
    oidc_issuer: str = ""  # URL of the OpenID provider; empty switches it off
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_redirect_url: str = ""  # default: <public_url>/api/v1/auth/oidc/callback
    oidc_claim: str = Field(  # of the ID token; names the account
        default="preferred_username", pattern="^(preferred_username|email)$"
    )
    oidc_verified_email: bool = True  # an address counts only when the provider has verified it

    def accounts(self) -> AccountSettings:
        """Return how people sign in.

        Raises:
            SettingsRefusedError: nobody could sign in, or a provider is reached without TLS.
        """
        if not self.password_sign_in and not self.oidc_issuer:
            raise SettingsRefusedError(
                "INTAKE_PASSWORD_SIGN_IN is off and INTAKE_OIDC_ISSUER is empty: set one of them"
            )
        return AccountSettings(
            lifetimes=Lifetimes(
                access=timedelta(seconds=self.access_token_s),
                session=timedelta(seconds=self.session_s),
            ),
            cost=Cost(self.argon2_memory_kib, self.argon2_passes, self.argon2_lanes),
            hashers=self.hashers,
            failures_per_address=self.failures_per_address,
            address_key=self.tracking_secret.encode(),
            passwords=self.password_sign_in,
            oidc=self._oidc() if self.oidc_issuer else None,
        )

    def _oidc(self) -> OidcSettings:
        if self.profile != "dev" and not self.oidc_issuer.startswith("https://"):
            raise SettingsRefusedError("INTAKE_OIDC_ISSUER must begin with https://")
        callback = f"{self.public_url.rstrip('/')}/api/v1/auth/oidc/callback"
        return OidcSettings(
            issuer=self.oidc_issuer,
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret,
            redirect_url=self.oidc_redirect_url or callback,
            claim=self.oidc_claim,
            verified_email=self.oidc_verified_email,
            secure=(self.oidc_redirect_url or callback).startswith("https://"),
        )

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

    def paces(self) -> Paces:
        """Return how much one sender may ask for."""
        return Paces(
            requests=self.requests_per_address,
            creations=self.reports_per_address,
            steps=self.steps_per_token,
            creating=("/api/v1/reports",),
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

    def tracking_secrets(self) -> tuple[str, ...]:
        """Return the secrets of tracking tokens: the first signs, all are accepted."""
        return listed("INTAKE_TRACKING_SECRET", self.tracking_secret)

    def secrets(self) -> dict[str, str | tuple[str, ...]]:
        """Return the secrets that must not be empty, or a default, outside the dev profile."""
        return {
            "INTAKE_SEALING_KEY": listed("INTAKE_SEALING_KEY", self.sealing_key),
            "INTAKE_TRACKING_SECRET": self.tracking_secrets(),
            "INTAKE_S3_SECRET_KEY": self.s3_secret_key,
            "INTAKE_AMQP_URL": self.password_of(self.amqp_url),
            "INTAKE_MONGO_URL": self.password_of(self.mongo_url),
            **({"INTAKE_OIDC_CLIENT_SECRET": self.oidc_client_secret} if self.oidc_issuer else {}),
        }
