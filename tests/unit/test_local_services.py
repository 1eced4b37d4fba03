"""What a local stack tells its services of the limits per address, and of who calls."""

from pathlib import Path
from typing import Any

import pytest
import uvicorn

from deploy.local.credentials import Credentials, load_or_make
from deploy.local.layout import Layout
from deploy.local.services import service_environment, services
from services.intake.settings import Settings as IntakeSettings
from services.notify.settings import Settings as NotifySettings


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return load_or_make(tmp_path / "secrets.json")


def limits(
    layout: Layout, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, int, int, int]:
    for name, value in service_environment(layout, credentials).items():
        monkeypatch.setenv(name, value)
    intake, notify = IntakeSettings(), NotifySettings()
    mine = intake.requests_per_address, intake.reports_per_address, intake.misses_per_address
    return *mine, notify.requests_per_address


def test_a_stack_of_up_has_the_limits_of_production(
    tmp_path: Path, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout.from_environment({"LOCAL_DIR": str(tmp_path)})

    assert limits(layout, credentials, monkeypatch) == (
        IntakeSettings.model_fields["requests_per_address"].default,
        IntakeSettings.model_fields["reports_per_address"].default,
        IntakeSettings.model_fields["misses_per_address"].default,
        NotifySettings.model_fields["requests_per_address"].default,
    )


def test_for_load_tools_the_limits_are_lifted(
    tmp_path: Path, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout.from_environment({"LOCAL_DIR": str(tmp_path), "STACK_UNPACED": "1"})

    assert limits(layout, credentials, monkeypatch) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("set_by_the_person", "client"),
    [
        pytest.param("", "127.0.0.1", id="nobody is believed"),
        pytest.param("127.0.0.1", "203.0.113.9", id="but whom the person names"),
    ],
)
async def test_a_stack_of_up_believes_nobody_who_says_that_somebody_else_calls(
    set_by_the_person: str,
    client: str,
    tmp_path: Path,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", set_by_the_person)
    layout = Layout.from_environment({"LOCAL_DIR": str(tmp_path)})
    [intake, *_] = services(layout, credentials)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", intake.environment["FORWARDED_ALLOW_IPS"])
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["client"][0])

    config = uvicorn.Config(app, lifespan="off", log_config=None)  # as shared/prefork.py makes it
    config.load()
    served: Any = config.loaded_app
    headers = [(b"x-forwarded-for", b"203.0.113.9")]
    await served({"type": "http", "client": ("127.0.0.1", 5), "headers": headers}, None, None)

    assert seen == [client]
