"""The restore drill: back up under load, lose everything, restore into a fresh stack, compare."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local import credentials
from deploy.local import stack as stacks
from deploy.local.layout import ROOT, Layout, free_port_base
from deploy.local.services import service_environment
from tests.e2e.client import City, eventually, report
from tests.hostile.pictures import photo

pytestmark = pytest.mark.timeout(580)


def dev(layout: Layout, *words: str) -> "subprocess.CompletedProcess[str]":
    """`./dev …` for one stack."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "deploy.local", *words],
        cwd=ROOT,
        env={
            **os.environ,
            "LOCAL_DIR": str(layout.directory),
            "PORT_BASE": str(layout.port_base),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="civic-drill-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Load(threading.Thread):
    """A reporter who goes on sending, and keeps every receipt."""

    def __init__(self, city: City) -> None:
        super().__init__()
        self.receipts: list[dict[str, Any]] = []
        self.ended = threading.Event()
        self._city = city
        self._photo = photo()

    def run(self) -> None:
        while not self.ended.is_set():
            answer = self._city.send(report(), [("a.jpg", self._photo, "image/jpeg")])
            assert answer.status_code == 201, answer.text
            self.receipts.append(answer.json())


def test_a_restored_stack_is_whole_and_goes_on(folder: Path) -> None:
    saved = folder / "backup"
    with stacks.temporary(with_services=True, say=print) as old:
        city = City.at(old.stack_file)
        load = Load(city)
        load.start()
        try:
            eventually(lambda: len(load.receipts) > 5, 30)
            before = len(load.receipts)
            done = dev(old, "backup", str(saved))
            assert done.returncode == 0, done.stdout + done.stderr
            refused = dev(old, "backup", str(saved))
        finally:
            load.ended.set()
            load.join()
        secrets = folder / "secrets.json"
        shutil.copy(old.secrets_file, secrets)
        shutil.copytree(old.mail, folder / "mail")
        city.close()
    assert refused.returncode == 2
    assert "not empty" in refused.stderr

    new = Layout(folder / "new", free_port_base(), unpaced=True)
    restored = dev(new, "restore", str(saved), "--secrets", str(secrets))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    supervisor = stacks.start(new, with_services=True, attached=True, say=print)
    try:
        restored_city = City.at(new.stack_file)
        try:
            _compare(restored_city, new, load.receipts[:before], saved)
        finally:
            restored_city.close()
    finally:
        stacks.stop(new, print)
        supervisor.wait()


def _compare(city: City, layout: Layout, receipts: list[dict[str, Any]], saved: Path) -> None:
    """Every report that was answered before the backup began is whole, told of, and timed."""
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["missing"] == []
    client: MongoClient[dict[str, Any]] = MongoClient(
        json.loads(layout.stack_file.read_text())["mongo"]
    )
    with client:
        cases = list(client["civic_intake"]["cases"].find())
        assert {each["code"] for each in receipts} <= {case["_id"] for case in cases}
        _media_are_whole(city, receipts)
        eventually(
            lambda: (
                client["civic_intake"]["cases"].count_documents({"outbox.0": {"$exists": True}})
                == 0
            ),
            60,
        )
        eventually(lambda: client["civic_sla"]["deadlines"].count_documents({}) == len(cases), 60)
        _the_stream_is_rebuilt_in_order(city, cases)
        # the reporter's key opens the vault: the name is there
        assert city.own(receipts[0])["code"] == receipts[0]["code"]
        _a_deadline_fires(client, receipts[0]["code"])
    # and life goes on
    assert city.send(report()).status_code == 201


def _media_are_whole(city: City, receipts: list[dict[str, Any]]) -> None:
    for receipt in receipts:
        headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
        for variant in ("original", "public", "thumbnail"):
            answer = city.intake.get(
                f"/reports/{receipt['code']}/media/m1", params={"variant": variant}, headers=headers
            )
            assert answer.status_code == 200, (receipt["code"], variant, answer.text)
            assert answer.content


def _the_stream_is_rebuilt_in_order(city: City, cases: list[dict[str, Any]]) -> None:
    wanted = {record["type"] + case["_id"] for case in cases for record in case["history"]}

    def heard() -> dict[str, list[int]] | None:
        found: dict[str, list[int]] = {}
        seen: set[str] = set()
        types: set[str] = set()
        after = -1
        while True:
            page = city.notify.get("/ioc/events", params={"after": after, "limit": 1000}).json()
            if not page["items"]:
                return found if wanted <= types else None
            for each in page["items"]:
                types.add(each["type"] + each["subject"])
                if each["type"].startswith("case.") and each["id"] not in seen:
                    seen.add(each["id"])
                    found.setdefault(each["subject"], []).append(each["sequence"])
            after = page["next"] if "next" in page else page["items"][-1]["offset"]

    for code, sequences in eventually(heard, 60).items():
        assert sequences == list(range(1, len(sequences) + 1)), code


def _a_deadline_fires(client: Any, code: str) -> None:
    """Time cannot be moved here; a row whose moment has come is what the ticker looks for."""
    soon = datetime.now(UTC) - timedelta(seconds=1)
    client["civic_sla"]["deadlines"].update_one(
        {"_id": code}, {"$set": {"next_at": soon, "approaching_at": soon}}
    )
    began = time.monotonic()
    eventually(lambda: client["civic_sla"]["deadlines"].find_one({"_id": code})["fired"], 30)
    assert time.monotonic() - began < 30


def test_a_folder_that_is_no_whole_backup_is_refused(folder: Path) -> None:
    (folder / "broken").mkdir()

    layout = Layout(folder / "stack", free_port_base(), unpaced=True)
    refused = dev(layout, "restore", str(folder / "broken"))

    assert refused.returncode == 2
    assert "no whole backup" in refused.stderr


def republish(layout: Layout, before: Callable[[], None] = lambda: None) -> None:
    """What the runbook says for the loss of RabbitMQ's data, with the services stopped."""
    supervisor = stacks.start(layout, with_services=False, attached=True, say=print)
    try:
        before()
        secrets = credentials.load_or_make(layout.secrets_file)
        environment = {**os.environ, **service_environment(layout, secrets)}
        for service in ("intake", "router", "sla", "notify"):
            module = f"services.{service}.republish"
            subprocess.run(  # noqa: S603
                [sys.executable, "-m", module], cwd=ROOT, env=environment, check=True
            )
    finally:
        stacks.stop(layout, print)
        supervisor.wait()


def _mails(layout: Layout) -> int:
    return len(list(layout.mail.glob("*.eml")))


def test_after_the_loss_of_rabbitmq_alone_everything_is_said_again_and_nobody_is_told_twice(
    folder: Path,
) -> None:
    layout = Layout(folder / "stack", free_port_base(), unpaced=True)
    supervisor = stacks.start(layout, with_services=True, attached=True, say=print)
    city = City.at(layout.stack_file)
    receipts = [city.send(report()).json() for _ in range(5)]
    for each in receipts:
        city.in_state(each, "assigned")
    eventually(lambda: _mails(layout) >= len(receipts), 60)
    # one that the router has not heard yet: its only message is lost with the broker
    os.kill(city.stack["pids"]["router"], signal.SIGSTOP)
    unheard = city.send(report()).json()
    eventually(lambda: _owes_nothing(city), 30)
    time.sleep(2)
    city.close()
    stacks.stop(layout, print)
    supervisor.wait()
    before = _mails(layout)
    shutil.rmtree(layout.data / "rabbitmq")

    republish(layout)
    supervisor = stacks.start(layout, with_services=True, attached=True, say=print)
    city = City.at(layout.stack_file)
    try:
        city.in_state(unheard, "assigned")
        client: MongoClient[dict[str, Any]] = MongoClient(city.stack["mongo"])
        with client:
            cases = list(client["civic_intake"]["cases"].find())
            eventually(lambda: _owes_nothing(city), 60)
            _the_stream_is_rebuilt_in_order(city, cases)
            assert client["civic_sla"]["deadlines"].count_documents({}) == len(cases) == 6
            assert client["civic_router"]["decisions"].count_documents({}) == len(cases)
            rows = client["civic_notify"]["deliveries"].count_documents({"state": "sent"})
        late = city.send(report()).json()
        city.in_state(late, "assigned")
        # whatever was told to the five before is not told again
        told = {each["code"]: _told(layout, each["code"]) for each in receipts}
        assert all(len(subjects) == len(set(subjects)) for subjects in told.values()), told
        assert _mails(layout) >= before
        assert rows >= len(receipts)
    finally:
        city.close()
        stacks.stop(layout, print)
        supervisor.wait()


def _told(layout: Layout, code: str) -> list[tuple[str, str]]:
    """Receiver and subject of every mail about a case."""
    found: list[tuple[str, str]] = []
    for path in layout.mail.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if code in str(mail["Subject"]):
            found.append((str(mail["To"]), str(mail["Subject"])))
    return found


def _owes_nothing(city: City) -> bool:
    client: MongoClient[dict[str, Any]] = MongoClient(city.stack["mongo"])
    with client:
        return client["civic_intake"]["cases"].count_documents({"outbox.0": {"$exists": True}}) == 0
