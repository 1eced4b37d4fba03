"""Things that the bench starts for itself beside the stack: an intake alone, an empty FastAPI.

The intake has a vhost and databases of its own on the stack's servers. Its topology stands there
as everywhere, but no router, sla or notify listens, so nothing but intake, RabbitMQ and MongoDB
works on a report, and the services of the stack stay at rest.
"""

import base64
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from deploy.bench.cores import pin
from deploy.bench.errors import BenchError
from deploy.local.layout import ROOT

START_S = 60.0


@contextmanager
def own_vhost(stack: Mapping[str, Any]) -> Generator[str]:
    """Make an empty vhost, yield its AMQP address, and delete it with all that is in it."""
    name = f"bench-{secrets.token_hex(4)}"
    address = httpx.URL(stack["management"])
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    credentials = (address.username, address.password)
    with httpx.Client(base_url=address, auth=credentials, timeout=30) as api:
        api.put(f"/api/vhosts/{name}").raise_for_status()
        try:
            path = f"/api/permissions/{name}/{address.username}"
            api.put(path, json=everything).raise_for_status()
            yield stack["amqp"] + name
        finally:
            api.delete(f"/api/vhosts/{name}").raise_for_status()


@contextmanager
def own_databases(stack: Mapping[str, Any]) -> Generator[str]:
    """Yield a prefix of database names that nobody else uses; they are dropped at the end."""
    prefix = f"bench_{secrets.token_hex(4)}"
    try:
        yield prefix
    finally:
        client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)
        client.close()


@contextmanager
def intake(
    stack: Mapping[str, Any], amqp: str, prefix: str, cores: frozenset[int]
) -> Generator[tuple[str, int]]:
    """Run an intake of its own; yield its address and its pid."""
    s3 = stack["s3"]
    settings = {
        "INTAKE_PROFILE": "dev",
        "INTAKE_AMQP_URL": amqp,
        "INTAKE_MONGO_URL": stack["mongo"],
        "INTAKE_DATABASE_PREFIX": prefix,
        "INTAKE_S3_ENDPOINT": s3["endpoint"],
        "INTAKE_S3_ACCESS_KEY": s3["access_key"],
        "INTAKE_S3_SECRET_KEY": s3["secret_key"],
        "INTAKE_S3_BUCKET": s3["bucket"],
        "INTAKE_SEALING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "INTAKE_TRACKING_SECRET": secrets.token_urlsafe(32),
        # as in the stack: all of the load comes from one address
        "INTAKE_REQUESTS_PER_ADDRESS": "0",
        "INTAKE_REPORTS_PER_ADDRESS": "0",
    }
    log = Path(stack["logs"]) / "bench-intake.log"
    with _server("services.intake.app:create_app", settings, log, cores=cores) as (url, pid):
        _wait(f"{url}/health/ready", log)
        yield url, pid


@contextmanager
def empty_fastapi(stack: Mapping[str, Any], cores: frozenset[int]) -> Generator[str]:
    """Run the application of floor F5 under the same server as ours; yield its address."""
    log = Path(stack["logs"]) / "bench-empty.log"
    with _server("deploy.bench.floors:create_empty_app", {}, log, cores=cores) as (url, _):
        _wait(f"{url}/openapi.json", log)
        yield url


@contextmanager
def _server(
    app: str, settings: Mapping[str, str], log: Path, *, cores: frozenset[int]
) -> Generator[tuple[str, int]]:
    """Run an application under the server of the services, without a parent that forks it."""
    port = _free_port()
    command = [
        *("setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "uvicorn", app),
        *("--factory", "--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
        *("--http", "shared.server:Protocol"),
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **settings, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        pin([process.pid], cores)  # threads that come later inherit it
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, log: Path) -> None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        try:
            if httpx.get(url, timeout=3).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise BenchError(f"{url} does not answer; see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
