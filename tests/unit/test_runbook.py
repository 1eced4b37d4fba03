"""The runbook's commands exist: what it names can be run."""

import importlib.util
import re

import pytest
import yaml

from deploy.local.__main__ import HELP
from deploy.local.layout import ROOT

RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text()
# `$each` and `<intake, router, sla, notify>` stand for the services
WORDS = re.findall(r"python -m ((?:services|shared)[\w.$<>, ]*[\w>])", RUNBOOK)
SERVICES = ("intake", "router", "sla", "notify")


def modules() -> set[str]:
    found: set[str] = set()
    for text in WORDS:
        word = re.sub(r"<[^>]*>", "$each", text).split(" ")[0]
        named = SERVICES if "$each" in word else ("",)
        found |= {word.replace("$each", name) for name in named}
    return found


def test_the_runbook_names_commands():
    assert {"services.intake.orphans", "services.sla.republish", "shared.deadletters"} <= modules()


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_of_the_runbook_can_be_run(module: str):
    spec = importlib.util.find_spec(module)
    assert spec is not None
    if spec.submodule_search_locations:
        assert importlib.util.find_spec(f"{module}.__main__") is not None


def test_every_dev_command_of_the_runbook_is_one():
    used = set(re.findall(r"\./dev ([a-z-]+)", RUNBOOK))
    known = set(re.findall(r"^\./dev ([a-z-]+)", HELP, re.MULTILINE))
    assert used
    assert used <= known


def test_every_container_of_the_runbook_is_in_the_compose_file():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    named = set(re.findall(r"docker compose exec (\w+)", RUNBOOK)) - {"SERVICE"}
    named |= set(re.findall(r"--scale (\w+)=", RUNBOOK))
    assert named
    assert named <= set(compose)
