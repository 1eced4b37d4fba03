"""What `./dev` makes of its command line, and of stacks and engines that are not there yet."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from deploy import compose_test
from deploy.local import __main__ as dev
from deploy.local import commands, stack, stackfile
from deploy.local.layout import Layout


@pytest.mark.parametrize(
    "line", [["up", "--detached"], ["up", "now"], ["down", "--all"], ["check", "tests/unit"]]
)
def test_an_argument_that_a_command_does_not_know_is_refused(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["./dev", *line])
    monkeypatch.setattr(dev, "_run", lambda *_: pytest.fail("it was started all the same"))

    assert dev.main() == 2
    assert line[1] in capsys.readouterr().err


def test_what_belongs_to_the_program_behind_a_command_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed: list[Any] = []
    monkeypatch.setattr(sys, "argv", ["./dev", "test", "-x", "tests/unit"])
    monkeypatch.setattr(dev, "_run", lambda _, rest: passed.append(rest) or 0)

    assert dev.main() == 0
    assert passed == [["-x", "tests/unit"]]


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.setattr(commands, "LOOK_S", 0)
    return Layout.from_environment()


def test_the_demo_waits_for_a_stack_that_is_just_being_started(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([None, None, {"intake": "here"}])
    monkeypatch.setattr(stack, "supervisor_of", lambda _: object())
    monkeypatch.setattr(stackfile, "read", lambda _: next(looks))
    shown: list[Any] = []
    monkeypatch.setattr(commands, "become", lambda *given: shown.append(given) or 0)

    assert commands.demo([]) == 0
    assert shown == [("deploy.local.demo", [str(layout.stack_file)])]
    assert next(looks, "all asked") == "all asked"


@pytest.mark.usefixtures("layout")
def test_the_demo_of_a_stack_that_ends_before_it_is_ready_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alive = iter([object(), object(), None])
    monkeypatch.setattr(stack, "supervisor_of", lambda _: next(alive))
    monkeypatch.setattr(stackfile, "read", lambda _: None)

    assert commands.demo([]) == 1
    assert "did not start" in capsys.readouterr().err


def test_an_engine_that_cannot_be_started_is_none_and_is_taken_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = tmp_path / "container-lab"
    lab.write_text("")
    ran: list[Any] = []

    def fails(command: list[str], _say: Any) -> None:
        raise subprocess.CalledProcessError(1, command, output="no space")

    monkeypatch.setattr(compose_test, "LAB", lab)
    monkeypatch.setattr(compose_test.os, "getuid", lambda: 0)
    monkeypatch.setattr(compose_test, "_succeeds", lambda *_: False)
    monkeypatch.setattr(compose_test, "_images", list)
    monkeypatch.setattr(compose_test, "run_shown", fails)
    monkeypatch.setattr(compose_test.subprocess, "run", lambda command, **_: ran.append(command))

    with ExitStack() as ending:
        assert not compose_test.engine(ending)
        assert ran == []
    assert ran == [["bash", str(lab), "down"]]
