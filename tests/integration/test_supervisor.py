"""The supervisor with small programs of the test's own; no server is started for most of these."""

import contextlib
import email
import email.policy
import io
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import aio_pika
import pytest
import urllib3
from minio import Minio
from pymongo import MongoClient

from deploy.local import stack as stacks
from deploy.local.layout import (
    PORTS,
    ROOT,
    Layout,
    LayoutError,
    free_port_base,
    next_port_base,
)
from deploy.local.logfiles import bound
from deploy.local.process import Identity, identify, strays
from deploy.local.shown import run_shown

# A whole supervisor over two programs: `web` answers HTTP, `idle` needs it and has a child of its
# own that ignores SIGTERM. It reports like the real one and writes a stack.json of pids.
DRIVER = textwrap.dedent("""
    import asyncio, json, os, signal, sys
    from pathlib import Path
    from deploy.local.probes import http
    from deploy.local.program import Program
    from deploy.local.supervisor import StartError, Supervisor

    folder, port, broken = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "broken"

    async def always():
        return True

    idle = '''
    import os, signal, subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", "import signal, time;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
    time.sleep(600)
    '''.replace("\\n    ", "\\n").lstrip()
    web = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    if broken:
        web = [sys.executable, "-c", "raise SystemExit('no configuration')"]
    programs = [
        Program("web", tuple(web), http(port), (port,)),
        Program("idle", (sys.executable, "-c", idle), always, needs=("web",), stage=2),
    ]
    write = lambda pids: (folder / "new").write_text(json.dumps(pids)) and (
        (folder / "new").rename(folder / "pids.json"))
    supervisor = Supervisor(programs, directory=folder, logs=folder, publish=write, say=print)

    async def main():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, supervisor.stop)
        await supervisor.run(lambda: print("ready", flush=True))

    try:
        asyncio.run(main())
    except StartError as error:
        sys.exit(str(error))
""")


