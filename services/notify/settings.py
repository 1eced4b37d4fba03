"""What an operator of notify sets: environment variables `NOTIFY_<FIELD>`, secrets also `_FILE`."""

from datetime import time

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings, listed


class Settings(ServiceSettings):
    """Notify's settings."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_", frozen=True, extra="ignore")

    sealing_key: str = ""  # the same as intake's: notify opens an address when it sends to it
    tracking_secret: str = ""  # the same as intake's: the receipt carries the tracking link
    public_url: str = "http://127.0.0.1:8000"  # where people reach intake, for links
    # host:port that webhooks may reach though they are inside, separated by commas; dev only
    test_hosts: str = ""
    smtp_url: str = "smtp://127.0.0.1:1025"  # smtp://user:password@host:port, smtps:// for TLS
    mail_from: str = "Đà Lạt trực tuyến <khong-tra-loi@dalat.example>"
    own_url: str = "http://127.0.0.1:8001"  # where providers reach notify, for their callbacks

    # Web Push: 32 bytes in base64 URL; empty: none. The subject is who answers for the pushes.
    vapid_private_key: str = ""
    vapid_subject: str = "mailto:khong-tra-loi@dalat.example"

    sms_url: str = ""  # of the brand-name gateway; empty: no SMS
    sms_api_key: str = ""
    sms_secret_key: str = ""
    sms_brand: str = Field(default="", max_length=11)  # as it is registered (decree 91/2020)
    sms_parts: int = Field(default=1, ge=1, le=4)  # SMS that one text may take; each is paid for
    sms_callback_secret: str = ""  # signs the gateway's receipts; empty: none are taken

    zalo_app_id: str = ""  # empty: no Zalo
    zalo_secret_key: str = ""  # of the app
    zalo_refresh_token: str = ""  # as it was granted; the next ones are kept in the database
    zalo_template_vi: str = ""  # ids of approved templates: code, status, due, link
    zalo_template_en: str = ""
    zalo_oa_secret: str = ""  # of the official account; signs its events; empty: none are taken
    zalo_url: str = "https://business.openapi.zalo.me"
    zalo_oauth_url: str = "https://oauth.zaloapp.com"

    ioc_tokens: str = ""  # bearer tokens of the IOC, separated by commas; required outside dev
    # Pages that may read notify besides those of public_url: `https://host:port`, by commas.
    origins: str = ""

    quiet_from: time = time(22)  # local: officials get no mail from here on, but for emergencies
    quiet_until: time = time(6)  # what waited is sent then; the same time twice: no quiet hours

    # What one address may ask for in five minutes, counted by each process; 0 for no limit.
    requests_per_address: int = Field(default=60_000, ge=0)
    subscriptions_per_address: int = Field(default=60, ge=0)  # browsers, each names a host

    send_at_once: int = Field(default=4, ge=1, le=32)  # SMTP connections kept open
    send_batch: int = Field(default=100, ge=1, le=1000)  # rows claimed per look
    send_lease_s: int = Field(default=60, ge=5)  # a sender that died gives its rows back after this
    # Days after which messages that came to their end are forgotten; an event may come twice for 7.
    deliveries_days: int = Field(default=180, ge=8, le=3650)
    webhook_messages_days: int = Field(default=30, ge=8, le=3650)
    ring_events: int = Field(default=10_000, ge=100)  # newest, in memory, about 1 kB each
    small_number: int = Field(default=5, ge=1, le=100)  # what became of fewer is not said

    # Incidents: more reports of a category in an area than in the same hours of the weeks before.
    incident_window_h: float = Field(default=3, gt=0, le=24)  # what is counted, up to now
    incident_floor: int = Field(default=5, ge=2, le=1000)  # fewer cases are none
    incident_excess: float = Field(default=3, ge=0)  # how many more than expected
    incident_chance: float = Field(default=0.001, gt=0, lt=1)  # of so many by chance, at most
    incident_quiet_min: float = Field(default=60, gt=0)  # below all that for so long: it is over
    incident_every_s: float = Field(default=30, ge=1, le=3600)  # how often it is looked

    def tracking_secrets(self) -> tuple[str, ...]:
        """Return the secrets of tracking tokens: the first signs, all are accepted."""
        return listed("NOTIFY_TRACKING_SECRET", self.tracking_secret)

    def tokens_of_the_ioc(self) -> tuple[str, ...]:
        """Return the operations centre's own tokens."""
        return listed("NOTIFY_IOC_TOKENS", self.ioc_tokens)

    def secrets(self) -> dict[str, str | tuple[str, ...]]:
        """Return the secrets that must not be empty, or a default, outside the dev profile."""
        return {
            "NOTIFY_SEALING_KEY": listed("NOTIFY_SEALING_KEY", self.sealing_key),
            "NOTIFY_TRACKING_SECRET": self.tracking_secrets(),
            "NOTIFY_IOC_TOKENS": self.tokens_of_the_ioc(),
            "NOTIFY_AMQP_URL": self.password_of(self.amqp_url),
            "NOTIFY_MONGO_URL": self.password_of(self.mongo_url),
            **({"NOTIFY_SMS_SECRET_KEY": self.sms_secret_key} if self.sms_url else {}),
            **({"NOTIFY_ZALO_SECRET_KEY": self.zalo_secret_key} if self.zalo_app_id else {}),
        }
