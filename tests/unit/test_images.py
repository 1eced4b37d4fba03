"""What the image of a service holds: its own dependency group, and nothing more."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.services import CALLED

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"fastapi", "starlette"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import services.%s.app
"""


@pytest.mark.parametrize("service", ["router", "sla"])
def test_a_service_without_the_web_framework_starts_without_it(service: str):
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", WITHOUT % service],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-600:]


def test_the_image_bounds_connections_where_the_local_stack_does():
    command = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()[-1]
    named = re.search(r"case \$SERVICE in (\S+)\) http=shared\.server:Protocol", command)
    assert named
    assert set(named[1].split("|")) == set(CALLED)
    assert "case $SERVICE in notify) ws=services.notify.sockets:Socket" in command
