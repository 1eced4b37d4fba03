"""The stack under test: its own servers and services, links that can be spoilt, ways to hurt it."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from pymongo import MongoClient

from deploy.local import credentials, stack, stackfile
from deploy.local.layout import ROOT, Layout, free_port_base
from deploy.local.probes import http_status
from deploy.local.servers import amqp_url, mongo_url, rabbitmq_environment
from deploy.local.services import SERVICES, service_environment
from deploy.local.tools import bring
from shared import topology
from tests.chaos import rules
from tests.chaos.proxy import Control
from tests.chaos.sinks import MailSink

LINKS = ("amqp", "mongo", "s3")
LOOK_S = 0.05  # between two questions; a readiness costs all servers a little
LEASE_S = 15  # of a delivery whose sender died; a minute in earnest
VOLUMES = {"spool": "64M", "data/mongo": "4G", "data/s3": "2G"}  # file systems that can be filled


class World:
    """Everything that a fault can be done to."""

    def __init__(self, limit_s: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="civic-chaos-"))
        self.layout = Layout(self.folder, free_port_base(), unpaced=True)
        self.limit_s = limit_s
        self.volumes: dict[str, Path] = {}
        self.mail = MailSink(self.folder / "mails.txt")
        self.ports = {name: _free_port() for name in (*LINKS, "control", "smtp", "webhooks")}
        self.links = Control(self.ports["control"])
        self._proxy: subprocess.Popen[bytes] | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._api = httpx.AsyncClient(timeout=10)
        self.secrets = credentials.load_or_make(self.layout.secrets_file)
        self.amqp = amqp_url(self.layout, self.secrets)
        self.mongo = mongo_url(self.layout)

    async def start(self, say: Callable[[str], None]) -> None:
        """Start everything, and give the leaders and the heads a mailbox."""
        self._mount(say)
        await self.mail.open(self.ports["smtp"])
        self._start_proxy()
        os.environ.update(self._environment())
        self._supervisor = await asyncio.to_thread(
            stack.start, self.layout, with_services=True, attached=False, say=say
        )
        await asyncio.to_thread(self._give_mailboxes)
        await self.restart("intake", signal.SIGKILL)

    async def stop(self) -> None:
        """End every process that was started, and remove every trace."""
        await self._api.aclose()
        if self._supervisor:
            self._supervisor.kill()
            self._supervisor.wait()
        stack.end_strays(self.layout)
        if self._proxy:
            self._proxy.kill()
            self._proxy.wait()
        await self.mail.close()
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        for place in reversed(self.volumes.values()):
            subprocess.run(["umount", "-l", str(place)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, service: str) -> str:
        return self.layout.url(service)

    def pid(self, program: str) -> int:
        """Return the pid that the program has now, 0 when it has none."""
        return int(((stackfile.read(self.layout) or {}).get("pids") or {}).get(program, 0))

    def send(self, program: str, number: signal.Signals) -> int:
        """Send a signal to a program of the stack; return the pid that got it."""
        pid = self.pid(program)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def memory(self) -> dict[str, int]:
        """Return the resident bytes of every service."""
        found = {}
        for name in SERVICES:
            with contextlib.suppress(psutil.Error):
                found[name] = psutil.Process(self.pid(name)).memory_info().rss
        return found

    async def is_ready(self, service: str) -> bool:
        return await http_status(self.layout.port(service), "/health/ready") == 200

    async def until(
        self, true: Callable[[], Awaitable[bool]], limit_s: float = 90.0
    ) -> float | None:
        """Wait until something is so; return how long it took, None when it never was."""
        began = time.monotonic()
        while not await true():
            if time.monotonic() - began > limit_s:
                return None
            await asyncio.sleep(LOOK_S)
        return time.monotonic() - began

    async def all_ready(self) -> bool:
        return all(await asyncio.gather(*(self.is_ready(each) for each in SERVICES)))

    async def restart(
        self, program: str, number: signal.Signals, *, whole: bool = False
    ) -> float | None:
        """End a service and wait until its successor is ready; return the seconds.

        Its worker; or the parent of that too when the `whole` is to go.
        """
        began = time.monotonic()
        before = self.pid(program)
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            os.kill(psutil.Process(before).ppid() if whole else before, number)

        async def back() -> bool:
            return self.pid(program) != before and await self.is_ready(program)

        return time.monotonic() - began if await self.until(back) is not None else None

    async def rabbitmqctl(self, *arguments: str) -> None:
        """Give the broker an order through its own tool."""
        tools = await asyncio.to_thread(bring, lambda _: None)
        process = await asyncio.create_subprocess_exec(
            str(tools.rabbitmq.with_name("rabbitmqctl")),
            *arguments,
            env={**os.environ, **rabbitmq_environment(self.layout)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"rabbitmqctl {arguments[0]}: {errors.decode()[-300:]}")

    async def sweep(self) -> None:
        """Remove what belongs to no case by the operator's own command; nothing may be on its way.

        Raises:
            RuntimeError: it failed.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.intake.orphans", "--older-than-s", "0", "--apply"),
            cwd=ROOT,
            env={**service_environment(self.layout, self.secrets), **os.environ},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the sweeper: {errors.decode()[-300:]}")

    async def management(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask the broker's HTTP API; `path` follows `/api/`."""
        port = self.layout.port("management")
        return await self._api.request(
            method,
            f"http://127.0.0.1:{port}/api/{path}",
            json=body,
            auth=(self.secrets.amqp_user, self.secrets.amqp_password),
        )

    async def delete_queue(self, name: str) -> None:
        (await self.management("DELETE", f"queues/%2F/{name}")).raise_for_status()

    def failpoints(self, service: str) -> Path:
        """Return the folder in which a file named after a point kills the service there."""
        folder = self.folder / "failpoints" / service
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _environment(self) -> dict[str, str]:
        regulation, calendars = rules.write(self.folder / "rules", self.limit_s)
        found = {
            "INTAKE_S3_ENDPOINT": f"127.0.0.1:{self.ports['s3']}",
            "INTAKE_SPOOL": str(self.folder / "spool"),
            "NOTIFY_SMTP_URL": f"smtp://127.0.0.1:{self.ports['smtp']}",
            "NOTIFY_TEST_HOSTS": f"127.0.0.1:{self.ports['webhooks']}",
            "NOTIFY_SEND_LEASE_S": str(LEASE_S),
            "NOTIFY_SEND_AT_ONCE": "12",
            # it is night somewhere, and the mails of a run are not to wait for the morning
            "NOTIFY_QUIET_FROM": "00:00",
            "NOTIFY_QUIET_UNTIL": "00:00",
        }
        for service in SERVICES:
            found |= {
                f"{service.upper()}_AMQP_URL": _through(self.amqp, self.ports["amqp"]),
                # a replica set would tell its own address: the link stands for its only member
                f"{service.upper()}_MONGO_URL": (
                    f"mongodb://127.0.0.1:{self.ports['mongo']}/?directConnection=true"
                ),
                f"{service.upper()}_REGULATION": str(regulation),
                f"{service.upper()}_CALENDARS": str(calendars),
                f"{service.upper()}_FAILPOINT": f"{self.failpoints(service)}/",
            }
        return found

    def _start_proxy(self) -> None:
        behind = {name: self.layout.port(name) for name in LINKS}
        links = [f"{name}={self.ports[name]}:127.0.0.1:{behind[name]}" for name in LINKS]
        command = [sys.executable, "-m", "tests.chaos.proxy", str(self.ports["control"]), *links]
        with (self.folder / "proxy.log").open("wb") as log:
            self._proxy = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip

    def _mount(self, say: Callable[[str], None]) -> None:
        """Give what can run full a file system of its own, where we may."""
        for name, size in VOLUMES.items():
            place, image = self.folder / name, self.folder / f"{name.replace('/', '-')}.img"
            place.mkdir(parents=True, exist_ok=True)
            steps = (["truncate", "-s", size, image], ["mkfs.ext4", "-q", image],
                     ["mount", "-o", "loop", image, place])  # fmt: skip
            for step in steps:
                try:
                    done = subprocess.run(list(map(str, step)), capture_output=True, check=False)
                except FileNotFoundError:
                    say(f"{step[0]} is missing: {name} cannot be filled")
                    return
                if done.returncode:
                    say(f"{name} cannot be filled: {done.stderr.decode().strip()}")
                    return
            self.volumes[name] = place

    def _give_mailboxes(self) -> None:
        client: MongoClient[dict[str, object]] = MongoClient(self.mongo)
        accounts = client["civic_intake"]["accounts"]
        for each in accounts.find({"role": {"$in": ["leader", "unit_head"]}}):
            email = f"{each['username']}@city.example"
            accounts.update_one({"_id": each["_id"]}, {"$set": {"email": email}})
        client.close()


def queues() -> list[str]:
    """Return every queue that must be empty when all is quiet."""
    return [
        name
        for spec in topology.QUEUES
        for name in (spec.name, *(spec.retry(each) for each in topology.RETRY_DELAYS_S))
    ]


def _free_port() -> int:
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _through(url: str, port: int) -> str:
    parts = urlsplit(url)
    account = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{account}@127.0.0.1:{port}").geturl()
