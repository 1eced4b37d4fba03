"""Fail-points: nothing without the setting, refused outside dev, SIGKILL at the named place."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.sla.settings import Settings
from shared import failpoints
from shared.settings import SettingsRefusedError

LIFE = """
import sys
from shared import failpoints
failpoints.arm(sys.argv[1])
for number in range(1, 4):
    failpoints.reached(failpoints.BEFORE_ACK)
    print(number, flush=True)
    failpoints.reached(failpoints.AFTER_INSERT)
"""


def live(setting: str) -> tuple[int, list[str]]:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", LIFE, setting], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("setting", "code", "printed"),
    [
        pytest.param("", 0, ["1", "2", "3"], id="not set"),
        pytest.param("before_publish", 0, ["1", "2", "3"], id="a point that is not passed"),
        pytest.param("before_ack", -signal.SIGKILL, [], id="the first time"),
        pytest.param("after_insert:2", -signal.SIGKILL, ["1", "2"], id="the second time"),
    ],
)
def test_a_process_dies_at_the_point_that_it_was_given(setting, code, printed):
    assert live(setting) == (code, printed)


def test_a_file_in_the_folder_kills_once(tmp_path: Path):
    (tmp_path / failpoints.AFTER_INSERT).touch()

    assert live(f"{tmp_path}/") == (-signal.SIGKILL, ["1"])
    assert live(f"{tmp_path}/") == (0, ["1", "2", "3"])


def test_a_message_kills_whoever_handles_it_each_time(tmp_path: Path):
    handles = (
        "import sys; from shared import failpoints as f; f.arm(sys.argv[1]); f.handling('m/1')"
    )
    handles += "; f.handling('m2'); print('lives')"
    place = tmp_path / f"{failpoints.HANDLING}-m2"

    def handle() -> int:
        command = [sys.executable, "-c", handles, f"{tmp_path}/"]
        return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603

    assert handle() == 0
    place.touch()
    assert [handle(), handle()] == [-signal.SIGKILL] * 2
    assert place.stat().st_size == 2


def test_a_point_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no fail-point"):
        failpoints.arm("after_lunch")


def test_a_service_outside_the_dev_profile_refuses_to_start_with_a_fail_point(monkeypatch):
    monkeypatch.setenv("SLA_FAILPOINT", "before_ack")
    monkeypatch.setenv("SLA_AMQP_URL", "amqp://civic:a-real-password-of-32-letters@h/")
    monkeypatch.setenv("SLA_MONGO_URL", "mongodb://civic:a-real-password-of-32-letters@h/")

    with pytest.raises(SettingsRefusedError, match="SLA_FAILPOINT"):
        Settings().guarded()

    monkeypatch.setenv("SLA_PROFILE", "dev")
    assert Settings().guarded().failpoint == "before_ack"
