"""The parent that outlives its workers: nobody is refused between two, and it does not hang."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from deploy.local.layout import ROOT, free_port_base
from deploy.local.process import identify

# It counts how often it was loaded and how often it was built, and starts badly when it is told to.
APPLICATION = textwrap.dedent("""
    import asyncio, contextlib, os
    from pathlib import Path
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    FOLDER = Path(os.environ["FOLDER"])
    with (FOLDER / "loaded").open("a") as loads:
        loads.write("x")

    async def who(request):
        await asyncio.sleep(float(request.query_params.get("s", 0)))
        return PlainTextResponse(str(os.getpid()))

    @contextlib.asynccontextmanager
    async def lifespan(app):
        if (FOLDER / "slow").exists():
            await asyncio.sleep(float((FOLDER / "slow").read_text()))
        if (FOLDER / "broken").exists():
            raise RuntimeError("no configuration")
        yield

    def create_app():
        return Starlette(routes=[Route("/", who)], lifespan=lifespan)
""")
PATIENCE_S = 30.0  # the machine may be busy


class Served:
    """A parent with its worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port_base()
        (folder / "counted_app.py").write_text(APPLICATION)
        reads, writes = os.pipe()
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [
                    *(sys.executable, "-m", "shared.prefork", "counted_app:create_app"),
                    *("--port", str(self.port), "--report-to", str(writes)),
                ],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "FOLDER": str(folder)},
                stderr=log,
                pass_fds=[writes],
            )
        os.close(writes)
        self._told = os.fdopen(reads, encoding="ascii")

    def next_worker(self) -> int:
        """Wait for the pid of the next worker; 0 when there will be none."""
        return int(self._told.readline() or 0)

    def ask(self, path: str = "/") -> int:
        """Return the pid of the worker that answers."""
        return int(httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S).text)

    def is_refusing(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return False
        except ConnectionRefusedError:
            return True

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._told.close()


def wait_until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Served, int]]:
    """A parent whose first worker serves, and that worker's pid."""
    running = Served(tmp_path)
    try:
        worker = running.next_worker()
        wait_until(lambda: not running.is_refusing())
        yield running, worker
    finally:
        running.close()


def test_who_calls_while_the_worker_is_dead_waits_and_is_served_by_its_successor(
    served: tuple[Served, int],
) -> None:
    running, worker = served
    (running.folder / "slow").write_text("1")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: identify(worker) is None)

    with ThreadPoolExecutor(20) as callers:
        answers = set(callers.map(running.ask, ["/"] * 20))

    assert answers == {running.next_worker()}
    assert (running.folder / "loaded").read_text() == "x"  # the code was not loaded again


def test_a_worker_that_is_told_to_end_finishes_what_it_has_while_its_successor_serves(
    served: tuple[Served, int],
) -> None:
    running, worker = served
    with ThreadPoolExecutor(1) as caller:
        slow = caller.submit(running.ask, "/?s=3")
        wait_until(lambda: bool(psutil.Process(worker).net_connections("tcp")[1:]))
        os.kill(worker, signal.SIGTERM)
        successor = running.next_worker()

        assert running.ask() == successor
        assert identify(worker), "the first one has ended before its request was done"
        assert slow.result(PATIENCE_S) == worker

    wait_until(lambda: identify(worker) is None)
    assert running.ask() == successor


def test_a_worker_that_is_killed_again_and_again_has_a_successor_each_time(
    served: tuple[Served, int],
) -> None:
    running, worker = served
    for _ in range(8):
        assert running.ask() == worker
        os.kill(worker, signal.SIGKILL)
        worker = running.next_worker()

    assert running.ask() == worker


def test_callers_are_refused_once_nobody_has_served_for_too_long_and_served_when_one_does(
    served: tuple[Served, int],
) -> None:
    running, worker = served
    (running.folder / "slow").write_text("9")  # longer than HOLD_S
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: identify(worker) is None)
    assert not running.is_refusing()

    wait_until(running.is_refusing)

    assert running.process.poll() is None
    wait_until(lambda: not running.is_refusing())
    assert running.ask() == running.next_worker()


def test_an_application_that_can_no_longer_start_ends_in_refusals_and_an_exit_code(
    served: tuple[Served, int],
) -> None:
    running, worker = served
    (running.folder / "broken").touch()
    os.kill(worker, signal.SIGKILL)

    assert running.process.wait(PATIENCE_S) == 3  # uvicorn's: the start failed

    assert running.is_refusing()
    assert "none can serve: given up" in (running.folder / "log").read_text()


def test_an_application_that_never_could_start_is_given_up_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    running = Served(tmp_path)
    try:
        assert running.process.wait(PATIENCE_S) == 3
        assert running.next_worker()
        assert running.next_worker() == 0  # no second try: that is its supervisor's to decide
    finally:
        running.close()


def test_every_line_of_the_log_is_json_and_none_says_who_opened_a_websocket(
    served: tuple[Served, int],
) -> None:
    running, worker = served
    log = running.folder / "log"
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{running.port}/DL-7K3Q-9M2F?phone=0912345678")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: f"worker {worker} ended with" in log.read_text())
    wait_until(lambda: not running.is_refusing())

    lines = [json.loads(each) for each in log.read_text().splitlines()]

    assert {each["service"] for each in lines} == {"counted_app"}
    assert [each for each in lines if "0912345678" in str(each) or "WebSocket" in str(each)] == []


def test_all_ends_in_order_when_the_parent_is_told_to(served: tuple[Served, int]) -> None:
    running, worker = served
    with ThreadPoolExecutor(1) as caller:
        slow = caller.submit(running.ask, "/?s=2")
        wait_until(lambda: bool(psutil.Process(worker).net_connections("tcp")[1:]))
        running.process.terminate()

        assert slow.result(PATIENCE_S) == worker

    assert running.process.wait(PATIENCE_S) == 0
    assert identify(worker) is None


def test_no_worker_outlives_a_killed_parent(served: tuple[Served, int]) -> None:
    running, worker = served

    running.process.kill()

    wait_until(lambda: identify(worker) is None)
    assert running.is_refusing()
