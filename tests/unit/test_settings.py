"""Settings: bounded, from the environment or from files, and never with a default password."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import SettingsConfigDict

from services.intake.settings import Settings as IntakeSettings
from services.notify.settings import Settings as NotifySettings
from shared.settings import ServiceSettings, SettingsRefusedError, guessable, listed


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="THING_", frozen=True, extra="ignore")

    secret_key: str = ""
    size: int = Field(default=1, ge=1, le=9)

    def secrets(self) -> dict[str, str | tuple[str, ...]]:
        return {
            "THING_SECRET_KEY": self.secret_key,
            "THING_AMQP_URL": self.password_of(self.amqp_url),
        }


SAFE = {"secret_key": "correct horse", "amqp_url": "amqp://civic:battery-staple@broker/"}
OWN = "5f1c9e0b7a3d48d2a6e4"
KNOWN = [
    *("guest", "minioadmin", "admin", "password", "changeme", "secret", "root", "dev", "x"),
    *("rabbitmq", "civic", "mongo", "test", "123456", "password123", "example", "default"),
    *("changeit", "admin123", "minio123", "minio-admin-123", "RabbitMQ-2024", "changeme-changeme"),
    *("your_secret_key", "aaaaaaaaaaaaaaaa", "123456789012", "eleven-char"),
    *("dev-anything-of-any-length", "Dev-Tracking-Secret", "devonlykeyofthereplicaset"),
]


def test_a_variable_of_the_service_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_SIZE", "7")
    monkeypatch.setenv("OTHER_SIZE", "8")

    assert Settings().size == 7


def test_a_variable_out_of_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_SIZE", "10")

    with pytest.raises(ValidationError):
        Settings()


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("  from the file\n", encoding="utf-8")
    monkeypatch.setenv("THING_SECRET_KEY_FILE", str(path))
    monkeypatch.setenv("THING_SECRET_KEY", "from the environment")

    assert Settings().secret_key == "from the file"


def test_a_number_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "size"
    path.write_text("5\n", encoding="utf-8")
    monkeypatch.setenv("THING_SIZE_FILE", str(path))

    assert Settings().size == 5


def test_a_missing_file_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_SECRET_KEY_FILE", "/nowhere/secret")

    with pytest.raises(FileNotFoundError, match="/nowhere/secret"):
        Settings()


def test_settings_of_ones_own_are_let_through() -> None:
    settings = Settings(**SAFE)

    assert settings.guarded() is settings


@pytest.mark.parametrize(
    "value",
    ["", "dev-anything", "GUEST", *KNOWN],
    ids=lambda value: value or "-",
)
@pytest.mark.parametrize("variable", ["THING_SECRET_KEY", "THING_AMQP_URL"])
def test_a_default_password_stops_the_start_and_names_its_variable(
    variable: str, value: str
) -> None:
    changed = (
        {"secret_key": value}
        if variable == "THING_SECRET_KEY"
        else {"amqp_url": f"amqp://civic:{value}@broker/"}
    )

    with pytest.raises(SettingsRefusedError, match=variable):
        Settings(**{**SAFE, **changed}).guarded()


@pytest.mark.parametrize(
    "value",
    [
        *("correct horse", "Tr0ub4dor&3xyz", OWN, "0123456789abcdef0123456789abcdef"),
        *("ZGVxL0nothing1ikeDev", "không ai đoán được câu này"),
    ],
)
def test_a_secret_of_ones_own_is_none_of_the_known(value: str) -> None:
    assert not guessable(value)


@pytest.mark.parametrize(
    ("value", "parts"),
    [("", ()), ("  ", ()), ("a", ("a",)), ("a,b", ("a", "b")), (" a , b ", ("a", "b"))],
)
def test_a_list_of_secrets_is_read_without_its_blanks(value: str, parts: tuple[str, ...]) -> None:
    assert listed("THING", value) == parts


@pytest.mark.parametrize("value", [",", "a,", ",a", "a,,b", "a, ,b", " , "])
def test_a_list_with_an_empty_secret_is_refused(value: str) -> None:
    with pytest.raises(SettingsRefusedError, match="THING"):
        listed("THING", value)


LISTS = [
    (IntakeSettings, "INTAKE_SEALING_KEY"),
    (IntakeSettings, "INTAKE_TRACKING_SECRET"),
    (NotifySettings, "NOTIFY_SEALING_KEY"),
    (NotifySettings, "NOTIFY_TRACKING_SECRET"),
    (NotifySettings, "NOTIFY_IOC_TOKENS"),
]


def _in_production(
    kind: type[IntakeSettings | NotifySettings], **changed: str
) -> IntakeSettings | NotifySettings:
    safe = {
        "amqp_url": f"amqp://civic:{OWN}@broker/",
        "mongo_url": f"mongodb://civic:{OWN}@mongo/",
        **dict.fromkeys(("sealing_key", "tracking_secret", "s3_secret_key", "ioc_tokens"), OWN),
    }
    return kind(**{**safe, **changed})


@pytest.mark.parametrize("more", [",", ",changeme", ",dev-ioc", f",dev-tracking,{OWN}", ", short"])
@pytest.mark.parametrize(("kind", "variable"), LISTS)
def test_every_secret_of_a_list_is_looked_at(
    kind: type[IntakeSettings | NotifySettings], variable: str, more: str
) -> None:
    field = variable.split("_", 1)[1].lower()

    assert _in_production(kind, **{field: f"{OWN}, {OWN[::-1]}"}).guarded()
    with pytest.raises(SettingsRefusedError, match=variable):
        _in_production(kind, **{field: OWN + more}).guarded()


@pytest.mark.parametrize("value", ["", ",", " , "])
def test_outside_dev_the_stream_of_the_operations_centre_asks_for_a_token(value: str) -> None:
    with pytest.raises(SettingsRefusedError, match="NOTIFY_IOC_TOKENS"):
        _in_production(NotifySettings, ioc_tokens=value).guarded()


def test_a_stray_comma_is_refused_in_the_dev_profile_too() -> None:
    with pytest.raises(SettingsRefusedError, match="INTAKE_TRACKING_SECRET"):
        IntakeSettings(profile="dev", tracking_secret="mine,").guarded()


def test_a_refused_secret_is_not_repeated() -> None:
    with pytest.raises(SettingsRefusedError) as caught:
        Settings(**{**SAFE, "secret_key": "dev-hunter2"}).guarded()

    assert "hunter2" not in str(caught.value)


def test_the_dev_profile_may_run_with_anything() -> None:
    assert Settings(profile="dev").guarded().secret_key == ""


@pytest.mark.parametrize("profile", ["", "production ", "prod", "DEV", "dev\nproduction"])
def test_there_is_no_third_profile(profile: str) -> None:
    with pytest.raises(ValidationError):
        Settings(profile=profile)


def test_settings_are_frozen() -> None:
    settings: Any = Settings(**SAFE)

    with pytest.raises(ValidationError):
        settings.secret_key = "another"


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("amqp://civic:p%40ss%2Fw@broker:5672/", "p@ss/w"),
        ("mongodb://civic:secret@a,b,c/?replicaSet=rs0", "secret"),
        ("mongodb://127.0.0.1/?replicaSet=rs0", ""),
        ("amqp://guest@broker/", ""),
        ("", ""),
    ],
)
def test_the_password_of_an_address_is_found(url: str, password: str) -> None:
    assert ServiceSettings.password_of(url) == password


def test_the_shipped_rules_are_where_the_defaults_say() -> None:
    settings = ServiceSettings(profile="dev")

    assert settings.regulation.is_file()
    assert settings.calendars.is_dir()
