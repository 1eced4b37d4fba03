"""A morning in the hall: 200 numbers, three desks, six clerks at once, everything that may happen.

The seed decides what each visitor and each clerk does (not which thread is faster) and is printed;
`MORNING_SEED=… pytest tests/e2e/test_morning.py` does the same again. Three ledgers must agree:
what the visitors and clerks were answered, what the stream says, what the operations centre shows.
"""

import json
import os
import random
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import stack as stacks
from tests.chaos import rules
from tests.e2e.client import City, eventually
from tests.e2e.test_onestop import bearer, events_about, post

VISITORS, DESKS, CLERKS = 200, ("business", "land", "construction"), 6
SEED = int(os.environ.get("MORNING_SEED") or random.randrange(2**32))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A stack whose hall is open whenever the test runs: the machine gives numbers out, too."""
    regulation, calendars = rules.write(tmp_path_factory.mktemp("rules"), 3600)
    with pytest.MonkeyPatch.context() as patch:
        for service in ("INTAKE", "ROUTER", "SLA", "NOTIFY"):
            patch.setenv(f"{service}_REGULATION", str(regulation))
            patch.setenv(f"{service}_CALENDARS", str(calendars))
        with stacks.temporary(with_services=True, say=print) as layout:
            opened = City.at(layout.stack_file)
            opened.intake.timeout = httpx.Timeout(120)  # eleven threads, and the machine is shared
            yield opened
            opened.close()


@dataclass
class Hall:
    """The hall as the people in it saw it: what they were answered, and nothing else."""

    city: City
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)  # as they were taken, by id
    at: dict[str, str] = field(default_factory=dict)  # the desk at which a number is
    ended: dict[str, str] = field(default_factory=dict)  # left, skipped; the others are served
    called: Counter[tuple[str, str]] = field(default_factory=Counter)  # first calls, by desk
    moved: Counter[str] = field(default_factory=Counter)  # transfers, by the desk that sent
    arrived: Counter[str] = field(default_factory=Counter)
    scores: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    mails: dict[str, str] = field(default_factory=dict)  # who asked for a reminder, by id
    again: set[str] = field(default_factory=set[str])  # what was asked more than once
    lock: threading.Lock = field(default_factory=threading.Lock)

    def visit(self, number: int) -> None:
        """Take a number, at home or at the machine; some ask for a reminder, some go again."""
        dice = random.Random(f"{SEED}.visitor.{number}")
        desk = dice.choice(DESKS)
        body: dict[str, Any] = {"channel": dice.choice(("online", "kiosk"))}
        if dice.random() < 0.3:
            address = f"{uuid.uuid4().hex[:12]}@example.com"
            body |= {"remind_before": dice.randint(1, 6), "email": address}
        path = f"desks/{desk}/tickets"
        answer = self.asked(path, {"Idempotency-Key": uuid.uuid4().hex}, **body)
        assert answer.status_code == 201, answer.text
        mine = answer.json()
        with self.lock:
            self.numbers[mine["id"]] = {**mine, **body, "desk": desk}
            self.at[mine["id"]] = desk
            if "email" in body:
                self.mails[mine["id"]] = body["email"]
        if dice.random() < 0.05:
            path = f"/onestop/tickets/{mine['id']}"
            gone = self.city.intake.delete(path, headers=bearer(mine["ticket_token"]))
            assert gone.status_code in {200, 409}, gone.text  # 409: was called meanwhile
            if gone.status_code == 200:
                self.ended[mine["id"]] = "left"

    def asked(self, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
        """Ask as a page does: a counter that is busy for a moment (503) is asked again."""
        answer = post(self.city, path, headers, **body)
        for _ in range(60):
            if answer.status_code != 503:
                break
            time.sleep(0.5)
            self.again.add(path)
            answer = post(self.city, path, headers, **body)
        return answer

    def next(self, desk: str, headers: dict[str, str]) -> dict[str, Any] | None:
        """Call the next number; whoever is called is written down."""
        once = {"Idempotency-Key": uuid.uuid4().hex}  # asked again, it calls the same number
        answer = self.asked(f"desks/{desk}/next", {**headers, **once})
        assert answer.status_code == 200, answer.text
        ticket = answer.json()["ticket"]
        if ticket:
            with self.lock:
                self.called[desk, ticket["id"]] += 1
        return ticket

    def work(self, place: int, headers: dict[str, str], over: threading.Event) -> None:
        """Call at one desk as long as visitors come, and do what clerks do with a number."""
        dice, desk = random.Random(f"{SEED}.clerk.{place}"), DESKS[place % len(DESKS)]
        while not over.is_set():
            if ticket := self.next(desk, headers):
                # called before the visitor's thread has written down what it was answered
                called: str = ticket["id"]
                eventually(lambda called=called: called in self.at, 30)
                self._handle(called, desk, headers, dice)
            else:
                over.wait(0.1)

    def _handle(self, ticket: str, desk: str, headers: dict[str, str], dice: random.Random) -> None:
        def step(name: str, **body: Any) -> None:
            answer = self.asked(f"tickets/{ticket}/{name}", headers, **body)
            # a step that was answered 503 may have been taken all the same
            taken = {200, 409} if f"tickets/{ticket}/{name}" in self.again else {200}
            assert answer.status_code in taken, (name, answer.text)

        match dice.randrange(10):
            case 0:
                step("recall")
            case 1:
                step("skip")
                self.ended[ticket] = "skipped"
            case 2:  # whoever did not come, comes after all
                step("skip")
                step("recall", position="Quầy 1")
            case 3 | 4 if self.at[ticket] == self.numbers[ticket]["desk"]:
                other = dice.choice([each for each in DESKS if each != desk])
                with self.lock:
                    self.at[ticket] = other
                    self.moved[desk] += 1
                    self.arrived[other] += 1
                step("transfer", to=other)
            case 5:
                step("serve")
            case _:
                pass  # the next call ends it

    def drain(self, clerks: list[dict[str, str]]) -> None:
        """Everybody calls until nobody is left, and ends what is in hand."""
        for place, headers in enumerate(clerks):
            while self.next(DESKS[place % len(DESKS)], headers):
                pass

    def rate(self, ticket: str) -> None:
        """Rate as a visitor who presses twice: one counts, a low one offers a report."""
        dice = random.Random(f"{SEED}.rating.{self.numbers[ticket]['number']}")
        score, own = dice.randint(1, 5), bearer(self.numbers[ticket]["ticket_token"])
        with ThreadPoolExecutor(2) as both:
            path = f"tickets/{ticket}/rating"
            twice = [both.submit(post, self.city, path, own, score=score) for _ in range(2)]
            answers = [each.result() for each in twice]
        assert sorted(each.status_code for each in answers) == [201, 409]
        [kept] = [each.json() for each in answers if each.status_code == 201]
        offered = (kept.get("offer") or {}).get("category")
        assert offered == ("service_attitude" if score <= 2 else None)
        with self.lock:
            self.scores[self.at[ticket]].append(score)

    def served(self) -> list[str]:
        return [each for each in self.numbers if each not in self.ended]


class Board:
    """The public board of the hall, over SSE from before the first number to after the last."""

    def __init__(self, address: str) -> None:
        self.newest: dict[str, dict[str, Any]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=(address,), daemon=True)
        self._thread.start()

    def _follow(self, address: str) -> None:
        with suppress(httpx.HTTPError), httpx.stream("GET", address, timeout=30) as answer:
            for line in answer.iter_lines():
                if self._over.is_set():
                    return
                if line.startswith("data:"):
                    shown = json.loads(line.removeprefix("data:"))
                    known = self.newest.get(shown["desk"], {"version": 0})
                    assert shown["version"] > known["version"], "a board never goes back"
                    self.newest[shown["desk"]] = shown

    def stop(self) -> None:
        self._over.set()


@pytest.fixture(scope="module")
def clerks(city: City) -> list[dict[str, str]]:
    """Headers of six clerks, each with an account of their own."""
    administrator, found = city.of_role("administrator"), []
    for _ in range(CLERKS):
        name, password = f"clerk.{uuid.uuid4().hex[:8]}", f"Quay-{uuid.uuid4().hex}"
        body = {
            "username": name,
            "display_name": "Cán bộ Thử Nghiệm",
            "role": "onestop_clerk",
            "password": password,
            "must_change_password": False,
        }
        made = city.intake.post("/admin/accounts", json=body, headers=administrator.headers)
        assert made.status_code == 201, made.text
        form = {"username": name, "password": password}
        found.append(bearer(city.intake.post("/auth/token", data=form).json()["access_token"]))
    return found


@pytest.mark.timeout(400)
def test_a_morning_in_the_hall(city: City, clerks: list[dict[str, str]]) -> None:
    sys.stdout.write(f"MORNING_SEED={SEED}\n")  # pytest shows it with a failure, or with -s
    hall, before = Hall(city), city.newest()
    board = Board(f"{city.stack['notify']}/api/v1/onestop/stream")
    over = threading.Event()
    with ThreadPoolExecutor(CLERKS) as desks, ThreadPoolExecutor(4) as street:
        working = [desks.submit(hall.work, place, who, over) for place, who in enumerate(clerks)]
        try:
            list(street.map(hall.visit, range(VISITORS)))
        finally:
            over.set()
        for each in working:
            each.result(timeout=120)
    hall.drain(clerks)
    with ThreadPoolExecutor(4) as street:
        list(street.map(hall.rate, hall.served()[::2]))

    on = next(iter(hall.numbers.values()))["on"]
    events = {desk: _events(city, before, desk, on) for desk in DESKS}
    for each in (one for desk in DESKS for one in events[desk]):
        if each["type"] == "ticket.issued.v1":
            taken = datetime.fromisoformat(each["data"]["at"])
            hall.numbers[each["data"]["ticket"]]["taken"] = taken
    _nobody_is_called_twice_or_lost(hall)
    for desk in DESKS:
        _who_took_a_number_first_is_called_first(events[desk], hall)
        figures = _figures(hall, desk, events[desk])
        _the_operations_centre_shows(city, desk, on, figures)
        _the_board_ends_in_the_same_state(city, board, desk, figures)
    _each_is_reminded_once(hall, [each for desk in DESKS for each in events[desk]])
    board.stop()


def _events(city: City, before: int, desk: str, on: str) -> list[dict[str, Any]]:
    def whole() -> list[dict[str, Any]] | None:
        found = events_about(city, before, f"{desk}.{on}")
        version = len(city.intake.get(f"/onestop/desks/{desk}").json()["serving"])
        last = found[-1]["data"]["board"] if found else None
        return found if last and last["waiting"] == last["serving"] == version == 0 else None

    events = eventually(whole, 60) or []
    assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
    return events


def _nobody_is_called_twice_or_lost(hall: Hall) -> None:
    assert len({each["number"] for each in hall.numbers.values()}) == VISITORS
    assert set(hall.called.values()) == {1}, "a desk calls a number once"
    by_number = Counter(ticket for _, ticket in hall.called)
    for ticket, taken in hall.numbers.items():
        calls = 0 if hall.ended.get(ticket) == "left" else 1 + (hall.at[ticket] != taken["desk"])
        assert by_number[ticket] == calls, (taken["number"], SEED)


def _who_took_a_number_first_is_called_first(events: list[dict[str, Any]], hall: Hall) -> None:
    """By the time at which a number was taken, also who comes from another desk; nothing else.

    Two that were taken in one instant are called by their numbers.
    """
    waiting: dict[str, tuple[datetime, str]] = {}
    own: list[str] = []
    for each in events:
        ticket, kind = each["data"]["ticket"], each["type"].split(".")[1]
        if kind in {"issued", "arrived"}:
            waiting[ticket] = hall.numbers[ticket]["taken"], each["data"]["label"]
        elif kind == "called" and each["data"]["calls"] == 1:
            first = min(waiting, key=lambda one: waiting[one])
            assert ticket == first, (each["data"]["label"], SEED)
            if hall.numbers[ticket]["desk"] == each["data"]["board"]["desk"]:
                own.append(each["data"]["label"])
            del waiting[ticket]
        elif kind == "left":
            del waiting[ticket]
    assert waiting == {}
    assert own == sorted(own), ("the numbers of a desk's own come in their order", SEED)


def _figures(hall: Hall, desk: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Count a desk's day from what people were answered, and its waits from when they were."""
    mine = [ticket for ticket, at in hall.at.items() if at == desk]
    since: dict[str, datetime] = {}
    waits: list[int] = []
    for each in events:
        ticket, at = each["data"]["ticket"], datetime.fromisoformat(each["data"]["at"])
        if each["type"] in {"ticket.issued.v1", "ticket.arrived.v1"}:
            since[ticket] = at
        elif each["type"] == "ticket.called.v1" and each["data"]["calls"] == 1:
            waits.append(int((at - since[ticket]).total_seconds()))
    scores = hall.scores[desk]
    ended = Counter(hall.ended.get(ticket, "served") for ticket in mine)
    return {
        "issued": sum(each["desk"] == desk for each in hall.numbers.values()),
        "arrived": hall.arrived[desk],
        "transferred": hall.moved[desk],
        "waiting": 0,
        "serving": 0,
        "served": ended["served"],
        "skipped": ended["skipped"],
        "left": ended["left"],
        "called": sum(one == desk for one, _ in hall.called),
        "average_wait_s": round(sum(waits) / len(waits)),
        "ratings": [scores.count(score) for score in range(1, 6)],
        "average_score": round(sum(scores) / len(scores), 2),
    }


