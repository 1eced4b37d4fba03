"""docker-compose.yml hands on what an operator sets, and nothing that a service does not know."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from pydantic_settings import BaseSettings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from deploy.local.layout import ROOT
from services.intake.settings import Settings as IntakeSettings
from services.notify.settings import Settings as NotifySettings
from services.router.settings import Settings as RouterSettings
from services.sla.settings import Settings as SlaSettings

SETTINGS: dict[str, type[BaseSettings]] = {
    "intake": IntakeSettings,
    "router": RouterSettings,
    "sla": SlaSettings,
    "notify": NotifySettings,
}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
DEV = dict(
    line.split("=", 1)
    for line in (ROOT / "deploy" / "dev.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def filled(text: str, given: Mapping[str, str]) -> str:
    """The text as compose fills it in: an empty variable has its default too."""

    def value(found: "re.Match[str]") -> str:
        name, how, default = found.groups()
        assert how != "?" or given.get(name), f"{name} {default}"
        return given.get(name) or (default if how == "-" else "")

    return VARIABLE.sub(value, text)


def environment(service: str, **given: str) -> dict[str, str]:
    plain = COMPOSE[service]["environment"]
    return {name: filled(str(text), {**DEV, **given}) for name, text in plain.items()}


def settings(monkeypatch: pytest.MonkeyPatch, service: str, **given: str) -> Any:
    for name, text in environment(service, **given).items():
        monkeypatch.setenv(name, text)
    return SETTINGS[service]()


@pytest.mark.parametrize("service", SETTINGS)
def test_every_variable_of_a_service_is_one_of_its_settings(service: str) -> None:
    prefix = f"{service.upper()}_"
    others = {"FORWARDED_ALLOW_IPS"}

    for name in environment(service):
        known = name.removeprefix(prefix).lower() in SETTINGS[service].model_fields
        assert name in others or (name.startswith(prefix) and known), name


@pytest.mark.parametrize("service", SETTINGS)
def test_what_is_not_set_is_as_the_service_has_it(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, usual = settings(monkeypatch, service), SETTINGS[service].model_fields

    for name in ("regulation", "calendars", "areas", "prefetch", "requests_per_address"):
        if name in usual:
            assert getattr(found, name) == usual[name].default


@pytest.mark.parametrize("service", SETTINGS)
def test_rule_files_of_ones_own_reach_every_service(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settings(
        monkeypatch,
        service,
        REGULATION="/rules/city.yaml",
        CALENDARS="/rules/calendars",
        AREAS="/rules/wards.geojson",
    )

    assert found.regulation == Path("/rules/city.yaml")
    assert found.calendars == Path("/rules/calendars")
    if service in {"intake", "router"}:  # where points and outlines are asked for
        assert found.areas == Path("/rules/wards.geojson")
    (mount,) = COMPOSE[service]["volumes"]
    assert filled(mount, {"RULES_DIR": "./own"}) == "./own:/rules:ro"
    assert (ROOT / filled(mount, {}).split(":")[0]).is_dir()


def test_the_limits_of_a_sender_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = settings(
        monkeypatch, "intake", INTAKE_REPORTS_PER_ADDRESS="7", INTAKE_REQUESTS_PER_ADDRESS="0"
    )
    notify = settings(monkeypatch, "notify", NOTIFY_REQUESTS_PER_ADDRESS="8")

    assert (intake.reports_per_address, intake.requests_per_address) == (7, 0)
    assert notify.requests_per_address == 8


@pytest.mark.parametrize("service", ["intake", "notify"])
@pytest.mark.parametrize(
    ("through", "client", "scheme"),
    [
        pytest.param("172.18.0.1", "203.0.113.9", "https", id="the proxy of this machine"),
        pytest.param("203.0.113.7", "203.0.113.7", "http", id="anybody who says so"),
    ],
)
async def test_only_a_proxy_is_believed_who_calls(
    service: str, through: str, client: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", environment(service)["FORWARDED_ALLOW_IPS"])
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    config = uvicorn.Config(app, lifespan="off", log_config=None)  # as shared/prefork.py makes it
    config.load()
    proxied: Any = config.loaded_app
    assert isinstance(proxied, ProxyHeadersMiddleware)
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
    scope: Any = {"type": "http", "client": (through, 5), "scheme": "http", "headers": headers}
    await proxied(scope, None, None)

    assert (seen[0]["client"][0], seen[0]["scheme"]) == (client, scheme)


def test_the_example_names_every_variable_that_has_no_value() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    needed = {name for name, how, _ in VARIABLE.findall(text) if how == "?"}
    ours = {"RULES_DIR", "REGULATION", "CALENDARS", "AREAS", "FORWARDED_ALLOW_IPS"}
    named = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", example, re.MULTILINE))

    assert needed | ours <= named
