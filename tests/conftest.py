"""Real servers for the tests that need them.

`./dev test` starts the servers once and names them in TEST_STACK. Without it (a single test run by
hand) they are started by the first test that asks for them, and end with the run.
"""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import urllib3
from hypothesis import HealthCheck, settings
from minio import Minio
from pymongo import MongoClient

from deploy import pages
from deploy.local import stack as stacks

Description = dict[str, Any]

# The machines are shared: an example that waited for its neighbours is no failure.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

# Real servers and browsers on a shared machine miss a moment now and then; what is wrong is wrong
# again. Each further try is counted in the closing line ("1 rerun").
RERUNS = {"integration": 1, "e2e": 1, "browser": 2}


@pytest.fixture(scope="session")
def servers() -> Iterator[Description]:
    """RabbitMQ, MongoDB, S3 and a mail sink, as stack.json describes them; no services."""
    given = os.environ.get("TEST_STACK")
    if given:
        yield json.loads(Path(given).read_text())
        return
    with stacks.temporary(with_services=False, say=print) as layout:
        yield json.loads(layout.stack_file.read_text())


@pytest.fixture(scope="session")
def stack_file() -> Iterator[Path]:
    """stack.json of a whole stack of its own, services included; read it again after a kill."""
    with stacks.temporary(with_services=True, say=print) as layout:
        yield layout.stack_file


@pytest.fixture(scope="session")
def stack(stack_file: Path) -> Description:
    """What stack.json said when the whole stack had become ready."""
    return json.loads(stack_file.read_text())


@pytest.fixture(scope="session")
def built() -> None:
    """Build the pages; without node there is nothing to look at."""
    if not pages.build(print):
        pytest.skip("node and npm are not here: no pages to look at")


@pytest.fixture(scope="session")
def _mongo(servers: Description) -> Iterator["MongoClient[dict[str, Any]]"]:
    client: MongoClient[dict[str, Any]] = MongoClient(servers["mongo"])
    yield client
    client.close()


@pytest.fixture
def mongo_url(servers: Description) -> str:
    """The address of the replica set."""
    return servers["mongo"]


@pytest.fixture
def database_prefix(_mongo: "MongoClient[dict[str, Any]]") -> Iterator[str]:
    """A prefix of database names that nobody else uses; its databases are dropped afterwards."""
    prefix = f"test_{uuid.uuid4().hex[:12]}"
    yield prefix
    for name in _mongo.list_database_names():
        if name.startswith(prefix):
            _mongo.drop_database(name)


@pytest.fixture
def amqp_url(servers: Description) -> Iterator[str]:
    """The address of an empty vhost that nobody else uses."""
    vhost = f"test-{uuid.uuid4().hex[:12]}"
    address = httpx.URL(servers["management"])
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    with httpx.Client(base_url=address, auth=(address.username, address.password)) as api:
        api.put(f"/api/vhosts/{vhost}").raise_for_status()
        api.put(f"/api/permissions/{vhost}/{address.username}", json=everything).raise_for_status()
        yield servers["amqp"] + vhost
        api.delete(f"/api/vhosts/{vhost}").raise_for_status()


@pytest.fixture
def s3(servers: Description) -> Description:
    """Endpoint, access_key, secret_key and an empty bucket that nobody else uses."""
    settings = {**servers["s3"], "bucket": f"test-{uuid.uuid4().hex[:12]}"}
    with urllib3.PoolManager() as connections:
        client = Minio(
            settings["endpoint"],
            settings["access_key"],
            settings["secret_key"],
            secure=False,
            region="us-east-1",  # rclone has no GetBucketLocation
            http_client=connections,
        )
        client.make_bucket(settings["bucket"])
    return settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests on real servers another try, and put the browser's last.

    Playwright's synchronous API leaves its event loop running in this thread until it ends, and no
    asynchronous test can run beside it.
    """
    items.sort(key=lambda each: _folder(each) == "browser")
    for item in items:
        folder = _folder(item)
        if folder in RERUNS:
            item.add_marker(pytest.mark.flaky(reruns=RERUNS[folder]))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]
