"""Settings: bounded, from the environment or from files, and never with a default password."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import SettingsConfigDict

from shared.settings import DEFAULT_PASSWORDS, ServiceSettings, SettingsRefusedError


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="THING_", frozen=True, extra="ignore")

    secret_key: str = ""
    size: int = Field(default=1, ge=1, le=9)

    def secrets(self) -> dict[str, str]:
        return {
            "THING_SECRET_KEY": self.secret_key,
            "THING_AMQP_URL": self.password_of(self.amqp_url),
        }


SAFE = {"secret_key": "correct horse", "amqp_url": "amqp://civic:battery@broker/"}


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
    ["", "dev-anything", "GUEST", *sorted(DEFAULT_PASSWORDS)],
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