def _the_operations_centre_shows(city: City, desk: str, on: str, figures: dict[str, Any]) -> None:
    def shown() -> dict[str, Any]:
        items = city.notify.get("/ioc/onestop", params={"on": on}).json()["desks"]
        found = next((each for each in items if each["desk"] == desk), {})
        return {name: found.get(name) for name in figures}

    with suppress(AssertionError):  # what differs is shown below
        eventually(lambda: shown() == figures, 30)
    assert shown() == figures, (desk, SEED)


def _the_board_ends_in_the_same_state(
    city: City, board: Board, desk: str, figures: dict[str, Any]
) -> None:
    public = city.intake.get(f"/onestop/desks/{desk}").json()
    names = ("waiting", "issued", "served", "average_wait_s")
    wanted = {name: figures[name] for name in names}

    def shown() -> dict[str, Any]:
        newest = board.newest.get(desk, {})
        return {name: newest.get(name) for name in names}

    with suppress(AssertionError):
        eventually(lambda: shown() == wanted, 30)
    assert shown() == wanted, (desk, SEED)
    assert board.newest[desk]["now_serving"] == [each["number"] for each in public["serving"]] == []


def _each_is_reminded_once(hall: Hall, events: list[dict[str, Any]]) -> None:
    """One reminder per desk that somebody waits at, by event and by mail; nobody else has one."""
    near = [each["data"] for each in events if each["type"] == "ticket.nearing.v1"]
    heard = Counter((each["ticket"], each["board"]["desk"]) for each in near)
    assert set(heard.values()) == {1}
    wanted = {(t, hall.numbers[t]["desk"]) for t in hall.mails if hall.ended.get(t) != "left"}
    moved = {(t, hall.at[t]) for t in hall.mails if hall.at[t] != hall.numbers[t]["desk"]}
    gone = {(t, hall.numbers[t]["desk"]) for t in hall.mails if hall.ended.get(t) == "left"}
    assert wanted | moved <= set(heard) <= wanted | moved | gone
    for each in near:
        assert each["ahead"] <= hall.numbers[each["ticket"]]["remind_before"]
    told = Counter(ticket for ticket, _ in heard)
    for ticket, address in hall.mails.items():
        if told[ticket]:
            assert len(hall.city.mails_to(address, told[ticket])) == told[ticket], SEED
    untold = {address for ticket, address in hall.mails.items() if not told[ticket]}
    sent = [path.read_text() for path in Path(hall.city.stack["mail"]).glob("*.eml")]
    assert not any(address in mail for mail in sent for address in untold), SEED
