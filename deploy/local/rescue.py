"""Backup and restore of a local stack: the services' own commands, with this stack's settings."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local import credentials, stack, stackfile
from deploy.local.layout import ROOT, Layout
from deploy.local.services import service_environment

Say = Callable[[str], None]


def backup(layout: Layout, arguments: Sequence[str], say: Say) -> int:
    """Save the stack that runs; the secrets stay out, and are named."""
    parser = argparse.ArgumentParser(prog="./dev backup")
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder: Path = parser.parse_args(arguments).folder.absolute()
    if stackfile.read(layout) is None:
        print(f"./dev backup: no stack runs in {layout.directory}", file=sys.stderr)
        return 1
    code = _run(layout, "services.intake.backup", "save", str(folder))
    if code == 0:
        say(f"keep {layout.secrets_file} too, somewhere else: without it the reporters stay sealed")
    return code


def restore(layout: Layout, arguments: Sequence[str], say: Say) -> int:
    """Start the servers alone, restore into them, have the events said again, end them."""
    parser = argparse.ArgumentParser(prog="./dev restore")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help="secrets.json of that stack")
    given = parser.parse_args(arguments)
    if stack.supervisor_of(layout):
        print("./dev restore: end the stack first: ./dev down", file=sys.stderr)
        return 1
    if given.secrets:
        if layout.secrets_file.exists():
            print(f"./dev restore: {layout.secrets_file} exists already", file=sys.stderr)
            return 1
        layout.directory.mkdir(parents=True, exist_ok=True)
        credentials.write_private(layout.secrets_file, given.secrets.read_text(encoding="utf-8"))
    try:
        supervisor = stack.start(layout, with_services=False, attached=True, say=say)
    except stack.StackError as error:
        print(f"./dev restore: {error}", file=sys.stderr)
        return 1
    try:
        code = _run(layout, "services.intake.backup", "restore", str(given.folder.absolute()))
        for name in ("router", "sla", "notify"):
            code = code or _run(layout, f"services.{name}.republish")
        return code
    finally:
        stack.stop(layout, say)
        supervisor.wait()


def run(layout: Layout, arguments: Sequence[str]) -> int:
    """Run a service's command (`services.intake.orphans`) with the settings of this stack."""
    module, *words = arguments or [""]
    if not module.startswith(("services.", "shared.")):
        print(
            "./dev run: name a module of the runbook, as services.intake.orphans", file=sys.stderr
        )
        return 2
    return _run(layout, module, *words)


def _run(layout: Layout, module: str, *arguments: str) -> int:
    secrets = credentials.load_or_make(layout.secrets_file)
    environment = {**os.environ, **service_environment(layout, secrets)}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
