"""`./dev compose-test`: docker-compose.yml for real, from an empty machine to an empty machine.

Builds the images, waits until everything is healthy, sends a report through, sees that the pages of
both services may read each other, scales the router to three, sends another, kills intake's worker
and sends one at that moment, checks that default passwords are refused outside the dev profile,
runs the commands of the runbook (among them a backup and its restore into empty servers), and takes
everything down again, volumes and images included.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack

import httpx

from deploy.local.layout import ROOT, free_port_base
from deploy.local.shown import run_shown

LAB = ROOT.parent / "shared" / "tools" / "container-lab"
ENVIRONMENT = ROOT / "deploy" / "dev.env"
ROUTERS = 3
BUILD_S, HEALTHY_S, ARRIVED_S, REFUSED_S, DOWN_S = 1500, 300, 30, 60, 120
COMMAND_S = 240  # for one command of the runbook, on a busy machine
SEND_S = 30.0  # until a report is taken; who waits for a successor is held five seconds at a time

# In a container: the worker is the child of the first process.
KILL_WORKER = """
import os, pathlib
for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
    if stat.read_text().rpartition(")")[2].split()[1] == "1":
        os.kill(int(stat.parent.name), 9)
"""
# Commands of deploy/runbook.md that need no fault, by service.
LOOKS = (
    ("router", "python -m shared.deadletters list"),
    ("rabbitmq", "rabbitmqctl status"),
    ("rabbitmq", "rabbitmqctl list_queues name messages consumers"),
    ("intake", "python -m services.intake.orphans"),
    ("intake", "python -m services.intake.privacy retain"),
    ("intake", "python -m services.intake.audit verify"),
)

REPORT = {
    "category": "service_attitude",
    "text": "Cán bộ tiếp nhận hồ sơ trả lời thiếu lịch sự và bắt tôi quay lại ba lần.",
    "terms": True,
    "reporter": {"kind": "resident", "name": "Trần Thị Lan", "email": "lan@dalat.example"},
}


class FailedError(Exception):
    """The stack in containers does not do what it should."""


def main() -> int:
    """Run the test; 0 when it passes, or when there is no engine and the caller can do without."""
    with ExitStack() as ending:
        if not engine(ending):
            print("compose-test: skipped, for no container engine can be had here")
            return 0 if "--if-possible" in sys.argv[1:] else 1
        try:
            Compose().prove()
        except (FailedError, httpx.HTTPError, subprocess.SubprocessError) as error:
            print(f"compose-test: failed: {error}", file=sys.stderr)
            print(getattr(error, "output", None) or "", file=sys.stderr)
            return 1
    print("compose-test: passed")
    return 0


def engine(ending: ExitStack) -> bool:
    """Say whether containers can be run; where container-lab can start an engine, let it."""
    running = _succeeds("docker", "info")
    if running and _succeeds("docker", "image", "inspect", *_images()):
        return True
    if LAB.exists() and os.getuid() == 0:
        _step("no engine with the images: getting one from container-lab (some minutes)")
        if not running:  # before it is started: a half-started one is taken down as well
            ending.callback(subprocess.run, ["bash", str(LAB), "down"], check=False)
        try:
            run_shown(["bash", str(LAB), "images"], _step)
        except (subprocess.SubprocessError, OSError) as error:
            _step(f"container-lab gave none: {error}")
            print(getattr(error, "output", None) or "", file=sys.stderr)
            return running
        return True
    return running  # with an engine and a registry, the images come by themselves


def _images() -> Sequence[str]:
    config = ["docker", "compose", "--env-file", str(ENVIRONMENT), "config", "--images"]
    named = subprocess.run(config, cwd=ROOT, capture_output=True, text=True, check=False)
    public = [name for name in named.stdout.split() if ":" in name]
    return [*public, "python:3.13-slim"]


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _sent(client: httpx.Client) -> httpx.Response:
    """Send a report as clients do: again under the same key, when nobody answered or had time."""
    key = {"Idempotency-Key": secrets.token_hex(16)}
    ends = time.monotonic() + SEND_S
    while True:
        try:
            answer = client.post("/reports", json=REPORT, headers=key)
            if answer.status_code not in {429, 503}:
                return answer
            said = f"answered {answer.status_code}"
        except httpx.TransportError as error:
            said = f"ended with {type(error).__name__}"
        if time.monotonic() > ends:
            raise FailedError(f"POST /reports {said} for {SEND_S:.0f} s")
        _step(f"POST /reports {said}: once more")
        time.sleep(0.5)


def _step(line: str) -> None:
    print(f"compose-test: {line}", flush=True)


class Compose:
    """One project of docker compose, with a name and ports that nobody else has."""

    def __init__(self) -> None:
        base = free_port_base()
        self._intake, self._notify = (f"http://127.0.0.1:{base + each}" for each in range(2))
        self._prefix = [
            *("docker", "compose", "--project-name", f"dalat-test-{secrets.token_hex(4)}"),
            *("--env-file", str(ENVIRONMENT)),
        ]
        self._environment = {
            **os.environ,
            "DOCKER_BUILDKIT": "1",
            "INTAKE_PUBLISH": f"127.0.0.1:{base}",
            "NOTIFY_PUBLISH": f"127.0.0.1:{base + 1}",
            "PUBLIC_URL": self._intake,
            "NOTIFY_URL": self._notify,
        }

    def prove(self) -> None:
        """Run the whole test.

        Raises:
            FailedError, httpx.HTTPError, subprocess.SubprocessError: it does not pass.
        """
        try:
            self._timed("images built", BUILD_S, "build")
            self._up("everything healthy")
            self._report()
            self._wait_for_mail()
            self._let_pages_read()
            self._up(f"{ROUTERS} routers healthy", "--no-recreate", "--scale", f"router={ROUTERS}")
            self._count_routers()
            self._report()
            self._kill_worker()
            self._refuse_default_passwords()
            self._follow_the_runbook()
        except BaseException:
            self._show_logs()
            raise
        finally:
            self._timed("down", DOWN_S, "down", "--volumes", "--remove-orphans", "--rmi", "local")

    def _up(self, title: str, *arguments: str) -> None:
        wait = ("--wait", "--wait-timeout", str(HEALTHY_S))
        self._timed(title, HEALTHY_S + 60, "up", "--detach", *wait, *arguments)

    def _timed(self, title: str, limit_s: float, *arguments: str) -> None:
        began = time.monotonic()
        _step(f"docker compose {' '.join(arguments)}")
        run_shown(
            [*self._prefix, *arguments],
            _step,
            environment=self._environment,
            cwd=ROOT,
            limit_s=limit_s,
        )
        _step(f"{title} after {time.monotonic() - began:.0f} s")

    def _run(self, limit_s: float, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self._prefix, *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_s,
            check=False,
        )

    def _done(self, *arguments: str) -> str:
        """Run a command that must succeed, and return what it said."""
        done = self._run(COMMAND_S, *arguments)
        if done.returncode:
            words = " ".join(arguments)
            raise FailedError(f"{words}: exit code {done.returncode}\n{done.stdout[-2000:]}")
        return done.stdout

    def _kill_worker(self) -> None:
        """Whoever calls while intake has no worker waits for the next one."""
        self._done("exec", "-T", "intake", "python", "-c", KILL_WORKER)
        self._report()
        _step("a report was taken by the successor of a killed worker")

    def _follow_the_runbook(self) -> None:
        for service, command in LOOKS:
            self._done("exec", "-T", service, *command.split())
        code = self._report()
        once = ("run", "-T", "--rm", "--no-deps")
        with tempfile.TemporaryDirectory() as folder:
            place = ("-v", f"{folder}:/backup", "intake", "python", "-m", "services.intake.backup")
            self._done(*once, "--user", str(os.getuid()), *place, "save", "/backup/today")
            self._timed("everything thrown away", DOWN_S, "down", "--volumes")
            self._up("empty servers healthy", "rabbitmq", "mongo", "minio")
            # the folder is its owner's; what the service runs as may not look into it
            self._done(*once, "--user", str(os.getuid()), *place, "restore", "/backup/today")
        for service in ("router", "sla", "notify"):
            self._done(*once, service, "python", "-m", f"services.{service}.republish")
        self._up("everything healthy again")
        with httpx.Client(base_url=f"{self._intake}/api/v1", timeout=10) as client:
            if client.get(f"/reports/{code}").status_code != 200:  # noqa: PLR2004
                raise FailedError(f"{code} did not come back with the backup")
        self._report()
        _step("every command of the runbook was run, and the backup restored")

    def _report(self) -> str:
        """Send a report, wait until it is assigned, and return its code."""
        with httpx.Client(base_url=f"{self._intake}/api/v1", timeout=10) as client:
            sent = _sent(client)
            if sent.status_code != 201:  # noqa: PLR2004
                raise FailedError(f"POST /reports answered {sent.status_code}: {sent.text}")
            code = sent.json()["code"]
            began = time.monotonic()
            while (seen := client.get(f"/reports/{code}").json())["state"] != "assigned":
                if time.monotonic() - began > ARRIVED_S:
                    raise FailedError(f"{code} is still {seen['state']} after {ARRIVED_S} s")
                time.sleep(0.05)
        _step(f"{code} assigned after {time.monotonic() - began:.1f} s")
        return code

    def _wait_for_mail(self) -> None:
        """Wait until the sink of the dev profile has a message."""
        began = time.monotonic()
        while ".eml" not in self._run(DOWN_S, "exec", "-T", "mail", "ls", "/mail").stdout:
            if time.monotonic() - began > ARRIVED_S:
                raise FailedError(f"no mail after {ARRIVED_S} s")
        _step("the reporter has mail")

    def _let_pages_read(self) -> None:
        """See that the pages of either service may read the other one, as the browser asks it."""
        for service, path, page in (
            (self._notify, "/api/v1/ioc/summary", self._intake),
            (self._intake, "/api/v1/units", self._notify),
        ):
            answer = httpx.get(service + path, headers={"Origin": page}, timeout=10)
            if answer.headers.get("access-control-allow-origin") != page:
                raise FailedError(f"a page of {page} may not read {service}{path}")
        _step("pages of intake may read notify, and the other way round")

    def _count_routers(self) -> None:
        listed = self._run(DOWN_S, "ps", "--quiet", "--status", "running", "router").stdout.split()
        if len(listed) != ROUTERS:
            raise FailedError(f"{len(listed)} routers run, not {ROUTERS}")

    def _refuse_default_passwords(self) -> None:
        once = ("run", "--rm", "--no-deps", "-e", "ROUTER_PROFILE=production", "router")
        tried = self._run(REFUSED_S, *once)
        if tried.returncode == 0 or "ROUTER_AMQP_URL" not in tried.stdout:
            raise FailedError(f"a default password was not refused:\n{tried.stdout[-2000:]}")
        _step("default passwords refused outside the dev profile")

    def _show_logs(self) -> None:
        print(self._run(DOWN_S, "ps", "--all").stdout, file=sys.stderr)
        print(self._run(DOWN_S, "logs", "--no-color", "--tail", "60").stdout, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