def wait_until(true: Callable[[], bool], limit_s: float = 10) -> float:
    """Wait for a condition and return how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < limit_s, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


class Driven:
    """The driver above, running."""

    def __init__(self, folder: Path, kind: str = "sound") -> None:
        self.folder = folder
        self.port = free_port_base()
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-u", "-c", DRIVER, str(folder), str(self.port), kind],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, line: str) -> None:
        """Wait until the driver prints a line that begins like this."""
        assert self.process.stdout
        assert any(each.strip().startswith(line) for each in self.process.stdout)

    def pids(self) -> dict[str, int]:
        return json.loads((self.folder / "pids.json").read_text())

    def everybody(self) -> set[Identity]:
        return set(strays(self.folder))


@pytest.fixture
def driven(tmp_path: Path) -> Iterator[Driven]:
    driver = Driven(tmp_path)
    driver.wait_for("ready")
    yield driver
    driver.process.kill()
    driver.process.communicate()
    for identity in driver.everybody():
        identity.send(signal.SIGKILL)


@pytest.mark.parametrize("name", ["web", "idle"])
def test_a_killed_program_has_a_successor_within_a_second(driven: Driven, name: str) -> None:
    before = driven.pids()

    os.kill(before[name], signal.SIGKILL)

    assert wait_until(lambda: driven.pids()[name] != before[name]) < 1
    after = driven.pids()
    assert identify(after[name])
    assert {n: p for n, p in after.items() if n != name} == {
        n: p for n, p in before.items() if n != name
    }


def test_a_program_killed_again_and_again_comes_back_as_fast_each_time(driven: Driven) -> None:
    for _ in range(5):
        before = driven.pids()["web"]
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda old=before: driven.pids()["web"] != old) < 1
        driven.wait_for("web       ready")


def test_what_a_killed_program_had_started_ends_with_it(driven: Driven) -> None:
    wait_until(lambda: len(driven.everybody()) == 3)
    first = driven.everybody()
    leader = driven.pids()["idle"]

    os.kill(leader, signal.SIGKILL)

    wait_until(lambda: len(driven.everybody() - first) == 2)
    assert len(driven.everybody() & first) == 1  # web


def test_nothing_is_left_when_the_supervisor_is_told_to_stop(driven: Driven) -> None:
    wait_until(lambda: len(driven.everybody()) == 3)

    driven.process.terminate()

    assert driven.process.wait(10) == 0
    assert not driven.everybody()


def test_no_program_outlives_a_killed_supervisor(driven: Driven) -> None:
    children = [identify(pid) for pid in driven.pids().values()]

    driven.process.kill()

    wait_until(lambda: not any(child and child.is_alive() for child in children))


def test_what_a_killed_supervisor_left_behind_is_found_and_ended(driven: Driven) -> None:
    wait_until(lambda: len(driven.everybody()) == 3)
    driven.process.kill()
    driven.process.wait()
    wait_until(lambda: len(driven.everybody()) == 1)  # the grandchild: no parent of ours

    ended = stacks.end_strays(Layout(driven.folder))

    assert ended == 1
    assert not driven.everybody()


def test_a_program_that_cannot_start_ends_the_start_with_its_name(tmp_path: Path) -> None:
    driver = Driven(tmp_path, "broken")

    _, errors = driver.process.communicate(timeout=20)

    assert driver.process.returncode == 1
    assert errors.strip() == "web ended 3 times, the last time with 1"
    assert "no configuration" in (tmp_path / "web.log").read_text()
    assert not driver.everybody()


def test_a_pid_that_belongs_to_another_process_by_now_is_not_touched() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        now = identify(other.pid)
        assert now
        earlier = Identity(now.pid, now.began - 1)

        sent = earlier.send(signal.SIGKILL)

        assert not sent
        assert other.poll() is None
        assert now.send(signal.SIGTERM)


def dev(*arguments: str, layout: Layout) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [str(ROOT / "dev"), *arguments],
        env={
            **os.environ,
            "LOCAL_DIR": str(layout.directory),
            "PORT_BASE": str(layout.port_base),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_named_together_with_the_variable_that_moves_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path, free_port_base())
    with socket.create_server(("127.0.0.1", layout.port("mongo"))):
        tried = dev("up", "--detach", layout=layout)

    told = tried.stdout + tried.stderr
    assert tried.returncode == 1
    assert f"port {layout.port('mongo')}, meant for mongo, is taken" in told
    assert f"PORT_BASE={next_port_base(layout.port_base)} ./dev up" in told
    assert not list(strays(tmp_path))


def test_down_without_a_stack_says_so_and_is_content(tmp_path: Path) -> None:
    done = dev("down", layout=Layout(tmp_path))

    assert done.returncode == 0
    assert done.stdout == f"no stack runs in {tmp_path}\n"


@pytest.mark.parametrize("base", ["", "abc", "80", "65530", "-1"])
def test_a_port_base_without_room_is_refused(base: str) -> None:
    environment = {"PORT_BASE": base}
    if not base:
        assert Layout.from_environment(environment).port("intake") == 8000
        return

    with pytest.raises(LayoutError, match="a number from 1024"):
        Layout.from_environment(environment)


def test_a_log_above_its_limit_is_turned_over_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        bound(tmp_path, limit=99)
        writer.write(b"after")

    assert log.read_bytes() == b"after"
    assert (tmp_path / "web.log.1").read_bytes() == b"x" * 100


def test_a_long_step_that_fails_carries_the_end_of_what_it_said() -> None:
    program = "print('one'); print('two'); raise SystemExit('broken')"

    with pytest.raises(subprocess.CalledProcessError) as failure:
        run_shown([sys.executable, "-c", program], print)

    assert failure.value.output.splitlines()[-3:] == ["one", "two", "broken"]


def test_a_step_that_takes_too_long_is_ended() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_shown([sys.executable, "-c", "input()"], print, limit_s=-1)


@pytest.mark.usefixtures("servers")
class TestRealServers:
    """One supervisor over the real servers, shared with the other integration tests."""

    def test_mongo_is_a_primary_that_takes_majority_writes(self, mongo_url: str) -> None:
        with contextlib.closing(MongoClient(mongo_url, serverSelectionTimeoutMS=5000)) as client:
            hello = client.admin.command("hello")

        assert hello["isWritablePrimary"]
        assert hello["setName"] == "rs0"

    async def test_the_broker_confirms_a_message_to_a_quorum_queue(self, amqp_url: str) -> None:
        async with await aio_pika.connect(amqp_url) as connection:
            channel = await connection.channel(on_return_raises=True)
            queue = await channel.declare_queue(
                "one", durable=True, arguments={"x-queue-type": "quorum"}
            )
            await channel.default_exchange.publish(aio_pika.Message(b"body"), queue.name)
            message = await queue.get(timeout=5)
            await message.ack()

        assert message.body == b"body"

    def test_an_object_comes_back_from_a_bucket_of_the_tests_own(self, s3: dict[str, str]) -> None:
        with urllib3.PoolManager() as connections:
            client = Minio(
                s3["endpoint"],
                s3["access_key"],
                s3["secret_key"],
                secure=False,
                region="us-east-1",
                http_client=connections,
            )
            assert not list(client.list_objects(s3["bucket"], recursive=True))
            client.put_object(s3["bucket"], "a/photo", io.BytesIO(b"bytes"), 5)

            assert client.get_object(s3["bucket"], "a/photo").data == b"bytes"

    def test_a_database_of_the_tests_own_is_empty(
        self, mongo_url: str, database_prefix: str
    ) -> None:
        with contextlib.closing(MongoClient(mongo_url)) as client:
            cases = client[f"{database_prefix}_intake"]["cases"]
            cases.insert_one({"_id": "DL-1"})

            assert cases.count_documents({}) == 1

    def test_a_second_up_says_that_a_stack_runs_and_where(self, servers: dict[str, str]) -> None:
        folder = Path(servers["logs"]).parent
        base = int(servers["smtp"].rpartition(":")[2]) - PORTS["smtp"]

        done = dev("up", "--detach", layout=Layout(folder, base))

        assert done.returncode == 0
        assert f"a stack already runs in {folder}" in done.stdout
        assert servers["mongo"] in done.stdout

    def test_a_message_is_kept_whole_and_in_utf_8(self, servers: dict[str, str]) -> None:
        message = EmailMessage()
        message["From"] = "civic@dalat.example"
        message["To"] = "lan@dalat.example"
        message["Subject"] = "Đã tiếp nhận phản ánh"
        message.set_content("Ổ gà trước số 12.\n.\nHết.\n")
        folder = Path(servers["mail"])
        before = set(folder.glob("*.eml"))

        with smtplib.SMTP("127.0.0.1", int(servers["smtp"].rpartition(":")[2])) as client:
            client.send_message(message)

        (kept,) = set(folder.glob("*.eml")) - before
        parsed = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
        assert parsed["Subject"] == "Đã tiếp nhận phản ánh"
        assert parsed["X-Envelope-To"] == "lan@dalat.example"
        assert parsed.get_content().splitlines() == ["Ổ gà trước số 12.", ".", "Hết."]

    def test_the_pid_of_rabbitmq_is_the_broker_itself(
        self, servers: dict[str, dict[str, int]]
    ) -> None:
        program = Path(f"/proc/{servers['pids']['rabbitmq']}/exe").readlink()

        assert program.name == "beam.smp"
