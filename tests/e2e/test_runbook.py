"""The commands of the runbook that change nothing, run against a whole stack."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.layout import ROOT, Layout
from deploy.local.rescue import run
from tests.e2e.client import City, report
from tests.unit.test_runbook import RUNBOOK

SAFE = {
    "services.intake.orphans": [],
    "services.intake.privacy": ["retain"],
    "shared.deadletters": ["list"],
}


def layout_of(stack_file: Path) -> Layout:
    port = City.at(stack_file).stack["intake"].rpartition(":")[2]
    return Layout(stack_file.parent, int(port))


@pytest.mark.parametrize("module", SAFE)
def test_a_command_that_only_looks_works(stack_file: Path, module: str):
    assert f"python -m {module}" in re.sub(r"\s+", " ", RUNBOOK)

    assert run(layout_of(stack_file), [module, *SAFE[module]]) == 0


def test_a_backup_of_a_stack_that_works_is_whole(stack_file: Path, tmp_path: Path):
    city = City.at(stack_file)
    receipt = city.send(report()).json()
    city.in_state(receipt, "assigned")
    folder = tmp_path / "backup"

    assert run(layout_of(stack_file), ["services.intake.backup", "save", str(folder)]) == 0
    assert (folder / "manifest.json").is_file()
    city.close()


def test_only_commands_of_ours_are_run_by_name(stack_file: Path):
    assert run(layout_of(stack_file), ["http.server"]) == 2
    assert run(layout_of(stack_file), []) == 2


def test_the_help_of_dev_is_shown():
    shown = subprocess.run(
        [sys.executable, "-m", "deploy.local", "help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "./dev run MODULE" in shown.stdout
