"""A whole stack: run it here, start it behind us, ask whether it runs, end it."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from deploy.local import credentials, logfiles, stackfile
from deploy.local.layout import (
    DOUBLES,
    ROOT,
    UNPACED,
    Layout,
    free_port_base,
    is_free,
    next_port_base,
)
from deploy.local.process import Identity, identify, strays
from deploy.local.program import Program
from deploy.local.servers import servers
from deploy.local.services import services
from deploy.local.supervisor import StartError, Supervisor
from deploy.local.tools import ToolError, bring

if TYPE_CHECKING:
    from deploy.local.accounts import Account

STOP_S = 75.0  # services, then servers, each with its own limit; then the supervisor is killed
READY = "ready"  # the last line that a supervisor reports when all went well

Say = Callable[[str], None]


class StackError(Exception):
    """The stack cannot be started; the text says why and what to do."""


class AlreadyRunningError(StackError):
    """A stack runs in this folder."""


def supervise(
    layout: Layout, *, with_services: bool, say: Say, on_ready: Callable[[], None]
) -> None:
    """Run a stack in this process until SIGINT or SIGTERM; `on_ready` is called once.

    Raises:
        AlreadyRunningError: another supervisor runs a stack in this folder.
        StackError: a port is taken, a program is missing, or something did not become ready.
    """
    layout.directory.mkdir(parents=True, exist_ok=True)
    with _locked(layout):
        end_strays(layout)
        try:
            tools = bring(say)
        except ToolError as error:
            raise StackError(str(error)) from error
        secrets = credentials.load_or_make(layout.secrets_file)
        programs = servers(layout, tools, secrets)
        people: list[Account] = []
        if with_services:
            from deploy.local import accounts  # noqa: PLC0415 - `./dev down` shall not wait for it

            people = accounts.accounts(secrets)
            programs += accounts.seeding(services(layout, secrets), people)
        _check_ports(layout, programs)
        description = stackfile.describe(layout, secrets, people, with_services=with_services)
        supervisor = Supervisor(
            programs,
            directory=layout.directory,
            logs=layout.logs,
            publish=lambda pids: stackfile.write(layout, description, pids),
            say=say,
        )
        try:
            asyncio.run(_run(supervisor, on_ready))
        except StartError as error:
            log = layout.logs / f"{error.program}.log"
            raise StackError(f"{error}; the end of {log}:\n{logfiles.tail(log)}") from error
        finally:
            stackfile.remove(layout)


async def _run(supervisor: Supervisor, on_ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run(on_ready)


@contextlib.contextmanager
def _locked(layout: Layout) -> Generator[None]:
    """Hold the stack's lock; the file names its holder, so that `down` knows whom to ask."""
    with layout.lock_file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"a stack runs in {layout.directory}") from None
        own = identify(os.getpid())
        assert own  # noqa: S101 - we live
        lock.truncate(0)
        lock.write(json.dumps({"pid": own.pid, "began": own.began}))
        lock.flush()
        yield


def supervisor_of(layout: Layout) -> Identity | None:
    """Return the process that runs the stack in this folder, or None."""
    try:
        with layout.lock_file.open() as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None  # nobody holds it
        kept = json.loads(layout.lock_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    identity = Identity(kept["pid"], kept["began"])
    return identity if identity.is_alive() else None


def _check_ports(layout: Layout, programs: list[Program]) -> None:
    for program in programs:
        for port in program.ports:
            if not is_free(port):
                raise StackError(
                    f"port {port}, meant for {program.name}, is taken{_holder(port)}; move all "
                    f"ports of this stack: PORT_BASE={next_port_base(layout.port_base)} ./dev up"
                )


def _holder(port: int) -> str:
    """Return " by NAME (pid N)" where the system tells us."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            at = connection.laddr
            if connection.status == psutil.CONN_LISTEN and at and at.port == port:
                name = psutil.Process(connection.pid).name() if connection.pid else "another user"
                return f" by {name} (pid {connection.pid})"
    return ""


def start(
    layout: Layout, *, with_services: bool, attached: bool, say: Say
) -> "subprocess.Popen[bytes]":
    """Start a supervisor behind us and return it when its stack is ready.

    Args:
        layout: The stack's folder and ports.
        with_services: False starts the servers only.
        attached: The stack ends when this process does, however it ends.
        say: Called with every line of progress.

    Raises:
        StackError: it did not become ready; nothing of it runs any more.
    """
    layout.logs.mkdir(parents=True, exist_ok=True)
    ours, its = os.pipe()
    command = [sys.executable, "-m", "deploy.local", "supervise", "--report-to", str(its)]
    command += [] if with_services else ["--servers-only"]
    prefix = ["setpriv", "--pdeathsig", "TERM", "--"] if attached else []
    with (layout.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [*prefix, *command],
            cwd=ROOT,
            env={
                **os.environ,
                "LOCAL_DIR": str(layout.directory),
                "PORT_BASE": str(layout.port_base),
                DOUBLES: "1" if layout.doubles else "",
                UNPACED: "1" if layout.unpaced else "",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[its],
            start_new_session=True,
        )
    os.close(its)
    with os.fdopen(ours, encoding="utf-8") as lines:
        _follow(process, lines, say)
    return process


def _follow(process: "subprocess.Popen[bytes]", lines: IO[str], say: Say) -> None:
    try:
        for line in lines:
            if line.strip() == READY:
                return
            say(line.rstrip("\n"))
        process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    raise StackError("the stack did not start")


@contextlib.contextmanager
def temporary(*, with_services: bool, say: Say, doubles: bool = False) -> Generator[Layout]:
    """Run a stack on free ports whose folder is thrown away at the end; it dies with us.

    Raises:
        StackError: it did not become ready.
    """
    folder = Path(tempfile.mkdtemp(prefix="civic-"))
    layout = Layout(folder, free_port_base(), doubles, unpaced=True)
    try:
        supervisor = start(layout, with_services=with_services, attached=True, say=say)
        try:
            yield layout
        finally:
            # What is thrown away need not end in order. The kernel kills its children with it.
            supervisor.kill()
            supervisor.wait()
            end_strays(layout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stop(layout: Layout, say: Say) -> bool:
    """End the stack of this folder and every process of it; False when none was running."""
    supervisor = supervisor_of(layout)
    if supervisor:
        say(f"ending the stack in {layout.directory}")
        supervisor.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while supervisor.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        if supervisor.send(signal.SIGKILL):
            say("the supervisor did not end in time: killed, and its children with it")
    left = end_strays(layout)
    if left:
        say(f"killed {left} processes that an earlier supervisor left behind")
    stackfile.remove(layout)
    return bool(supervisor or left)


def end_strays(layout: Layout) -> int:
    """Kill what carries the mark of this stack though no supervisor runs; return how many."""
    found = list(strays(layout.directory))
    for identity in found:
        identity.send(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(identity.is_alive() for identity in found) and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(found)
