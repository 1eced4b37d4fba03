"""The commands that start and end a stack."""

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from deploy import pages
from deploy.local import stack, stackfile
from deploy.local.layout import ROOT, Layout

START_S = 300.0  # of a stack that somebody else has started, on a busy machine
LOOK_S = 0.2


def up(*, detach: bool, doubles: bool = False) -> int:
    """Start the stack; in the foreground until Ctrl-C, detached until it is ready.

    With `doubles` every channel has a provider on loopback; without, only mails go out.
    """
    layout = Layout.from_environment()
    layout = replace(layout, doubles=doubles or layout.doubles)
    began = time.monotonic()

    def ready() -> None:
        _say(f"ready in {time.monotonic() - began:.1f} s")
        _show(stackfile.read(layout) or {})

    try:
        if supervisor := stack.supervisor_of(layout):
            _already(layout, supervisor.pid)
        elif detach:
            _build_pages()
            stack.start(layout, with_services=True, attached=False, say=_say)
            ready()
            _say("it runs in the background; ./dev down ends it")
        else:
            _build_pages()
            stack.supervise(layout, with_services=True, say=_say, on_ready=ready)
    except stack.StackError as error:
        print(f"./dev up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _build_pages() -> None:
    """Build what people see, where node is; without it the API works and the pages say so."""
    try:
        if not pages.build(_say):
            _say("node is not here: the pages are not built, the API works (./dev pages)")
    except pages.PagesError as error:
        _say(f"the pages could not be built: {error}")


def down() -> int:
    """End the stack of LOCAL_DIR, if one runs."""
    layout = Layout.from_environment()
    ended = stack.stop(layout, _say)
    _say("ended" if ended else f"no stack runs in {layout.directory}")
    return 0


def demo(arguments: Sequence[str]) -> int:
    """Show the demo on the stack that runs, or on one that is started for it and stays."""
    layout = Layout.from_environment()
    if not stack.supervisor_of(layout):
        if code := up(detach=True):
            return code
    elif not _started(layout):
        print(f"./dev demo: the stack in {layout.directory} did not start", file=sys.stderr)
        return 1
    return become("deploy.local.demo", [str(layout.stack_file), *arguments])


def _started(layout: Layout) -> bool:
    """Wait for a stack that is just being started; False when it ends, or takes minutes."""
    ends = time.monotonic() + START_S
    told = False
    while stackfile.read(layout) is None:
        if time.monotonic() > ends or not stack.supervisor_of(layout):
            return False
        if not told:
            _say("a stack is just being started; waiting for it")
            told = True
        time.sleep(LOOK_S)
    return True


def deadletters(arguments: Sequence[str]) -> int:
    """Look into the dead letters of the stack that runs, send them back or drop them."""
    layout = Layout.from_environment()
    if (description := stackfile.read(layout)) is None:
        print(f"./dev deadletters: no stack runs in {layout.directory}", file=sys.stderr)
        return 1
    os.environ["ROUTER_AMQP_URL"] = description["amqp"]
    os.environ["ROUTER_MONGO_URL"] = description["mongo"]
    return become("shared.deadletters", arguments)


def backup(arguments: Sequence[str]) -> int:
    """Save databases and media of the stack that runs."""
    from deploy.local import rescue  # noqa: PLC0415 - `./dev down` shall not wait for it

    return rescue.backup(Layout.from_environment(), arguments, _say)


def run(arguments: Sequence[str]) -> int:
    """Run a command of the runbook with the settings of the stack."""
    from deploy.local import rescue  # noqa: PLC0415 - as above

    return rescue.run(Layout.from_environment(), arguments)


def restore(arguments: Sequence[str]) -> int:
    """Restore a backup into the servers of LOCAL_DIR, which must be empty."""
    from deploy.local import rescue  # noqa: PLC0415

    return rescue.restore(Layout.from_environment(), arguments, _say)


def become(module: str, arguments: Sequence[str]) -> NoReturn:
    """Go on as another program of ours."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606


def supervise(report_to: int, *, with_services: bool) -> int:
    """Run a stack for somebody who reads our progress from a pipe, and then no more."""
    reports = os.fdopen(report_to, "wb", buffering=0)

    def report(line: str) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):  # gone, or told all it waits for
            reports.write(f"{line}\n".encode())

    def say(line: str) -> None:
        _say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}")
        report(line)

    def ready() -> None:
        report(stack.READY)
        reports.close()

    layout = Layout.from_environment()
    try:
        stack.supervise(layout, with_services=with_services, say=say, on_ready=ready)
    except stack.StackError as error:
        say(str(error))
        return 1
    return 0


def _already(layout: Layout, pid: int) -> None:
    description = stackfile.read(layout)
    if description is None:
        _say(f"a stack is just being started in {layout.directory} (supervisor {pid})")
    else:
        _say(f"a stack already runs in {layout.directory} (supervisor {pid})")
        _show(description)


def _show(description: dict[str, Any]) -> None:
    s3 = description["s3"]
    rows = {
        **{
            name: f"{description[name]}/docs"
            for name in ("intake", "notify")
            if name in description
        },
        "RabbitMQ": description["management"],
        "MongoDB": description["mongo"],
        "S3": f"http://{s3['endpoint']}/{s3['bucket']}",
        "mail": description["mail"],
        **({"doubles": description["doubles"]["url"]} if "doubles" in description else {}),
        "logs": description["logs"],
    }
    for name, where in rows.items():
        _say(f"  {name:<9} {where}")
    if not Layout.from_environment().unpaced:
        _say("one address may send 3,000 reports in five minutes (STACK_UNPACED=1: any number)")


def _say(line: str) -> None:
    print(line, flush=True)
